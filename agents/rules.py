"""The catalog of rules: families, their rules, and the parameters that a rule takes.

A family is a named kind of choice with one documented signature. The family object is the decorator that enters a
rule, the function's name is the rule's, and its keyword-only arguments are its parameters. This module knows
families, never a rule.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints, overload

import numpy as np

from juste_retour.agents.asking import Check, ask
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.interface import check_module


@dataclass(frozen=True)
class Parameter:
    """What is known of a parameter: unit, bounds, plausible range, meaning and source.

    `low` and `high` are the bounds that validation enforces; `range` is the plausible range that sensitivity
    analysis draws from, where it is narrower.
    """

    unit: str = "1"
    low: float | None = None
    high: float | None = None
    about: str = ""
    source: str = "assumed"
    range: tuple[float, float] | None = None
    scale: str = "linear"  # or "log": how a sensitivity analysis draws from the range
    group: str = ""
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: object, default: Setting) -> Setting:
        """Return the value in the default's type, or raise `BadInput` with the place, the value and the remedy."""
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise BadInput(f"{name} = {value!r} is not true or false; write one of the two.")
            return value
        if isinstance(default, str):
            if not isinstance(value, str):
                raise BadInput(f"{name} = {value!r} is not a text; {self._allowed()}")
            if self.choices and value not in self.choices:
                raise BadInput(f"{name} = {value!r} is not known; {near(value, self.choices)}")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise BadInput(f"{name} = {value!r} is not a number; {self._allowed()}")
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if not np.isfinite(number):
            raise BadInput(f"{name} = {value!r} is not a finite number; {self._allowed()}")
        if isinstance(default, int) and number != int(number):
            raise BadInput(f"{name} = {value!r} is not an integer; {self._allowed()}")
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise BadInput(f"{name} = {value!r} is out of bounds; {self._allowed()}")
        return int(number) if isinstance(default, int) else number

    def _allowed(self) -> str:
        unit = "" if self.unit in ("", "1") else f" ({self.unit})"
        if self.choices:
            return "give one of " + ", ".join(self.choices) + "."
        if self.low is not None and self.high is not None:
            return f"give a value from {self.low:g} to {self.high:g}{unit}."
        if self.low is not None:
            return f"give a value of at least {self.low:g}{unit}."
        if self.high is not None:
            return f"give a value of at most {self.high:g}{unit}."
        return f"give a value{unit}."


Handed = tuple[Any, ...]  # what a rule is handed: arrays, dataclasses of arrays, tables
Function = Callable[..., Any]  # a rule as it is written: its arguments are its family's
Setting = bool | int | float | str  # a parameter of a rule or a scenario
PARAMETERS = (
    "A rule's own parameters are its keyword-only arguments. A float arrives as an array (worlds, 1) in every family, so "
    "that it can be compared with arrays (worlds, states); an integer, a boolean or a string is the same in all worlds "
    "and arrives as it is."
)
NAME = r"[a-z][a-z0-9_]*"  # of a family or a rule
PROPERTIES = {
    "anonymous": "renaming the actors renames the result and changes nothing else",
    "monotone": "one more yes never turns a pass into a fail",
    "neutral": "all options are treated alike",
    "deterministic": "draws no random numbers",
}


def checked(
    parameters: Mapping[str, tuple[Setting, Parameter]], given: Mapping[str, object], place: str, owner: str
) -> dict[str, Setting]:
    """All parameters of their `owner`, as messages name it: those given checked, the others at their default.

    Raises:
        BadInput: something is given that is not a parameter, or a value that a parameter cannot take.
    """
    for name in given:
        if name not in parameters:
            hint = near(name, parameters) if parameters else "it takes none."
            raise BadInput(f"{place}: {owner} has no parameter {name!r}; {hint}")
    return {
        name: about.check(f"{place}.{name}", given[name], default) if name in given else default
        for name, (default, about) in parameters.items()
    }


