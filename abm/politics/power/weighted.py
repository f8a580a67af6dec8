"""The number of coalitions of each size that reach a weight, by two algorithms that test each other.

*Meet in the middle* (Horowitz and Sahni 1974) lists the coalitions of each half of the members by size and weight. For
each coalition of one half, bisection counts those of the other half that lift it to the quota. It works for any weights
and up to forty members, with 2^20 rows where a full list would have 2^40.

*Dynamic programming* (Mann and Shapley 1962) expands the generating function prod_i (1 + y x^w_i). Its coefficients are
cumulated over the powers of x, so that each counts the coalitions of at most this weight. It stops at the quota, or at
the largest weight that may be missing from a winning coalition, whichever is less. It works for any number of members
with small weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import comb, gcd

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.errors import BadInput

LARGEST_HALVES = 40  # most members for meet in the middle
LARGEST_BYTES = 300_000_000  # most memory of the table of dynamic programming
LARGEST_WORK = 150_000_000_000  # most bytes of the table times members: about three seconds
QUICK_BITS = 2_000_000  # size of the table above which meet in the middle is faster
DIGIT = 48  # bits per digit of large counts; sums of fifteen digits fit into 64 bits
CARRIED = 64 - DIGIT - 1  # members that may be added before digits are carried

BySize = list[int]
Masks = NDArray[np.int64]


def algorithm(weights: list[int], limit: int) -> type[Sums] | type[Halves]:
    """The faster of the two algorithms for coalitions of these weights up to a limit.

    Raises:
        BadInput: neither can count them; the message says by how much to divide the weights.
    """
    n, total = len(weights), sum(weights)
    if n <= LARGEST_HALVES and (n + 1) * (n + 1) * (limit + 1) > QUICK_BITS and total < 2**62:
        return Halves
    most = int(min(LARGEST_BYTES, LARGEST_WORK / n) / (8 * _digits(n) * (n + 1)))
    if limit <= most:
        return Sums
    raise BadInput(
        f"the weights of {n:,} members add up to {total:,}, and at this quota coalitions can be counted exactly up to "
        f"{total * most // limit:,}; divide weights and quota by {-(-101 * limit // (100 * most)):,} or more and round"
        + (f", or name at most {LARGEST_HALVES} members." if n > LARGEST_HALVES else ".")
    )


def in_lowest_terms(weights: list[int], quota: int) -> tuple[list[int], int]:
    """Weights and quota of the same game, divided by the weights' common divisor."""
    common = gcd(*weights) or 1
    return [w // common for w in weights], -(-quota // common)


@dataclass(frozen=True, eq=False)
class Halves:
    """Counts coalitions by meet in the middle."""

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
    """Weight and size of every coalition; bit i of its position says whether member i belongs to it."""
    sums, sizes = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for weight in weights:
        sums, sizes = np.concatenate([sums, sums + weight]), np.concatenate([sizes, sizes + 1])
    return sums, sizes


def _columns(mine: tuple[Masks, Masks], others: tuple[Masks, Masks], quota: int) -> Iterator[Masks]:
    """For each size in the other half: how many of its coalitions lift each coalition of `mine` to the quota."""
    order = np.argsort(mine[0], kind="stable")  # bisection in rising order stays in the cache
    missing = quota - mine[0][order]
    for size in range(int(others[1].max()) + 1):
        weights = np.sort(others[0][others[1] == size])
        column = np.empty_like(missing)
        column[order] = len(weights) - np.searchsorted(weights, missing, side="left")
        yield column


def _fold(sizes: Masks, columns: list[Masks], n: int) -> BySize:
    # fewer than 2^40 coalitions in total, so that the floats of bincount are exact
    by_size = [0] * (n + 1)
    for other, column in enumerate(columns):
        for size, count in enumerate(np.bincount(sizes, weights=column)):
            by_size[size + other] += int(count) if size + other <= n else 0
    return by_size


@dataclass(frozen=True, eq=False)
class Sums:
    """Counts coalitions by dynamic programming."""

    weights: list[int]

    def reach(self, quota: int) -> tuple[BySize, list[BySize]]:
        """Coalitions of weight `quota` or more by size, in all and with each member."""
        n, spare = len(self.weights), sum(self.weights) - quota
        light = _Light(self.weights, min(spare, quota - 1))
        for weight in sorted(self.weights, reverse=True):  # heaviest first, so that fewer counts change at each step
            light.add(weight)
        alike: dict[int, BySize] = {}
        if spare < quota:  # count what is missing from winning coalitions
            winning = light.by_size(spare)[::-1]
            for weight in set(self.weights):
                alike[weight] = light.without(weight, spare)[::-1]
        else:  # count losing coalitions
            winning = [comb(n, s) - lost for s, lost in enumerate(light.by_size(quota - 1))]
            for weight in set(self.weights):
                lost = light.without(weight, quota - 1 - weight)
                alike[weight] = [0, *(comb(n - 1, s) - lost[s] for s in range(n))]
        return winning, [alike[w] for w in self.weights]

    def minimal(self, quota: int) -> int:
        """Coalitions that reach the quota and would not without their lightest member; weights in falling order."""
        width = len(self.weights) + 1
        one = (1 << width) - 1
        # sizes do not matter, so one polynomial suffices; it is one integer whose lowest digit counts weights to quota - 1
        found, light = 0, ((1 << quota * width) - 1) // one
        for weight in self.weights:
            lighter = light >> weight * width
            found += (light & one) - (lighter & one)
            light += lighter
        return found

    def before(self, quota: int) -> Iterator[tuple[BySize, BySize]]:
        """For each member: coalitions of the members before it that reach the quota with its help, and without it."""
        light = _Light(self.weights, quota - 1)
        for i, weight in enumerate(self.weights):
            everyone = [comb(i, s) for s in range(i + 1)]
            helped, alone = light.by_size(quota - 1 - weight), light.by_size(quota - 1)
            yield (
                [a - b for a, b in zip(everyone, helped, strict=False)],
                [a - b for a, b in zip(everyone, alone, strict=False)],
            )
            light.add(weight)


class _Light:
    """Number of coalitions of each size and at most each weight up to a limit; members are added one by one.

    `counts` (sizes, digits, limit + 1) holds the number of coalitions of s members that weigh at most x, lowest digit
    first. It omits sizes at which even the lightest members exceed the limit.
    """

    def __init__(self, weights: list[int], limit: int):
        self.n, self.limit = len(weights), limit
        sizes, lightest = 1, 0
        for weight in sorted(weights):
            lightest += weight
            sizes += lightest <= limit
        self.counts = np.zeros((sizes, _digits(self.n), max(limit + 1, 0)), dtype=np.uint64)
        self.counts[0, 0] = 1
        self.added: list[int] = []
        self.carried = 0  # number of members at the last carry

    def add(self, weight: int) -> None:
        """Add a member to the game; it must not be heavier than earlier ones."""
        self.added.append(weight)
        count = len(self.added)
        digits = _digits(count)
        # weight of the lightest coalition of each size
        least = [*accumulate(reversed(self.added), initial=0)]
        for s in range(min(count, len(self.counts) - 1), 0, -1):
            first = least[s]
            if first <= self.limit:
                joined = self.counts[s - 1, :digits, first - weight : self.limit + 1 - weight]
                self.counts[s, :digits, first:] += joined
        if count % CARRIED == 0:
            self._carry()

    def by_size(self, weight: int) -> BySize:
        """Number of coalitions of at most this weight, by size 0 ... n."""
        return self._numbers(self.counts[:, :, weight]) if weight >= 0 else [0] * (self.n + 1)

    def without(self, weight: int, at_most: int) -> BySize:
        """The same for weight `at_most` without one member of this weight, whose factor is divided out again."""
        if at_most < 0:
            return [0] * (self.n + 1)
        self._carry()
        found = np.zeros(self.counts.shape[:2], dtype=np.int64)
        for j in range(min(at_most // weight + 1 if weight else len(found), len(found))):
            part = self.counts[: len(found) - j, :, at_most - j * weight].astype(np.int64)
            found[j:] += part if j % 2 == 0 else -part
        return self._numbers(found)

    def _carry(self) -> None:
        if self.carried == len(self.added):
            return
        self.carried = len(self.added)
        for row in self.counts[: self.carried + 1, : _digits(self.carried)]:
            for low, high in pairwise(row):
                high += low >> np.uint64(DIGIT)
                low &= np.uint64((1 << DIGIT) - 1)

    def _numbers(self, rows: NDArray[np.integer]) -> BySize:
        found = [sum(digit << DIGIT * k for k, digit in enumerate(row)) for row in rows.tolist()]
        return found + [0] * (self.n + 1 - len(found))


def _digits(members: int) -> int:
    """Digits needed for the number of coalitions of this many members."""
    return members // DIGIT + 1
