"""Stacks the scenarios of several worlds: their parameters become arrays over worlds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.worlds.agent_choice import check_agents
from juste_retour.abm.worlds.scenario import Scenario, parameters
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Setting, family
from juste_retour.agents.values import Values


def values(scenarios: Sequence[Scenario]) -> Values:
    """Stack the parameters of the worlds' scenarios, one per world; floats and integers become arrays (worlds, 1)."""
    out: dict[str, Floats | bool | str] = {}
    shared = _shared(scenarios)
    for name, (default, _) in parameters().items():
        if isinstance(default, str | bool):
            out[name] = getattr(scenarios[0], name)
        else:
            out[name] = column = _column(scenarios, attrgetter(name), shared)[:, None]
            column.flags.writeable = False
    return Values(**out)


def _shared(scenarios: Sequence[Scenario]) -> bool:
    """Whether all worlds have the same scenario object, as in most runs, so that each value is read once."""
    return len({id(s) for s in scenarios}) == 1


def _column(scenarios: Sequence[Scenario], value: Callable[[Scenario], Setting], shared: bool) -> NDArray[np.float64]:
    """The value of each world's scenario; (worlds,)."""
    if shared:
        return np.full(len(scenarios), value(scenarios[0]), dtype=np.float64)
    return np.array([value(s) for s in scenarios], dtype=np.float64)


def settings(scenarios: Sequence[Scenario], name: str, code: str = "") -> dict[str, Floats | Setting]:
    """Stack the parameters of a family's rule.

    Args:
        scenarios: one per world.
        name: the family.
        code: an actor whose own rule is meant; empty for the rule of all others.

    Returns:
        The parameters by name: floats as read-only arrays (worlds, 1), all others as they are in every world.
    """
    rule = family(name)[scenarios[0].rules[name].of(code).rule]
    out: dict[str, Floats | Setting] = {}
    shared = _shared(scenarios)
    for key, (default, _) in rule.parameters.items():

        def given(s: Scenario, key: str = key, default: Setting = default) -> Setting:
            return dict(s.rules[name].of(code).settings).get(key, default)

        if isinstance(default, float):
            out[key] = column = _column(scenarios, given, shared)[:, None]
            column.flags.writeable = False
        else:
            out[key] = given(scenarios[0])
    return out


def shape(scenario: Scenario) -> str:
    """A text of all that worlds of one array must share: the scenario without name and values of floats."""

    def without_floats(value: object) -> object:
        if isinstance(value, Mapping):
            return {k: without_floats(v) for k, v in value.items()}
        return "real" if isinstance(value, float) else value

    plain = {k: without_floats(v) for k, v in scenario.plain().items() if k != "name"}
    return json.dumps(plain, sort_keys=True)


def check_actors(scenario: Scenario, codes: Mapping[str, Iterable[str]]) -> None:
    """Refuse a scenario that names an actor whom the union does not have.

    Args:
        scenario: the scenario.
        codes: the names of the union's actors, by kind of actor.

    Raises:
        BadInput: a state, commissioner or lab is not among them.
    """
    for name, choice in scenario.rules.items():
        if not choice.actors:
            continue
        actor = FAMILIES[name].actor
        known = {c.upper() for c in codes.get(actor or "", ())}
        for code, _ in choice.actors:
            if code not in known:
                raise BadInput(f"{name}.{code}: no {actor} is called {code}; {near(code, known)}")
    check_agents(scenario.agents, {kind: {c.upper() for c in known} for kind, known in codes.items()})
    everyone = {*codes["state"], *codes["lab"], "EU"}
    if scenario.decider not in everyone:
        raise BadInput(
            f"decider = {scenario.decider!r} is not a state, a lab or EU; {near(scenario.decider, everyone)}"
        )
