"""The union that the app shows: the one given at the start, otherwise that of the scenario."""

from __future__ import annotations

from juste_retour.abm.base.members import Members, load_members, union_of
from juste_retour.abm.worlds.scenario import Scenario

_NAMED: list[Members] = []


def show(members: Members | None) -> None:
    """Set the union for all visitors and scenarios; None for the union of each scenario."""
    _NAMED[:] = [] if members is None else [members]


def shown() -> Members:
    """The union that the page shows first."""
    return _NAMED[0] if _NAMED else load_members()


def union_for(scenario: Scenario) -> Members:
    """The union in which a scenario is shown."""
    return union_of(shown() if _NAMED else None, scenario.members)
