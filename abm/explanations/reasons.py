"""Explains the decisions of an actor in one world, from the run's trace, with what would have changed them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from juste_retour.abm.base.calendar import label
from juste_retour.abm.delivery.building import TO_CONTRACT, TO_OPERATION
from juste_retour.abm.explanations.reader import in_world, needed, pivotal
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Bid, DecisionRecord, Draft, Exit, Selection, Vote
from juste_retour.agents.errors import BadInput
from juste_retour.agents.lab import Letters
from juste_retour.agents.situation import Offer

CAUSES = {
    "award_years": "award",
    "retender_years": "new tender",
    "litigation_years": "litigation",
    "building_years": "building",
    "grid_years": "wait for the grid",
}


@dataclass(frozen=True)
class Decision:
    """One decision of one actor; an attribute that does not apply is None or empty.

    Attributes:
        quarter: such as "2026Q3".
        actor: a state's code, a lab's or a site's name.
        family: the family of the rule.
        rule: the rule or the user-defined agent that decided.
        result: the decision itself.
        says: the decision in a sentence.
        terms: the terms of the payoff, EUR bn.
        utility: their sum.
        reservation: the value with which the utility is compared.
        needed: what the offer lacked to be worth a yes on its value alone, EUR bn; 0 if nothing.
        pivotal: whether the outcome would have changed if this actor alone had decided otherwise.
        passed: whether the ballot or draft passed.
        years: the causes of a site's delay so far, in years, by the names of `Delivered`.
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


def reasons(env: Environment, row: int, kind: str, place: int) -> list[Decision]:
    """The decisions of an actor in one world, in the order of the run.

    Args:
        env: a run with a trace.
        row: position of the world.
        kind: "state", "commissioner", "lab" or "site".
        place: position of the actor on its axis.

    Raises:
        BadInput: the run has no trace.
    """
    if env.trace is None:
        raise BadInput("this run has no trace of decisions; run it with trace=True.")
    return [decision for record in in_world(env.trace, row) for decision in _EXPLAINERS[kind](env, record, place)]


def _rule(env: Environment, family: str, code: str) -> str:
    return env.institutions.scenario.rules[family].of(code.upper()).rule


def _terms(offer: Offer, i: int) -> dict[str, float]:
    return {name: float(term[0, i]) for name, term in offer.terms().items()}


def _money(value: float) -> str:
    return f"EUR {value:.3g} bn"


def _of_state(env: Environment, record: DecisionRecord, i: int) -> Iterator[Decision]:
    if isinstance(record, Bid):
        yield _bid(env, record, i)
    elif isinstance(record, Vote) and record.held[0]:
        yield _vote(env, record, i)


def _of_lab(env: Environment, record: DecisionRecord, place: int) -> Iterator[Decision]:
    if isinstance(record, Vote) and record.letters is not None and env.world.labs.count:
        yield _letter(env, record, record.letters, place)
    elif isinstance(record, Exit) and env.world.labs.home[place] >= 0:
        yield _exit(env, record, place)


def _bid(env: Environment, record: Bid, i: int) -> Decision:
    code = env.world.states.codes[i]
    size, wanted = float(record.size[0, i]), float(record.wanted[0, i])
    utility, without = float(record.offer.utility[0, i]), float(record.reservation[0, i])
    if size > 0:
        says = (
            f"{code} bids for a site of {_money(size)}: its payoff is {_money(utility)} with it and "
            f"{_money(without)} without it."
        )
    elif wanted > 0:
        why = (
            "it has no free site with enough power, money and match"
            if record.ready[0, i]
            else "its application is not ready in time"
        )
        says = f"{code} wants a site of {_money(wanted)} but cannot bid: {why}."
    else:
        says = f"{code} does not bid: no site would raise its payoff."
    return Decision(
        quarter=record.quarter,
        actor=code,
        family="bid",
        rule=_rule(env, "bid", code),
        result=size,
        says=says,
        terms=_terms(record.offer, i),
        utility=utility,
        reservation=without,
    )


def _vote(env: Environment, record: Vote, i: int) -> Decision:
    code = env.world.states.codes[i]
    result = int(record.votes[0, i])
    utility, reservation = float(record.offer.utility[0, i]), float(record.reservation[0, i])
    short_of, passed = float(needed(env, record)[0, i]), bool(record.passed[0])
    alone = bool(pivotal(env, record)[i])
    word = {1: "yes", -1: "no", 0: "abstain"}[result]
    worth = f"the offer is worth {_money(utility)} to it, its reservation value is {_money(reservation)}"
    short = f", and {_money(short_of)} more would have made it worth a yes" if short_of > 0 else ""
    end = "the ballot passed" if passed else "the ballot failed"
    return Decision(
        quarter=record.quarter,
        actor=code,
        family="vote",
        rule=_rule(env, "vote", code),
        result=word,
        says=f"{code} votes {word}: {worth}{short}; {end}"
        + (", which its vote alone decided." if alone else ", with or without its vote."),
        terms=_terms(record.offer, i),
        utility=utility,
        reservation=reservation,
        needed=short_of,
        pivotal=alone,
        passed=passed,
    )


