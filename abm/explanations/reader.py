"""Reads the records of a run: those of one world, who was pivotal in a ballot, and time series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from juste_retour.abm.base.calendar import quarter, year
from juste_retour.abm.politics.conditions import Ballot, Majority
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import DecisionRecord, TimelineQuarter, Vote
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.some_worlds import some_worlds

R = TypeVar("R", bound=DecisionRecord)


def in_world(records: Iterable[R], row: int) -> Iterator[R]:
    """The records of the world at position `row`, each reduced to that world, with a first axis of length one."""
    for record in records:
        at = np.flatnonzero(record.worlds == row)
        if at.size:
            yield some_worlds(record, at[:1])


def series(timeline: Sequence[TimelineQuarter], name: str) -> Floats:
    """A column of the timeline as an array (worlds, quarters)."""
    return np.stack([getattr(quarter, name) for quarter in timeline], axis=1)


@dataclass(frozen=True)
class Threshold:
    """One condition of a voting rule in a ballot.

    A ballot passes if all conditions of one `way` are met; if the conditions count votes against it, it then fails.

    Attributes:
        says: the condition in words.
        way: number of the set of conditions to which it belongs.
        against: whether the condition counts votes against the proposal.
        reached: the weight that was reached.
        quota: the weight that is needed.
        full: the weight of all votes.
        met: whether `reached` is at least `quota`.
    """

    says: str
    way: int
    against: bool
    reached: int
    quota: int
    full: int
    met: bool


def ballot_of(env: Environment, vote: Vote) -> Ballot:
    """The ballot in the form in which the voting rule receives it."""
    return Ballot(
        vote.votes > 0,
        vote.votes < 0,
        vote.union_yes,
        vote.weight,
        env.institutions.decider,
        year(quarter(vote.quarter, "quarter")),
        vote.round,
        vote.yes_votes,
        vote.no_votes,
        env.world.p.rows(vote.worlds),
        vote.offer,
    )


def pivotal(env: Environment, vote: Vote) -> Booleans:
    """Whether a state alone would have reversed a ballot of one world by voting otherwise; (states,).

    No state is pivotal if the agenda protocol's outcome differs from the count of the votes.
    """
    ballot, n = ballot_of(env, vote), env.world.states.count
    flip = np.eye(n, dtype=bool)  # one ballot per state, in which that state votes otherwise
    weight = np.broadcast_to(vote.weight, (n, n))
    yes, no = np.where(flip, ~ballot.yes, ballot.yes), np.where(flip, ballot.yes, ballot.no)
    turned = replace(
        some_worlds(ballot, np.zeros(n, dtype=np.int64)),
        yes=yes,
        no=no,
        union_yes=np.repeat(vote.union_yes, n),
        weight=weight,
    )
    then = env.institutions.decide("voting", turned, env.world.states, rows=np.repeat(vote.worlds, n))
    counted = env.institutions.decide("voting", ballot, env.world.states, rows=vote.worlds)
    return (np.asarray(then) != counted) & (np.asarray(counted) == vote.passed)


def majority_at(env: Environment, vote: Vote) -> Majority | None:
    """The conditions of the voting rule in a ballot of one world; None if the rule has no conditions."""
    conditions = env.institutions.choice("voting").marks.get("conditions")
    if conditions is None:
        return None
    settings = {
        name: value.reshape(-1)[0].item() if isinstance(value, np.ndarray) else value
        for name, value in env.institutions.settings("voting", vote.worlds).items()
    }
    found: Majority = conditions(ballot_of(env, vote), env.world.states, **settings)
    return found


def thresholds(env: Environment, vote: Vote) -> list[Threshold]:
    """The conditions of the voting rule and their results in a ballot of one world; empty if the rule has none."""
    majority = majority_at(env, vote)
    return [] if majority is None else met(ballot_of(env, vote), majority, env.world.states.count)


def met(ballot: Ballot, majority: Majority, states: int) -> list[Threshold]:
    """The conditions of a majority and their results in one ballot of some number of states."""
    found = []
    for way, tests in enumerate(majority.ways):
        for condition in tests:
            reached = int(np.max(condition.reached(ballot, majority.reverse)))
            quota = int(np.max(condition.quota))
            weights = np.broadcast_to(np.asarray(condition.weights), (1, states))
            full = max(int(weights.sum()) + int(np.max(condition.union)), quota)
            found.append(Threshold(condition.says, way, bool(majority.reverse), reached, quota, full, reached >= quota))
    return found


def needed(env: Environment, vote: Vote) -> Floats:
    """What the offer lacked to be worth a yes on its value alone, EUR bn, (worlds, states); 0 if nothing."""
    dissent = env.world.p.dissent_cost_eur_bn[vote.worlds]
    return np.maximum(vote.reservation - dissent - vote.offer.utility, 0.0)
