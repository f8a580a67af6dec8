"""Arithmetic over many worlds at once that gives a world the same bits whoever stands beside it.

The last axis of every array is named (states, sites, labs, commissioners); the leading axes are worlds. NumPy adds
along the last axis of a C-contiguous array in an order that depends on that axis alone, so every sum of real numbers
in the model goes through `total`. Sums of integers and booleans are exact in any order.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Entry = TypeVar("Entry", bound=np.generic)
Number = float | Floats  # a number, or an array that broadcasts


def total(x: ArrayLike) -> Floats:
    """Sum real numbers over the last axis; shape (..., n) to (...)."""
    return np.add.reduce(np.ascontiguousarray(x, dtype=np.float64), axis=-1)


def running_total(x: ArrayLike) -> Floats:
    """Cumulative sum over the last axis; its last entry may differ from `total` in the last bit."""
    return np.add.accumulate(np.ascontiguousarray(x, dtype=np.float64), axis=-1)


def whole_product(a: Booleans | Integers, b: Booleans | Integers) -> Integers:
    """Matrix product of integers that add up to less than 2**53, where floating point is exact in any order."""
    return np.matmul(a.astype(np.float64), b.astype(np.float64)).astype(np.int64)


def power(base: ArrayLike, exponent: ArrayLike) -> Floats:
    """Raise to a power; shapes broadcast.

    NumPy takes a square root or a square instead where one exponent of 0.5 or 2 serves a whole loop, which depends on
    the number of worlds; an exponent of its own for each entry prevents that.
    """
    base, exponent = np.asarray(base, dtype=np.float64), np.asarray(exponent, dtype=np.float64)
    own = np.empty(np.broadcast(base, exponent).shape)
    own[...] = exponent
    return np.power(base, own)


def take(x: NDArray[Entry], index: Integers) -> NDArray[Entry]:
    """Pick entries along the last axis by one index for all worlds; the result is C-contiguous (a fancy index is not)."""
    return np.take(x, index, axis=-1)


def pick(x: NDArray[Entry], index: Integers) -> NDArray[Entry]:
    """Pick along the last axis by an index of each world's own, at least 0: x (..., n), index (..., k) to (..., k)."""
    if x.ndim == 1:
        return np.take(x, index)
    x = np.broadcast_to(x, (*index.shape[:-1], x.shape[-1])) if x.shape[:-1] != index.shape[:-1] else x
    first = np.arange(0, x.size, x.shape[-1]).reshape(*x.shape[:-1], 1)
    return np.take(x.reshape(-1), first + index)


def ranks(order: Integers) -> Integers:
    """The place of each entry in an order along the last axis, such as `argsort` gives; from 0."""
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(order.shape[-1]), order.shape), axis=-1)
    return out


def total_by(x: ArrayLike, group: NDArray[np.int64], count: int) -> Floats:
    """Sum entries of the last axis by group: x (..., n), group (n,) in 0..count-1, to (..., count).

    The members of a group are added in their order on the axis, whatever the number of worlds.
    """
    x = np.asarray(x, dtype=np.float64)
    steps, place = by_rank(group, count)
    out = np.zeros((*x.shape[:-1], count))
    for members in steps:
        out[..., : len(members)] += np.take(x, members, axis=-1)
    return np.take(out, place, axis=-1)


def by_rank(group: NDArray[np.int64], count: int) -> tuple[list[Integers], Integers]:
    """The first, second, ... members of the groups, largest group first, and the place of each group in that order.

    What goes through groups member by member takes as many steps as the largest has members: a handful of sites per state.
    """
    return _by_rank(group.tobytes(), count)


@lru_cache(maxsize=256)
def _by_rank(group: bytes, count: int) -> tuple[list[Integers], Integers]:
    of = np.frombuffer(group, dtype=np.int64).astype(np.intp)  # counted on 32-bit systems too
    size = np.bincount(of, minlength=count)
    largest_first = np.argsort(-size, kind="stable")
    members = [np.flatnonzero(of == k) for k in largest_first.tolist()]
    steps = [np.array([m[k] for m in members if len(m) > k]) for k in range(int(size.max(initial=0)))]
    return steps, ranks(largest_first)


def alike(*columns: Floats) -> tuple[Integers, Integers]:
    """Find rows that are the same to the bit: the first row of each kind (kinds,), and each row's kind (worlds,).

    What depends on these columns (worlds, n) alone need be computed for the first rows only.
    """
    rows = np.ascontiguousarray(np.concatenate(columns, axis=-1))
    whole = rows.view(np.dtype((np.void, rows.shape[-1] * rows.itemsize)))[:, 0]
    _, first, kind = np.unique(whole, return_index=True, return_inverse=True)
    return first, kind
