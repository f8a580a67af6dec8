"""Double majority games: a coalition wins with m members whose weight reaches a quota q, or with M members.

Lisbon's qualified majority is one: m = 15, q = 65 % of the population, M = 24. A weighted game has m = 0 and no M; a
majority of members has only M. The dual of such a game, which describes blocking, is also a double majority game.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from juste_retour.abm.politics.power.coalition_table import Bits
from juste_retour.abm.politics.power.swings import SwingTally
from juste_retour.abm.politics.power.weighted import Halves, Sums, algorithm, in_lowest_terms
from juste_retour.agents.arrays import Booleans, Integers

LOW = 16  # members whose coalitions form one row of the table


@dataclass(frozen=True)
class DoubleMajority:
    """A game in which a coalition wins in one of two ways.

    Attributes:
        weights: integer weight of each member.
        members: fewest members of a coalition that wins by weight.
        quota: the weight that it needs.
        sure: number of members that win whatever their weight; n + 1 for none.
    """

    weights: tuple[int, ...]
    members: int
    quota: int
    sure: int

    def dual(self) -> DoubleMajority:
        """The game in which a coalition wins if its complement loses in this one: the game of blocking."""
        n, members = len(self.weights), min(self.members, self.sure)
        return DoubleMajority(self.weights, n - self.sure + 1, sum(self.weights) - self.quota + 1, n - members + 1)

    def passes(self, members: Integers, weight: Integers) -> Booleans:
        """Whether coalitions with this number of members and this weight win; arrays of any shape."""
        return (members >= self.sure) | ((members >= self.members) & (weight >= self.quota))

    def tally(self, counting: type[Halves] | type[Sums] | None = None) -> SwingTally:
        """Exact number of winning coalitions by size; `counting` forces one of the two algorithms."""
        n = len(self.weights)
        weights, quota = in_lowest_terms(list(self.weights), self.quota)
        limit = min(quota - 1, sum(weights) - quota)
        winning, winning_with = (counting or algorithm(weights, limit))(weights).reach(quota)
        size_of_all = [comb(n, s) for s in range(n + 1)]
        size_with_one = [0, *(comb(n - 1, s - 1) for s in range(1, n + 1))]
        alike: dict[int, list[int]] = {}
        return SwingTally(
            self._by_members(winning, size_of_all),
            [alike.setdefault(id(row), self._by_members(row, size_with_one)) for row in winning_with],
            self.minimal(counting),
            self.dual().minimal(counting),
        )

    def table(self, veto: bool = False) -> Bits:
        """Which of all 2^n coalitions win, one bit each; with `veto` the game has one more member, last, with a veto."""
        n = len(self.weights)
        low, high = min(n, LOW), max(n - LOW, 0)
        weight, heads = _coalitions(self.weights[:low])
        more_weight, more_heads = _coalitions(self.weights[low:])
        rows = np.empty((1 << high, -(-(1 << low) // 8)), dtype=np.uint8)
        for row in range(1 << high):
            won = self.passes(heads + more_heads[row], weight + more_weight[row])
            rows[row] = np.packbits(won.astype(bool), bitorder="little")
        if not veto:
            return rows.ravel()
        if n >= 3:
            return np.concatenate([np.zeros(rows.size, dtype=np.uint8), rows.ravel()])
        return rows.ravel() << np.uint8(1 << n)

    def _by_members(self, heavy: list[int], everyone: list[int]) -> list[int]:
        return [everyone[s] if s >= self.sure else heavy[s] if s >= self.members else 0 for s in range(len(everyone))]

    def minimal(self, counting: type[Halves] | type[Sums] | None = None) -> int:
        """Number of minimal winning coalitions, which lose without any one of their members.

        It suffices that they lose without their lightest member. With members in order of decreasing weight, it is
        therefore enough to count, for each member, the losing coalitions of earlier members that it turns into winning
        ones.
        """
        weights, quota = in_lowest_terms(sorted(self.weights, reverse=True), self.quota)
        if self.sure <= 0 or (self.members <= 0 and quota <= 0):
            return 1  # the empty coalition wins
        if not any(weights):  # members alone decide
            return comb(len(weights), self.sure if quota > 0 else min(self.sure, self.members))
        by = counting or algorithm(weights, quota - 1)
        if self.members <= 0 and self.sure > len(weights) and by is Sums:
            return Sums(weights).minimal(quota)
        found = 0
        for i, (with_help, alone) in enumerate(by(weights).before(quota)):
            for t in range(min(i + 1, self.sure)):
                if t + 1 < min(self.members, self.sure):
                    continue
                winning = comb(i, t) if t + 1 >= self.sure else with_help[t]
                found += winning - (alone[t] if t >= self.members else 0)
        return found


def _coalitions(weights: tuple[int, ...]) -> tuple[Integers, Integers]:
    """Weight and number of members of every coalition, in the order of the table."""
    sums = np.zeros(1, dtype=np.int64 if sum(weights) < 2**61 else object)
    for w in weights:
        sums = np.concatenate([sums, sums + w])
    return sums, np.bitwise_count(np.arange(len(sums))).astype(np.int64)
