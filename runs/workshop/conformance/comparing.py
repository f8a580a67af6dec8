"""Answers of a rule, compared to the bit or within a tolerance."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.returns import Answer, leaves
from juste_retour.agents.arrays import Integers


def kept(out: object) -> Answer:
    """A copy of everything numeric in what a rule returned, by name."""
    return {name: np.array(x) for name, x in leaves(out).items()}


def rows_of(answer: Answer, worlds: Integers, count: int) -> Answer:
    """Some worlds of what was returned for `count` of them; a funding key may be the same in all, (states,)."""
    return {
        name: x[worlds] if x.ndim > (name == "key") and len(x) == count else x for name, x in answer.items()
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
