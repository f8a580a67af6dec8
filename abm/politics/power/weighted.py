"""How many coalitions of each size reach a weight: two algorithms, each the other's test.

*Meet in the middle* (Horowitz and Sahni 1974): coalitions of each half of the members are listed by size and weight;
for each coalition of one half, those of the other half that lift it to the quota are found by bisection. Any weights,
up to forty members: 2^20 rows where listing all would need 2^40.

*Dynamic programming* (Mann and Shapley 1962): the generating function prod_i (1 + y x^w_i), one polynomial in x for
each power of y. A polynomial is kept as one Python integer with a fixed number of bits for each coefficient, so that
adding a member is a shift and an addition, and nothing overflows. Any number of members, small weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.errors import BadInput

LARGEST_HALVES = 40
LARGEST_BITS = 1_600_000_000  # of all polynomials together: 200 MB
QUICK_BITS = 4_000_000

BySize = list[int]
Masks = NDArray[np.int64]


def algorithm(weights: list[int]) -> type[Sums] | type[Halves]:
    """The quicker of the two algorithms that can count these weights."""
    n = len(weights)
    bits = (n + 1) * (n + 1) * (sum(weights) + 1)
    if bits <= QUICK_BITS or (n > LARGEST_HALVES and bits <= LARGEST_BITS):
        return Sums
    if n <= LARGEST_HALVES and sum(weights) < 2**62:
        return Halves
    raise BadInput(
        f"{n} members with weights that add up to {sum(weights):,} are too many to count exactly; "
        f"divide weights and quota by {-(-bits // LARGEST_BITS):,} or more and round them, or name at most "
        f"{LARGEST_HALVES} members."
    )


def in_lowest_terms(weights: list[int], quota: int) -> tuple[list[int], int]:
    """The same game with the common divisor of all weights taken out."""
    common = gcd(*weights) or 1
    return [w // common for w in weights], -(-quota // common)


@dataclass(frozen=True, eq=False)
class Halves:
    """Meet in the middle."""

    weights: list[int]

    def reach(self, quota: int) -> tuple[BySize, list[BySize]]:
        """Coalitions of weight `quota` or more by size, in all and with each member."""
        n = len(self.weights)
        halves = _list(self.weights[0::2]), _list(self.weights[1::2])
        with_member: list[BySize] = [[]] * n
        by_size: BySize = []
        for start, (mine, others) in enumerate((halves, halves[::-1])):
            columns = list(_columns(mine, others, quota))
            by_size = _fold(mine[1], columns, n)
            for i in range(start, n, 2):
                bit = i // 2
                having = mine[1].reshape(-1, 2, 1 << bit)[:, 1].ravel()
                kept = [column.reshape(-1, 2, 1 << bit)[:, 1].ravel() for column in columns]
                with_member[i] = _fold(having, kept, n)
        return by_size, with_member

    def before(self, quota: int) -> Iterator[tuple[BySize, BySize]]:
        """For each member: coalitions of the members before it that reach the quota with its help, and without it."""
        for i, weight in enumerate(self.weights):
            mine, others = _list(self.weights[:i:2]), _list(self.weights[1:i:2])
            yield (
                _fold(mine[1], list(_columns(mine, others, quota - weight)), i),
                _fold(mine[1], list(_columns(mine, others, quota)), i),
            )


def _list(weights: list[int]) -> tuple[Masks, Masks]:
    """Weight and size of every coalition; bit i of the position says whether member i belongs."""
    sums, sizes = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for weight in weights:
        sums, sizes = np.concatenate([sums, sums + weight]), np.concatenate([sizes, sizes + 1])
    return sums, sizes


def _columns(mine: tuple[Masks, Masks], others: tuple[Masks, Masks], quota: int) -> Iterator[Masks]:
    """For each size of the other half: how many of its coalitions lift each of mine to the quota."""
    order = np.argsort(mine[0], kind="stable")  # bisection in rising order stays in the cache
    missing = quota - mine[0][order]
    for size in range(int(others[1].max()) + 1):
        weights = np.sort(others[0][others[1] == size])
        column = np.empty_like(missing)
        column[order] = len(weights) - np.searchsorted(weights, missing, side="left")
        yield column


def _fold(sizes: Masks, columns: list[Masks], n: int) -> BySize:
    # less than 2^40 coalitions in all, so the real numbers of bincount are exact
    by_size = [0] * (n + 1)
    for other, column in enumerate(columns):
        for size, count in enumerate(np.bincount(sizes, weights=column)):
            by_size[size + other] += int(count) if size + other <= n else 0
    return by_size


@dataclass(frozen=True, eq=False)
class Sums:
    """Dynamic programming."""

    weights: list[int]

    def reach(self, quota: int) -> tuple[BySize, list[BySize]]:
        """Coalitions of weight `quota` or more by size, in all and with each member."""
        n, width = len(self.weights), len(self.weights) + 1
        rows = [1]
        for weight in self.weights:
            rows = _include(rows, weight * width)
        alike: dict[int, BySize] = {}
        for weight in self.weights:
            if weight in alike:
                continue
            others = [1]  # the member's factor divided out again
            for s in range(1, n):
                others.append(rows[s] - (others[-1] << weight * width))
            alike[weight] = [0, *(_tail(row, quota - weight, width) for row in others)]
        return [_tail(row, quota, width) for row in rows], [alike[w] for w in self.weights]

    def minimal(self, quota: int) -> int:
        """Coalitions that reach the quota and would not without their lightest member; weights in falling order."""
        width = len(self.weights) + 1
        found, before = 0, 1  # one polynomial: sizes need not be told apart
        for weight in self.weights:
            found += _tail(before, quota - weight, width) - _tail(before, quota, width)
            before += before << weight * width
        return found

    def before(self, quota: int) -> Iterator[tuple[BySize, BySize]]:
        """For each member: coalitions of the members before it that reach the quota with its help, and without it."""
        width = len(self.weights) + 1
        rows = [1]
        for weight in self.weights:
            yield (
                [_tail(row, quota - weight, width) for row in rows],
                [_tail(row, quota, width) for row in rows],
            )
            rows = _include(rows, weight * width)


def _include(rows: list[int], shift: int) -> list[int]:
    return [a + (b << shift) for a, b in zip([*rows, 0], [0, *rows], strict=True)]


def _tail(row: int, quota: int, width: int) -> int:
    """Sum of the coefficients from x^quota on."""
    row >>= max(quota, 0) * width
    while row.bit_length() > width:  # fold the upper half onto the lower; no sum outgrows its bits
        half = -(-row.bit_length() // (2 * width)) * width
        row = (row >> half) + (row & ((1 << half) - 1))
    return row
