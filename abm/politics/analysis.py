"""Reading a vote: why it passed or failed, who could have tipped it, and where a rule is stuck on a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.conditions import Condition
from juste_retour.abm.politics.power.game import COMMISSION, Game
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import Rule, Setting
from juste_retour.agents.situation import States


@dataclass(frozen=True)
class Explanation:
    """What a ballot came to, and why.

    Attributes:
        rule: the voting rule.
        passed: whether the ballot passes.
        members_for: how many states say yes; the Commission is not a state.
        population_share: their share of the people of all states that vote.
        failed_conditions: what the ballot lacks, in plain words; empty where it passes.
        could_tip: who alone would turn the result by voting otherwise.
        yes: who votes yes, no and abstains in the end; whoever is named nowhere says no.
        no: see `yes`.
        abstain: see `yes`.
    """

    rule: str
    passed: bool
    members_for: int
    population_share: float
    failed_conditions: list[str]
    could_tip: list[str]
    yes: list[str]
    no: list[str]
    abstain: list[str]


def explain_vote(
    rule: str | Rule,
    states: States,
    yes: Iterable[str],
    no: Iterable[str] = (),
    abstain: Iterable[str] = (),
    settings: dict[str, Setting] | None = None,
    decider: int = -1,
) -> Explanation:
    """Count one ballot under a rule and say why it passes or fails.

    Args:
        rule: a rule of the family `voting`, or its name.
        states: the union.
        yes: codes of those who say yes; `EU` is the Commission where it votes.
        no: codes of those who say no; whoever is named nowhere says no too.
        abstain: codes of those who abstain.
        settings: the rule's parameters.
        decider: index of the state that decides alone, for `dictator`.
    """
    game = Game.of(rule, states, settings, decider=decider)
    members = game.members
    votes = np.full(len(members), -1)
    said: dict[str, str] = {}
    for way, value, codes in (("yes", 1, list(yes)), ("no", -1, list(no)), ("abstain", 0, list(abstain))):
        if way == "yes" and not codes:
            raise BadInput("the list of those who say yes is empty; name one member at least, as in DE,FR.")
        for code in codes:
            if code not in members:
                raise BadInput(_stranger(code, way, game))
            if code in said:
                again = f"twice under {way}" if said[code] == way else f"under {said[code]} and under {way}"
                raise BadInput(f"{code} is named {again}; name each member once.")
            said[code] = way
            votes[members.index(code)] = value
    passed = bool(_passes(game, votes)[0])
    for_it = votes[: len(game.voters)] == 1
    voting_people = states.population[game.voters]
    return Explanation(
        rule=game.rule.name,
        passed=passed,
        members_for=int(for_it.sum()),
        population_share=int(voting_people[for_it].sum()) / int(voting_people.sum()),
        failed_conditions=[] if passed else _failures(game, votes),
        could_tip=_could_tip(game, votes, passed),
        yes=[code for code, vote in zip(members, votes, strict=True) if vote == 1],
        no=[code for code, vote in zip(members, votes, strict=True) if vote == -1],
        abstain=[code for code, vote in zip(members, votes, strict=True) if vote == 0],
    )


def _stranger(code: str, way: str, game: Game) -> str:
    if code == COMMISSION:
        return f"{way} names EU, but the Commission has no vote under {game.rule.name}; leave it out."
    if code in game.states.codes:
        return f"{way} names {code}, which has no vote under {game.rule.name}; leave it out."
    return f"{way} names {code!r}, which is not a member; {near(code, game.members)}"


def _passes(game: Game, votes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether ballots (k, members) of 1 yes, 0 abstention and -1 no pass; (k,)."""
    votes = np.atleast_2d(votes)
    ballot = game.ballot(votes == 1, votes == -1)
    return np.broadcast_to(game.rule(ballot, game.states, **game.settings), votes.shape[:-1])


def _could_tip(game: Game, votes: NDArray[np.int64], passed: bool) -> list[str]:
    n = len(votes)
    tips = np.zeros(n, dtype=bool)
    for other in (1, 0, -1):
        changed = np.tile(votes, (n, 1))
        np.fill_diagonal(changed, other)
        tips |= _passes(game, changed) != passed
    return [code for code, tip in zip(game.members, tips, strict=True) if tip]


def _failures(game: Game, votes: NDArray[np.int64]) -> list[str]:
    majority = game.majority
    if majority is None:
        return [f"{game.rule.name} is not met: {game.rule.summary[:1].lower()}{game.rule.summary[1:]}"]
    ballot = game.ballot(votes == 1, votes == -1)
    reached = [[(c, int(c.reached(ballot, majority.reverse))) for c in way] for way in majority.ways]
    if majority.reverse:
        rejecting = next(way for way in reached if all(count >= c.quota for c, count in way))
        return [f"rejected by {c.says}: {count:,} of {_total(c):,} say no" for c, count in rejecting]
    lacking = [[_lacks(c, count) for c, count in way if count < c.quota] for way in reached]
    return lacking[0] + ["or else " + " and ".join(other) for other in lacking[1:]]


def _total(condition: Condition) -> int:
    return int(condition.weights.sum()) + int(condition.union)


def _lacks(condition: Condition, reached: int) -> str:
    if condition.abstentions:
        return f"{condition.says}: {_total(condition) - reached} of {_total(condition)} do"
    if condition.quota == 1:
        return f"{condition.says} is missing"
    return f"{condition.says}: {int(condition.quota):,} of {_total(condition):,} needed, {reached:,} in favor"


def pivots(
    rule: str | Rule,
    states: States,
    positions: Sequence[float] | Floats,
    settings: dict[str, Setting] | None = None,
) -> tuple[str, str]:
    """The two members between whose ideal points a status quo on a line cannot be changed.

    A move to the right passes only while those at or beyond its right win; the last from whom on they do is the left
    pivot, and so from the other side. The Commission, where it votes, stands last in `positions`. With the rule that k
    of n agree, the pivots are x_(n-k+1) and x_k.

    Args:
        rule: a rule of the family `voting`, or its name.
        states: the union.
        positions: ideal point of each member that votes.
        settings: the rule's parameters.

    Source: Krehbiel (1998); Tsebelis and Yataganas (2002).
    """
    game = Game.of(rule, states, settings)
    n = len(game.members)
    if len(positions) != n:
        raise BadInput(f"there are {len(positions)} positions for {n} members; give one for each.")
    order = np.argsort(np.asarray(positions, dtype=np.float64), kind="stable")
    place = np.argsort(order)
    to_the_right = place >= np.arange(n)[:, None]  # row i: those from the i-th on
    to_the_left = place <= np.arange(n)[:, None]
    left = np.flatnonzero(game.wins(to_the_right))
    right = np.flatnonzero(game.wins(to_the_left))
    if not len(left) or not len(right):
        raise BadInput(
            f"under {game.rule.name} not even all members together pass anything, so nobody is pivotal."
        )
    return game.members[order[left[-1]]], game.members[order[right[0]]]
