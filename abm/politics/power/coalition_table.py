"""A table of all 2^n coalitions, one bit each, and the counts that follow from it.

A coalition S is an integer: bit j says whether member j belongs to it. Bit S of the table says whether S wins. The table
of thirty members takes 128 MB. Counting works on whole bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.power.swings import SwingTally
from juste_retour.agents.errors import BadInput

LOW = 12  # members whose 4,096 coalitions form one row, which is unpacked to be counted
ROWS = 1 << 10  # rows unpacked at once: 4 MB

Bits = NDArray[np.uint8]


def empty_table(n: int) -> Bits:
    """A table of 2^n coalitions, none of which wins."""
    return np.zeros(max(1, 1 << n - 3 if n >= 3 else 1), dtype=np.uint8)


def tally_of(table: Bits, n: int, rule: str) -> SwingTally:
    """The winning coalitions of a table by size.

    Args:
        table: which coalitions win, one bit each.
        n: number of members.
        rule: the rule's name in the message.

    Raises:
        BadInput: the rule is not monotone.
    """
    minimal = _minimal(table, n, rule)
    return SwingTally(*_by_size(table, n), *minimal)


def _by_size(table: Bits, n: int) -> tuple[list[int], list[list[int]]]:
    """Winning coalitions by size: all of them, and those with each member."""
    low = min(n, LOW)
    high = n - low
    inside, outside = np.arange(1 << low), np.arange(1 << high)
    sizes, row_sizes = np.bitwise_count(inside), np.bitwise_count(outside)
    order = np.argsort(sizes, kind="stable")
    starts = np.searchsorted(sizes[order], np.arange(low + 1))
    # counts by the set of high members and the number of low ones, and the reverse
    rows = np.empty((1 << high, low + 1), dtype=np.int64)
    columns = np.zeros((high + 1, 1 << low), dtype=np.int64)
    packed = table.reshape(1 << high, -1)
    for first in range(0, 1 << high, ROWS):
        won = np.unpackbits(packed[first : first + ROWS], axis=-1, count=1 << low, bitorder="little")
        rows[first : first + ROWS] = np.add.reduceat(np.take(won, order, axis=-1), starts, axis=-1, dtype=np.int64)
        here = row_sizes[first : first + ROWS]
        for size in np.unique(here):
            columns[size] += won[here == size].sum(0, dtype=np.int64)
    winning = _add_up(row_sizes, rows, n)
    with_low = [_add_up(sizes[having], columns.T[having], n) for having in (inside >> j & 1 == 1 for j in range(low))]
    with_high = [_add_up(row_sizes[having], rows[having], n) for having in (outside >> j & 1 == 1 for j in range(high))]
    return winning, with_low + with_high


def _add_up(sizes: NDArray[np.integer], counts: NDArray[np.int64], n: int) -> list[int]:
    """Sums of counts (k, m) by total size: `sizes` (k,) plus the index 0 ... m - 1 on the second axis."""
    by_size = np.zeros(n + counts.shape[1] + 1, dtype=np.int64)
    for size in np.unique(sizes):
        by_size[size : size + counts.shape[1]] += counts[sizes == size].sum(0)
    return by_size[: n + 1].tolist()


def minimal_of(table: Bits, n: int, rule: str) -> Bits:
    """The minimal winning coalitions, one bit each."""
    return _needed_and_held(table, n, rule)[0]


def _minimal(won: Bits, n: int, rule: str) -> tuple[int, int]:
    """Number of minimal winning coalitions, and of minimal blocking ones."""
    needed, held = _needed_and_held(won, n, rule)
    return int(np.bitwise_count(needed).sum()), int(np.bitwise_count(held).sum())


def _needed_and_held(won: Bits, n: int, rule: str) -> tuple[Bits, Bits]:
    """Minimal winning coalitions, and losing coalitions that win with any one more member.

    The complements of the latter are the minimal blocking coalitions.
    """
    there = np.uint8((1 << min(8, 1 << n)) - 1)
    needed, held = won.copy(), ~won & there
    for j in range(n):
        if j < 3:  # members 0, 1 and 2 vary within a byte
            having = np.uint8((0b10101010, 0b11001100, 0b11110000)[j]) & there
            without, with_it = (won & ~having) << (1 << j) & having, won & having
            falls = (without & ~with_it).any()
            needed &= ~without
            held &= having | with_it >> (1 << j)
        else:
            pairs = won.reshape(-1, 2, 1 << j - 3)
            falls = (pairs[:, 0] & ~pairs[:, 1]).any()
            needed.reshape(pairs.shape)[:, 1] &= ~pairs[:, 0]
            held.reshape(pairs.shape)[:, 0] &= pairs[:, 1]
        if falls:
            raise BadInput(
                f"{rule} is not monotone: one more yes makes some coalition fail, so that it has no power index."
            )
    return needed, held