def _of_commissioner(env: Environment, record: DecisionRecord, c: int) -> Iterator[Decision]:
    if not isinstance(record, Draft):
        return
    code = env.world.states.codes[env.world.college.state[c]]
    scores, endorsed = record.scores[0], record.endorsed[0]
    choice, seats = int(record.choice[0]), endorsed.shape[-1]
    mine = endorsed[:, c]

    def plan(number: int) -> str:
        sites, spend = int(record.sites[0, number]), float(record.spend[0, number])
        return f"{sites} sites for {_money(spend)}" if sites != 1 else f"one site for {_money(spend)}"

    if c == env.world.college.lead:
        said = f"proposes {plan(choice)}" if choice >= 0 else "proposes nothing: the College adopts no draft"
        yield Decision(
            quarter=record.quarter,
            actor=code,
            family="draft",
            rule=_rule(env, "draft", code),
            result=choice,
            says=f"the commissioner from {code} {said}.",
            utility=float(scores[choice, c]) if choice >= 0 else None,
            passed=choice >= 0,
        )
    if choice < 0:
        yield Decision(
            quarter=record.quarter,
            actor=code,
            family="endorse",
            rule=_rule(env, "endorse", code),
            result=int(mine.sum()),
            says=f"the commissioner from {code} would back {int(mine.sum())} of {len(mine)} drafts; none is adopted.",
            passed=False,
        )
        return
    for_it = int(endorsed[choice].sum())
    without = for_it + (-1 if mine[choice] else 1)
    alone = (2 * without > seats) != (2 * for_it > seats)
    yield Decision(
        quarter=record.quarter,
        actor=code,
        family="endorse",
        rule=_rule(env, "endorse", code),
        result="yes" if mine[choice] else "no",
        says=f"the commissioner from {code} {'backs' if mine[choice] else 'does not back'} the draft of {plan(choice)}; "
        f"{for_it} of {seats} do.",
        utility=float(scores[choice, c]),
        pivotal=alone,
        passed=True,
    )


def _letter(env: Environment, record: Vote, letters: Letters, place: int) -> Decision:
    name = env.world.labs.names[place]
    site, money = int(letters.site[0, place]), float(letters.money[0, place])
    if site < 0:
        said = f"{name} offers nothing: no proposed site would give it more compute than it has."
    else:
        least = float(letters.least[0, place])
        said = (
            f"{name} offers {_money(money)} for access to {env.world.sites.names[site]} "
            f"if the site gets at least {least:,.0f} accelerators."
        )
    return Decision(
        quarter=record.quarter,
        actor=name,
        family="anchor",
        rule=_rule(env, "anchor", name),
        result=money,
        says=said,
        passed=bool(record.passed[0]),
    )


def _exit(env: Environment, record: Exit, place: int) -> Decision:
    name = env.world.labs.names[place]
    left, advantage = bool(record.exited[0, place]), float(record.advantage[0, place])
    worth = (
        f"the compute open to it here is {np.exp(advantage):.2g} times what it has or could hire abroad"
        if np.isfinite(advantage)
        else "no compute here is open to it"
    )
    return Decision(
        quarter=record.quarter,
        actor=name,
        family="anchor",
        rule=_rule(env, "anchor", name),
        result="leaves" if left else "stays",
        says=f"{name} {'trains abroad' if left else 'stays'}: {worth}.",
        utility=advantage,
        reservation=0.0,
    )


def _of_site(env: Environment, record: DecisionRecord, j: int) -> Iterator[Decision]:
    if not isinstance(record, Selection) or not record.chosen[0, j]:
        return
    d, name, money = record.delivered, env.world.sites.names[j], float(record.plan[0, j])
    contract, ready, cancelled = int(d.contracted[0, j]), int(d.ready[0, j]), bool(d.cancelled[0, j])
    known: tuple[str, ...] = ()
    if contract > env.world.now:
        fate = "its contract is being negotiated"
    elif cancelled:
        fate, known = f"it was given up in {label(contract)}", TO_CONTRACT
    elif ready > env.world.now:
        fate, known = f"it was contracted in {label(contract)} and is being built", TO_CONTRACT
    else:
        fate, known = (
            f"it was contracted in {label(contract)} and has worked since {label(ready)}",
            TO_OPERATION,
        )
    years = {cause: float(getattr(d, cause)[0, j]) for cause in known}
    yield Decision(
        quarter=record.quarter,
        actor=name,
        family="agenda",
        rule=env.institutions.scenario.rules["agenda"].rule,
        result=money,
        says=f"{name} is selected with {_money(money)}; {fate}{_delay(years)}.",
        passed=True,
        years=years,
    )


def _delay(years: dict[str, float]) -> str:
    parts = [f"{CAUSES[name]} {value:.1f} years" for name, value in years.items() if value > 0]
    return f" ({', '.join(parts)})" if parts else ""


_EXPLAINERS: dict[str, Callable[[Environment, DecisionRecord, int], Iterator[Decision]]] = {
    "state": _of_state,
    "commissioner": _of_commissioner,
    "lab": _of_lab,
    "site": _of_site,
}
