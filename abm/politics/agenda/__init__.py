"""Agenda protocols: how an offer comes about.

A protocol is asked once a quarter, for the worlds that have not settled, and returns a motion, or nothing where it
has nothing to say in that quarter. It bargains over what offers are worth to the states and does not know what an
offer is made of: `tables` holds a divisible pie and points on a line, on which the same functions run.
"""

from juste_retour.abm.politics.agenda import (
    closed_rule,
    commission_proposal,
    compromise,
    nash_bargaining,
    omnibus,
    open_call,
    open_rule,
    planner,
    relocation_ballot,
)
from juste_retour.abm.politics.agenda.family import agenda

__all__ = [
    "agenda",
    "closed_rule",
    "commission_proposal",
    "compromise",
    "nash_bargaining",
    "omnibus",
    "open_call",
    "open_rule",
    "planner",
    "relocation_ballot",
]
