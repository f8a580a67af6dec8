"""Outcomes of a user's own: a decorated function adds a column to the table of worlds."""

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
    """An outcome of a user's own: a number for each world.

    Attributes:
        name: of its column.
        function: is called with what some worlds yielded (`juste_retour.abm.outcomes.Outcomes`); returns (worlds,).
        unit: of the numbers.
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
}  # columns of the model's own; `juste_retour.runs.tables` adds its own


@overload
def outcome(function: F, /) -> F: ...
@overload
def outcome(*, unit: str = "1", worse_when_high: bool = False) -> Callable[[F], F]: ...
def outcome(function: Any = None, /, *, unit: str = "1", worse_when_high: bool = False) -> Any:
    """Enter an outcome: `@outcome`, or `@outcome(unit="EUR bn", worse_when_high=True)`.

    The function's name is the column's, the first line of its docstring is its line in the codebook. It is handed an
    `Outcomes`: `found.worlds` holds arrays (worlds,) by name, `found.states` (worlds, states), and `found.facilities`
    one entry a facility, with its `world`. It returns a float or an integer for each world, NaN where there is none.

    Raises:
        BadInput: a name that cannot be a column's or is taken, or no docstring.
    """
    if function is None:
        return lambda it: outcome_of(it, unit, worse_when_high)
    return outcome_of(function, unit, worse_when_high)


def outcome_of(function: F, unit: str, worse_when_high: bool) -> F:
    """Enter a function as an outcome."""
    name = getattr(function, "__name__", repr(function))
    if not inspect.isfunction(function) or inspect.isgeneratorfunction(function):
        raise BadInput(
            f"the outcome {name} is not a function that returns its answer; decorate one, as in def {name}(found)."
        )
    found = UserOutcome(name, function, unit, worse_when_high)
    there = USER_OUTCOMES.get(name)
    if not re.fullmatch(NAME, name):
        raise BadInput(f"{name!r} cannot be an outcome's name; use lower-case letters, digits and _.")
    if name in TAKEN or (
        there is not None and there.place.rpartition(":")[0] != found.place.rpartition(":")[0]
    ):
        raise BadInput(
            f"the outcome {name!r} is taken{f' by {there.place}' if there else ''}; choose another name."
        )
    if not found.meaning:
        raise BadInput(f"the outcome {name!r} has no docstring; say in its first line what it is.")
    USER_OUTCOMES[name] = found
    return function


def user_outcomes(found: Outcomes) -> dict[str, NDArray[np.float64]]:
    """All outcomes of a user's own, (worlds,) each.

    Raises:
        RuleFailed: one raised an error, or returned something else than a number for each world.
    """
    return {name: _asked(one, found) for name, one in USER_OUTCOMES.items()}


def _asked(one: UserOutcome, found: Outcomes) -> NDArray[np.float64]:
    count = len(found.replicates)
    answer = np.asarray(ask(one, None, ASKED_AS, (found,), {}))
    if answer.shape != (count,) or answer.dtype.kind not in "biuf":
        raise RuleFailed(
            f"the outcome {one.name} ({one.place.replace(':', ', line ')}) returns an array of {answer.dtype} of shape "
            f"{answer.shape}; return a number for each world, of shape (worlds,), here ({count},)."
        )
    return answer.astype(np.float64)
