"""Mesa agents of a user's own: a decorated class can be named in a scenario, as rules are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Parameter, Setting, checked, load_offered, near_or_own, parameters_of

C = TypeVar("C", bound=type)
KINDS = {"MemberState": "state", "Commissioner": "commissioner", "Lab": "lab"}  # by the class of the model
CLASSES = "juste_retour.agents.mesa_agents"


@dataclass(frozen=True)
class UserAgent:
    """A class of agents of a user's own.

    Attributes:
        name: the class's name, as a scenario names it.
        cls: the class.
        kind: "state", "commissioner" or "lab", whose decisions it takes; empty for an agent without a row in the tables.
        parameters: the keyword-only arguments of its `__init__`: defaults and what is known of them.
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
    def place(self) -> str:
        """File and line of the definition."""
        return f"{self.file}:{self.line}"

    @property
    def file(self) -> str:
        """The file that defines it."""
        return str(getattr(inspect.getmodule(self.cls), "__file__", None) or "<typed in>")

    @property
    def line(self) -> int:
        """The line of the definition; 0 where its source is not known."""
        try:
            return inspect.getsourcelines(self.cls)[1]
        except (OSError, TypeError):
            return 0

    def settings(self, given: Mapping[str, object], place: str) -> dict[str, Setting]:
        """Return all parameters, those given checked, the others at their default."""
        return checked(self.parameters, given, place, f"the agent {self.name}")


USER_AGENTS: dict[str, UserAgent] = {}


def agent(cls: C) -> C:
    """Enter a class of agents, so that scenarios, the command line, experiments and the app can name it.

    The class is a subclass of `MemberState`, `Commissioner` or `Lab`, which plays actors of its kind, or of
    `mesa.Agent`, of which every world then has one more agent. Its name is the class's, the first line of its docstring
    says what it does, and the keyword-only arguments of its `__init__` are its parameters, as plain numbers and strings.

    Raises:
        BadInput: it is not such a class, has no docstring or a name that is taken, or cannot be made as its kind is.
    """
    name = getattr(cls, "__name__", repr(cls))
    if not inspect.isclass(cls) or not any(c.__name__ == "Agent" and _of_mesa(c) for c in cls.__mro__):
        raise BadInput(
            f"the agent {name} is not a class of agents; decorate a subclass of MemberState, Commissioner, Lab or mesa.Agent."
        )
    kind = next(
        (KINDS[c.__name__] for c in cls.__mro__ if c.__module__ == CLASSES and c.__name__ in KINDS), ""
    )
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name.lower() in ("all", "none"):
        raise BadInput(
            f"{name!r} cannot be an agent's name; use letters, digits and _, and neither all nor none."
        )
    if not (cls.__doc__ or "").strip():
        raise BadInput(f"the agent {name} has no docstring; say in its first line what it does.")
    handed = ("self", "model", "place") if kind else ("self", "model")
    _can_be_made(cls, handed)
    found = UserAgent(name, cls, kind, _parameters(cls))
    there = USER_AGENTS.get(name)
    if there is not None and there.file != found.file:
        raise BadInput(f"the agent {name} is taken by {there.place}; choose another name.")
    USER_AGENTS[name] = found
    return cls


def _of_mesa(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "mesa"


def _parameters(cls: type) -> dict[str, tuple[Setting, Parameter]]:
    """The parameters of the nearest `__init__` that is a user's own."""
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
            f"the agent {cls.__name__} cannot be made ({error}); write def __init__({', '.join(handed)}), and * before its "
            "own parameters."
        ) from None


def user_agent(name: object, place: str) -> UserAgent:
    """The agent of that name, or `BadInput` with the near matches."""
    if isinstance(name, str) and name not in USER_AGENTS:
        load_offered()
    try:
        return USER_AGENTS[name]  # type: ignore[index]  # what is not a name is refused below
    except (KeyError, TypeError):
        hint = near_or_own(name, USER_AGENTS)
        raise BadInput(f"{place} = {name!r} is not a known agent; {hint}") from None
