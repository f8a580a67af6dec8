"""Analysis of a ballot: why it passed or failed, which members could have changed it, and the pivots on a line."""

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
    """The result of a ballot and the reasons for it.

    Attributes:
        rule: name of the voting rule.
        passed: whether the ballot passes.
        members_for: number of states that vote yes; the Commission is not a state.
        population_share: their share of the population of all states that vote.
        failed_conditions: the conditions that the ballot does not meet, in words; empty if it passes.
        could_tip: members that could change the result alone by voting differently.
        yes: members that vote yes.
        no: members that vote no, including those not listed.
        abstain: members that abstain.
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
    """Count one ballot under a rule and explain why it passes or fails.

    Args:
        rule: a rule of the family `voting`, or its name.
        states: the union.
        yes: codes of members that vote yes; `EU` is the Commission, if it votes.
        no: codes of members that vote no; members not listed at all vote no too.
        abstain: codes of members that abstain.
        settings: the rule's parameters.
        decider: index of the state that decides alone, for `dictator`.

    Raises:
        BadInput: the yes votes are empty, or a code is unknown, has no vote or is listed twice.
    """
    game = Game.of(rule, states, settings, decider=decider)
    members = game.members
    votes = np.full(len(members), -1)
    said: dict[str, str] = {}
    for way, value, codes in (("yes", 1, list(yes)), ("no", -1, list(no)), ("abstain", 0, list(abstain))):
        if way == "yes" and not codes:
            raise BadInput("the list of yes votes is empty; name at least one member, as in DE,FR.")
        for code in codes:
            if code not in members:
                raise BadInput(_stranger(code, way, game))
            if code in said:
                again = f"twice under {way}" if said[code] == way else f"under {said[code]} and under {way}"
                raise BadInput(f"{code} is listed {again}; list each member once.")
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
        return f"{way} lists EU, but the Commission has no vote under {game.rule.name}; omit it."
    if code in game.states.codes:
        return f"{way} lists {code}, which has no vote under {game.rule.name}; omit it."
    return f"{way} lists {code!r}, which is not a member; {near(code, game.members)}"


def _passes(game: Game, votes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether ballots pass; votes (k, members) are 1 for yes, 0 for abstention and -1 for no; (k,)."""
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
    """The left and the right pivot on a line: no status quo between their ideal points can be changed.

    A move to the right passes only if the members to the right of the status quo win. The last member from which they
    do is the left pivot; the right pivot is found in the same way from the other side. If k of n members must agree, the
    pivots are x_(n-k+1) and x_k.

    Args:
        rule: a rule of the family `voting`, or its name.
        states: the union.
        positions: ideal point of each member that votes; the Commission, if it votes, comes last.
        settings: the rule's parameters.

    Returns:
        codes of the left and the right pivot.

    Raises:
        BadInput: the number of positions is wrong, or nothing can pass.

    Source: Krehbiel (1998); Tsebelis and Yataganas (2002).
    """
    game = Game.of(rule, states, settings)
    n = len(game.members)
    if len(positions) != n:
        raise BadInput(f"there are {len(positions)} positions for {n} members; give one per member.")
    order = np.argsort(np.asarray(positions, dtype=np.float64), kind="stable")
    place = np.argsort(order)
    to_the_right = place >= np.arange(n)[:, None]  # row i: members from the i-th on
    to_the_left = place <= np.arange(n)[:, None]
    left = np.flatnonzero(game.wins(to_the_right))
    right = np.flatnonzero(game.wins(to_the_left))
    if not len(left) or not len(right):
        raise BadInput(
            f"under {game.rule.name} nothing passes even if all members vote yes, so that no member is pivotal; "
            "choose another rule."
        )
    return game.members[order[left[-1]]], game.members[order[right[0]]]
