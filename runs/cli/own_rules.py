"""What `run` adds about a user's own rules and agents: whether they change the runs, and what they leave unused."""

from __future__ import annotations

from typing import Any

import pandas as pd

from juste_retour.abm.worlds.agent_choice import AGENTS, NONE
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.rules import FAMILIES, family
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.runs.base.numerals import counted
from juste_retour.runs.results.ensemble import Result, simulate

MOST = 100  # replications that are run again


def notes(result: Result, loaded: bool) -> list[str]:
    """Sentences on a result that uses a user's own rules or agents, or uses none although a file of them was loaded."""
    found = [*_unused(result.scenario), *_compared(result)]
    own = [f"{rule.family}={rule.name}" for group in FAMILIES.values() for rule in group if not rule.shipped]
    own += [f"{AGENTS}={name}" for name in USER_AGENTS]
    if loaded and own and not found:
        found.append(f"This run uses none of the rules and agents in the files of --rules; add --set {own[0]}.")
    return found


def _unused(scenario: Scenario) -> list[str]:
    """Rules of single actors that count only if the actor's agent asks for them."""
    found = []
    for one in scenario.agents:
        cls: Any = USER_AGENTS[one.name].cls
        for name in cls.overridden() if hasattr(cls, "overridden") else ():
            for code, choice in scenario.rules[name].actors:
                if not one.of or code in one.of:
                    found.append(
                        f"{name}.{code} = {choice.rule} counts only where the agent {one.name} asks for it, as in "
                        f"super().{name}(...)."
                    )
    return found


def _compared(result: Result) -> list[str]:
    """A sentence on how many replications differ from those with a shipped rule in place of each of the user's own."""
    usual, scenario = load("eu-status-quo"), result.scenario
    changes: dict[str, object] = {}
    for name, choice in scenario.rules.items():
        own = {rule for rule in choice.names if not family(name)[rule].shipped}
        if own and FAMILIES[name][usual.rules[name].rule].shipped:
            changes[name] = usual.rules[name].rule
    if scenario.agents:
        changes[AGENTS] = NONE
    if not changes:
        return []
    count = min(result.count, MOST)
    other = simulate(
        scenario.changed(changes), count, result.seed, result.first, ("worlds", "states"), members=result.members
    )
    same = _same(result.worlds, other.worlds) & _same(result.states, other.states)
    said = " and ".join(f"{key} = {value}" for key, value in changes.items())
    are = "is" if same.sum() == 1 else "are"
    return [f"With {said} instead, {same.sum()} of {counted(count, 'replication')} {are} the same."]


def _same(one: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """Whether all rows of a replication are the same in both tables, by replication."""
    mine = one[one["replicate"].isin(other["replicate"])].reset_index(drop=True).drop(columns="scenario")
    alike = mine.eq(other[mine.columns]) | (mine.isna() & other[mine.columns].isna())
    return alike.all(axis=1).groupby(mine["replicate"]).all()
