"""Numbers of winning coalitions by size, and the swings and the Shapley-Shubik index that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial


@dataclass(frozen=True, eq=False)
class SwingTally:
    """Numbers of winning coalitions of a monotone game of n members.

    Attributes:
        winning: number of winning coalitions of each size 0 ... n.
        winning_with: for each member, the number of those that contain it; members of equal weight may share one list.
        minimal_winning: number of winning coalitions that lose without any one of their members.
        minimal_blocking: number of blocking coalitions that no longer block without any one of their members.
    """

    winning: Sequence[int]
    winning_with: Sequence[Sequence[int]]
    minimal_winning: int
    minimal_blocking: int

    @cached_property
    def swings_by_size(self) -> tuple[list[int], ...]:
        """Each member's swings, by the size 0 ... n of the coalition that wins with it."""
        # winning coalitions of size s with member i, less those of size s - 1 that win without it (monotone game)
        w = self.winning
        swings = {
            id(row): [row[s] - (w[s - 1] - row[s - 1]) if s else 0 for s in range(len(w))] for row in self.winning_with
        }
        return tuple(swings[id(row)] for row in self.winning_with)

    @cached_property
    def shapley_shubik(self) -> tuple[Fraction, ...]:
        """Shapley-Shubik index: share of the orders in which each member turns a losing coalition into a winning one."""
        n = len(self.winning_with)
        orders = [factorial(s - 1) * factorial(n - s) if s else 0 for s in range(n + 1)]
        value = {
            id(row): Fraction(sum(a * b for a, b in zip(orders, row, strict=True)), factorial(n))
            for row in self.swings_by_size
        }
        return tuple(value[id(row)] for row in self.swings_by_size)

    def with_veto(self) -> SwingTally:
        """The tally of the same game with one more member, last, that has a veto."""
        with_veto = [0, *self.winning]
        alike: dict[int, list[int]] = {}
        rows = [alike.setdefault(id(row), [0, *row]) for row in self.winning_with]
        return SwingTally(with_veto, [*rows, with_veto], self.minimal_winning, self.minimal_blocking + 1)