def near_or_own(name: object, known: Iterable[str]) -> str:
    """The hint for an unknown name: its near matches, or else that a file of the user's own may still have to be read."""
    hint = near(name, known)
    if hint.endswith("?"):
        return hint
    return f"{hint} One of your own is known once its file is read (--rules FILE.py)."


@dataclass(frozen=True)
class Rule:
    """One rule of a family: its function, its parameters and what is said of it."""

    family: str
    name: str
    function: Function
    parameters: dict[str, tuple[Setting, Parameter]]
    properties: frozenset[str]
    marks: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0].strip()

    @property
    def source(self) -> str:
        """What stands behind `Source:` in the docstring."""
        found = re.search(r"Source: *(.+?)(?:\n\s*\n|$)", inspect.getdoc(self.function) or "", re.S)
        return " ".join(found.group(1).split()) if found else ""

    @functools.cached_property
    def shipped(self) -> bool:
        """Whether it is one of the model's own, and not of a user's file or another package."""
        return (self.function.__module__ or "").startswith(SHIPPERS)  # typed in without a module: a user's

    @property
    def place(self) -> str:
        """File and line of the definition."""
        code = inspect.unwrap(self.function).__code__
        return f"{code.co_filename}:{code.co_firstlineno}"

    def settings(self, given: Mapping[str, object], place: str) -> dict[str, Setting]:
        """Return all parameters of the rule, those given checked, the others at their default."""
        return checked(self.parameters, given, place, f"the rule {self.name!r}")

    def __call__(self, *args: Any, **parameters: Any) -> Any:
        """Decide; a user's rule under watch."""
        if self.shipped:
            return self.function(*args, **parameters)
        group = FAMILIES[self.family]
        return ask(self, group.returns, group.asked_as, args, parameters)


FAMILIES: dict[str, Family] = {}
SHIPPERS = ("juste_retour.agents.", "juste_retour.abm.")  # packages whose rules are the model's own
OFFERS = "juste_retour.rules"  # the entry-point group by which installed packages offer rules
OFFERED: dict[str, ModuleType] = {}  # those that have been imported

F = TypeVar("F", bound=Function)


