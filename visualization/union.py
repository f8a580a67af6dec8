"""The union that the app shows: the European one, or the one that was named at the start."""

from __future__ import annotations

from juste_retour.abm.members import Members, load_members

_NAMED: list[Members] = []


def show(members: Members) -> None:
    """Show a union to all visitors from now on."""
    _NAMED[:] = [members]


def shown() -> Members:
    """The union that is shown."""
    return _NAMED[0] if _NAMED else load_members()
