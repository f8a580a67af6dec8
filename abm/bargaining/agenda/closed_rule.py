"""The closed rule of Baron and Ferejohn: one proposer, no amendments, and a new proposer if the offer fails."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.bargaining.agenda.family import Sunk, agenda
from juste_retour.abm.bargaining.tables.bargaining_table import RECOGNITION, best_proposal, recognized
from juste_retour.agents.rules import Parameter

Recognition = Parameter(
    choices=RECOGNITION,
    about="how the proposer is chosen: equal chances, chances by population or by share of the Union's money, or in turn",
    source="Baron and Ferejohn (1989); Presidency of the Council, six months each",
)


@agenda(repeated=True)
def closed_rule(
    table,
    *,
    recognition: Annotated[str, Recognition] = "equal",
    sunk: Annotated[float, Sunk] = 0.0,
):
    """One state proposes its best plan and buys the cheapest majority for it; all vote, without amendments.

    If the proposal fails, a proposer is recognized again in the next quarter.
    Source: Baron and Ferejohn (1989), the closed rule.
    """
    proposer = recognized(table, recognition)
    offer, worth = best_proposal(table, proposer, sunk)
    return table.conclude(offer, sunk, held=worth)
