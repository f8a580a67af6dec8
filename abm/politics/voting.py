"""Voting rules: whether a ballot passes.

A rule takes a ballot and the states, and returns one boolean per world. The ballot holds `yes` and `no`, booleans
(worlds, states), and the Commission's own vote `union_yes`, booleans (worlds,). A state that votes neither yes nor no
abstains. Thresholds are compared as integers, so that rounding never decides a ballot.

Register any function of (ballot, states) with `@voting`. The rules in this file use `@by_conditions` instead: they
return the conditions that a ballot must meet (`conditions.py`). From these the model also computes exact voting power
and explains why a ballot failed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Annotated

import numpy as np

from juste_retour.abm.politics.conditions import (
    Ballot,
    Condition,
    Majority,
    all_but,
    among,
    fewest_holding,
    most_states,
    named,
    people,
    share_of_people,
    share_of_states,
    union_agrees,
)
from juste_retour.agents.arrays import Booleans
from juste_retour.agents.each import each_ballot
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import States

__all__ = ["Ballot", "by_conditions", "people", "voting"]

voting = Family(
    "voting",
    decides="whether a ballot passes",
    signature="rule(ballot, states) -> booleans (worlds,). ballot.yes, ballot.no (worlds, states) and "
    "ballot.union_yes (worlds,) are booleans; states.population (states,) integers; states.count.",
    group="placement",
    lift=each_ballot,
)


def by_conditions(**marks: object) -> Callable[[Callable[..., Majority]], Callable[..., Booleans]]:
    """Register a function that returns a `Majority` as a voting rule; the rule returns whether the ballot meets it.

    Args:
        marks: the properties that the rule declares; `participants` names the rule that replaces it if only some of
            the states take part.
    """

    def enter(conditions: Callable[..., Majority]) -> Callable[..., Booleans]:
        @functools.wraps(conditions)
        def rule(ballot: Ballot, states: States, **parameters: object) -> Booleans:
            return conditions(ballot, states, **parameters).passes(ballot)

        return voting(**marks, conditions=conditions)(rule)

    return enter


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def unanimity(ballot, states):
    """Passes if no state votes no; abstentions do not block it.

    Source: TFEU, article 238(4).

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> rest = [code for code in states.codes if code != "HU"]
    >>> explain_vote("unanimity", states, yes=rest, abstain=["HU"]).passed
    True
    >>> explain_vote("unanimity", states, yes=rest, no=["HU"]).passed
    False
    """
    heads = among(states, None)
    nobody_against = Condition("no state may say no", heads, states.count, abstentions=True)
    return Majority(((nobody_against, Condition("one yes", heads, 1)),))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def simple_majority(ballot, states):
    """Passes if more than half of all states vote yes.

    Source: TFEU, article 238(1); article 250 for the College.

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> [explain_vote("simple_majority", states, yes=states.codes[:k]).passed for k in (13, 14)]
    [False, True]
    """
    return Majority(((most_states(states),),))


@by_conditions(
    anonymous=True,
    monotone=True,
    deterministic=True,
    participants="enhanced_cooperation",
    also_called=("double_majority", "qualified_majority", "qmv"),
)
def lisbon_qmv(ballot, states):
    """Passes with 55 % of the states and 65 % of the population, or with all states but three.

    Source: TEU, article 16(4).

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> largest = ["DE", "FR", "IT", "PL"]
    >>> rest = [code for code in states.codes if code not in largest]
    >>> explain_vote("lisbon_qmv", states, yes=rest).passed, explain_vote("lisbon_qmv", states, yes=[*rest, "PL"]).passed
    (False, True)
    """
    return Majority(council_majority(states))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def reinforced_qmv(ballot, states):
    """Passes with 72 % of the states and 65 % of the population, as if the Commission has not made the proposal.

    Source: TFEU, article 238(2).

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> largest = sorted(states.codes, key=lambda code: -states.population[states.index(code)])
    >>> [explain_vote("reinforced_qmv", states, yes=largest[:k]).passed for k in (19, 20)]
    [False, True]
    """
    return Majority(((share_of_states(states, 72), share_of_people(states, 65)),))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def reverse_qmv(ballot, states):
    """Passes unless a qualified majority votes no: 55 % of the states with 65 % of the population, or all but three.

    Source: Regulation (EU) 1173/2011, articles 4 to 6 (the Six-Pack); the majority is that of TEU, article 16(4).

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> explain_vote("reverse_qmv", states, yes=["MT"], no=["DE", "FR", "IT"]).passed
    False
    >>> explain_vote("reverse_qmv", states, yes=["MT"], abstain=[c for c in states.codes if c != "MT"]).passed
    True
    """
    return Majority(council_majority(states), reverse=True)


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def enhanced_cooperation(
    ballot,
    states,
    *,
    participants: Annotated[
        str, Parameter(about='states that take part, as in "DE,FR,IT"; empty: all', source="TEU, article 20")
    ] = "",
):
    """Passes with 55 % of the participants and 65 % of their population, or if no blocking minority withholds its yes.

    A blocking minority has one member more than the fewest participants that hold over 35 % of the participants'
    population. Only participants vote. With all 27 states this is the Council's ordinary qualified majority.

    Source: TFEU, article 238(3)(a); TEU, article 20.

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> who = {"participants": "DE,FR,IT,ES,BE,NL,LU,AT,PT"}
    >>> explain_vote("enhanced_cooperation", states, yes=["DE", "FR", "IT", "ES", "BE"], settings=who).passed
    True
    """
    return among_participants(states, named(states, participants, "voting.participants"))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def euro_area(ballot, states):
    """Passes with 55 % of the euro states and 65 % of their population, or if no blocking minority withholds its yes.

    Source: TFEU, articles 136(2) and 238(3)(a).

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> euro = [code for code, uses in zip(states.codes, states.euro) if uses]
    >>> explain_vote("euro_area", states, yes=euro).passed
    True
    """
    if not states.euro.any():
        raise BadInput(
            "voting = 'euro_area', but no state uses the euro; enter 1 for those that do in the column euro."
        )
    return among_participants(states, states.euro)


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def nice(ballot, states):
    """Passes with 73.9 % of the weighted votes, more than half of the states and 62 % of the population.

    The quota is 260 of the 352 votes of 2013, and the same proportion for any other set of states; it gives the 255 of
    345 votes of 2007. The population was checked only if a member asked for it; here it is always checked.

    Source: Treaty of Nice; Protocol 36 to the Treaties, article 3(3), as amended for Croatia's accession.

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> explain_vote("nice", states, yes=[c for c in states.codes if c not in ("DE", "FR", "IT")]).passed
    False
    """
    unknown = [code for code, votes in zip(states.codes, states.nice_votes, strict=True) if votes <= 0]
    if unknown:
        which = "any state" if len(unknown) == states.count else ", ".join(unknown)
        raise BadInput(f"voting = 'nice', but no votes are given for {which}; add the column nice_votes.")
    quota = -(-260 * int(states.nice_votes.sum()) // 352)
    votes = Condition("73.9 % of the weighted votes", states.nice_votes, quota)
    return Majority(((votes, most_states(states), share_of_people(states, 62)),))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def penrose(ballot, states):
    """Passes with the Jagiellonian quota, about 61.6 % of votes weighted by the square root of the population.

    With the quota q = 1/2 (1 + sqrt(sum N) / sum sqrt(N)) each state's power nearly equals its weight. Weights are
    truncated to thousandths and compared as integers.

    Source: Penrose (1946); Slomczynski and Zyczkowski (2006).

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> largest = sorted(states.codes, key=lambda code: -states.population[states.index(code)])
    >>> [explain_vote("penrose", states, yes=largest[:k]).passed for k in (9, 10)]
    [False, True]
    """
    weights = np.array([math.isqrt(10**6 * int(n)) for n in states.population], dtype=np.int64)
    quota = -(-(int(weights.sum()) + math.isqrt(10**6 * int(states.population.sum()))) // 2)
    return Majority(((Condition("the quota of the votes by the square root of people", weights, quota),),))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def governing_board(ballot, states):
    """Passes if the Commission and 55 % of the states with 65 % of the population vote yes, as in EuroHPC's board.

    Source: Regulation (EU) 2021/1173 as amended, Statutes, articles 6 and 7.

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> explain_vote("governing_board", states, yes=states.codes).failed_conditions
    ["the Commission's yes is missing"]
    """
    return Majority(((union_agrees(states), share_of_states(states, 55), share_of_people(states, 65)),))


@by_conditions(anonymous=True, monotone=True, deterministic=True)
def funders(ballot, states):
    """Passes with 75 % of the votes; half are the Commission's, half are the states' in proportion to what they pay.

    A ballot's weights are in EUR bn and are counted in whole euros. States have equal votes if none of them pays.

    Source: Regulation (EU) 2021/1173 as amended, Statutes, articles 6 and 7, on tenders.

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> states = load_members().states
    >>> [explain_vote("funders", states, yes=["EU", *states.codes[:k]]).passed for k in (13, 14)]
    [False, True]
    """
    paid = states.more.get("contribution", 0.0) if ballot.weight is None else ballot.weight
    euros = np.rint(np.asarray(paid, dtype=np.float64) * 1e9).astype(np.int64) + np.zeros(states.count, dtype=np.int64)
    weights = np.where(euros.sum(-1, keepdims=True) > 0, euros, 1)
    half = weights.sum(-1)
    return Majority(((Condition("75 % of the votes", weights, -(-3 * half // 2), union=half),),))


@by_conditions(monotone=True, deterministic=True)
def dictator(ballot, states):
    """Passes if the decider votes yes: one state, or the Commission (also for a lab) if no state decides.

    Source: Shapley and Shubik (1954): the dictator has all the power, the others none.

    >>> from juste_retour.abm.base.members import load_members
    >>> from juste_retour.abm.politics.ballot_analysis import explain_vote
    >>> explain_vote("dictator", load_members().states, yes=["EU"]).passed
    True
    """
    if ballot.decider < 0:
        return Majority(((union_agrees(states),),))
    alone = (np.arange(states.count) == ballot.decider).astype(np.int64)
    return Majority(((Condition(f"the yes of {states.codes[ballot.decider]}", alone, 1),),))


def council_majority(states: States) -> tuple[tuple[Condition, ...], ...]:
    """The two ways to a qualified majority under TEU, article 16(4)."""
    return (share_of_states(states, 55), share_of_people(states, 65)), (all_but(states, 3),)


def among_participants(states: States, voters: Booleans | None) -> Majority:
    """The qualified majority among the states that take part, under TFEU, article 238(3)(a).

    Args:
        states: all states.
        voters: (states,) booleans, those that take part; None for all.
    """
    blocking = fewest_holding(states, 35, voters) + 1
    double = (share_of_states(states, 55, voters), share_of_people(states, 65, voters))
    return Majority((double, (all_but(states, blocking - 1, voters),)), voters=voters)
