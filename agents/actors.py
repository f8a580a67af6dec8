"""For each kind of actor, which entries of the arrays over all actors belong to one of them.

`.each` (`juste_retour.agents.each`), Mesa subclasses (`juste_retour.agents.own`) and tournaments use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Cut = Callable[[str, Any, int, int], Any]


@dataclass(frozen=True)
class Kind:
    """A kind of actor: state, commissioner or lab.

    Attributes:
        name: "state", "commissioner" or "lab".
        part: `part(field, value, world, actor)` returns one actor's part of an argument of the rule, with a leading
            axis of length one; `field` is the name under which the argument holds the value.
        shape: returns the shape of the rule's result from its arguments: (worlds, actors), with a further axis of
            options where an actor judges several plans or places.
        option: what an option is, such as "plan"; empty if there are none.
        options_last: whether the axis of options follows that of actors.
    """

    name: str
    part: Cut
    shape: Callable[[tuple[Any, ...]], tuple[int, ...]]
    option: str = ""
    options_last: bool = False

    def seat(self, world: int, actor: int) -> tuple[int | EllipsisType, ...]:
        """Index of one actor's entries in the result."""
        return (world, actor, ...) if self.options_last else (world, ..., actor)

    def count(self, shape: tuple[int, ...]) -> int:
        """Number of actors in a result of that shape."""
        return shape[1 if self.options_last else -1]

    def spread(self, values: NDArray[np.int64], answers: NDArray[np.generic]) -> NDArray[np.int64]:
        """The values (worlds, actors) with an axis added, so that they broadcast over options as `answers` does."""
        return values if np.ndim(answers) < 3 else np.expand_dims(values, -1 if self.options_last else 1)


def _of_state(name: str, value: Any, world: int, state: int) -> Any:
    if isinstance(value, tuple):
        return value[state : state + 1]
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    if name == "borders":  # (states, states), the same in all worlds
        return value[state : state + 1]
    mine = value if value.ndim == 1 else value[world if len(value) > 1 else 0]
    return mine[state : state + 1] if len(mine) > 1 else mine


def _of_commissioner(name: str, value: Any, world: int, seat: int) -> Any:
    if isinstance(value, tuple):
        return value[seat : seat + 1]
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    if value.ndim == 1:
        return value[seat : seat + 1]
    row = value[world if len(value) > 1 else 0]
    if value.ndim == 2:
        return row
    return np.ascontiguousarray(row[:, seat if row.shape[-1] > 1 else 0])[None]


def _of_lab(name: str, value: Any, world: int, lab: int) -> Any:
    if not isinstance(value, np.ndarray) or value.ndim < 2:
        return value
    if name == "home":  # (labs, places), the same in all worlds
        return value[lab : lab + 1]
    row = value[world if len(value) > 1 else 0]
    if value.ndim == 2:
        return row
    mine = lab if len(row) > 1 else 0
    return row[mine : mine + 1]


STATE = Kind("state", _of_state, lambda handed: handed[0].received.shape)
COMMISSIONER = Kind("commissioner", _of_commissioner, lambda handed: handed[0].home.shape, "plan")
LAB = Kind(
    "lab",
    _of_lab,
    lambda handed: np.broadcast_shapes(handed[0].usable.shape, handed[0].outside.shape),
    "place",
    options_last=True,
)
KINDS = {kind.name: kind for kind in (STATE, COMMISSIONER, LAB)}
