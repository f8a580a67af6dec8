"""Recounts a ballot as if some states had voted otherwise, under the run's own voting rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from juste_retour.abm.explanations.reader import ballot_of, majority_at
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Vote
from juste_retour.agents.arrays import Booleans, Integers
from juste_retour.agents.some_worlds import some_worlds

BY_CONDITIONS = 20_000  # most subsets of one size that a search counts if the rule is a list of conditions
BY_CALL = 400  # the same if the rule is a function, which may be slow


@dataclass(frozen=True)
class Smallest:
    """The smallest sets of states that change or block a ballot.

    Attributes:
        size: number of states in each set; None if no set of up to `tried` states was found.
        sets: the sets, as positions of states.
        tried: the largest size that was tried.
    """

    size: int | None
    sets: list[tuple[int, ...]]
    tried: int


def recounted(env: Environment, vote: Vote, votes: Integers) -> Vote:
    """The ballot of one world, counted with other `votes` (states,): 1 yes, 0 abstention, -1 no."""
    other = replace(vote, votes=np.asarray(votes)[None])
    return replace(other, passed=_counted(env, vote, other.votes > 0, other.votes < 0))


def turning(env: Environment, vote: Vote) -> Smallest:
    """The smallest sets of states that reverse a ballot of one world, by voting no if it passed, or yes if it failed.

    There are none if the agenda protocol's outcome differs from the count of the votes.
    """
    yes, no, passed = vote.votes[0] > 0, vote.votes[0] < 0, bool(vote.passed[0])

    def turned(sets: Booleans) -> Booleans:
        counted = _counted(env, vote, yes & ~sets if passed else yes | sets, no | sets if passed else no & ~sets)
        return counted != passed

    if bool(_counted(env, vote, yes[None], no[None])[0]) != passed:
        return Smallest(None, [], 0)
    return _smallest(np.flatnonzero(yes if passed else ~yes), turned, env)


def blocking(env: Environment, vote: Vote) -> Smallest:
    """The smallest sets of states without a yes that reject a ballot of one world even if all others vote yes."""
    without_yes = vote.votes[0] <= 0

    def rejected(sets: Booleans) -> Booleans:
        return ~_counted(env, vote, ~sets, sets & (vote.votes[0] < 0))

    return _smallest(np.flatnonzero(without_yes), rejected, env)


def _smallest(among: Integers, does: Callable[[Booleans], Booleans], env: Environment) -> Smallest:
    """The smallest subsets of the states `among` for which `does` is true, as far as there are few enough to count."""
    n, most = env.world.states.count, BY_CONDITIONS if _conditional(env) else BY_CALL
    size = 0
    while size < len(among) and comb(len(among), size + 1) <= most:
        size += 1
        sets, members = _subsets(tuple(among.tolist()), size, n)
        found = np.flatnonzero(does(members))
        if found.size:
            return Smallest(size, [sets[k] for k in found], size)
    return Smallest(None, [], size)


@lru_cache(maxsize=8)  # consecutive ballots mostly ask for subsets of all states
def _subsets(among: tuple[int, ...], size: int, n: int) -> tuple[list[tuple[int, ...]], Booleans]:
    """The subsets of a size, and (subsets, n) whether each of the n states belongs to each subset."""
    sets = list(combinations(among, size))
    members = np.zeros((len(sets), n), dtype=bool)
    np.put_along_axis(members, np.array(sets, dtype=np.int64), True, axis=1)
    return sets, members


def _conditional(env: Environment) -> bool:
    return "conditions" in env.institutions.choice("voting").marks


def _counted(env: Environment, vote: Vote, yes: Booleans, no: Booleans) -> Booleans:
    """Whether each of the ballots (k, states) passes, everything else as in the ballot of one world; (k,)."""
    ballot, majority, k = ballot_of(env, vote), majority_at(env, vote), len(yes)
    if majority is not None:
        union = np.repeat(vote.union_yes, k)
        return np.broadcast_to(majority.passes(replace(ballot, yes=yes, no=no, union_yes=union)), (k,))
    many = replace(some_worlds(ballot, np.zeros(k, dtype=np.int64)), yes=yes, no=no)
    return np.asarray(env.institutions.decide("voting", many, env.world.states, rows=np.repeat(vote.worlds, k)))
