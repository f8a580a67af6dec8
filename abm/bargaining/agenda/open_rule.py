"""The open rule of Baron and Ferejohn: other states may amend the motion before the vote."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np

from juste_retour.abm.bargaining.agenda.closed_rule import Recognition
from juste_retour.abm.bargaining.agenda.family import Sunk, agenda
from juste_retour.abm.bargaining.tables.bargaining_table import Table, better, drawn, mine, recognized
from juste_retour.abm.bargaining.tables.bargaining_table import recognition as chances_of
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.rules import Parameter


@agenda(repeated=True)
def open_rule(
    table,
    *,
    recognition: Annotated[str, Recognition] = "equal",
    amendments: Annotated[
        int, Parameter(unit="amendments", low=0, high=100, about="most amendments before the vote")
    ] = 4,
    sunk: Annotated[float, Sunk] = 0.0,
):
    """A state makes a motion; others second it or amend it, until one seconds and the motion is put to the vote.

    The next recognized state seconds if the motion is worth at least as much to it as the floor; otherwise it amends.
    A vote between motion and amendment decides which of them has the floor. Each amendment costs a round of delay.
    Source: Baron and Ferejohn (1989), the open rule.
    """
    holder = recognized(table, recognition)
    offer = _motion(table, holder)
    open_, delay = np.ones(table.worlds, bool), np.zeros(table.worlds, dtype=np.int64)
    chances, n = chances_of(table, recognition), table.states.count
    uniforms = table.uniform("amendment", max(amendments, 1))
    for k in range(amendments):
        if not open_.any():
            break
        others = np.where(np.arange(n) == holder[:, None], 0.0, chances)
        who = drawn(others, np.ascontiguousarray(uniforms[:, k]))
        new = _motion(table, who, offer)
        amends = open_ & (mine(table.felt(offer), who) < table.floor(new, who) - 1e-9)
        wins = amends & table.wins(table.prefers(new, offer))
        offer, holder = np.where(wins[:, None], new, offer), np.where(wins, who, holder)
        delay += amends
        open_ = amends
    return replace(table.conclude(offer, sunk), delay=delay)


def _motion(table: Table, holder: Integers, floor: Floats | None = None) -> Floats:
    """The motion with the highest expected payoff to its mover; `floor` is the motion that it would amend."""
    lost = np.broadcast_to(table.displaced(), (table.worlds, table.states.count))
    after = table.p.patience[:, 0] * mine(lost, holder)

    def worth(offer: Floats, content: Floats) -> Floats:
        passes = table.chance(offer, 0.0)
        voted = passes * mine(table.felt(offer), holder) + (1 - passes) * mine(table.reserve(offer, 0.0), holder)
        return content * voted + (1 - content) * after

    (best, content), *others = table.seconded(holder, floor)
    top = worth(best, content)
    for offer, content in others:
        best, top = better(best, top, offer, worth(offer, content))
    return best
