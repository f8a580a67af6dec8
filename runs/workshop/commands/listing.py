"""List the agents and outcomes of loaded files."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING

from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.agents.user_agents import KINDS, USER_AGENTS
from juste_retour.runs.base import printing
from juste_retour.runs.cli.scenarios_command import meaning

if TYPE_CHECKING:
    from rich.console import Console

ABOUT = {
    "agent": "agent: subclasses of MemberState, Commissioner, Lab or mesa.Agent, registered with @agent",
    "outcome": "outcome: columns of the table of worlds, registered with @outcome",
}


def entered(what: Iterable[str] = ABOUT) -> dict[str, list[JsonObject]]:
    """The agents and outcomes of loaded files for JSON, under the keys "agents" and "outcomes".

    Args:
        what: "agent", "outcome", or both.
    """
    agents = [
        {
            "name": one.name,
            "kind": one.kind,
            "summary": one.summary,
            "parameters": {name: default for name, (default, _) in one.parameters.items()},
        }
        for one in USER_AGENTS.values()
    ]
    outcomes = [
        {"name": one.name, "unit": one.unit, "meaning": one.meaning, "worse_when_high": one.worse_when_high}
        for one in USER_OUTCOMES.values()
    ]
    found: dict[str, list[JsonObject]] = {"agent": agents, "outcome": outcomes}
    return {f"{name}s": found[name] for name in what}


def show(where: Console, what: str, whole: bool) -> None:
    """Print the agents or the outcomes of loaded files.

    Args:
        where: the console.
        what: "agent" or "outcome".
        whole: whether to print also the decisions that a class may override, and the parameters with their meaning.
    """
    where.print(ABOUT[what], style="bold", soft_wrap=True)
    lines: list[tuple[str, str]] = []
    if what == "agent":
        if whole:
            _show_decisions(where)
        for one in USER_AGENTS.values():
            lines.append((f"  {one.name}", one.summary))
            if whole:
                lines += [(f"    {name}", meaning(*about)) for name, about in one.parameters.items()]
    else:
        lines = [(f"  {one.name}", f"{one.meaning}. Unit: {one.unit}.") for one in USER_OUTCOMES.values()]
    if lines:
        printing.print_grid(where, lines)
    else:
        where.print(
            f"  None yet. `juste-retour rules new {what} NAME` writes one; `--rules FILE.py` loads it.",
            soft_wrap=True,
        )


def _show_decisions(where: Console) -> None:
    """Print the methods of each class that a subclass may override."""
    from juste_retour.agents import mesa_agents

    lines = []
    for name in KINDS:
        cls = getattr(mesa_agents, name)
        for decision in cls.decisions:
            method = getattr(cls, decision)
            names = ", ".join(inspect.signature(method).parameters)
            lines.append((f"  {name}.{decision}({names})", (inspect.getdoc(method) or "").split("\n")[0]))
    lines.append(("  step(self)", "Called at the end of each quarter, for example to update the agent's state."))
    printing.print_grid(where, [*lines, ("", "")])
