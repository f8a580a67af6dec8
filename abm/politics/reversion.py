"""Reversion rules: what holds if nothing is agreed."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.politics.entitlement import spread
from juste_retour.agents.arrays import total
from juste_retour.agents.payoff import wanted_size
from juste_retour.agents.rules import Family
from juste_retour.agents.some_worlds import each_world

reversion = Family(
    "reversion",
    decides="what holds if nothing is agreed",
    signature="rule(council) -> plan, EUR bn (worlds, sites), and whether hosts alone pay for it, outside the program.",
    lift=each_world,
)


@reversion(anonymous=True, deterministic=True)
def nothing(council):
    """Nothing is built.

    Source: the reversion point of Baron and Ferejohn (1989).
    """
    return np.zeros((council.worlds, council.sites.count)), False


@reversion(anonymous=True, deterministic=True)
def last_allocation(council):
    """The last allocation continues: each host gets the same amount again, at its best free site.

    Before the first allocation nothing is built.
    Source: Kalandrakis (2004); article 312(4) TFEU, by which the old ceilings remain in force.
    """
    again = np.where(
        council.known.best >= 0,
        np.minimum(council.known.received, council.known.at_best(council.known.cap)),
        0.0,
    )
    plan = spread(np.where(again >= council.p.smallest_eur_bn, again, 0.0), council.known.best, council.sites.count)
    return plan * np.minimum(1.0, council.known.envelope / np.maximum(total(plan)[:, None], 1e-300)), False


@reversion(anonymous=True, deterministic=True)
def go_alone(council):
    """Each state builds at home with its own money, if its gain exceeds the cost.

    Source: national projects under the state-aid frameworks; the outside option of bargaining theory.
    """
    size = wanted_size(council.known.scale, np.ones(council.known.scale.shape), council.p)
    budget = council.p.match_share_of_gdp * council.states.gdp
    size = np.minimum(
        np.maximum(size, council.p.smallest_eur_bn),
        np.minimum(council.known.at_best(council.known.cap), budget),
    )
    alone = council.known.situation_if(0.0).alone(size)
    gain = alone.utility + alone.payment - council.known.standing.utility - council.known.standing.payment - size
    size = np.where((size >= council.p.smallest_eur_bn) & (gain > 0), size, 0.0)
    return spread(size, council.known.best, council.sites.count), True
