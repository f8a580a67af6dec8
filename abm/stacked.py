"""The scenarios of several worlds stacked: their parameters as arrays over worlds, and what must be the same in all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.played import check_played
from juste_retour.abm.scenario import Scenario, parameters
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, Setting, family
from juste_retour.agents.values import Values


def values(scenarios: Sequence[Scenario]) -> Values:
    """Stack the parameters of one scenario a world."""
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
    """Whether all worlds have the same scenario, as they mostly do: it is then asked once."""
    return len({id(s) for s in scenarios}) == 1


def _column(
    scenarios: Sequence[Scenario], value: Callable[[Scenario], Setting], shared: bool
) -> NDArray[np.float64]:
    """A value of each world's scenario; (worlds,)."""
    if shared:
        return np.full(len(scenarios), value(scenarios[0]), dtype=np.float64)
    return np.array([value(s) for s in scenarios], dtype=np.float64)


def settings(scenarios: Sequence[Scenario], name: str, code: str = "") -> dict[str, Floats | Setting]:
    """Stack the parameters of a family's rule, or of the one that an actor goes by, by code.

    Floats are (worlds, 1) and cannot be written to; all else is the same in all worlds and stands as it is.
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
    """What worlds of one array must share: all but the real numbers."""

    def bare(value: object) -> object:
        if isinstance(value, Mapping):
            return {k: bare(v) for k, v in value.items()}
        return "real" if isinstance(value, float) else value

    return json.dumps({k: bare(v) for k, v in scenario.plain().items() if k != "name"}, sort_keys=True)


def check_actors(scenario: Scenario, codes: Mapping[str, Iterable[str]]) -> None:
    """Refuse a scenario that names an actor whom the union does not have."""
    for name, choice in scenario.rules.items():
        if not choice.actors:
            continue
        actor = FAMILIES[name].actor
        known = {c.upper() for c in codes.get(actor or "", ())}
        for code, _ in choice.actors:
            if code not in known:
                raise BadInput(f"{name}.{code}: no {actor} of that name; {near(code, known)}")
    check_played(scenario.agents, {kind: {c.upper() for c in known} for kind, known in codes.items()})
    everyone = {*codes["state"], *codes["lab"], "EU"}
    if scenario.decider not in everyone:
        raise BadInput(
            f"decider = {scenario.decider!r} is neither a state, a lab nor EU; {near(scenario.decider, everyone)}"
        )
