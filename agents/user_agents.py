"""User-defined Mesa agents: a scenario can name a class that is decorated with `@agent`, as it names rules."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Parameter, Setting, checked, load_offered, near_or_own, parameters_of

C = TypeVar("C", bound=type)
KINDS = {"MemberState": "state", "Commissioner": "commissioner", "Lab": "lab"}  # by base class
CLASSES = "juste_retour.agents.mesa_agents"


@dataclass(frozen=True)
class UserAgent:
    """A user-defined class of agents.

    Attributes:
        name: the class's name, by which a scenario refers to it.
        cls: the class.
        kind: "state", "commissioner" or "lab", whose decisions it takes; empty for an agent without a row in the tables.
        parameters: default and description of each keyword-only argument of its `__init__`.
    """

    name: str
    cls: type
    kind: str
    parameters: dict[str, tuple[Setting, Parameter]]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.cls.__doc__ or "").strip().split("\n")[0].strip()

    @property
    def usual_actors(self) -> str:
        """The codes of the actors for which it is used unless others are named, from the class's attribute `of`; or all."""
        return str(getattr(self.cls, "of", "all"))

    @property
    def place(self) -> str:
        """File and line of the definition."""
        return f"{self.file}:{self.line}"

    @property
    def file(self) -> str:
        """The file that defines it."""
        return str(getattr(inspect.getmodule(self.cls), "__file__", None) or "<typed in>")

    @property
    def line(self) -> int:
        """The line of the definition; 0 if its source is not available."""
        try:
            return inspect.getsourcelines(self.cls)[1]
        except (OSError, TypeError):
            return 0

    def settings(self, given: Mapping[str, object], place: str) -> dict[str, Setting]:
        """Return the values of all parameters: those given, after a check, and defaults for the others."""
        return checked(self.parameters, given, place, f"the agent {self.name}")


USER_AGENTS: dict[str, UserAgent] = {}


def agent(cls: C) -> C:
    """Register a class of agents, so that scenarios, the command line, experiments and the app can name it.

    A subclass of `MemberState`, `Commissioner` or `Lab` takes the decisions of actors of that kind. Any other subclass
    of `mesa.Agent` adds one agent to each world. The agent's name is the class's name. The first line of the docstring
    describes it. The keyword-only arguments of `__init__` are its parameters: numbers, strings and booleans.

    Raises:
        BadInput: it is not such a class, has no docstring, has a name that is taken, or its `__init__` cannot be called
            with the arguments of its kind, or a method that nothing calls is named almost like a decision.
    """
    name = getattr(cls, "__name__", repr(cls))
    if not inspect.isclass(cls) or not any(c.__name__ == "Agent" and _of_mesa(c) for c in cls.__mro__):
        raise BadInput(
            f"{name} is not a class of agents; use @agent on a subclass of MemberState, Commissioner, Lab or mesa.Agent."
        )
    kind = next((KINDS[c.__name__] for c in cls.__mro__ if c.__module__ == CLASSES and c.__name__ in KINDS), "")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name.lower() in ("all", "none"):
        raise BadInput(
            f"{name!r} cannot be the name of an agent; use letters, digits and _, but not the words all and none."
        )
    if not (cls.__doc__ or "").strip():
        raise BadInput(f"the agent {name} has no docstring; add one whose first line says what the agent does.")
    handed = ("self", "model", "place") if kind else ("self", "model")
    _can_be_made(cls, handed)
    _refuse_misspelt(cls)
    found = UserAgent(name, cls, kind, _parameters(cls))
    there = USER_AGENTS.get(name)
    if there is not None and there.file != found.file:
        raise BadInput(f"the name {name} is taken by the agent in {there.place}; choose another name.")
    USER_AGENTS[name] = found
    return cls


def _of_mesa(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "mesa"


def _parameters(cls: type) -> dict[str, tuple[Setting, Parameter]]:
    """The parameters of the first `__init__` among the class and its ancestors that is user-defined."""
    for c in cls.__mro__:
        if c.__module__ == CLASSES or _of_mesa(c):
            break
        if "__init__" in vars(c):
            return parameters_of(vars(c)["__init__"])
    return {}


def _can_be_made(cls: type, handed: tuple[str, ...]) -> None:
    written: Any = getattr(cls, "__init__")  # noqa: B009  a type checker sees it on an instance only
    try:
        inspect.signature(written).bind(*handed)
    except TypeError as error:
        raise BadInput(
            f"the agent {cls.__name__} cannot be created ({error}); write def __init__({', '.join(handed)}), with a * "
            "before its own parameters."
        ) from None


def _refuse_misspelt(cls: type) -> None:
    """Refuse a method that nothing in the class calls and whose name is almost that of a decision that it does not take."""
    own: dict[str, Any] = {}
    for c in cls.__mro__:
        if c.__module__ == CLASSES or _of_mesa(c):
            break
        own |= {name: x for name, x in vars(c).items() if inspect.isfunction(x) and name not in own}
    called = {name for x in own.values() for name in x.__code__.co_names}
    wanted = [name for name in (*getattr(cls, "decisions", ()), "step") if name not in own]
    for name in own.keys() - called:
        for meant in get_close_matches(name, wanted, 1, 0.8):
            raise BadInput(
                f"the agent {cls.__name__} has a method {name!r}, which nothing calls; did you mean {meant!r}?"
            )


def user_agent(name: object, place: str) -> UserAgent:
    """Return the agent of that name, or raise `BadInput` with the closest names.

    Args:
        name: the name as given.
        place: where it was given, for the message.
    """
    if isinstance(name, str) and name not in USER_AGENTS:
        load_offered()
    try:
        return USER_AGENTS[name]  # type: ignore[index]  # what is not a name is refused below
    except (KeyError, TypeError):
        hint = near_or_own(name, USER_AGENTS)
        raise BadInput(f"{place} = {name!r} is not a known agent; {hint}") from None
