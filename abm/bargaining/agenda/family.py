"""The rule family `agenda`, and the parameter that all protocols with a vote share."""

from __future__ import annotations

from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.agents.rule_methods import protocol_member
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world

agenda = Family(
    "agenda",
    decides="how offers are made",
    signature="rule(table) -> BallotResult for the table's worlds, or None in a quarter without a decision. "
    f"It ends with table.{protocol_member(Table, 'conclude').call}. In the Council an offer is a plan, EUR bn (worlds, sites).",
    lift=each_world,
    contract=Table,
)

Sunk = Parameter(
    unit="share",
    low=0,
    high=1,
    range=(0, 1),
    about="share of the Union's money that is spent even if the offer fails",
    source="assumed; at 1 rejecting an offer saves no money, and no voting rule can matter",
)
