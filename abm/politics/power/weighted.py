"""How many coalitions of each size reach a weight: two algorithms, each the other's test.

*Meet in the middle* (Horowitz and Sahni 1974): coalitions of each half of the members are listed by size and weight;
for each coalition of one half, those of the other half that lift it to the quota are found by bisection. Any weights,
up to forty members: 2^20 rows where listing all would need 2^40.

*Dynamic programming* (Mann and Shapley 1962): the generating function prod_i (1 + y x^w_i), summed over the powers of
x, so that a coefficient counts the coalitions that weigh so much or less. It goes as far as the quota, or as far as
what a winning coalition may lack, whichever is less. Any number of members, small weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import comb, gcd

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.errors import BadInput

LARGEST_HALVES = 40
LARGEST_BYTES = 300_000_000  # of the table of sums
LARGEST_WORK = 150_000_000_000  # bytes of the table by members: about three seconds
QUICK_BITS = 2_000_000
DIGIT = 48  # bits; sums of fifteen digits fit into 64
CARRIED = 64 - DIGIT - 1  # members after whom digits are carried

BySize = list[int]
Masks = NDArray[np.int64]


def algorithm(weights: list[int], limit: int) -> type[Sums] | type[Halves]:
    """The quicker of the two algorithms that can count coalitions of these weights up to a limit."""
    n, total = len(weights), sum(weights)
    if n <= LARGEST_HALVES and (n + 1) * (n + 1) * (limit + 1) > QUICK_BITS and total < 2**62:
        return Halves
    most = int(min(LARGEST_BYTES, LARGEST_WORK / n) / (8 * _digits(n) * (n + 1)))
    if limit <= most:
        return Sums
    raise BadInput(
        f"{n:,} members can be counted exactly at this quota where their weights add up to at most "
        f"{total * most // limit:,}, and these add up to {total:,}; divide weights and quota by "
        f"{-(-101 * limit // (100 * most)):,} or more and round them"
        + (f", or name at most {LARGEST_HALVES} members." if n > LARGEST_HALVES else ".")
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
        n, spare = len(self.weights), sum(self.weights) - quota
        light = _Light(self.weights, min(spare, quota - 1))
        for weight in sorted(self.weights, reverse=True):  # heaviest first: light coalitions come late
            light.add(weight)
        alike: dict[int, BySize] = {}
        if spare < quota:  # those who stay away weigh little
            winning = light.by_size(spare)[::-1]
            for weight in set(self.weights):
                alike[weight] = light.without(weight, spare)[::-1]
        else:  # those who lose do
            winning = [comb(n, s) - lost for s, lost in enumerate(light.by_size(quota - 1))]
            for weight in set(self.weights):
                lost = light.without(weight, quota - 1 - weight)
                alike[weight] = [0, *(comb(n - 1, s) - lost[s] for s in range(n))]
        return winning, [alike[w] for w in self.weights]

    def minimal(self, quota: int) -> int:
        """Coalitions that reach the quota and would not without their lightest member; weights in falling order."""
        width = len(self.weights) + 1
        one = (1 << width) - 1
        # one polynomial, as sizes need not be told apart, in one number: the lowest digit counts weights up to quota - 1
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
    """How many coalitions of each size weigh at most so much, up to a limit; members are added one by one.

    `counts` (sizes, digits, limit + 1) holds the number of coalitions of s members that weigh at most x, the lowest
    digit first. Sizes stop where even the lightest members are too heavy together.
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
        self.carried = 0  # members after whom digits were carried last

    def add(self, weight: int) -> None:
        """Let a further member join the coalitions, who is no heavier than those before it."""
        self.added.append(weight)
        count = len(self.added)
        digits = _digits(count)
        least = [
            *accumulate(reversed(self.added), initial=0)
        ]  # weight of the lightest coalition of each size
        for s in range(min(count, len(self.counts) - 1), 0, -1):
            first = least[s]
            if first <= self.limit:
                joined = self.counts[s - 1, :digits, first - weight : self.limit + 1 - weight]
                self.counts[s, :digits, first:] += joined
        if count % CARRIED == 0:
            self._carry()

    def by_size(self, weight: int) -> BySize:
        """Coalitions that weigh at most so much, by size 0 ... n."""
        return self._numbers(self.counts[:, :, weight]) if weight >= 0 else [0] * (self.n + 1)

    def without(self, weight: int, at_most: int) -> BySize:
        """The same without a member of a weight, whose factor is divided out again."""
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
    """Digits that hold the number of coalitions of so many members."""
    return members // DIGIT + 1
