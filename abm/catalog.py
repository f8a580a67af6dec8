"""Registers all shipped rules, and the checks of their families, when it is imported."""

from juste_retour.abm import family_returns as returns
from juste_retour.abm.bargaining import agenda
from juste_retour.abm.delivery import access, operations, pooling, procurement
from juste_retour.abm.politics import entitlement, funding, leftover, reversion, voting
from juste_retour.agents import commissioner, endorsement, lab, member_state

__all__ = [
    "access",
    "agenda",
    "commissioner",
    "endorsement",
    "entitlement",
    "funding",
    "lab",
    "leftover",
    "member_state",
    "operations",
    "pooling",
    "procurement",
    "reversion",
    "voting",
]

returns.attach()
