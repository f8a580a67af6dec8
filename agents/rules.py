"""The catalog of rules: families, their rules, and the rules' parameters.

A family is a named kind of choice with one documented signature. The family object is the decorator that registers a
rule. The function's name is the rule's name, and its keyword-only arguments are its parameters. This module names no
single rule.
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
    """The description of a parameter: unit, bounds, plausible range, meaning and source.

    Validation enforces the bounds `low` and `high`. Sensitivity analysis draws from `range`, the plausible range, or
    between the bounds if it is None.
    """

    unit: str = "1"
    low: float | None = None
    high: float | None = None
    about: str = ""
    source: str = "assumed"
    range: tuple[float, float] | None = None
    scale: str = "linear"  # or "log": the scale on which sensitivity analysis draws from the range
    group: str = ""
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: object, default: Setting) -> Setting:
        """Return the value in the type of the default, or raise `BadInput` with the place, the value and the remedy."""
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise BadInput(f"{name} = {value!r} is not a boolean; write true or false.")
            return value
        if isinstance(default, str):
            if not isinstance(value, str):
                raise BadInput(f"{name} = {value!r} is not a string; {self._allowed()}")
            if self.choices and value not in self.choices:
                raise BadInput(f"{name} = {value!r} is not a valid choice; {near(value, self.choices)}")
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


Handed = tuple[Any, ...]  # the arguments of a rule: arrays, dataclasses of arrays, tables
Function = Callable[..., Any]  # a rule's function, with the arguments of its family
Setting = bool | int | float | str  # the value of a parameter
PARAMETERS = (
    "A rule's own parameters are its keyword-only arguments. A float is passed as an array (worlds, 1) in every family, "
    "so that it can be compared with arrays (worlds, states). An integer, a boolean or a string is the same in all "
    "worlds and is passed as it is."
)
NAME = r"[a-z][a-z0-9_]*"  # of a family or a rule
PROPERTIES = {
    "anonymous": "permuting the actors permutes the result in the same way",
    "monotone": "an additional yes never turns a pass into a fail",
    "neutral": "treats all options alike",
    "deterministic": "draws no random numbers",
}


def checked(
    parameters: Mapping[str, tuple[Setting, Parameter]], given: Mapping[str, object], place: str, owner: str
) -> dict[str, Setting]:
    """Return the values of all parameters: those given, after a check, and defaults for the others.

    Args:
        parameters: default and description of each parameter.
        given: values by name.
        place: where they are given, for messages.
        owner: the rule or agent, for messages.

    Raises:
        BadInput: a name that is not a parameter, or a value that its parameter cannot take.
    """
    for name in given:
        if name not in parameters:
            hint = near(name, parameters) if parameters else "it has no parameters; remove this one."
            raise BadInput(f"{place}: {owner} has no parameter {name!r}; {hint}")
    return {
        name: about.check(f"{place}.{name}", given[name], default) if name in given else default
        for name, (default, about) in parameters.items()
    }


def near_or_own(name: object, known: Iterable[str]) -> str:
    """Return a hint for an unknown name: the closest names, or else all names and how to load user-defined ones."""
    hint = near(name, known)
    if hint.endswith("?"):
        return hint
    return f"{hint} If it is your own, load its file with --rules FILE.py."


@dataclass(frozen=True)
class Rule:
    """One rule of a family.

    Attributes:
        family: the family's name.
        name: the rule's name.
        function: the function.
        parameters: default and description of each parameter.
        properties: the declared properties, from `PROPERTIES`.
        marks: further keywords given to the decorator, which the model reads.
    """

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
        """The text after `Source:` in the docstring; empty if there is none."""
        found = re.search(r"Source: *(.+?)(?:\n\s*\n|$)", inspect.getdoc(self.function) or "", re.S)
        return " ".join(found.group(1).split()) if found else ""

    @functools.cached_property
    def shipped(self) -> bool:
        """Whether it belongs to this package and not to a user's file or another package."""
        return (self.function.__module__ or "").startswith(SHIPPERS)  # a rule typed in a console has no module

    @functools.cached_property
    def takes_arguments(self) -> bool:
        """Whether it takes any argument of its family."""
        return _taken(self.function) > 0 or _takes_rest(self.function)

    @property
    def place(self) -> str:
        """File and line of the definition."""
        code = inspect.unwrap(self.function).__code__
        return f"{code.co_filename}:{code.co_firstlineno}"

    def settings(self, given: Mapping[str, object], place: str) -> dict[str, Setting]:
        """Return the values of all parameters: those given, after a check, and defaults for the others."""
        return checked(self.parameters, given, place, f"the rule {self.name!r}")

    def __call__(self, *args: Any, **parameters: Any) -> Any:
        """Call the rule; a user-defined rule is called with the protections of `juste_retour.agents.asking`."""
        if self.shipped:
            return self.function(*args, **parameters)
        group = FAMILIES[self.family]
        return ask(self, group.returns, group.asked_as, args, parameters)


