"""The family of agenda protocols, and the parameter that those who vote share."""

from __future__ import annotations

from juste_retour.abm.politics.tables.table import Table
from juste_retour.agents.contract import verb
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world

agenda = Family(
    "agenda",
    decides="how an offer comes about",
    signature="rule(table) -> BallotResult for the table's worlds, or None where there is nothing to decide this "
    f"quarter. It ends with table.{verb(Table, 'conclude').call}. At the Council's table an offer is a plan, EUR bn "
    "(worlds, sites).",
    lift=each_world,
    contract=Table,
)

Sunk = Parameter(
    unit="share",
    low=0,
    high=1,
    range=(0, 1),
    about="share of the Union's money that a no does not give back",
    source="assumed; at 1 a no returns nothing and no voting rule can matter",
)
