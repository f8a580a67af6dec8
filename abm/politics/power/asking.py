"""Putting the rule itself to the coalitions: to all of them, or to those that its monotonicity does not settle.

Under a monotone rule members decide one after the other. Where those who have said yes already win, all later members
may do as they like; where they would lose even with all later members, so they may too. Only what is between is
divided further: of the 134 million coalitions of 27 states the Treaty of Nice needs 2.7 million looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.power.table import Bits, empty_table

ASKED_AT_ONCE = 1 << 14

Wins = Callable[[NDArray[np.bool_]], NDArray[np.bool_]]
Coalitions = NDArray[np.int64]


def ask_all(wins: Wins, n: int) -> Bits:
    """Which of all 2^n coalitions win; `wins` is asked for coalitions (k, n) and answers (k,)."""
    table = empty_table(n)
    step = min(1 << n, ASKED_AT_ONCE)
    for first in range(0, 1 << n, step):
        won = np.packbits(wins(_members(np.arange(first, first + step), n)), bitorder="little")
        table[first >> 3 : (first >> 3) + len(won)] = won
    return table


def ask_unsettled(wins: Wins, n: int) -> Bits:
    """Which of all 2^n coalitions win under a monotone rule; quickest where the last member is the mightiest."""
    table = empty_table(n)
    nobody, everyone = np.zeros(1, dtype=np.int64), np.full(1, (1 << n) - 1, dtype=np.int64)
    if wins(_members(nobody, n))[0]:
        _settle(table, nobody, n)
        return table
    if not wins(_members(everyone, n))[0]:
        return table
    unsettled = [(n, nobody)]  # blocks of coalitions in which the first k members are still free
    while unsettled:
        free, yes = unsettled.pop()
        if len(yes) > ASKED_AT_ONCE:
            unsettled.append((free, yes[ASKED_AT_ONCE:]))
            yes = yes[:ASKED_AT_ONCE]
        free -= 1
        agreed = yes | 1 << free
        won = wins(_members(agreed, n))
        _settle(table, agreed[won], free)
        lost = ~wins(_members(yes | (1 << free) - 1, n))
        left = np.concatenate([agreed[~won], yes[~lost]])
        if len(left):
            unsettled.append((free, left))
    return table


def _members(coalitions: Coalitions, n: int) -> NDArray[np.bool_]:
    return (coalitions[:, None] >> np.arange(n) & 1).astype(bool)


def _settle(table: Bits, coalitions: Coalitions, free: int) -> None:
    """Let these coalitions win whatever the first `free` members do."""
    if free >= 3:
        table.reshape(-1, 1 << free - 3)[coalitions >> free] = 0xFF
    else:
        bits = ((1 << (1 << free)) - 1) << (coalitions & 7)
        np.bitwise_or.at(table, coalitions >> 3, bits.astype(np.uint8))
