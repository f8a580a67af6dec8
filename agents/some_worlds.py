"""Selects some worlds from the arguments of a rule, and runs a rule written for one world over all worlds.

Worlds are the leading axis of every argument. `some_worlds` selects worlds from an argument of any type. `each_world`
calls a function for each world and joins the results.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.agents.rules import Function, Handed
from juste_retour.agents.situation import College, Labs, Machines, Offer, Sites, Situation, States

ALIKE = (States, Sites, Labs, College, Machines)  # the same in all worlds

Answer = TypeVar("Answer")
Way = TypeVar("Way")


def some_worlds(handed: Any, index: NDArray[np.int64]) -> Any:
    """Select worlds from an array, a parameter table or a dataclass of these.

    Args:
        handed: the argument of a rule.
        index: positions of the worlds, each at most once.

    Raises:
        BadInput: the argument varies by world but is of a type that cannot be split.
    """
    if isinstance(handed, np.ndarray):
        return handed[index] if handed.ndim and len(handed) > 1 else handed
    if hasattr(handed, "some_worlds"):
        return handed.some_worlds(index)
    if hasattr(handed, "rows") and callable(handed.rows):
        return handed.rows(index)
    if not is_dataclass(handed) or isinstance(handed, (type, *ALIKE)):
        if count_of(handed) > 1:
            kind = type(handed).__name__
            raise BadInput(f"a {kind} cannot be split by world; write the rule over arrays, without .each.")
        return handed
    alike, parts = alike_in(handed), {}
    for field in fields(handed):
        value = getattr(handed, field.name)
        if field.name in alike:
            parts[field.name] = value
        elif field.name == "alone" and isinstance(handed, Situation):
            parts[field.name] = functools.partial(_alone_in, handed, index)
        elif callable(value):
            parts[field.name] = functools.partial(_asked_in, value, index)
        else:
            parts[field.name] = some_worlds(value, index)
    return replace(handed, **parts)


def alike_in(thing: object) -> tuple[str, ...]:
    """The names of the dataclass's fields that have no axis of worlds, as its class lists them."""
    return getattr(type(thing), "alike_in_all_worlds", ())


def _alone_in(situation: Situation, index: NDArray[np.int64], size: ArrayLike) -> Offer:
    sizes = np.zeros(situation.scale.shape)
    sizes[index] = size
    return some_worlds(situation.alone(sizes), index)


def _asked_in(question: Callable[[], Any], index: NDArray[np.int64]) -> Any:
    return some_worlds(question(), index)


def count_of(*handed: object) -> int:
    """Number of worlds in the arguments of a rule; 1 if nothing in them varies by world."""
    found = 1
    for thing in handed:
        if isinstance(thing, np.ndarray):
            found = max(found, len(thing) if thing.ndim > 1 else 1)
        elif isinstance(worlds := getattr(thing, "worlds", None), int):
            found = max(found, worlds)
        elif is_dataclass(thing) and not isinstance(thing, (type, *ALIKE)):
            values = [getattr(thing, f.name) for f in fields(thing) if f.name not in alike_in(thing)]
            found = max(found, count_of(*values))
    return found


def number(value: Any) -> Any:
    """The entry of an array (1,) or (1, 1) as a NumPy number; anything else as it is."""
    one = isinstance(value, np.ndarray) and value.shape in ((1,), (1, 1))
    return value.reshape(1)[0] if one else value


def first_that_works(call: Callable[[Way], Answer], numbers: Way, arrays: Way) -> Answer:
    """Call a rule with numbers, or else, as rules were called in interface 1.1, with arrays of length one.

    Raises:
        Exception: what the rule raised with numbers, if it fails both ways.
    """
    try:
        return call(numbers)
    except JusteRetourError:
        raise
    except Exception as error:
        try:
            return call(arrays)
        except Exception:
            raise error from None


def each_world(function: Function) -> Function:
    """Turn a rule written for one world into a rule over all; it gets arrays with one world each, and numbers for its
    own parameters."""

    def lifted(entry: Callable[[Any], Any], handed: Handed, parameters: dict[str, Any]) -> Any:
        count, found = count_of(*handed, *parameters.values()), []
        for k in range(count):
            index = np.array([k])
            mine = {name: entry(some_worlds(value, index)) for name, value in parameters.items()}
            ours = handed if count == 1 else tuple(some_worlds(thing, index) for thing in handed)
            found.append(function(*ours, **mine))
        return joined(found)

    return lambda *handed, **parameters: first_that_works(
        lambda entry: lifted(entry, handed, parameters), number, lambda value: value
    )


def joined(found: list[Any]) -> Any:
    """Join what a rule returned for single worlds into one result over all of them."""
    first = found[0]
    if any(type(one) is not type(first) for one in found):
        kinds = sorted({type(one).__name__ for one in found})
        raise BadInput(
            f"a rule written with .each returned {' and '.join(kinds)} in different worlds of one quarter; "
            "return the same type in every world."
        )
    if first is None or isinstance(first, (str, *ALIKE)):
        return first
    if isinstance(first, tuple):
        return tuple(joined([one[k] for one in found]) for k in range(len(first)))
    if is_dataclass(first) and not isinstance(first, type):
        alike = alike_in(first)
        parts = {f.name: _field(f.name in alike, [getattr(one, f.name) for one in found]) for f in fields(first)}
        return replace(first, **parts)
    if isinstance(first, bool):
        if any(one != first for one in found):
            raise BadInput(
                "a rule written with .each returned True in one world and False in another, but this value must "
                "be the same in all worlds; write the rule over arrays."
            )
        return first
    if isinstance(first, int | float):
        return first if all(one == first for one in found) else np.array(found)[:, None]
    return np.concatenate([np.atleast_1d(one) for one in found])


def _field(alike: bool, values: list[Any]) -> Any:
    if alike:
        same = all(np.array_equal(value, values[0]) for value in values)
        return values[0] if same else np.stack(values)
    kinds = {type(value) for value in values}
    if len(kinds) > 1:  # a number in one world, an array of one in another
        return np.concatenate([np.reshape(value, (1, -1)) for value in values])
    return joined(values)
