"""Bargaining over issues rather than plans: the compromise model and the exchange model."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.abm.politics.agenda.family import Sunk, agenda
from juste_retour.abm.politics.positions import (
    compromise_outcome,
    exchange_outcome,
    load_positions,
    named_positions,
)
from juste_retour.abm.politics.tables.table import recognition
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import Parameter

ISSUES = ("sites", "money")

File = Parameter(
    unit="file",
    about="a CSV file of actor, issue, position, salience and capability on the issues sites and money, 0 to 100; who is "
    "not in it takes the position that its payoff gives it",
)
Capability = Parameter(
    choices=("equal", "population", "contribution"),
    about="by what a state's capability goes",
    source="Thomson (2011): bargaining success nearly equal among large and small states",
)

Retreat = Parameter(
    unit="share",
    low=0,
    high=1,
    range=(0.25, 1),
    about="the share of the money that an offer keeps each time it has failed",
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
    """The Union settles on the mean of the states' positions, weighted by salience and capability, and all vote.

    Two issues: on how many sites, and how much of the money. A state stands where its payoff is highest, and cares as
    much as its payoff varies. What fails comes back a quarter later with less money.
    Source: Van den Bos (1991); Achen (2006); Thomson et al. (2006), The EU Decides.
    """
    x, s, c = taken(table, capability, positions)
    return table.conclude(table.settled_on(compromise_outcome(x, s, c), retreat), sunk)


@agenda
def exchange(
    table,
    *,
    capability: Annotated[str, Capability] = "equal",
    positions: Annotated[str, File] = "",
    trades: Annotated[
        int, Parameter(unit="trades", low=0, high=1000, about="most trades before the Union settles")
    ] = 20,
    retreat: Annotated[float, Retreat] = 0.5,
    sunk: Annotated[float, Sunk] = 0.0,
):
    """States trade positions, each giving in on what it cares less for, before the Union settles on the mean.

    Source: Stokman and Van Oosten (1994), the equal-gain exchange model.
    """
    x, s, c = taken(table, capability, positions)
    return table.conclude(table.settled_on(exchange_outcome(x, s, c, trades).outcome, retreat), sunk)


def taken(table, capability: str, positions: str) -> tuple[Floats, Floats, Floats]:
    """Positions, saliences and capabilities of all states on the issues; (worlds, states, issues) each."""
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
