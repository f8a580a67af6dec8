"""Which agents of a user's own a scenario names: whom each plays, and with what parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import Setting
from juste_retour.agents.user_agents import USER_AGENTS, user_agent

AGENTS, ALL, NONE = "agents", "all", "none"


class Played(NamedTuple):
    """One class of agents: its name, whom it plays (codes in capitals; empty for all of its kind) and its parameters."""

    name: str
    of: tuple[str, ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()

    def plain(self) -> object:
        """As in a scenario file."""
        who = " ".join(self.of) or ALL
        return {"of": who, **dict(self.settings)} if self.settings else who


def plain_agents(agents: tuple[Played, ...]) -> dict[str, object]:
    """As in a scenario file: a table by class."""
    return {one.name: one.plain() for one in agents}


def read_agents(value: object) -> tuple[Played, ...]:
    """Check what a scenario says of its agents.

    Args:
        value: the name of a class, several separated by spaces or commas, "none", a list of names, or a table of names:
            each with "all", "none", codes separated likewise, or a table of `of` and the class's parameters.

    Raises:
        BadInput: an unknown class or parameter, or something that is none of these.
    """
    if value in ("", NONE):
        return ()
    if isinstance(value, str):
        value = _words(value)
    if isinstance(value, list | tuple):
        value = {user_agent(name, AGENTS).name: ALL for name in value}
    if not isinstance(value, Mapping):
        raise BadInput(
            f"{AGENTS} = {value!r} is not known; give the name of a class, a list of names, or a table."
        )
    found = [_played(str(name), said) for name, said in sorted(value.items())]
    played = tuple(one for one in found if one is not None)
    _check_apart(played)
    return played


def _check_apart(played: tuple[Played, ...]) -> None:
    """Refuse two classes that would play the same actor."""
    plays: dict[tuple[str, str], str] = {}
    for one in played:
        kind = user_agent(one.name, AGENTS).kind
        for who in (one.of or (ALL,)) if kind else ():
            other = plays.setdefault((kind, who), one.name)
            if other != one.name:
                whom = f"all {kind}s" if who == ALL else f"the {kind} {who}"
                raise BadInput(
                    f"{AGENTS}: {other} and {one.name} both play {whom}; name codes for one, or drop it."
                )


def _words(text: str) -> list[str]:
    """Words separated by spaces or commas."""
    return text.replace(",", " ").split()


def _played(name: str, said: object) -> Played | None:
    known, place = user_agent(name, AGENTS), f"{AGENTS}.{name}"
    own = dict(said) if isinstance(said, Mapping) else {"of": said}
    who = own.pop("of", ALL)
    if isinstance(who, list | tuple):
        who = " ".join(map(str, who))
    if not isinstance(who, str):
        raise BadInput(
            f"{place} = {who!r} does not say whom it plays; write all, none, or codes separated by spaces."
        )
    checked = known.settings(own, place)
    if who in ("", NONE):
        return None
    codes = () if who == ALL else tuple(sorted(set(_words(who.upper()))))
    if codes and not known.kind:
        raise BadInput(
            f"{place} = {who!r}: it plays no actor of the tables; write all for one such agent, or none."
        )
    return Played(
        name, codes, tuple(sorted((k, checked[k]) for k in own if checked[k] != known.parameters[k][0]))
    )


def agents_changed(agents: object, tail: str, value: object) -> dict[str, object]:
    """A table of agents with one entry changed, `tail` as in `Learner` or `Learner.rate`."""
    table = plain_agents(read_agents(agents))
    name, _, parameter = tail.partition(".")
    if not parameter:
        there = table.get(name)
        keeps = isinstance(there, Mapping) and not isinstance(value, Mapping)
        return table | {name: {**there, "of": value} if keeps and isinstance(there, Mapping) else value}
    if name not in table:
        known = user_agent(name, AGENTS).name
        raise BadInput(
            f"{AGENTS}.{tail}: nobody is played by {known}; say whom before, as in {AGENTS}.{known}=all."
        )
    there = table[name]
    return table | {name: {**(there if isinstance(there, Mapping) else {"of": there}), parameter: value}}


def check_played(agents: tuple[Played, ...], codes: Mapping[str, set[str]]) -> None:
    """Refuse agents of actors whom the union does not have; `codes` in capitals, by kind of actor."""
    for one in agents:
        kind = USER_AGENTS[one.name].kind
        for code in one.of:
            if code not in codes[kind]:
                raise BadInput(f"{AGENTS}.{one.name}: no {kind} is called {code}; {near(code, codes[kind])}")
