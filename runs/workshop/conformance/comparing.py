"""Compare return values of a rule, bit for bit or within a tolerance."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.family_returns import Answer, leaves
from juste_retour.agents.arrays import Integers


def kept(out: object) -> Answer:
    """Copies of all arrays and numbers in a rule's return value, by field name."""
    return {name: np.array(x) for name, x in leaves(out).items()}


def rows_of(answer: Answer, worlds: Integers, count: int) -> Answer:
    """The rows `worlds` of a return value for `count` worlds. A funding key (states,) without a worlds axis is unchanged."""
    return {name: x[worlds] if x.ndim > (name == "key") and len(x) == count else x for name, x in answer.items()}


def differs(a: Answer, b: Answer, within: float = 0.0) -> bool:
    """Whether two return values differ in any bit, or by more than the tolerance `within` (relative plus absolute)."""
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