class Family:
    """A named kind of choice; calling it on a function enters that function as a rule.

    Args:
        name: the family's name, as in a scenario file.
        decides: what it decides, in a few words.
        signature: what a rule is handed and what it must return, with shapes.
        actor: "state", "commissioner" or "lab" where the choice is an actor's own and may differ by actor.
        group: the attribution group that the family belongs to.
        lift: how `.each` runs a function that is written for one actor in one world (see `each`).
        examples: returns a list of what the family's rules are handed, for the checks of a family of one's own.
        contract: the protocol class of what a rule is handed, where it may ask that; see `contract.verbs`.
        returns: is called with what a user's rule returned, what it was handed and its parameters; it raises
            `juste_retour.agents.asking.InvalidReturn` or returns what is used.
        may_ignore: whether a rule may leave out all that it is handed, and take its own parameters only.
    """

    def __init__(
        self,
        name: str,
        *,
        decides: str,
        signature: str,
        actor: str | None = None,
        group: str = "placement",
        lift: Callable[[Function], Function] | None = None,
        examples: Callable[[], list[Handed]] | None = None,
        contract: type | None = None,
        returns: Check | None = None,
        may_ignore: bool = False,
    ):
        if not re.fullmatch(NAME, name):
            raise BadInput(f"{name!r} is not a valid name of a family; use lower-case letters, digits and _.")
        code = sys._getframe(1)
        self.place = f"{code.f_code.co_filename}:{code.f_lineno}"
        there = FAMILIES.get(name)
        if there is not None and there.place.rpartition(":")[0] != code.f_code.co_filename:
            raise BadInput(
                f"the name {name!r} of a family is taken: {there.place} and {self.place} both define it; rename one."
            )
        self.name, self.decides, self.signature = name, decides, signature
        self.actor, self.group, self.lift, self.examples = actor, group, lift, examples
        self.contract, self.returns, self.may_ignore = contract, returns, may_ignore
        self.rules: dict[str, Rule] = {}
        FAMILIES[name] = self

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, function: None = None, /, **marks: object) -> Callable[[F], F]: ...
    def __call__(self, function: Function | None = None, /, **marks: object) -> Function:
        """Enter a rule: `@family`, or `@family(anonymous=True, ...)` to declare properties."""
        if function is None:
            return functools.partial(self._enter, marks=marks)
        return self._enter(function, marks={})

    @overload
    def each(self, function: F, /) -> F: ...
    @overload
    def each(self, function: None = None, /, **marks: object) -> Callable[[F], F]: ...
    def each(self, function: Function | None = None, /, **marks: object) -> Function:
        """Enter a rule that is written for one actor in one world; the family lifts it over all.

        `@family.each`, or `@family.each(deterministic=True, ...)` to declare properties. The function stays as it is.
        """
        if function is None:
            return functools.partial(self._lifted, marks=marks)
        return self._lifted(function, marks={})

    def _lifted(self, function: Function, marks: dict[str, object]) -> Function:
        if self.lift is None:
            raise BadInput(f"the family {self.name!r} has no .each form; write the rule over arrays.")
        lifted = functools.wraps(function)(self.lift(function))
        self._enter(lifted, marks={**marks, "each": True})
        return function

    @property
    def asked_as(self) -> str:
        """How a rule is asked, as in `rule(ballot, states)`."""
        return self.signature.partition(" -> ")[0]

    def _enter(self, function: Function, marks: dict[str, object]) -> Function:
        self._check_callable(function)
        name = function.__name__
        for mark in marks:
            if mark not in PROPERTIES and get_close_matches(mark, PROPERTIES, cutoff=0.8):
                raise BadInput(f"{self.name}.{name} declares {mark!r}; {near(mark, PROPERTIES)}")
        if not re.fullmatch(NAME, name):
            raise BadInput(
                f"{self.name}: {name!r} is not a valid rule name; use lower-case letters, digits and _."
            )
        rule = Rule(
            self.name,
            name,
            _ignoring(function) if self.may_ignore and not _takes_input(function) else function,
            parameters_of(function),
            frozenset(k for k, v in marks.items() if k in PROPERTIES and v),
            {k: v for k, v in marks.items() if k not in PROPERTIES},
        )
        there = self.rules.get(name)
        if there is not None and there.place != rule.place:
            raise BadInput(
                f"the name {self.name}.{name} is taken: {there.place} and {rule.place} both define it; rename one."
            )
        self.rules[name] = rule
        return function

    def _check_callable(self, function: Function) -> None:
        """Refuse what is not a plain function that can be asked as the family asks."""
        plain, name = inspect.unwrap(function), getattr(function, "__name__", repr(function))
        if not inspect.isfunction(plain):
            kind = "class" if inspect.isclass(plain) else type(plain).__name__
            raise BadInput(
                f"{self.name}: {name} is a {kind}; decorate a function, as in def {name.lower()}(...)."
            )
        if inspect.isgeneratorfunction(plain) or inspect.iscoroutinefunction(plain):
            kind = "generator (it yields)" if inspect.isgeneratorfunction(plain) else "coroutine (async def)"
            raise BadInput(f"{self.name}.{name} is a {kind}; write a function that returns its answer.")
        handed = re.fullmatch(r"rule\(([\w, ]*)\)", self.asked_as)
        if handed is None or (self.may_ignore and not _takes_input(function)):
            return
        try:
            inspect.signature(function).bind(*filter(None, handed[1].split(",")))
        except TypeError as error:
            raise BadInput(
                f"{self.name}.{name} cannot be asked as {self.asked_as} ({error}); take these, and write * before its "
                "own parameters."
            ) from None

    def __getitem__(self, name: str) -> Rule:
        """Return the rule of that name, or raise `BadInput` with the near matches."""
        if isinstance(name, str) and name not in self.rules:
            load_offered()
        try:
            return self.rules[name]
        except (KeyError, TypeError):
            meant = next((r.name for r in self if name in r.marks.get("also_called", ())), "")
            hint = f"did you mean {meant!r}?" if meant else near_or_own(name, self.rules)
            raise BadInput(f"{self.name} = {name!r} is not a known rule; {hint}") from None

    def __iter__(self) -> Iterator[Rule]:
        """Iterate over the rules in the order in which they were entered."""
        return iter(self.rules.values())


