"""Exact power under any rule at all: every coalition is asked, and the rule is seen to be monotone or refused.

The answers are kept in one bit each: 16 MB for 27 members, 128 MB for 30.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.politics.power.indices import Tally
from abm.politics.power.search import Wins
from agents.errors import BadInput

LOW = 12  # members that vary within a row of the table; a row is one question of 4,096 coalitions


def tally_by_enumeration(wins: Wins, n: int, rule: str = "the rule") -> Tally:
    """Count the winning coalitions by asking for all 2^n of them.

    Args:
        wins: which of the coalitions (k, n) win, (k,).
        n: number of members, at most 30.
        rule: what to call the rule where it is refused: one in which a further yes makes a coalition lose.
    """
    low = min(n, LOW)
    high = n - low
    places = np.arange(1 << low)
    asked = np.zeros((1 << low, n), dtype=bool)
    asked[:, :low] = places[:, None] >> np.arange(low) & 1
    sizes = np.bitwise_count(places)
    order = np.argsort(sizes, kind="stable")
    starts = np.searchsorted(sizes[order], np.arange(low + 1))
    table = np.zeros((1 << high, (1 << low) + 7 >> 3), dtype=np.uint8)
    rows = np.zeros(
        (1 << high, low + 1), dtype=np.int64
    )  # winning coalitions by high members, and number of low
    columns = np.zeros((high + 1, 1 << low), dtype=np.int64)  # by number of high members, and low members
    for row in range(1 << high):
        asked[:, low:] = row >> np.arange(high) & 1
        won = wins(asked)
        table[row] = np.packbits(won, bitorder="little")
        rows[row] = np.add.reduceat(won[order].astype(np.int64), starts)
        columns[row.bit_count()] += won

    row_sizes = np.bitwise_count(np.arange(1 << high))
    winning = _by_size(row_sizes, rows, n)
    winning_with = [
        _by_size(sizes[places >> j & 1 == 1], columns.T[places >> j & 1 == 1], n) for j in range(low)
    ]
    for j in range(high):
        having = np.arange(1 << high) >> j & 1 == 1
        winning_with.append(_by_size(row_sizes[having], rows[having], n))

    return Tally(winning, winning_with, *_minimal(table.ravel(), n, rule))


def _by_size(sizes: NDArray[np.integer], counts: NDArray[np.int64], n: int) -> list[int]:
    """Add up counts (k, more) by size plus `more`."""
    by_size = np.zeros(n + counts.shape[1] + 1, dtype=np.int64)
    for size in np.unique(sizes):
        by_size[size : size + counts.shape[1]] += counts[sizes == size].sum(0)
    return by_size[: n + 1].tolist()


def _minimal(won: NDArray[np.uint8], n: int, rule: str) -> tuple[int, int]:
    """Minimal winning and minimal blocking coalitions of a table of 2^n bits; bit S says whether coalition S wins."""
    there = np.uint8((1 << min(8, 1 << n)) - 1)
    needing_all, blocked_by_none = (
        won.copy(),
        ~won & there,
    )  # the complement of the latter blocks, and needs all
    for j in range(n):
        if j < 3:  # members 0, 1, 2 stand within a byte
            having = np.uint8((0b10101010, 0b11001100, 0b11110000)[j]) & there
            without, with_it = (won & ~having) << (1 << j) & having, won & having
            falls = (without & ~with_it).any()
            needing_all &= ~without
            blocked_by_none &= having | with_it >> (1 << j)
        else:
            pairs = won.reshape(-1, 2, 1 << j - 3)
            falls = (pairs[:, 0] & ~pairs[:, 1]).any()
            needing_all.reshape(pairs.shape)[:, 1] &= ~pairs[:, 0]
            blocked_by_none.reshape(pairs.shape)[:, 0] &= pairs[:, 1]
        if falls:
            raise BadInput(
                f"{rule} is not monotone: somewhere one more yes makes it fail, so it has no power index."
            )
    return int(np.bitwise_count(needing_all).sum()), int(np.bitwise_count(blocked_by_none).sum())
