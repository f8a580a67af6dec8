"""Voting rules: whether a ballot passes.

A rule is handed a ballot (`yes` and `no`, truth values over worlds and states; neither is an abstention; `union_yes`,
the Commission's own vote where it has one) and the states, and returns a truth value for each world. Thresholds are
compared in whole numbers, so that a ballot on the line is decided exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from agents.arrays import Truths, total
from agents.errors import BadInput
from agents.rules import Family, Parameter
from agents.situation import States


@dataclass(frozen=True, eq=False)
class Ballot:
    """Votes over worlds: `yes` and `no` (..., states), `union_yes` (...) the Commission's.

    `weight` (..., states) is what each state commits to the matter, for the rules that count money; equal where a
    ballot names none. `decider` is the index of the state that decides alone, -1 for the Commission or a lab.
    """

    yes: Truths
    no: Truths
    union_yes: Truths
    weight: Any = None
    decider: int = -1


voting = Family(
    "voting",
    decides="whether a ballot passes",
    signature="rule(ballot, states) -> truth values (worlds,). ballot.yes, ballot.no (worlds, states) and "
    "ballot.union_yes (worlds,) are truth values; states.population (states,) whole persons; states.count.",
    group="placement",
)


def people(votes: Truths, states: States) -> NDArray[np.int64]:
    """Persons behind the votes; (..., states) to (...)."""
    return (votes * states.population).sum(-1)


@voting(anonymous=True, monotone=True, neutral=False, deterministic=True)
def unanimity(ballot, states):
    """Passes if nobody says no; an abstention does not prevent it.

    Source: TFEU, article 238(4).
    """
    return ~ballot.no.any(-1) & ballot.yes.any(-1)


@voting(anonymous=True, monotone=True, deterministic=True)
def simple_majority(ballot, states):
    """Passes if more than half of all states say yes.

    Source: TFEU, article 238(1); article 250 for the College.
    """
    return 2 * ballot.yes.sum(-1) > states.count


@voting(anonymous=True, monotone=True, deterministic=True)
def lisbon_qmv(ballot, states):
    """Passes with 55 % of states and 65 % of people, or if fewer than four states withhold their yes.

    Source: TEU, article 16(4).
    """
    members = ballot.yes.sum(-1)
    n = states.count
    double = (20 * members >= 11 * n) & (20 * people(ballot.yes, states) >= 13 * states.population.sum())
    return double | ((members > 0) & (members > n - 4))


@voting(anonymous=True, monotone=True, deterministic=True)
def governing_board(ballot, states):
    """Passes if the Union and 55 % of states with 65 % of people say yes, as EuroHPC selects its hosts.

    Source: Regulation (EU) 2021/1173 as amended, Statutes, articles 6 and 7.
    """
    members = 20 * ballot.yes.sum(-1) >= 11 * states.count
    return ballot.union_yes & members & (20 * people(ballot.yes, states) >= 13 * states.population.sum())


@voting(monotone=True, deterministic=True)
def dictator(ballot, states):
    """Passes if the decider says yes: one state, or the Commission (also a lab) where no state decides.

    Source: single decision-maker; benchmark E6 (power 1, 0, ...).
    """
    if ballot.decider >= 0:
        return ballot.yes[..., ballot.decider]
    return ballot.union_yes