FAMILIES: dict[str, Family] = {}
SHIPPERS = ("juste_retour.agents.", "juste_retour.abm.")  # the modules of shipped rules
OFFERS = "juste_retour.rules"  # the entry-point group in which installed packages provide rules
OFFERED: dict[str, ModuleType] = {}  # the modules imported from there, by entry point

F = TypeVar("F", bound=Function)


class Family:
    """A named kind of choice, such as voting; calling it on a function registers that function as a rule.

    Args:
        name: the family's name, as in a scenario file.
        decides: what the rules decide, in a few words.
        signature: the arguments and the return value of a rule, with shapes.
        actor: "state", "commissioner" or "lab" if the choice is an actor's own and may differ between actors.
        group: the attribution group to which the family belongs.
        lift: turns a function for one actor in one world into a rule over all, for `.each`.
        examples: returns a list of arguments with which `rules check` calls the rules of a user-defined family.
        contract: the protocol class of a rule's argument, if it is an object with methods; see
            `contract.protocol_members`.
        returns: checks a user-defined rule. It is called with the return value, the arguments and the parameters. It
            returns the value to use, or raises `juste_retour.agents.asking.InvalidReturn`.
        may_omit: how many of its last arguments a rule may omit.

    Raises:
        BadInput: the name is not valid, or another file or module defines a family of that name.
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
        may_omit: int = 0,
    ):
        if not re.fullmatch(NAME, name):
            raise BadInput(
                f"{name!r} is not a valid name of a family; use lower-case letters, digits and _, a letter first."
            )
        code = sys._getframe(1)
        self.place = f"{code.f_code.co_filename}:{code.f_lineno}"
        self.module = str(code.f_globals.get("__name__", ""))
        there = FAMILIES.get(name)
        if there is not None and there.place.rpartition(":")[0] != code.f_code.co_filename:
            raise BadInput(
                f"the name {name!r} of a family is taken: {there.place} and {self.place} both define it; rename one."
            )
        if there is not None and there.module.startswith(SHIPPERS) and there.module != self.module:
            raise BadInput(
                f"the family {name!r} is defined in {there.module}, which was loaded again as {self.module}; import "
                f"{there.module}."
            )
        self.name, self.decides, self.signature = name, decides, signature
        self.actor, self.group, self.lift, self.examples = actor, group, lift, examples
        self.contract, self.returns, self.may_omit = contract, returns, may_omit
        self.rules: dict[str, Rule] = {}
        FAMILIES[name] = self

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, function: None = None, /, **marks: object) -> Callable[[F], F]: ...
    def __call__(self, function: Function | None = None, /, **marks: object) -> Function:
        """Register a rule: `@family`, or `@family(anonymous=True, ...)` to declare properties."""
        if function is None:
            return functools.partial(self._enter, marks=marks)
        return self._enter(function, marks={})

    @overload
    def each(self, function: F, /) -> F: ...
    @overload
    def each(self, function: None = None, /, **marks: object) -> Callable[[F], F]: ...
    def each(self, function: Function | None = None, /, **marks: object) -> Function:
        """Register a rule written for one actor in one world; the family applies it to all.

        `@family.each`, or `@family.each(deterministic=True, ...)` to declare properties. The decorator returns the
        function unchanged.
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
        """The call of a rule, as in `rule(ballot, states)`."""
        return self.signature.partition(" -> ")[0]

    def _enter(self, function: Function, marks: dict[str, object]) -> Function:
        self._check_callable(function)
        name = function.__name__
        for mark in marks:
            if mark not in PROPERTIES and get_close_matches(mark, PROPERTIES, cutoff=0.8):
                raise BadInput(f"{self.name}.{name} declares {mark!r}; {near(mark, PROPERTIES)}")
        if not re.fullmatch(NAME, name):
            raise BadInput(
                f"{self.name}: {name!r} is not a valid name of a rule; use lower-case letters, digits and _, a letter first."
            )
        rule = Rule(
            self.name,
            name,
            _omitting(function) if self.may_omit and not _takes_rest(function) else function,
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
        """Refuse anything but a plain function that accepts the arguments of the family."""
        plain, name = inspect.unwrap(function), getattr(function, "__name__", repr(function))
        if not inspect.isfunction(plain):
            kind = "class" if inspect.isclass(plain) else type(plain).__name__
            raise BadInput(f"{self.name}: {name} is a {kind}; decorate a function, as in def {name.lower()}(...).")
        if inspect.isgeneratorfunction(plain) or inspect.iscoroutinefunction(plain):
            kind = "generator (it yields)" if inspect.isgeneratorfunction(plain) else "coroutine (async def)"
            raise BadInput(f"{self.name}.{name} is a {kind}; write a function that returns its answer.")
        handed = re.fullmatch(r"rule\(([\w, ]*)\)", self.asked_as)
        if handed is None:
            return
        names = [*filter(None, handed[1].split(","))]
        taken = len(names) if _takes_rest(function) else _taken(function)
        try:
            inspect.signature(function).bind(*names[: max(taken, len(names) - self.may_omit)])
        except TypeError as error:
            raise BadInput(
                f"{self.name}.{name} cannot be called as {self.asked_as} ({error}); take these arguments, and write * "
                "before its own parameters."
            ) from None

    def __getitem__(self, name: str) -> Rule:
        """Return the rule of that name, or raise `BadInput` with the closest names."""
        if isinstance(name, str) and name not in self.rules:
            load_offered()
        try:
            return self.rules[name]
        except (KeyError, TypeError):
            meant = next((r.name for r in self if name in r.marks.get("also_called", ())), "")
            hint = f"did you mean {meant!r}?" if meant else near_or_own(name, self.rules)
            raise BadInput(f"{self.name} = {name!r} is not a known rule; {hint}") from None

    def __iter__(self) -> Iterator[Rule]:
        """Iterate over the rules in the order of their registration."""
        return iter(self.rules.values())


def _taken(function: Function) -> int:
    """How many arguments a function takes besides its own parameters."""
    kinds = [a.kind for a in inspect.signature(function).parameters.values()]
    return sum(kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds)


def _takes_rest(function: Function) -> bool:
    return any(a.kind is a.VAR_POSITIONAL for a in inspect.signature(function).parameters.values())


def _omitting(function: Function) -> Function:
    """A function that accepts all arguments of its family and passes on those that it takes."""
    count = _taken(function)

    @functools.wraps(function)
    def omitting(*handed: Any, **parameters: Any) -> Any:
        return function(*handed[:count], **parameters)

    return omitting


def load_offered() -> dict[str, ModuleType]:
    """Import, once, the modules of rules that installed packages provide, and return them by entry point.

    A package provides rules in the entry-point group `juste_retour.rules`. The import happens only when a name is not
    found among the registered ones, or when the whole catalog is needed.

    Raises:
        BadInput: the rules of a package cannot be imported, or their names are taken.
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
                f"the rules of the package {package!r} cannot be used ({said.rstrip('.')}); update or uninstall it."
            ) from None
    return OFFERED


def forget(families: dict[str, Family], rules: dict[str, dict[str, Rule]]) -> None:
    """Restore the catalog to an earlier state: the families by name, and the rules of each."""
    FAMILIES.clear()
    FAMILIES.update(families)
    for name, known in rules.items():
        FAMILIES[name].rules = known


def family(name: str) -> Family:
    """Return the family of that name, or raise `BadInput` with the closest names."""
    if name not in FAMILIES:
        load_offered()
    try:
        return FAMILIES[name]
    except KeyError:
        raise BadInput(f"{name!r} is not a known family of rules; {near(name, FAMILIES)}") from None


def parameters_of(function: Function) -> dict[str, tuple[Setting, Parameter]]:
    """Read a rule's parameters, with default and description, from its keyword-only arguments.

    Raises:
        BadInput: a parameter has no default, or one that is not a number, string or boolean.
    """
    hints = get_type_hints(inspect.unwrap(function), include_extras=True)
    found = {}
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is not argument.KEYWORD_ONLY:
            continue
        if argument.default is argument.empty:
            raise BadInput(f"{function.__name__}: the parameter {name!r} has no default; give it one.")
        if not isinstance(argument.default, bool | int | float | str):
            raise BadInput(
                f"{function.__name__}: the parameter {name!r} has the default {argument.default!r}; make it a number, a "
                "string or a boolean."
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
