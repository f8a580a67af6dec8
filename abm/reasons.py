"""Why an actor decided as it did: the trace of one world, decision by decision, with what would have changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from juste_retour.abm.calendar import label
from juste_retour.abm.delivery.building import TO_CONTRACT, TO_OPERATION
from juste_retour.abm.politics.voting import Ballot
from juste_retour.agents.arrays import Reals, Truths
from juste_retour.agents.errors import BadInput

CAUSES = {
    "award_years": "award",
    "retender_years": "new tender",
    "litigation_years": "litigation",
    "building_years": "building",
    "grid_years": "wait for the grid",
}


@dataclass(frozen=True)
class Decision:
    """One decision of one actor.

    `terms` are the parts of the payoff, EUR bn, and `utility` their sum; `reservation` is what it was held against,
    and `needed` what an offer would have had to add, EUR bn, to be worth a yes by its worth alone (0 where it was).
    `years` are the causes of a site's delay so far, by the names of `Delivered`.
    `pivotal` says whether the outcome would have been another had this actor alone decided otherwise. What does not
    apply to a decision is None.
    """

    quarter: str
    actor: str
    family: str
    rule: str
    result: Any
    says: str
    terms: dict[str, float] = field(default_factory=dict)
    utility: float | None = None
    reservation: float | None = None
    needed: float | None = None
    pivotal: bool | None = None
    passed: bool | None = None
    years: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        """The quarter and the decision in a sentence."""
        return f"{self.quarter} {self.says}"


def reasons(world: Any, row: int, kind: str, place: int) -> list[Decision]:
    """The decisions of an actor in one world of a `World` that keeps its trace.

    Args:
        world: the world.
        row: which of its worlds.
        kind: "state", "commissioner", "lab" or "site".
        place: the actor's position on its axis.

    Raises:
        BadInput: where the world keeps no trace.
    """
    if world.trace is None:
        raise BadInput("this world keeps no trace of decisions; make it with trace=True.")
    if kind == "site":
        return list(_of_site(world, row, place))
    tell = _TELLERS[kind]
    found = []
    for record in world.trace:
        at = np.flatnonzero(np.asarray(record["worlds"]) == row)
        if at.size and record["family"] in tell:
            found += list(tell[record["family"]](world, record, int(at[0]), place))
    return found


@dataclass(frozen=True)
class Threshold:
    """One condition of a voting rule at a ballot: what was `reached` of the `full` weight, against the `quota`.

    A ballot passes by one `way`, all of whose conditions are `met`; where they count `against` it, it fails by one.
    """

    says: str
    way: int
    against: bool
    reached: int
    quota: int
    full: int
    met: bool


def cast(world: Any, record: dict[str, Any], k: int) -> Ballot:
    """The votes of the k-th world of a ballot's record; (1, states)."""
    votes, weight = np.asarray(record["votes"])[k : k + 1], np.asarray(record["weight"])[k : k + 1]
    return Ballot(votes > 0, votes < 0, np.asarray(record["union_yes"])[k : k + 1], weight, world.decider)


def pivotal(world: Any, record: dict[str, Any], k: int) -> Truths:
    """(states,) whose other vote alone would have turned a ballot; all are tried at once, one a row."""
    ballot, n = cast(world, record, k), world.states.count
    flip = np.eye(n, dtype=bool)
    weight = np.broadcast_to(ballot.weight, (n, n))
    yes, no = np.where(flip, ~ballot.yes, ballot.yes), np.where(flip, ballot.yes, ballot.no)
    turned = Ballot(yes, no, np.repeat(ballot.union_yes, n), weight, world.decider)
    row = np.asarray(record["worlds"])[k : k + 1]
    then = world.decide("voting", turned, world.states, rows=np.repeat(row, n))
    return np.asarray(then) != np.asarray(world.decide("voting", ballot, world.states, rows=row))


def thresholds(world: Any, record: dict[str, Any], k: int) -> list[Threshold]:
    """What each condition of the voting rule came to at a ballot; none where the rule is not said by conditions."""
    conditions = world.choice("voting").marks.get("conditions")
    if conditions is None:
        return []
    ballot, row = cast(world, record, k), np.asarray(record["worlds"])[k : k + 1]
    settings = {
        name: value.reshape(-1)[0].item() if isinstance(value, np.ndarray) else value
        for name, value in world.settings("voting", row).items()
    }
    majority = conditions(ballot, world.states, **settings)
    found = []
    for way, tests in enumerate(majority.ways):
        for condition in tests:
            reached, quota = (
                int(np.max(condition.reached(ballot, majority.reverse))),
                int(np.max(condition.quota)),
            )
            weights = np.broadcast_to(np.asarray(condition.weights), (1, world.states.count))
            full = max(int(weights.sum()) + int(np.max(condition.union)), quota)
            found.append(
                Threshold(condition.says, way, bool(majority.reverse), reached, quota, full, reached >= quota)
            )
    return found


