"""The price of politics: the years behind in excess of those that a planner with the same envelope would have.

The planner's funding follows national income, so that no host must match it. It orders from the first quarter in which
the scenario's agenda can decide. It plans in advance, and its result is computed with each world's own draws of
delivery. A price may therefore be negative in a single world by chance, but not on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.planner.question import POLITICS, PlannerQuestion, question_of
from juste_retour.abm.planner.solver import planned
from juste_retour.abm.schedule.quarter import learn, operate, read, train
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats, Integers, total


@dataclass(frozen=True, eq=False)
class PriceOfPolitics:
    """The price of politics and its parts, years, (worlds,) each; NaN if it was not computed.

    Attributes:
        price_of_politics: years behind of the world less those of the planner with the same envelope.
        price_where: the part that remains if the planner has only the money that the world committed.
        price_unspent: the rest, due to money that politics did not commit.
        price_all_sites: the price relative to a planner who may use all sites, also those that the call excludes.
    """

    price_of_politics: Floats
    price_where: Floats
    price_unspent: Floats
    price_all_sites: Floats


@lru_cache(maxsize=65_536)
def planner_scenario(scenario: Scenario) -> Scenario:
    """The scenario under a planner funded by national income; delivery, access and pooling are unchanged."""
    return scenario.by_rules.changed({**POLITICS, "funding": "gni_key"}, name="planner")


def planner_question(scenario: Scenario, members: Members, *, all_sites: bool = False) -> PlannerQuestion:
    """The problem of the planner with whom a scenario is compared; see `question.question_of`."""
    return replace(question_of(scenario, members, all_sites=all_sites), scenario=planner_scenario(scenario))


def not_asked(worlds: int) -> PriceOfPolitics:
    """The prices of worlds for which none are computed: NaN."""
    return PriceOfPolitics(*(np.full(worlds, np.nan) for _ in range(4)))


def prices(env: Environment) -> PriceOfPolitics:
    """The prices of worlds that have run; NaN if the scenario sets `priced` or `trains` to false."""
    world = env.world
    if not (env.institutions.scenario.priced and world.p.trains):
        return not_asked(world.count)
    cap = world.p.lag_cap_years[:, 0]
    behind = _counted(world.reading().years_behind, cap)
    own = np.where(world.program.own_money, world.program.planned, 0.0)
    outside, committed = total(own), total(world.program.planned - own)
    envelope = world.p.envelope_eur_bn[:, 0]
    amounts, quarters, years = _planned(env, envelope + outside, all_sites=False)
    less, then, _ = _planned(env, np.minimum(committed, envelope) + outside, all_sites=False)
    free, when, hoped = _planned(env, envelope + outside, all_sites=True)
    gains = (hoped < years)[:, None]  # a planner with all sites may also use only those of the call
    plans = [
        (amounts, quarters),
        (less, then),
        (np.where(gains, free, amounts), np.where(gains, when, quarters)),
    ]
    full, placed, anywhere = (_counted(x, cap) for x in _read(env, plans))
    price = behind - full
    return PriceOfPolitics(price, behind - placed, placed - full, behind - anywhere)


def _counted(years: Floats, cap: Floats) -> Floats:
    """Years behind, with the cap where nothing ran."""
    return np.where(np.isfinite(years), years, cap)


def _planned(env: Environment, budget: Floats, *, all_sites: bool) -> tuple[Floats, Integers, Floats]:
    """The planner's orders with each world's budget; see `planned`."""

    def ask(scenario: Scenario) -> PlannerQuestion:
        return planner_question(scenario, env.members, all_sites=all_sites)

    return planned(env.scenarios, env.institutions.distinct, budget, ask)


def _read(env: Environment, plans: Sequence[tuple[Floats, Integers]]) -> list[Floats]:
    """Years behind of several plans with the worlds' own draws, (worlds,) each.

    Worlds in which a plan equals the first plan are not run again.
    """
    every, (amounts, quarters) = np.arange(env.world.count), plans[0]
    other = [np.flatnonzero(((a != amounts) | (q != quarters)).any(-1)) for a, q in plans[1:]]
    rows = [every, *other]
    found = _years_behind(
        env,
        np.concatenate(rows),
        np.concatenate([a[at] for (a, _), at in zip(plans, rows, strict=True)]),
        np.concatenate([q[at] for (_, q), at in zip(plans, rows, strict=True)]),
    )
    first, *rest = np.split(found, list(accumulate(len(at) for at in rows))[:-1])
    out = [first]
    for at, years in zip(other, rest, strict=True):
        out.append(first.copy())
        out[-1][at] = years
    return out


def _years_behind(env: Environment, rows: Integers, amounts: Floats, quarters: Integers) -> Floats:
    """Mean years behind if these orders are placed in the worlds `rows`; (rows,)."""
    scenarios = [planner_scenario(env.scenarios[k]) for k in rows]
    there = Simulation(scenarios, env.seed, env.world.replicates[rows], env.members).env
    world, begun = there.world, there.world.first
    if not world.talent_moves:
        # quarters before the first order do not change the result
        begun = int(quarters[amounts > 0].min(initial=world.window[0]))
    for now in range(begun, world.window[-1] + 1):
        world.now = now
        due = np.where(quarters == now, amounts, 0.0)
        at = np.flatnonzero((due > 0).any(-1))
        there.enact(at, due[at], np.zeros(due[at].shape))
        operate(there)
        train(there)
        if world.talent_moves:
            learn(there)
        read(there)
    return world.reading().years_behind
