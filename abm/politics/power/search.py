"""Exact power under any monotone rule: the rule itself is put to the coalitions that are not settled yet.

Members decide one after the other. Where those who have said yes already win, all later members may do as they like;
where they would lose even with all later members, so they may too. Only what is between is divided further. The
settled blocks are counted by binomial coefficients, so that few of the 2^n coalitions are ever looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb

import numpy as np
from numpy.typing import NDArray

from abm.politics.power.indices import Tally

CHUNK = 1 << 14

Wins = Callable[[NDArray[np.bool_]], NDArray[np.bool_]]
Coalitions = NDArray[np.bool_]


def tally_by_search(wins: Wins, n: int) -> Tally:
    """Count the winning coalitions of a monotone rule.

    Args:
        wins: which of the coalitions (k, n) win, (k,); asked for at most 2^14 at once.
        n: number of members. Those that come first decide first: the search is quickest with the mightiest in front.
    """
    blocks = _Blocks(n)
    nobody, everyone = np.zeros((1, n), dtype=bool), np.ones((1, n), dtype=bool)
    if wins(nobody)[0]:
        blocks.won(nobody, 0)
        return blocks.tally(1, 0)
    if not wins(everyone)[0]:
        return blocks.tally(0, 1)
    minimal_winning = minimal_blocking = 0
    open_blocks = [(0, nobody)]  # the first d members of these have decided; the block is not settled
    while open_blocks:
        d, yes = open_blocks.pop()
        if len(yes) > CHUNK:
            open_blocks.append((d, yes[CHUNK:]))
            yes = yes[:CHUNK]
        agreed = yes.copy()
        agreed[:, d] = True
        won = wins(agreed)
        blocks.won(agreed[won], d + 1)
        minimal_winning += _needed(wins, agreed[won], d)

        with_later = yes.copy()
        with_later[:, d + 1 :] = True
        lost = ~wins(with_later)
        minimal_blocking += _needed(lambda out: ~wins(~out), ~with_later[lost], d)
        left = np.concatenate([agreed[~won], yes[~lost]])
        if len(left):
            open_blocks.append((d + 1, left))
    return blocks.tally(minimal_winning, minimal_blocking)


def _needed(wins: Wins, coalitions: Coalitions, d: int) -> int:
    """How many of these coalitions need each of their first d members to win; the others' need is known."""
    for j in range(d - 1, -1, -1):
        if not len(coalitions):
            return 0
        asked = np.flatnonzero(coalitions[:, j])
        without = coalitions[asked]
        without[:, j] = False
        keep = np.ones(len(coalitions), dtype=bool)
        keep[asked] = ~wins(without)
        coalitions = coalitions[keep]
    return len(coalitions)


class _Blocks:
    """Blocks of winning coalitions: some members in, some out, the last ones free."""

    def __init__(self, n: int):
        self.n = n
        self.count = np.zeros((n + 1, n + 1), dtype=np.int64)  # by members decided and members in
        self.having = np.zeros((n + 1, n + 1, n), dtype=np.int64)  # and those of them that hold a member

    def won(self, agreed: Coalitions, decided: int) -> None:
        sizes = agreed.sum(-1)
        self.count[decided] += np.bincount(sizes, minlength=self.n + 1)
        for j in range(decided):
            self.having[decided, :, j] += np.bincount(sizes[agreed[:, j]], minlength=self.n + 1)

    def tally(self, minimal_winning: int, minimal_blocking: int) -> Tally:
        n = self.n
        winning = [0] * (n + 1)
        winning_with = [[0] * (n + 1) for _ in range(n)]
        for decided, size in np.argwhere(self.count):
            free, count = n - int(decided), int(self.count[decided, size])
            for more in range(free + 1):
                s = int(size) + more
                winning[s] += count * comb(free, more)
                for j in range(n):
                    if j < decided:
                        winning_with[j][s] += int(self.having[decided, size, j]) * comb(free, more)
                    elif more:
                        winning_with[j][s] += count * comb(free - 1, more - 1)
        return Tally(winning, winning_with, minimal_winning, minimal_blocking)
