"""The family of agenda protocols, and the parameter that those who vote share."""

from __future__ import annotations

from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world

agenda = Family(
    "agenda",
    decides="how an offer comes about",
    signature="rule(table) -> Motion for the table's worlds, or None where there is nothing to decide this quarter. "
    "table.decide(offer, sunk) puts an offer to the vote, table.choose(offer) carries it out; at the Council's table an "
    "offer is a plan (worlds, sites) EUR bn.",
    lift=each_world,
)

Sunk = Parameter(
    unit="share",
    low=0,
    high=1,
    range=(0, 1),
    about="share of the Union's money that a no does not give back",
    source="assumed; at 1 a no returns nothing and no voting rule can matter",
)