def needed(world: Any, record: dict[str, Any]) -> Reals:
    """(worlds, states) EUR bn that the offer would have had to add to be worth a yes by its worth alone; 0 where it was."""
    dissent = world.p.dissent_cost_eur_bn[np.asarray(record["worlds"])]
    return np.maximum(np.asarray(record["reservation"]) - dissent - record["offer"].utility, 0.0)


def _rule(world: Any, family: str, code: str) -> str:
    return world.scenario.rules[family].of(code.upper()).rule


def _terms(offer: Any, k: int, i: int) -> dict[str, float]:
    return {name: float(term[k, i]) for name, term in offer.terms().items()}


def _money(value: float) -> str:
    return f"EUR {value:.3g} bn"


def _bid(world: Any, record: dict[str, Any], k: int, i: int) -> Iterator[Decision]:
    code = world.states.codes[i]
    size, wanted = float(record["size"][k, i]), float(record["wanted"][k, i])
    utility, without = float(record["offer"].utility[k, i]), float(record["reservation"][k, i])
    if size > 0:
        says = (
            f"{code} applies for a site of {_money(size)}: with it its payoff is {_money(utility)}, "
            f"without it {_money(without)}."
        )
    elif wanted > 0:
        says = f"{code} wants a site of {_money(wanted)} but cannot hand in a bid: no dossier in time, or no site or match."
    else:
        says = f"{code} does not apply: no site that it could have is worth it."
    yield Decision(
        quarter=record["quarter"],
        actor=code,
        family="bid",
        rule=_rule(world, "bid", code),
        result=size,
        says=says,
        terms=_terms(record["offer"], k, i),
        utility=utility,
        reservation=without,
    )


def _vote(world: Any, record: dict[str, Any], k: int, i: int) -> Iterator[Decision]:
    if not record["held"][k]:
        return
    code = world.states.codes[i]
    result = int(np.asarray(record["votes"])[k, i])
    utility, reservation = float(record["offer"].utility[k, i]), float(record["reservation"][k, i])
    short_of, passed = float(needed(world, record)[k, i]), bool(record["passed"][k])
    alone = bool(pivotal(world, record, k)[i])
    word = {1: "yes", -1: "no", 0: "abstain"}[result]
    worth = f"the offer is worth {_money(utility)} to it against {_money(reservation)} without"
    short = f", and {_money(short_of)} more would have been worth a yes" if short_of > 0 else ""
    end = "the ballot passed" if passed else "the ballot failed"
    yield Decision(
        quarter=record["quarter"],
        actor=code,
        family="vote",
        rule=_rule(world, "vote", code),
        result=word,
        says=f"{code} votes {word}: {worth}{short}; {end}"
        + (" and its vote alone decided that." if alone else " with or without its vote."),
        terms=_terms(record["offer"], k, i),
        utility=utility,
        reservation=reservation,
        needed=short_of,
        pivotal=alone,
        passed=passed,
    )


def _draft(world: Any, record: dict[str, Any], k: int, c: int) -> Iterator[Decision]:
    code = world.states.codes[world.college.state[c]]
    scores, endorsed = np.asarray(record["scores"])[k], np.asarray(record["endorsed"])[k]
    choice, seats = int(record["choice"][k]), endorsed.shape[-1]
    mine = endorsed[:, c]

    def plan(number: int) -> str:
        sites, spend = int(record["sites"][k, number]), float(record["spend"][k, number])
        return f"{sites} sites for {_money(spend)}" if sites != 1 else f"one site for {_money(spend)}"

    if c == world.college.lead:
        said = f"proposes {plan(choice)}" if choice >= 0 else "proposes nothing: the College adopts no draft"
        yield Decision(
            quarter=record["quarter"],
            actor=code,
            family="draft",
            rule=_rule(world, "draft", code),
            result=choice,
            says=f"the commissioner from {code} {said}.",
            utility=float(scores[choice, c]) if choice >= 0 else None,
            passed=choice >= 0,
        )
    if choice < 0:
        yield Decision(
            quarter=record["quarter"],
            actor=code,
            family="endorse",
            rule=_rule(world, "endorse", code),
            result=int(mine.sum()),
            says=f"the commissioner from {code} would back {int(mine.sum())} of {len(mine)} drafts; none is adopted.",
            passed=False,
        )
        return
    for_it = int(endorsed[choice].sum())
    without = for_it + (-1 if mine[choice] else 1)
    alone = (2 * without > seats) != (2 * for_it > seats)
    yield Decision(
        quarter=record["quarter"],
        actor=code,
        family="endorse",
        rule=_rule(world, "endorse", code),
        result="yes" if mine[choice] else "no",
        says=f"the commissioner from {code} {'backs' if mine[choice] else 'does not back'} the draft of {plan(choice)}; "
        f"{for_it} of {seats} do.",
        utility=float(scores[choice, c]),
        pivotal=alone,
        passed=True,
    )


