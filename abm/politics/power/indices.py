"""Power indices from the numbers of winning coalitions by size, all exact.

Sources: Penrose (1946), Shapley and Shubik (1954), Banzhaf (1965), Coleman (1971); notation of Felsenthal and
Machover (1998), The Measurement of Voting Power.
"""

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

    def with_veto(self) -> SwingTally:
        """The same game with one more member, put last, without whom nothing passes."""
        with_veto = [0, *self.winning]
        alike: dict[int, list[int]] = {}
        rows = [alike.setdefault(id(row), [0, *row]) for row in self.winning_with]
        return SwingTally(with_veto, [*rows, with_veto], self.minimal_winning, self.minimal_blocking + 1)


@dataclass(frozen=True, eq=False)
class Power:
    """Power of each member under a rule; whole numbers and fractions, in the order of `members`."""

    rule: str
    members: tuple[str, ...]
    tally: SwingTally

    @cached_property
    def winning_coalitions(self) -> int:
        """Number of coalitions that win."""
        return sum(self.tally.winning)

    @cached_property
    def _swings_by_size(self) -> dict[int, list[int]]:
        # a winning coalition of size s that i belongs to, less those that win without it: the game is monotone
        w = self.tally.winning
        return {
            id(row): [row[s] - (w[s - 1] - row[s - 1]) if s else 0 for s in range(len(w))]
            for row in self.tally.winning_with
        }

    @property
    def swings_by_size(self) -> tuple[list[int], ...]:
        """Each member's swings by the size of the coalition that wins with it, 0 ... n."""
        return tuple(self._swings_by_size[id(row)] for row in self.tally.winning_with)

    @cached_property
    def swings(self) -> tuple[int, ...]:
        """Coalitions that win with the member and lose without it."""
        return tuple(sum(row) for row in self.swings_by_size)

    @cached_property
    def penrose(self) -> tuple[Fraction, ...]:
        """Probability that the member decides if all others toss a coin; also the raw Banzhaf measure."""
        return tuple(Fraction(swings, 2 ** (len(self.members) - 1)) for swings in self.swings)

    @cached_property
    def banzhaf(self) -> tuple[Fraction, ...]:
        """Swings as a share of everyone's; nought where nobody ever decides."""
        everyone = sum(self.swings) or 1
        return tuple(Fraction(swings, everyone) for swings in self.swings)

    @cached_property
    def shapley_shubik(self) -> tuple[Fraction, ...]:
        """Share of the orders of arrival in which the member turns a losing coalition into a winning one."""
        n = len(self.members)
        orders = [factorial(s - 1) * factorial(n - s) if s else 0 for s in range(n + 1)]
        value = {
            key: Fraction(sum(a * b for a, b in zip(orders, row, strict=True)), factorial(n))
            for key, row in self._swings_by_size.items()
        }
        return tuple(value[id(row)] for row in self.tally.winning_with)

    @property
    def power_to_act(self) -> Fraction:
        """Share of all coalitions that win (Coleman)."""
        return Fraction(self.winning_coalitions, 2 ** len(self.members))

    @property
    def power_to_prevent(self) -> tuple[Fraction, ...]:
        """Share of winning coalitions that the member's no would undo (Coleman)."""
        return tuple(Fraction(swings, self.winning_coalitions or 1) for swings in self.swings)

    @property
    def power_to_initiate(self) -> tuple[Fraction, ...]:
        """Share of losing coalitions that the member's yes would make win (Coleman)."""
        losing = 2 ** len(self.members) - self.winning_coalitions
        return tuple(Fraction(swings, losing or 1) for swings in self.swings)

    @property
    def minimal_winning(self) -> int:
        """Number of winning coalitions that need each of their members."""
        return self.tally.minimal_winning

    @property
    def minimal_blocking(self) -> int:
        """Number of coalitions without which nothing passes and that need each of their members for it."""
        return self.tally.minimal_blocking

    @property
    def smallest_blocking(self) -> int | None:
        """Fewest members whose common no prevents a pass; None where nothing can."""
        n, everyone = len(self.members), 1
        for size in range(n, -1, -1):  # everyone counts the coalitions of this size
            if self.tally.winning[size] < everyone:
                return n - size
            everyone = everyone * size // (n - size + 1)
        return None
