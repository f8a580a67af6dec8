"""Baron and Ferejohn's closed rule: one proposer, no amendments, another proposer if it fails."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.politics.agenda.family import Sunk, agenda
from juste_retour.abm.politics.tables.table import RECOGNITION, best_proposal, recognized
from juste_retour.agents.rules import Parameter

Recognition = Parameter(
    choices=RECOGNITION,
    about="how the proposer is found: drawn equally, by population, by share of the Union's money, or in turn",
    source="Baron and Ferejohn (1989); Presidency of the Council, six months each",
)


@agenda(repeated=True)
def closed_rule(
    table,
    *,
    recognition: Annotated[str, Recognition] = "equal",
    sunk: Annotated[float, Sunk] = 0.0,
):
    """A state is recognized, proposes what suits it best with the cheapest majority bought, and all vote; no amendments.

    If the proposal fails, another state is recognized a quarter later.
    Source: Baron and Ferejohn (1989), the closed rule.
    """
    proposer = recognized(table, recognition)
    offer, worth = best_proposal(table, proposer, sunk)
    return table.conclude(offer, sunk, held=worth)
