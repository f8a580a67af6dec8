"""Array operations whose result for one world does not depend, to the last bit, on the other worlds in the array.

The last axis of an array is states, sites, labs or commissioners; the leading axes are worlds. NumPy adds along the
last axis of a C-contiguous array in an order that depends on that axis alone. Every sum of floats in the model
therefore uses `total`. Sums of integers and booleans are exact in any order.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Entry = TypeVar("Entry", bound=np.generic)
Number = float | Floats  # a number, or an array that broadcasts with the others


def total(x: ArrayLike) -> Floats:
    """Sum floats over the last axis; shape (..., n) to (...)."""
    return np.add.reduce(np.ascontiguousarray(x, dtype=np.float64), axis=-1)


def running_total(x: ArrayLike) -> Floats:
    """Cumulative sum over the last axis, of the same shape; its last entry may differ from `total` in the last bit."""
    return np.add.accumulate(np.ascontiguousarray(x, dtype=np.float64), axis=-1)


def whole_product(a: Booleans | Integers, b: Booleans | Integers) -> Integers:
    """Matrix product of integers whose sums stay below 2**53, so that floating point is exact in any order."""
    return np.matmul(a.astype(np.float64), b.astype(np.float64)).astype(np.int64)


def power(base: ArrayLike, exponent: ArrayLike) -> Floats:
    """Raise to a power; shapes broadcast.

    NumPy replaces a single exponent of 0.5 or 2 by a square root or a square, with different last bits. Whether it
    does depends on the number of worlds. Giving each entry an exponent of its own prevents that.
    """
    base, exponent = np.asarray(base, dtype=np.float64), np.asarray(exponent, dtype=np.float64)
    own = np.empty(np.broadcast(base, exponent).shape)
    own[...] = exponent
    return np.power(base, own)


def take(x: NDArray[Entry], index: Integers) -> NDArray[Entry]:
    """Select entries along the last axis, the same in all worlds; unlike `x[..., index]` the result is C-contiguous."""
    return np.take(x, index, axis=-1)


def pick(x: NDArray[Entry], index: Integers) -> NDArray[Entry]:
    """Select entries along the last axis, different in each world: x (..., n) and index (..., k) >= 0 to (..., k)."""
    if x.ndim == 1:
        return np.take(x, index)
    x = np.broadcast_to(x, (*index.shape[:-1], x.shape[-1])) if x.shape[:-1] != index.shape[:-1] else x
    first = np.arange(0, x.size, x.shape[-1]).reshape(*x.shape[:-1], 1)
    return np.take(x.reshape(-1), first + index)


def ranks(order: Integers) -> Integers:
    """The rank of each entry, from 0, given the order that `argsort` returns; same shape."""
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.broadcast_to(np.arange(order.shape[-1]), order.shape), axis=-1)
    return out


def total_by(x: ArrayLike, group: NDArray[np.int64], count: int) -> Floats:
    """Sum the entries of the last axis by group: x (..., n) and group (n,), in 0..count-1, to (..., count).

    The members of a group are always added in their order on the axis.
    """
    x = np.asarray(x, dtype=np.float64)
    steps, place = by_rank(group, count)
    out = np.zeros((*x.shape[:-1], count))
    for members in steps:
        out[..., : len(members)] += np.take(x, members, axis=-1)
    return np.take(out, place, axis=-1)


def by_rank(group: NDArray[np.int64], count: int) -> tuple[list[Integers], Integers]:
    """Steps through all groups at once: the first members of the groups, then the second, and so on.

    Groups are ordered by size, the largest first, so there are as many steps as the largest group has members.

    Args:
        group: (n,) the group of each entry, in 0..count-1.
        count: number of groups.

    Returns:
        For each step the indices of its members, in order of the groups; and (count,) each group's place in that order.
    """
    return _by_rank(group.tobytes(), count)


@lru_cache(maxsize=256)
def _by_rank(group: bytes, count: int) -> tuple[list[Integers], Integers]:
    of = np.frombuffer(group, dtype=np.int64).astype(np.intp)  # `bincount` needs it on 32-bit systems
    size = np.bincount(of, minlength=count)
    largest_first = np.argsort(-size, kind="stable")
    members = [np.flatnonzero(of == k) for k in largest_first.tolist()]
    steps = [np.array([m[k] for m in members if len(m) > k]) for k in range(int(size.max(initial=0)))]
    return steps, ranks(largest_first)


def alike(*columns: Floats) -> tuple[Integers, Integers]:
    """Group rows that are equal to the last bit, so that a function of the rows is computed once for each group.

    Args:
        columns: arrays (worlds, n), joined along the last axis.

    Returns:
        (kinds,) the first row of each kind; (worlds,) the kind of each row.
    """
    rows = np.ascontiguousarray(np.concatenate(columns, axis=-1))
    bits = rows.view(np.dtype((np.void, rows.shape[-1] * rows.itemsize)))[:, 0]
    _, first, kind = np.unique(bits, return_index=True, return_inverse=True)
    return first, kind
