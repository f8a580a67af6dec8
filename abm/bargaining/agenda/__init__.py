"""Agenda protocols: how offers are made and put to the vote.

The model calls the protocol once a quarter for the worlds in which bargaining goes on. A protocol returns the result
of a round, or None in a quarter without a decision. Most protocols use only the utility of offers, not what is in
them. They therefore also run on the textbook games in `tables`.
"""

from juste_retour.abm.bargaining.agenda import (
    closed_rule,
    commission_proposal,
    compromise,
    nash_bargaining,
    omnibus,
    open_call,
    open_rule,
    planner_agenda,
    relocation_ballot,
)
from juste_retour.abm.bargaining.agenda.family import agenda

__all__ = [
    "agenda",
    "closed_rule",
    "commission_proposal",
    "compromise",
    "nash_bargaining",
    "omnibus",
    "open_call",
    "open_rule",
    "planner_agenda",
    "relocation_ballot",
]
