"""The plans of actors who decide without a vote: each compares a menu of plans and takes the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.planner.question import PlannerQuestion
from juste_retour.abm.planner.solver import planned
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Booleans, Floats, ranks, total

# The most sites in a plan of largest sites if `max_sites` is 0. Beyond it, plans differ in the sites' power only.
FREE = 12


def best(plans: list[Floats], worth: list[Floats]) -> Floats:
    """Each world's best plan, the first if several tie; plans (worlds, sites), their values `worth` (worlds,)."""
    out, top = plans[0], worth[0]
    for plan, value in zip(plans[1:], worth[1:], strict=True):
        better = value > top
        out, top = np.where(better[:, None], plan, out), np.where(better, value, top)
    return out


def by_capability(council: Council, fewest: int, most: int) -> BallotResult | None:
    """What a planner who minimizes the years behind orders this quarter; None if it orders nothing in any world."""
    world, institutions, rows = council.world, council.institutions, council.rows
    first = max(world.announced, world.first)
    every = np.arange(council.sites.count)

    def ask(scenario: Scenario) -> PlannerQuestion:
        return PlannerQuestion(scenario, world.members, first, every, fewest, most)

    program = world.program
    common = total(np.where(program.own_money[rows], 0.0, program.planned[rows]))
    budget = program.envelope[rows, 0] + common
    amounts, quarters, _ = planned(institutions.scenarios, institutions.distinct[rows], budget, ask)
    due = np.where((quarters <= world.now) & (program.selected[rows] < 0), amounts, 0.0)
    last = ~((amounts > 0) & (quarters > world.now)).any(-1)
    acts = (due > 0).any(-1) | last
    if not acts.any():
        return None
    return replace(council.conclude(due, vote=False), last=last, waits=~acts)


def by_welfare(council: Council, fewest: int, most: int) -> Floats:
    """The plan on the menu with the largest sum of the states' payoffs, EUR bn (worlds, sites).

    The menu holds parts of the envelope at the best sites, one site per state, other agendas' offers, and no site.
    """
    sites = council.sites.count
    top = min(most or max(FREE, fewest), sites)
    plans = [council.plans.largest(k) for k in range(min(fewest, sites), top + 1)]
    menu = [np.zeros(plans[0].shape)]
    for share in (0.1, 0.25, 0.5, 0.75):
        menu += [x * share for x in plans]
    menu += (
        plans
        + [council.plans.one_each(s) for s in (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)]
        + council.env.foresight.rehearsed(council.rows)
    )
    menu = [np.where(x >= council.p.smallest_eur_bn, x, 0.0) for x in menu]
    allowed = [_within(x, fewest, most) for x in menu]
    worth = [np.where(ok, total(council.known.offer(x).utility), -np.inf) for x, ok in zip(menu, allowed, strict=True)]
    return best(menu, worth)


def by_power(council: Council) -> Floats:
    """The envelope divided among all free sites in proportion to what their power can use; EUR bn (worlds, sites)."""
    known = council.known
    cap = np.where(known.free, known.cap, 0.0)
    capacity = total(cap)[:, None]
    return council.plans.valid(cap * np.minimum(1.0, known.envelope / np.maximum(capacity, 1e-300)))


def _within(plan: Floats, fewest: int, most: int) -> Booleans:
    count = (plan > 0).sum(-1)
    return (count >= (fewest if fewest > 1 else 0)) & ((count <= most) if most else True)


def by_decider(council: Council, most: int) -> Floats:
    """A single decider's plan, EUR bn (worlds, sites): the best by a lab's utility u, or by a state's payoff U."""
    institutions = council.institutions
    plans = [council.plans.largest(k) for k in range(1, min(most, council.sites.count) + 1)]
    if institutions.scenario.decider in council.known.labs.names:
        k = council.known.labs.names.index(institutions.scenario.decider)
        return best(*_with_home(council, plans, int(council.known.labs.home[k]), lambda x: _lab_worth(council, x, k)))
    i = institutions.decider
    plans = [x * share for share in (0.0, 0.1, 0.25, 0.5, 1.0) for x in plans[: 1 if share == 0 else None]]
    return best(*_with_home(council, plans, i, lambda x: council.known.offer(x).utility[:, i]))


def _with_home(
    council: Council, plans: list[Floats], home: int, worth: Callable[[Floats], Floats]
) -> tuple[list[Floats], list[Floats]]:
    """The plans, with the envelope at the decider's own 1, 2, ... largest sites added, and the value of each."""
    if home >= 0:
        cap = np.where(council.known.free & (council.sites.state == home), council.known.cap, 0.0)
        rank = ranks(np.argsort(-cap, axis=-1, kind="stable"))
        for k in range(1, min(len(plans), int((council.sites.state == home).sum())) + 1):
            at_home = np.where((rank < k) & (cap > 0), np.minimum(council.known.envelope / k, cap), 0.0)
            plans = [*plans, np.where(at_home >= council.p.smallest_eur_bn, at_home, 0.0)]
    return plans, [worth(x) for x in plans]


def _lab_worth(council: Council, plan: Floats, lab: int) -> Floats:
    """Utility u of a lab: its `anchor` rule's value of its best site; (worlds,)."""
    _, effective, wait = council.known.outlook.seen_by_labs(plan)
    home = council.known.labs.home[:, None] == council.sites.state[None, :]
    market = council.env.market(council.rows, np.where(plan > 0, effective, 0.0), wait, home)
    return np.asarray(council.institutions.decide_by_actor("anchor", market, rows=council.rows))[:, lab].max(-1)