def _letter(world: Any, record: dict[str, Any], k: int, place: int) -> Iterator[Decision]:
    letters, name = record["letters"], world.labs.names[place]
    if letters is None or not world.labs.count:
        return
    site, money = int(letters.site[k, place]), float(letters.money[k, place])
    if site < 0:
        said = f"{name} offers nothing: no proposed site would give it more than it has."
    else:
        least = float(letters.least[k, place])
        said = (
            f"{name} offers {_money(money)} for access to {world.sites.names[site]} "
            f"if it gets at least {least:,.0f} accelerators."
        )
    yield Decision(
        quarter=record["quarter"],
        actor=name,
        family="anchor",
        rule=_rule(world, "anchor", name),
        result=money,
        says=said,
        passed=bool(record["passed"][k]),
    )


def _exit(world: Any, record: dict[str, Any], k: int, place: int) -> Iterator[Decision]:
    name = world.labs.names[place]
    if world.labs.home[place] < 0:
        return
    left, advantage = bool(record["exited"][k, place]), float(np.asarray(record["advantage"])[k, place])
    worth = (
        f"what it could use here is {np.exp(advantage):.2g} times what it has or could hire abroad"
        if np.isfinite(advantage)
        else "nothing here is open to it"
    )
    yield Decision(
        quarter=record["quarter"],
        actor=name,
        family="anchor",
        rule=_rule(world, "anchor", name),
        result="leaves" if left else "stays",
        says=f"{name} {'trains abroad' if left else 'stays'}: {worth}.",
        utility=advantage,
        reservation=0.0,
    )


def _of_site(world: Any, row: int, j: int) -> Iterator[Decision]:
    d, name = world.delivered, world.sites.names[j]
    chosen = int(world.selected[row, j])
    if chosen < 0:
        return
    contract = int(d.contracted[row, j])
    years = {name: float(getattr(d, name)[row, j]) for name in _past(world, row, j)}
    if contract > world.now:
        fate = "and its contract is being negotiated"
    elif d.cancelled[row, j]:
        fate = f"and given up in {label(contract)}"
    else:
        ready = int(d.ready[row, j])
        fate = f"contracted in {label(contract)} and " + (
            f"works since {label(ready)}" if ready <= world.now else "is being built"
        )
    yield Decision(
        quarter=label(chosen),
        actor=name,
        family="agenda",
        rule=world.scenario.rules["agenda"].rule,
        result=float(world.planned[row, j]),
        says=f"{name} is selected with {_money(float(world.planned[row, j]))}, {fate}{_delay(years)}.",
        passed=True,
        years=years,
    )


def _past(world: Any, row: int, j: int) -> tuple[str, ...]:
    """The causes of a site's delay that are known by now."""
    d = world.delivered
    if d.contracted[row, j] > world.now:
        return ()
    return TO_OPERATION if d.ready[row, j] <= world.now and not d.cancelled[row, j] else TO_CONTRACT


def _delay(years: dict[str, float]) -> str:
    parts = [f"{CAUSES[name]} {value:.1f} years" for name, value in years.items() if value > 0]
    return f": {', '.join(parts)}" if parts else ""


_Teller = Callable[[Any, dict[str, Any], int, int], Iterator[Decision]]
_TELLERS: dict[str, dict[str, _Teller]] = {
    "state": {"bid": _bid, "vote": _vote},
    "commissioner": {"draft": _draft},
    "lab": {"vote": _letter, "anchor": _exit},
}
