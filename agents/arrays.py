"""Arithmetic over many worlds at once that gives a world the same bits whoever stands beside it.

The last axis of every array is named (states, sites, labs, commissioners); the leading axes are worlds. NumPy adds
along the last axis of a C-contiguous array in an order that depends on that axis alone, so every sum of real numbers
in the model goes through `total`. Sums of whole numbers and truth values are exact in any order.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Number = float | Floats  # a number, or an array that broadcasts


def total(x: ArrayLike) -> Floats:
    """Sum real numbers over the last axis; shape (..., n) to (...)."""
    return np.add.reduce(np.ascontiguousarray(x, dtype=np.float64), axis=-1)


def running_total(x: ArrayLike) -> Floats:
    """Cumulative sum over the last axis; its last entry may differ from `total` in the last bit."""
    return np.add.accumulate(np.ascontiguousarray(x, dtype=np.float64), axis=-1)


def power(base: ArrayLike, exponent: ArrayLike) -> Floats:
    """Raise to a power; shapes broadcast.

    NumPy takes a square root or a square instead where one exponent of 0.5 or 2 serves a whole loop, which depends on
    the number of worlds; an exponent of its own for each entry prevents that.
    """
    base, exponent = np.asarray(base, dtype=np.float64), np.asarray(exponent, dtype=np.float64)
    shape = np.broadcast_shapes(base.shape, exponent.shape)
    return np.power(base, np.broadcast_to(exponent, shape).copy())


Entry = TypeVar("Entry", bound=np.generic)


def take(x: NDArray[Entry], index: Integers) -> NDArray[Entry]:
    """Pick entries along the last axis by one index for all worlds; the result is C-contiguous (a fancy index is not)."""
    return np.take(x, index, axis=-1)


def pick(x: NDArray[Entry], index: Integers) -> NDArray[Entry]:
    """Pick along the last axis by an index of each world's own: x (..., n), index (..., k) to (..., k)."""
    return np.take_along_axis(np.broadcast_to(x, index.shape[:-1] + np.shape(x)[-1:]), index, axis=-1)


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
    out = np.zeros((*x.shape[:-1], count))
    order = np.argsort(group, kind="stable")
    rank = np.empty_like(order)
    starts = np.searchsorted(group[order], np.arange(count))
    rank[order] = np.arange(len(group)) - starts[group[order]]
    for step in range(int(rank.max(initial=-1)) + 1):  # the longest group decides: a handful of sites a state
        now = np.flatnonzero(rank == step)
        out[..., group[now]] += x[..., now]
    return out
