"""The union that the app shows: the one that was named at the start, or else the scenario's own."""

from __future__ import annotations

from juste_retour.abm.members import Members, load_members, union_of
from juste_retour.abm.scenario import Scenario

_NAMED: list[Members] = []


def show(members: Members | None) -> None:
    """Show a union to all visitors from now on, whatever their scenario names; None: each scenario's own."""
    _NAMED[:] = [] if members is None else [members]


def shown() -> Members:
    """The union that is shown at first."""
    return _NAMED[0] if _NAMED else load_members()


def union_for(scenario: Scenario) -> Members:
    """The union in which a scenario is shown."""
    return union_of(shown() if _NAMED else None, scenario.members)
