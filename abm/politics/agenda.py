"""Agenda protocols: how an offer comes about.

A protocol is asked once a quarter, for the worlds that have not settled, and returns a motion, or nothing where it
has nothing to say in that quarter. It bargains over what plans are worth to the states and does not know what a plan
is made of.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from abm.calendar import decimal_year, label
from abm.politics import call as calls
from abm.politics.menu import by_decider, by_planner
from agents.errors import BadInput
from agents.rules import Family, Parameter

agenda = Family(
    "agenda",
    decides="how an offer comes about",
    signature="rule(council) -> Motion for the council's worlds, or None where there is nothing to decide this quarter. "
    "council.decide(plan, sunk) puts a plan (worlds, sites) EUR bn to the vote; council.choose(plan) carries it out.",
)

Sunk = Parameter(low=0, high=1, about="share of the Union's money that a no does not give back")


@agenda(calls=True)
def open_call(
    council,
    *,
    deadlines: Annotated[
        str,
        Parameter(unit="dates", about="cut-off dates of the waves", source="EUROHPC-2024-CEI-AI-01 and -02"),
    ] = "2024-11-04 2025-02-01 2025-06-30",
    decisions: Annotated[
        str,
        Parameter(
            unit="quarters",
            about="when the board decides on each wave",
            source="EuroHPC, 10 December 2024, 12 March and 10 October 2025",
        ),
    ] = "2024Q4 2025Q1 2025Q4",
    industrial: Annotated[bool, Parameter(about="whether industrial sites may enter")] = False,
    sunk: Annotated[float, Sunk] = 1.0,
):
    """States apply, experts rank, the board adopts the list, in waves; who loses may apply again.

    Source: Regulation (EU) 2021/1173 as amended, article 9; EuroHPC calls of 2024 and 2025.
    """
    closes, decides = deadlines.split(), decisions.split()
    if len(closes) != len(decides):
        raise BadInput(
            f"agenda.deadlines names {len(closes)} waves and agenda.decisions {len(decides)}; name as many dates as quarters."
        )
    now = label(council.now)
    if now not in decides:
        return None
    wave = decides.index(now)
    deadline = decimal_year(closes[wave], "agenda.deadlines")
    council.industrial = industrial
    found = calls.hold(council, deadline, sunk)
    plan = council.entitled(found.listed, found.score)
    last = np.full(council.worlds, wave == len(decides) - 1)
    motion = council.decide(plan, sunk, last=last, letters=found.letters)
    won = np.where(motion.passed[:, None], council.counted(plan), 0) > 0
    calls.remember(council, found, won & found.applied)
    return motion


@agenda(deterministic=True)
def commission_proposal(council, *, sunk: Annotated[float, Sunk] = 0.0):
    """The lead commissioner drafts, the College adopts, the Council votes on the draft with the votes it had to buy.

    The cheapest winning coalition is bought with sites at home; all then vote on the offer as it stands.
    Source: article 17(2) TEU, article 293(1) TFEU; Romer and Rosenthal (1978); Snyder (1991).
    """
    draft, adopted = council.drafted()
    draft = council.entitled(draft)
    plan, cash = council.with_coalition(draft, sunk)
    return council.decide(plan, sunk, held=adopted, letters=council.letters(plan), transfer=cash)


@agenda(deterministic=True)
def planner(
    council,
    *,
    objective: Annotated[
        str,
        Parameter(choices=("capability", "welfare"), about="what the planner maximises: V, or the sum of U"),
    ] = "capability",
    min_sites: Annotated[int, Parameter(unit="sites", low=1, high=1000, about="fewest sites")] = 1,
    max_sites: Annotated[
        int, Parameter(unit="sites", low=0, high=1000, about="most sites; 0 leaves it free")
    ] = 0,
):
    """A planner spends the envelope at the best sites, and nobody is asked.

    Under `capability` it maximises the flow V of the best single run; under `welfare` the sum of the states' payoffs,
    over a menu that holds every other agenda's offer and spending less.
    Source: the social planner; benchmark E5.
    """
    if max_sites and max_sites < min_sites:
        raise BadInput(
            f"agenda.max_sites = {max_sites} is below agenda.min_sites = {min_sites}; raise it, or set it to 0."
        )
    return council.choose(by_planner(council, objective, min_sites, max_sites))


@agenda(deterministic=True)
def single_decider(
    council,
    *,
    max_sites: Annotated[
        int, Parameter(unit="sites", low=1, high=1000, about="most sites that one decider would run")
    ] = 4,
):
    """One board or ministry decides alone: a lab by its own u, a state by its U, the Commission by V.

    Source: the essay: "decisions made in weeks"; dictator game, benchmark E6.
    """
    return council.choose(by_decider(council, max_sites))
