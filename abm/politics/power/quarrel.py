"""Voting power if two members never vote together: the paradox of quarrelling members."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.indices import Power


def power_in_a_quarrel(
    quota: int, weights: Sequence[int], quarrel: tuple[int, int]
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Normalized Banzhaf and Shapley-Shubik indices if no coalition with both quarrelling members forms.

    The possible coalitions are those without the one member plus those without the other, less those without either.
    Each of the three is a weighted game among the remaining members. Both indices are scaled to add up to one.

    Args:
        quota: weight that a coalition needs.
        weights: integer weight of each member.
        quarrel: indices of the two members.

    Returns:
        the Banzhaf and the Shapley-Shubik index of each member.

    Source: Kilgour (1974); Brams (1975), Game Theory and Politics.

    >>> banzhaf, shapley_shubik = power_in_a_quarrel(5, [3, 2, 2], (1, 2))
    >>> [str(share) for share in banzhaf]
    ['1/2', '1/4', '1/4']
    """
    n = len(weights)
    one, other = quarrel
    swings = [[0] * (n + 1) for _ in weights]
    for absent, sign in (({one}, 1), ({other}, 1), ({one, other}, -1)):
        present = [i for i in range(n) if i not in absent]
        if not present:
            continue
        game = DoubleMajority(tuple(weights[i] for i in present), 0, quota, len(present) + 1)
        power = Power("", tuple(str(i) for i in present), game.tally())
        for i, by_size in zip(present, power.swings_by_size, strict=True):
            for size, count in enumerate(by_size):
                swings[i][size] += sign * count
    orders = [factorial(s - 1) * factorial(n - s) if s else 0 for s in range(n + 1)]
    raw = [sum(row) for row in swings]
    pivots = [sum(a * b for a, b in zip(orders, row, strict=True)) for row in swings]
    return (
        tuple(Fraction(r, sum(raw) or 1) for r in raw),
        tuple(Fraction(p, sum(pivots) or 1) for p in pivots),
    )
