"""The user-defined agents that a scenario names: which actors each class stands for, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import Setting
from juste_retour.agents.user_agents import USER_AGENTS, user_agent

AGENTS, ALL, NONE = "agents", "all", "none"


class AgentChoice(NamedTuple):
    """One class of agents that a scenario names.

    Attributes:
        name: the class's name.
        of: the codes, in capitals, of the actors that it stands for; empty for all of its kind.
        settings: its parameters that differ from the defaults.
    """

    name: str
    of: tuple[str, ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()

    def plain(self) -> object:
        """The entry as a scenario file gives it: the actors, or a table with `of` and the parameters."""
        who = " ".join(self.of) or ALL
        return {"of": who, **dict(self.settings)} if self.settings else who


def plain_agents(agents: tuple[AgentChoice, ...]) -> dict[str, object]:
    """The agents as a scenario file gives them: a table with one entry for each class."""
    return {one.name: one.plain() for one in agents}


def read_agents(value: object) -> tuple[AgentChoice, ...]:
    """Check a scenario's entry for agents, and return the classes that it names.

    Args:
        value: the name of a class, or of a file for all of its classes; several names separated by spaces or commas,
            "none", a list of names, or a table by name. An entry of the table is "all", "none", codes separated by spaces or commas, or a table of `of` and
            the class's parameters.

    Raises:
        BadInput: an unknown class or parameter, or another type of value.
    """
    if value in ("", NONE):
        return ()
    if isinstance(value, str):
        value = _words(value)
    if isinstance(value, list | tuple):
        named = [user_agent(name, AGENTS) for word in value for name in _of_file(word)]
        value = {one.name: one.usual_actors for one in named}
    if not isinstance(value, Mapping):
        raise BadInput(
            f"{AGENTS} = {value!r} is not valid; give the name of a class, a list of names, or a table by name."
        )
    found = [_agent_choice(str(name), said) for name, said in sorted(value.items())]
    choices = tuple(one for one in found if one is not None)
    _check_distinct(choices)
    return choices


def _check_distinct(choices: tuple[AgentChoice, ...]) -> None:
    """Refuse two classes for the same actor."""
    plays: dict[tuple[str, str], str] = {}
    for one in choices:
        kind = user_agent(one.name, AGENTS).kind
        for who in (one.of or (ALL,)) if kind else ():
            other = plays.setdefault((kind, who), one.name)
            if other != one.name:
                actors = f"all {kind}s" if who == ALL else f"the {kind} {who}"
                raise BadInput(
                    f"{AGENTS}: {other} and {one.name} are both assigned to {actors}; name codes for one, or omit it."
                )


def _of_file(word: object) -> list[Any]:
    """All classes of the file with this name, without .py; else the word itself, the name of a class."""
    if word in USER_AGENTS:
        return [word]
    return [name for name, one in USER_AGENTS.items() if Path(one.file).stem == word] or [word]


def _words(text: str) -> list[str]:
    """The words of a text, separated by spaces or commas."""
    return text.replace(",", " ").split()


def _agent_choice(name: str, said: object) -> AgentChoice | None:
    known, place = user_agent(name, AGENTS), f"{AGENTS}.{name}"
    own = dict(said) if isinstance(said, Mapping) else {"of": said}
    who = own.pop("of", known.usual_actors)
    if isinstance(who, list | tuple):
        who = " ".join(map(str, who))
    if not isinstance(who, str):
        raise BadInput(f"{place} = {who!r} does not name actors; write all, none, or codes separated by spaces.")
    checked = known.settings(own, place)
    if who in ("", NONE):
        return None
    codes = () if who == ALL else tuple(sorted(set(_words(who.upper()))))
    if codes and not known.kind:
        raise BadInput(
            f"{place} = {who!r}, but {name} does not stand for an actor of the tables; write all for one such agent, or none."
        )
    return AgentChoice(name, codes, tuple(sorted((k, checked[k]) for k in own if checked[k] != known.parameters[k][0])))


def agents_changed(agents: object, tail: str, value: object) -> dict[str, object]:
    """A scenario's table of agents with one entry changed.

    Args:
        agents: the entry so far; see `read_agents`.
        tail: the class, as in `Learner`, or one of its parameters, as in `Learner.rate`.
        value: the new value.

    Raises:
        BadInput: a parameter of a class that the scenario does not use.
    """
    table = plain_agents(read_agents(agents))
    name, _, parameter = tail.partition(".")
    if not parameter:
        there = table.get(name)
        keeps = isinstance(there, Mapping) and not isinstance(value, Mapping)
        return table | {name: {**there, "of": value} if keeps and isinstance(there, Mapping) else value}
    if name not in table:
        known = user_agent(name, AGENTS).name
        raise BadInput(
            f"{AGENTS}.{tail}: no actor is assigned to {known}; assign one first, as in {AGENTS}.{known}=all."
        )
    there = table[name]
    return table | {name: {**(there if isinstance(there, Mapping) else {"of": there}), parameter: value}}


def check_agents(agents: tuple[AgentChoice, ...], codes: Mapping[str, set[str]]) -> None:
    """Refuse a class for an actor that the union does not have; `codes` are in capitals, by kind of actor."""
    for one in agents:
        kind = USER_AGENTS[one.name].kind
        for code in one.of:
            if code not in codes[kind]:
                raise BadInput(f"{AGENTS}.{one.name}: no {kind} is called {code}; {near(code, codes[kind])}")
