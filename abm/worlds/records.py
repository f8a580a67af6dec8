"""The records of a run: its decisions, ballots and quarters.

The first axis of each array is the worlds of the record. `juste_retour.abm.explanations.reader` reads the records.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from juste_retour.abm.delivery.building import Delivered
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.lab import Letters
from juste_retour.agents.situation import Offer


@dataclass(frozen=True, eq=False)
class DecisionRecord:
    """An event of a quarter, such as "2026Q3", in the worlds at the positions `worlds`."""

    quarter: str
    worlds: Integers


@dataclass(frozen=True, eq=False)
class Bid(DecisionRecord):
    """The states' bids in a call for proposals; all (worlds, states).

    Attributes:
        size: the size of the bid, EUR bn; 0 for none.
        wanted: the size that the state would bid for if it were able to, EUR bn.
        able: whether it has a site with enough capacity, can match the money, and is ready.
        ready: whether its application is complete by the deadline.
        offer: the payoff with the site.
        reservation: the payoff without it, EUR bn.
    """

    size: Floats
    wanted: Floats
    able: Booleans
    ready: Booleans
    offer: Offer
    reservation: Floats


@dataclass(frozen=True, eq=False)
class Draft(DecisionRecord):
    """The plans before the College, who endorses which, and which one is adopted.

    Attributes:
        scores: (worlds, plans, commissioners) each commissioner's score, EUR bn per state.
        endorsed: (worlds, plans, commissioners) whether the commissioner votes for the plan.
        choice: (worlds,) index of the plan adopted; -1 for none.
        sites: (worlds, plans) number of sites.
        spend: (worlds, plans) EUR bn.
    """

    scores: Floats
    endorsed: Booleans
    choice: Integers
    sites: Integers
    spend: Floats


@dataclass(frozen=True, eq=False)
class Vote(DecisionRecord):
    """How the states vote on an offer, and why.

    Attributes:
        offer: the payoff if the ballot passes.
        failed: the payoff if it fails.
        reservation: (worlds, states) the value with which the offer is compared, EUR bn.
        votes: (worlds, states) 1 for yes, 0 for an abstention, -1 for no.
        union_yes: (worlds,) whether the Commission votes yes.
        weight: (worlds, states) each state's share of the payments.
        letters: the labs' letters of intent, if there are any.
        held: (worlds,) whether a ballot was held.
        passed: (worlds,) whether it passed.
        round: (worlds, 1) rounds before this one.
        yes_votes: (worlds, states) yes votes before this ballot.
        no_votes: (worlds, states) no votes before this ballot.
    """

    offer: Offer
    failed: Offer
    reservation: Floats
    votes: Integers
    union_yes: Booleans
    weight: Floats
    letters: Letters | None
    held: Booleans
    passed: Booleans
    round: Integers
    yes_votes: Integers
    no_votes: Integers


@dataclass(frozen=True, eq=False)
class Selection(DecisionRecord):
    """The selection of sites.

    Attributes:
        chosen: (worlds, sites) whether the site is selected.
        plan: (worlds, sites) the money for it, EUR bn.
        pledged: (worlds, sites) labs' money, EUR bn.
        delivered: the outcome of contract and building, with the causes of delay.
    """

    chosen: Booleans
    plan: Floats
    pledged: Floats
    delivered: Delivered


@dataclass(frozen=True, eq=False)
class Exit(DecisionRecord):
    """Which labs have `exited` to a cloud abroad, and their `advantage` at home in log units; (worlds, labs)."""

    advantage: Floats
    exited: Booleans


@dataclass(frozen=True, eq=False)
class RecordedBallot(DecisionRecord):
    """A ballot that was held.

    Attributes:
        agenda: the agenda protocol.
        rule: the voting rule.
        yes: (worlds, states) votes for.
        no: (worlds, states) votes against.
        union_yes: (worlds,) whether the Commission is for it.
        commission_votes: whether the Commission's vote counts.
        passed: (worlds,) whether the ballot passed.
    """

    agenda: str
    rule: str
    yes: Booleans
    no: Booleans
    union_yes: Booleans
    commission_votes: bool
    passed: Booleans


@dataclass(frozen=True, eq=False)
class TimelineQuarter:
    """The progress of the program up to a quarter, and its distance from the frontier; all (worlds,)."""

    quarter: str
    selected: Integers
    contracted: Integers
    working: Integers
    working_accelerators: Floats
    exited_labs: Integers
    largest_run_flop: Floats
    frontier_flop: Floats
    years_behind: Floats
    capability_lag_years: Floats

    def columns(self) -> dict[str, Any]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "quarter"}
