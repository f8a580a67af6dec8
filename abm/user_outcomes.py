"""User-defined outcomes: a function decorated with `@outcome` adds a column to the table of worlds."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.asking import RuleFailed, ask
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import NAME

if TYPE_CHECKING:
    from juste_retour.abm.outcomes import Outcomes

F = TypeVar("F", bound=Callable[..., Any])
ASKED_AS = "outcome(found)"


@dataclass(frozen=True)
class UserOutcome:
    """A user-defined outcome, which is a number for each world.

    Attributes:
        name: the name of its column.
        function: returns an array (worlds,), given `juste_retour.abm.outcomes.Outcomes`.
        unit: the unit of the numbers.
        worse_when_high: whether a lower number is better.
    """

    name: str
    function: Callable[..., Any]
    unit: str
    worse_when_high: bool

    family = "outcome"  # as messages name it

    @property
    def meaning(self) -> str:
        """The first line of the docstring, for the codebook."""
        return (inspect.getdoc(self.function) or "").split("\n")[0].strip().rstrip(".")

    @property
    def place(self) -> str:
        """File and line of the definition."""
        code = self.function.__code__
        return f"{code.co_filename}:{code.co_firstlineno}"


USER_OUTCOMES: dict[str, UserOutcome] = {}
TAKEN: set[str] = {
    "scenario",
    "seed",
    "replicate",
}  # names of columns; `juste_retour.runs.results.result_tables` adds its own


@overload
def outcome(function: F, /) -> F: ...
@overload
def outcome(*, unit: str = "1", worse_when_high: bool = False) -> Callable[[F], F]: ...
def outcome(function: Any = None, /, *, unit: str = "1", worse_when_high: bool = False) -> Any:
    """Register an outcome: `@outcome`, or `@outcome(unit="EUR bn", worse_when_high=True)`.

    The function's name becomes the name of the column, and the first line of its docstring its entry in the codebook.
    Its argument is an `Outcomes`: `found.worlds` holds arrays (worlds,) by name, `found.states` arrays
    (worlds, states), and `found.facilities` arrays with one entry per facility, among them its `world`.
    `found.column("population")` is a column of the states, (states,). It returns a float or an integer for each world, NaN for no value.

    Raises:
        BadInput: the name is not valid or is taken, or there is no docstring.
    """
    if function is None:
        return lambda it: outcome_of(it, unit, worse_when_high)
    return outcome_of(function, unit, worse_when_high)


def outcome_of(function: F, unit: str, worse_when_high: bool) -> F:
    """Register a function as an outcome; see `outcome`."""
    name = getattr(function, "__name__", repr(function))
    if not inspect.isfunction(function) or inspect.isgeneratorfunction(function):
        raise BadInput(
            f"the outcome {name} is not a function that returns a value; decorate one, as in def {name}(found)."
        )
    found = UserOutcome(name, function, unit, worse_when_high)
    there = USER_OUTCOMES.get(name)
    if not re.fullmatch(NAME, name):
        raise BadInput(
            f"{name!r} is not a valid name of an outcome; use lower-case letters, digits and _, a letter first."
        )
    if name in TAKEN or (there is not None and there.place.rpartition(":")[0] != found.place.rpartition(":")[0]):
        raise BadInput(
            f"the name {name!r} is taken{f' by the outcome in {there.place}' if there else ''}; choose another name."
        )
    if not found.meaning:
        raise BadInput(f"the outcome {name!r} has no docstring; add one whose first line says what it is.")
    USER_OUTCOMES[name] = found
    return function


def user_outcomes(found: Outcomes) -> dict[str, NDArray[np.float64]]:
    """All user-defined outcomes by name, (worlds,) each.

    Raises:
        RuleFailed: a function raised an error, or did not return a number for each world.
    """
    return {name: _asked(one, found) for name, one in USER_OUTCOMES.items()}


def _asked(one: UserOutcome, found: Outcomes) -> NDArray[np.float64]:
    count = len(found.replicates)
    answer = np.asarray(ask(one, None, ASKED_AS, (found,), {}))
    if answer.shape != (count,) or answer.dtype.kind not in "biuf":
        raise RuleFailed(
            f"the outcome {one.name} ({one.place.replace(':', ', line ')}) returns an array of {answer.dtype} of shape "
            f"{answer.shape}; return a number for each world, an array (worlds,), here of shape ({count},)."
        )
    return answer.astype(np.float64)
