"""The Commission's right of initiative."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.politics.agenda.family import Sunk, agenda


@agenda(repeated=True)
def commission_proposal(council, *, sunk: Annotated[float, Sunk] = 0.0):
    """The lead commissioner drafts, the College adopts, the Council votes on the draft with the votes it had to buy.

    The cheapest winning coalition is bought with sites at home; all then vote on the offer as it stands.
    Source: article 17(2) TEU, article 293(1) TFEU; Romer and Rosenthal (1978); Snyder (1991).
    """
    draft, adopted = council.drafting.proposal()
    offer = council.prices.with_coalition(council.plans.entitled(draft), sunk)
    return council.conclude(offer, sunk, held=adopted)
