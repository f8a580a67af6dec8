"""What a ballot must meet to pass: weights and quotas in integers.

A rule that can be said as "enough of this and enough of that, or else enough of something" is written down once, as
the ways in which a ballot passes. Counting a ballot, saying why it failed, and exact voting power all read the same
list, so that no threshold stands in two places.
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
    """Votes over worlds: `yes` and `no` (..., states), `union_yes` (...) the Commission's.

    `weight` (..., states) is what each state commits to the matter, for the rules that count money; equal where a
    ballot names none. `decider` is the index of the state that decides alone, -1 for the Commission or a lab.

    What is known when the ballot is held: `year`, the decimal year; `round` (worlds, 1), rounds before this one;
    `yes_votes` and `no_votes` (worlds, states), earlier ballots in which each state said yes or no; `p`, the scenario's
    parameters; and the `offer` as each state sees it, None where a proposer only tries who would suffice. Where a ballot
    is counted outside a run, as by `power` and `vote`, the year is NaN, all counts are 0, and `p` and `offer` are None.
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
    """Persons behind the votes; (..., states) to (...)."""
    return (votes * states.population).sum(-1)


@dataclass(frozen=True, eq=False)
class Condition:
    """Met where the weights of those in favor reach the quota.

    Args:
        says: the condition in words, as in "65 % of the people".
        weights: (..., states), whole.
        quota: (...), whole.
        union: (...), whole: the weight of the Commission's yes.
        abstentions: whether an abstention counts as support.
    """

    says: str
    weights: Integers
    quota: Integers | int
    union: Integers | int = 0
    abstentions: bool = False

    def reached(self, ballot: Ballot, reverse: bool = False) -> Integers:
        """Weights in favor, or against where it is asked in reverse; (..., states) to (...)."""
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
    """Weights in favor; (..., states) to (...)."""
    if weights.ndim > 1 or int(np.abs(weights).sum()) >= EXACT:
        return (votes * weights).sum(-1)
    return whole_product(votes, weights)


@dataclass(frozen=True, eq=False)
class Majority:
    """The ways in which a ballot passes: one way is enough, and a way needs all of its conditions.

    With `reverse`, the ways are those in which the noes *reject*, and a ballot passes where they do not. `voters` are
    the states that take part, None for all.
    """

    ways: tuple[tuple[Condition, ...], ...]
    reverse: bool = False
    voters: Booleans | None = None

    def passes(self, ballot: Ballot) -> Booleans:
        """Whether the ballot passes; (...) booleans."""
        counted: dict[tuple[int, bool, int], Integers] = {}  # heads are often asked for twice
        won: Booleans = np.zeros((), bool)
        for way in self.ways:
            whole: Booleans = np.ones((), bool)
            for c in way:
                what = (id(c.weights), c.abstentions, id(c.union))
                if what not in counted:
                    counted[what] = c.reached(ballot, self.reverse)
                whole = whole & (counted[what] >= c.quota)
            won = won | whole
        return ~won if self.reverse else won


@functools.cache
def everyone(count: int) -> Integers:
    """A one for each of so many states, in one array for all, by which a count of heads is known."""
    ones = np.ones(count, dtype=np.int64)
    ones.flags.writeable = False
    return ones


def among(states: States, voters: Booleans | None) -> Integers:
    """One for each state that takes part and zero for the others; (states,)."""
    return everyone(states.count) if voters is None else voters.astype(np.int64)


def share_of_states(states: States, percent: int, voters: Booleans | None = None) -> Condition:
    """At least so many per cent of the states that take part."""
    heads = among(states, voters)
    return Condition(f"{percent} % of the states", heads, -(-percent * int(heads.sum()) // 100))


def most_states(states: States) -> Condition:
    """More than half of the states."""
    return Condition("more than half of the states", among(states, None), states.count // 2 + 1)


def share_of_people(states: States, percent: int, voters: Booleans | None = None) -> Condition:
    """States that hold at least so many per cent of the people of those that take part."""
    persons = states.population if voters is None else states.population * voters
    return Condition(f"{percent} % of the people", persons, -(-percent * int(persons.sum()) // 100))


def all_but(states: States, few: int, voters: Booleans | None = None) -> Condition:
    """All states that take part but a few, and at least one."""
    heads = among(states, voters)
    words = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
    return Condition(f"all states but {words.get(few, few)}", heads, max(1, int(heads.sum()) - few))


def union_agrees(states: States) -> Condition:
    """The Commission says yes."""
    return Condition("the Commission's yes", np.zeros(states.count, dtype=np.int64), 1, union=1)


def fewest_holding(states: States, percent: int, voters: Booleans | None = None) -> int:
    """The least number of states, of those that take part, that hold more than so many per cent of their people."""
    persons = states.population if voters is None else states.population * voters
    held = np.cumsum(np.sort(persons)[::-1])
    return int(np.argmax(100 * held > percent * persons.sum())) + 1


def named(states: States, listed: str | Iterable[str], place: str) -> Booleans | None:
    """The states of a list such as "DE,FR,IT" as booleans; None, all states, where the list is empty."""
    codes = [c.strip() for c in (listed.split(",") if isinstance(listed, str) else listed)]
    codes = [c for c in codes if c]
    for code in codes:
        if code not in states.codes:
            raise BadInput(f"{place} names {code!r}, which is not a member; {near(code, states.codes)}")
        if codes.count(code) > 1:
            raise BadInput(f"{place} names {code} twice; name it once.")
    return np.isin(states.codes, codes) if codes else None
