"""Bargaining over issues instead of plans: the compromise model and the exchange model."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.abm.bargaining.agenda.family import Sunk, agenda
from juste_retour.abm.bargaining.tables.bargaining_table import recognition
from juste_retour.abm.politics.positions import (
    compromise_outcome,
    exchange_outcome,
    load_positions,
    named_positions,
)
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import Parameter

ISSUES = ("sites", "money")

File = Parameter(
    unit="file",
    about="a CSV file with the columns actor, issue, position, salience and capability for the issues sites and money, on "
    "scales of 0 to 100; a state that it omits has the position with the highest payoff",
)
Capability = Parameter(
    choices=("equal", "population", "contribution"),
    about="what a state's capability is proportional to; equal: all the same",
    source="Thomson (2011): bargaining success nearly equal among large and small states",
)

Retreat = Parameter(
    unit="share",
    low=0,
    high=1,
    range=(0.25, 1),
    about="share of its money that an offer keeps after each failure",
)


@agenda
def compromise(
    table,
    *,
    capability: Annotated[str, Capability] = "equal",
    positions: Annotated[str, File] = "",
    retreat: Annotated[float, Retreat] = 0.5,
    sunk: Annotated[float, Sunk] = 0.0,
):
    """The offer is the mean of the states' positions, weighted by salience and capability, and all vote on it.

    The two issues are the number of sites and the share of the money. A state's position is where its payoff is highest;
    its salience is how much its payoff varies. A failed offer returns in the next quarter with less money.
    Source: Van den Bos (1991); Achen (2006); Thomson et al. (2006), The EU Decides.
    """
    x, s, c = positions_of(table, capability, positions)
    return table.conclude(table.settled_on(compromise_outcome(x, s, c), retreat), sunk)


@agenda
def exchange(
    table,
    *,
    capability: Annotated[str, Capability] = "equal",
    positions: Annotated[str, File] = "",
    trades: Annotated[
        int, Parameter(unit="trades", low=0, high=1000, about="most trades before the mean is taken")
    ] = 20,
    retreat: Annotated[float, Retreat] = 0.5,
    sunk: Annotated[float, Sunk] = 0.0,
):
    """States trade positions, each moving on the issue that matters less to it; the offer is the resulting mean.

    Source: Stokman and Van Oosten (1994), the equal-gain exchange model.
    """
    x, s, c = positions_of(table, capability, positions)
    return table.conclude(table.settled_on(exchange_outcome(x, s, c, trades).outcome, retreat), sunk)


def positions_of(table, capability: str, positions: str) -> tuple[Floats, Floats, Floats]:
    """Positions, saliences and capabilities of all states on the issues; (worlds, states, issues) each.

    Args:
        table: the table, which derives positions and saliences from payoffs.
        capability: "equal", "population" or "contribution".
        positions: path of a CSV file whose values replace the derived ones; empty for none.

    Raises:
        BadInput: names the file, the row, the value and the remedy.
    """
    x, s = table.positions()
    c = np.repeat(recognition(table, capability)[..., None], len(ISSUES), axis=-1)
    if positions:
        found = load_positions(positions)
        x, s, c = x.copy(), s.copy(), c.copy()
        for k, issue in enumerate(ISSUES):
            given = named_positions(found, table.states.codes, issue, "agenda.positions")
            told = ~np.isnan(given[0])
            for array, values in zip((x, s, c), given, strict=True):
                array[..., k] = np.where(told, values, array[..., k])
    return x, s, c
