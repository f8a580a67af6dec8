"""Power indices that depend on single coalitions: Johnston, Colomer and Martínez, and Owen.

They are counted exactly from a table of one bit per coalition (`table.py`), and therefore for few members only.

Sources: Johnston (1978); Colomer and Martínez (1995); Owen (1977).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.power.coalition_table import LOW, Bits, minimal_of, tally_of
from juste_retour.agents.errors import BadInput

LARGEST_TABLE = 27  # most members: the table takes 16 MB, and counting a few seconds
LARGEST_SUMS = 2_000  # most different weights of coalitions, whose fractions are added exactly
BLOCK = 19  # members whose coalitions form one block of the table, which fits in the processor's cache
AT_ONCE = 1 << 20  # coalitions looked up at once

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WinningCoalitions:
    """The winning coalitions of a rule as a table.

    Args:
        rule: the rule's name in messages.
        n: number of members.
        tabulate: function that computes the table of winning coalitions.
        order: bit j of a coalition's position in the table stands for the member `order[j]`.
        weights: integer weight of each member if a quota of weights decides; else None.
    """

    rule: str
    n: int
    tabulate: Callable[[], Bits]
    order: tuple[int, ...]
    weights: tuple[int, ...] | None = None

    @cached_property
    def table(self) -> Bits:
        """Which coalitions win, one bit each.

        Raises:
            BadInput: there are more than `LARGEST_TABLE` members.
        """
        if self.n > LARGEST_TABLE:
            raise BadInput(
                f"Johnston, Colomer-Martínez and Owen indices are computed for at most {LARGEST_TABLE} members, and "
                f"{self.rule} has {self.n}; choose another index."
            )
        return self.tabulate()

    def _in_order(self, by_bit: Sequence[Fraction]) -> tuple[Fraction, ...]:
        return tuple(by_bit[j] for j in np.argsort(self.order))

    def johnston(self) -> tuple[Fraction, ...]:
        """Johnston index: each coalition with critical members counts one, divided equally among them; (members,)."""
        counts = critical_by_number(self.table, self.n)
        raw = [sum(Fraction(count, k) for k, count in enumerate(row) if count) for row in counts]
        everyone = sum(raw) or 1
        return self._in_order([Fraction(r) / everyone for r in raw])

    def colomer_martinez(self) -> tuple[Fraction, ...]:
        """Colomer-Martínez index: each member's mean share of the weight of minimal winning coalitions; (members,).

        Raises:
            BadInput: the rule is not a quota of weights, or the weights have too many digits to add exactly.
        """
        if self.weights is None:
            raise BadInput(
                f"the Colomer-Martínez index needs a quota of weights, and {self.rule} has none; give --quota and "
                "--weights."
            )
        if sum(self.weights) >= 2**62:
            raise BadInput(
                f"the weights of {self.rule} have too many digits; divide weights and quota by the same number and round."
            )
        weights = np.array([self.weights[i] for i in self.order], dtype=np.int64)
        needed = np.flatnonzero(
            np.unpackbits(minimal_of(self.table, self.n, self.rule), count=1 << self.n, bitorder="little")
        )
        held = np.zeros(len(needed), dtype=np.int64)
        for j, weight in enumerate(weights):
            held += (needed >> j & 1) * weight
        sums, group = np.unique(held, return_inverse=True)
        if len(sums) > LARGEST_SUMS:
            raise BadInput(
                f"the minimal winning coalitions of {self.rule} have {len(sums):,} different weights, and at most "
                f"{LARGEST_SUMS:,} can be added exactly; divide weights and quota by the same number and round."
            )
        shares = []
        for j, weight in enumerate(weights):
            counts = np.bincount(group[needed >> j & 1 == 1], minlength=len(sums))
            parts = [Fraction(int(c) * int(weight), int(s)) for c, s in zip(counts, sums, strict=True) if c]
            shares.append(_add(parts) / (len(needed) or 1))
        return self._in_order(shares)

    def owen(self, blocs: Sequence[Sequence[int]]) -> tuple[Fraction, ...]:
        """Owen index: share of the orders in which each member is pivotal, if blocs arrive together; (members,).

        Args:
            blocs: indices of the members of each bloc; every member is in exactly one.
        """
        place = np.argsort(self.order)
        masks = [sum(1 << int(place[i]) for i in bloc) for bloc in blocs]
        m = len(blocs)
        of_blocs = tally_of(self._quotient(masks), m, self.rule).shapley_shubik
        value = [Fraction(0)] * self.n
        for k, bloc in enumerate(blocs):
            p = len(bloc)
            if p == 1:
                value[bloc[0]] = of_blocs[k]
                continue
            won = self._orders_won(masks[:k] + masks[k + 1 :], [1 << int(place[i]) for i in bloc])
            inner = [factorial(t) * factorial(p - 1 - t) for t in range(p)]
            parts = range(1 << p)
            for j, i in enumerate(bloc):
                pivots = sum(
                    inner[part.bit_count()] * (won[part | 1 << j] - won[part]) for part in parts if not part >> j & 1
                )
                value[i] = Fraction(pivots, factorial(m) * factorial(p))
        return tuple(value)

    def _quotient(self, masks: Sequence[int]) -> Bits:
        """The table of the game in which each bloc is one member."""
        low, rows = _unions(masks[:LOW]), []
        for high in _unions(masks[LOW:]):
            rows.append(np.packbits(self._won(low | high), bitorder="little"))
        return np.concatenate(rows)

    def _won(self, coalitions: Integers) -> NDArray[np.uint8]:
        return self.table[coalitions >> 3] >> (coalitions & 7).astype(np.uint8) & 1

    def _orders_won(self, others: Sequence[int], bloc: Sequence[int]) -> list[int]:
        """For each subset of the bloc: the number of orders of blocs in which the blocs before it and the subset win."""
        outside, inside = _unions(others), _unions(bloc)
        sizes = np.bitwise_count(np.arange(len(outside)))
        by_size = np.argsort(sizes, kind="stable")
        outside, m = outside[by_size], len(others) + 1
        starts = np.searchsorted(sizes[by_size], np.arange(m))
        orders = [factorial(h) * factorial(m - 1 - h) for h in range(m)]
        won = []
        rows = max(1, AT_ONCE // len(outside))
        for first in range(0, len(inside), rows):
            counts = np.zeros((len(inside[first : first + rows]), m), dtype=np.int64)
            for size, (start, stop) in enumerate(zip(starts, [*starts[1:], len(outside)], strict=True)):
                for low in range(start, stop, AT_ONCE):
                    both = inside[first : first + rows, None] | outside[None, low : min(low + AT_ONCE, stop)]
                    counts[:, size] += np.count_nonzero(self._won(both), axis=-1)
            won += [sum(o * c for o, c in zip(orders, row, strict=True)) for row in counts.tolist()]
        return won


def critical_by_number(table: Bits, n: int) -> list[list[int]]:
    """Number of coalitions in which each member is critical, by their number of critical members; (n, n + 1).

    The table is processed in blocks. The number of critical members of each coalition is kept as a binary number, with
    one array of bits per digit, to which the members are added one by one.
    """
    counts = [[0] * (n + 1) for _ in range(n)]
    low = min(n, BLOCK)
    blocks = table.reshape(1 << n - low, -1)
    for b, won in enumerate(blocks):
        if not won.any():
            continue
        critical = [_critical(won, j) if j < low else _critical_high(blocks, b, j - low) for j in range(n)]
        digits = [np.zeros_like(won) for _ in range(n.bit_length())]
        for carry in critical:
            for d, digit in enumerate(digits):
                digits[d], carry = digit ^ carry, digit & carry
        for k in range(1, n + 1):
            exactly = np.full_like(won, 0xFF)
            for d, digit in enumerate(digits):
                exactly &= digit if k >> d & 1 else ~digit
            if exactly.any():
                for j in range(n):
                    counts[j][k] += int(np.bitwise_count(critical[j] & exactly).sum(dtype=np.int64))
    return counts


def _critical(won: Bits, j: int) -> Bits:
    """Coalitions of a block that win with member j and lose without it."""
    if j < 3:  # members 0, 1 and 2 vary within a byte
        having = np.uint8((0b10101010, 0b11001100, 0b11110000)[j])
        return won & having & ~(won << np.uint8(1 << j))
    found = np.zeros_like(won)
    pairs = won.reshape(-1, 2, 1 << j - 3)
    found.reshape(pairs.shape)[:, 1] = pairs[:, 1] & ~pairs[:, 0]
    return found


def _critical_high(blocks: Bits, b: int, j: int) -> Bits:
    return blocks[b] & ~blocks[b ^ 1 << j] if b >> j & 1 else np.zeros_like(blocks[b])


def _unions(masks: Sequence[int]) -> Integers:
    """All 2^k unions of k disjoint sets of members; sets and unions are bit masks."""
    found = np.zeros(1, dtype=np.int64)
    for mask in masks:
        found = np.concatenate([found, found | mask])
    return found


def _add(parts: list[Fraction]) -> Fraction:
    """The sum of fractions; they are added in pairs, which keeps the denominators small for longer."""
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        parts = [a + b for a, b in zip(parts[0::2], parts[1::2], strict=False)] + odd
    return parts[0] if parts else Fraction(0)