def _takes_input(function: Function) -> bool:
    """Whether a function takes anything but parameters of its own."""
    return any(a.kind is not a.KEYWORD_ONLY for a in inspect.signature(function).parameters.values())


def _ignoring(function: Function) -> Function:
    """The same function, which may be handed anything and does not look at it."""

    @functools.wraps(function)
    def ignoring(*handed: Any, **parameters: Any) -> Any:
        return function(**parameters)

    return ignoring


def load_offered() -> dict[str, ModuleType]:
    """Import the modules of rules that installed packages offer, each once, and return them by entry point.

    Packages offer them by the entry-point group `juste_retour.rules`. Nothing is imported before a name is asked for
    that nobody else has entered, or the whole catalog is.

    Raises:
        BadInput: a package whose rules cannot be imported, or whose names are taken.
    """
    from importlib.metadata import entry_points

    for point in entry_points(group=OFFERS):
        if point.value in OFFERED:
            continue
        package = point.dist.name if point.dist is not None else point.name
        before = dict(FAMILIES), {name: dict(f.rules) for name, f in FAMILIES.items()}
        check_module(point.module, f"the package {package!r}")
        try:
            OFFERED[point.value] = import_module(point.module)
        except Exception as error:
            forget(*before)
            said = str(error) if isinstance(error, BadInput) else f"{type(error).__name__}: {error}"
            raise BadInput(
                f"the rules that the package {package!r} offers cannot be used ({said.rstrip('.')}); update it, or "
                "uninstall it."
            ) from None
    return OFFERED


def forget(families: dict[str, Family], rules: dict[str, dict[str, Rule]]) -> None:
    """Put the catalog back as it was."""
    FAMILIES.clear()
    FAMILIES.update(families)
    for name, known in rules.items():
        FAMILIES[name].rules = known


def family(name: str) -> Family:
    """Return the family of that name, or raise `BadInput` with the near matches."""
    if name not in FAMILIES:
        load_offered()
    try:
        return FAMILIES[name]
    except KeyError:
        raise BadInput(f"{name!r} is not a known family of rules; {near(name, FAMILIES)}") from None


def parameters_of(function: Function) -> dict[str, tuple[Setting, Parameter]]:
    """Read a rule's parameters off its keyword-only arguments."""
    hints = get_type_hints(inspect.unwrap(function), include_extras=True)
    found = {}
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is not argument.KEYWORD_ONLY:
            continue
        if argument.default is argument.empty:
            raise BadInput(f"{function.__name__}: the parameter {name!r} has no default; give it one.")
        if not isinstance(argument.default, bool | int | float | str):
            raise BadInput(
                f"{function.__name__}: the parameter {name!r} has the default {argument.default!r}; give it a number, "
                "a text, or true or false."
            )
        hint, default = hints.get(name), argument.default
        about = Parameter()
        if get_origin(hint) is Annotated:
            about = next((a for a in get_args(hint)[1:] if isinstance(a, Parameter)), about)
            hint = get_args(hint)[0]
        if hint is float and isinstance(default, int) and not isinstance(default, bool):
            default = float(default)
        found[name] = (default, about)
    return found
