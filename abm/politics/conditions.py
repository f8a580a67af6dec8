"""Voting rules as conditions: integer weights and quotas that a ballot must reach.

A rule such as "55 % of the states and 65 % of the population, or all states but three" is a list of ways to pass. A way
is a set of conditions that must all be met. Counting, explanations and exact voting power use the same list, so that
each threshold is defined once.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.arrays import Booleans, Floats, Integers, whole_product
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.situation import Offer, States
from juste_retour.agents.values import Values

EXACT = 2**53  # sums of integers below it are exact in floating point


@dataclass(frozen=True, eq=False)
class Ballot:
    """The votes on one offer in all worlds, and what is known when they are cast.

    Outside a run, as in the commands `power` and `vote`, the year is NaN, all counts are 0, and `p` and `offer` are
    None.

    Attributes:
        yes: (..., states) booleans.
        no: (..., states) booleans; a state with neither yes nor no abstains.
        union_yes: (...) the Commission's vote.
        weight: (..., states) what each state contributes, for rules that count money; None for equal weights.
        decider: index of the state that decides alone; -1 for the Commission or a lab.
        year: decimal year.
        round: (worlds, 1) number of earlier rounds.
        yes_votes: (worlds, states) number of earlier ballots in which each state voted yes.
        no_votes: (worlds, states) number of earlier ballots in which each state voted no.
        p: the scenario's parameters.
        offer: the offer as each state sees it; None if a proposer only tries which votes suffice.
    """

    yes: Booleans
    no: Booleans
    union_yes: Booleans
    weight: Floats | Integers | None = None
    decider: int = -1
    year: float = float("nan")
    round: Integers | int = 0
    yes_votes: Integers | int = 0
    no_votes: Integers | int = 0
    p: Values | None = None
    offer: Offer | None = None


def people(votes: Booleans, states: States) -> NDArray[np.int64]:
    """Total population of the states with these votes; (..., states) to (...)."""
    return (votes * states.population).sum(-1)


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition that is met if the weights of those in favor reach the quota.

    Args:
        says: the condition in words, as in "65 % of the people".
        weights: (..., states) integers.
        quota: (...) integers.
        union: (...) integers, the weight of the Commission's yes.
        abstentions: whether an abstention counts as support.
    """

    says: str
    weights: Integers
    quota: Integers | int
    union: Integers | int = 0
    abstentions: bool = False

    def reached(self, ballot: Ballot, reverse: bool = False) -> Integers:
        """Total weight in favor, or with `reverse` against; (...)."""
        votes = ballot.no if reverse != self.abstentions else ballot.yes
        if self.abstentions:
            votes = ~votes
        reached = _weighed(votes, self.weights)
        return (
            reached
            if isinstance(self.union, int) and not self.union
            else reached + self.union * np.asarray(ballot.union_yes)
        )


def _weighed(votes: Booleans, weights: Integers) -> Integers:
    """Total weight of these votes; (..., states) to (...)."""
    if weights.ndim > 1 or int(np.abs(weights).sum()) >= EXACT:
        return (votes * weights).sum(-1)
    return whole_product(votes, weights)


@dataclass(frozen=True, eq=False)
class Majority:
    """A voting rule as ways to pass: one way is enough, and a way needs all of its conditions.

    Attributes:
        ways: the ways, each a tuple of conditions.
        reverse: if true, the ways are those in which the no votes reject, and a ballot passes unless one is met.
        voters: (states,) booleans, the states that take part; None for all.
    """

    ways: tuple[tuple[Condition, ...], ...]
    reverse: bool = False
    voters: Booleans | None = None

    def passes(self, ballot: Ballot) -> Booleans:
        """Whether the ballot passes; (...) booleans."""
        counted: dict[tuple[int, bool, int], Integers] = {}  # the number of states is often counted twice
        won: Booleans = np.zeros((), bool)
        for way in self.ways:
            met: Booleans = np.ones((), bool)
            for c in way:
                what = (id(c.weights), c.abstentions, id(c.union))
                if what not in counted:
                    counted[what] = c.reached(ballot, self.reverse)
                met = met & (counted[what] >= c.quota)
            won = won | met
        return ~won if self.reverse else won


@functools.cache
def everyone(count: int) -> Integers:
    """An array of ones (count,); always the same object, so that `Majority.passes` recognizes a repeated count."""
    ones = np.ones(count, dtype=np.int64)
    ones.flags.writeable = False
    return ones


def among(states: States, voters: Booleans | None) -> Integers:
    """One for each state that takes part, zero for the others; (states,)."""
    return everyone(states.count) if voters is None else voters.astype(np.int64)


def share_of_states(states: States, percent: int, voters: Booleans | None = None) -> Condition:
    """The condition of at least `percent` % of the states that take part."""
    heads = among(states, voters)
    return Condition(f"{percent} % of the states", heads, -(-percent * int(heads.sum()) // 100))


def most_states(states: States) -> Condition:
    """The condition of more than half of the states."""
    return Condition("more than half of the states", among(states, None), states.count // 2 + 1)


def share_of_people(states: States, percent: int, voters: Booleans | None = None) -> Condition:
    """The condition of at least `percent` % of the population of the states that take part."""
    persons = states.population if voters is None else states.population * voters
    return Condition(f"{percent} % of the people", persons, -(-percent * int(persons.sum()) // 100))


def all_but(states: States, few: int, voters: Booleans | None = None) -> Condition:
    """The condition of all states that take part except a `few`, and at least one."""
    heads = among(states, voters)
    words = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
    return Condition(f"all states but {words.get(few, few)}", heads, max(1, int(heads.sum()) - few))


def union_agrees(states: States) -> Condition:
    """The condition that the Commission votes yes."""
    return Condition("the Commission's yes", np.zeros(states.count, dtype=np.int64), 1, union=1)


def fewest_holding(states: States, percent: int, voters: Booleans | None = None) -> int:
    """The fewest participating states that together hold more than `percent` % of the participants' population."""
    persons = states.population if voters is None else states.population * voters
    held = np.cumsum(np.sort(persons)[::-1])
    return int(np.argmax(100 * held > percent * persons.sum())) + 1


def named(states: States, listed: str | Iterable[str], place: str) -> Booleans | None:
    """Booleans (states,) for the states in a list such as "DE,FR,IT"; None, which means all states, if it is empty.

    Raises:
        BadInput: the list has an unknown or repeated state; the message names the `place` of the list.
    """
    codes = [c.strip() for c in (listed.split(",") if isinstance(listed, str) else listed)]
    codes = [c for c in codes if c]
    for code in codes:
        if code not in states.codes:
            raise BadInput(f"{place} lists {code!r}, which is not a member; {near(code, states.codes)}")
        if codes.count(code) > 1:
            raise BadInput(f"{place} lists {code} twice; list it once.")
    return np.isin(states.codes, codes) if codes else None
