"""The Commission's right of initiative: it proposes, and the Council votes without amendments."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.bargaining.agenda.family import Sunk, agenda


@agenda(repeated=True)
def commission_proposal(council, *, sunk: Annotated[float, Sunk] = 0.0):
    """The lead commissioner proposes the best draft that the College adopts, and the Council votes.

    Before the Council's vote the draft is changed to buy the cheapest winning coalition with sites at home.
    Source: article 17(2) TEU, article 293(1) TFEU; Romer and Rosenthal (1978); Snyder (1991).
    """
    draft, adopted = council.drafting.proposal()
    offer = council.prices.with_coalition(council.plans.entitled(draft), sunk)
    return council.conclude(offer, sunk, held=adopted)
