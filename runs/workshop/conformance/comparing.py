"""Answers of a rule, compared to the bit or within a tolerance."""

from __future__ import annotations

import numpy as np

from juste_retour.agents.arrays import Integers
from juste_retour.runs.workshop.conformance.validity import Answer, leaves


def kept(out: object) -> Answer:
    """A copy of everything numeric in what a rule returned, by name."""
    return {name: np.array(x) for name, x in leaves(out).items()}


def rows_of(answer: Answer, worlds: Integers, count: int) -> Answer:
    """Some worlds of what was returned for `count` of them."""
    return {
        name: x[worlds] if x.ndim and len(x) == count and name != "key" else x for name, x in answer.items()
    }


def differs(a: Answer, b: Answer, within: float = 0.0) -> bool:
    """Whether two answers differ: to the bit, or by more than a relative tolerance."""
    if a.keys() != b.keys():
        return True
    for name, x in a.items():
        y = b[name]
        if x.shape != y.shape and np.broadcast_shapes(x.shape, y.shape) not in (x.shape, y.shape):
            return True
        same = (
            np.allclose(x, y, rtol=within, atol=within, equal_nan=True)
            if within and x.dtype.kind == "f"
            else np.all((x == y) | ((x != x) & (y != y)))
        )
        if not same:
            return True
    return False
