"""Winning coalitions counted by size, and the swings and orders of arrival that follow from the counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial


@dataclass(frozen=True, eq=False)
class SwingTally:
    """Winning coalitions of a monotone game of n members.

    `winning[s]` counts those of size s, for s = 0 ... n; `winning_with[i][s]` those of them that member i belongs to.
    Members that are alike may share one list. `minimal_winning` and `minimal_blocking` count the coalitions that win,
    or keep all others from winning, and would not without any one of their members.
    """

    winning: Sequence[int]
    winning_with: Sequence[Sequence[int]]
    minimal_winning: int
    minimal_blocking: int

    @cached_property
    def swings_by_size(self) -> tuple[list[int], ...]:
        """Each member's swings by the size of the coalition that wins with it, 0 ... n; shared as the lists are."""
        # a winning coalition of size s that i belongs to, less those that win without it: the game is monotone
        w = self.winning
        swings = {
            id(row): [row[s] - (w[s - 1] - row[s - 1]) if s else 0 for s in range(len(w))]
            for row in self.winning_with
        }
        return tuple(swings[id(row)] for row in self.winning_with)

    @cached_property
    def shapley_shubik(self) -> tuple[Fraction, ...]:
        """Share of the orders of arrival in which each member turns a losing coalition into a winning one."""
        n = len(self.winning_with)
        orders = [factorial(s - 1) * factorial(n - s) if s else 0 for s in range(n + 1)]
        value = {
            id(row): Fraction(sum(a * b for a, b in zip(orders, row, strict=True)), factorial(n))
            for row in self.swings_by_size
        }
        return tuple(value[id(row)] for row in self.swings_by_size)

    def with_veto(self) -> SwingTally:
        """The same game with one more member, put last, without whom nothing passes."""
        with_veto = [0, *self.winning]
        alike: dict[int, list[int]] = {}
        rows = [alike.setdefault(id(row), [0, *row]) for row in self.winning_with]
        return SwingTally(with_veto, [*rows, with_veto], self.minimal_winning, self.minimal_blocking + 1)
