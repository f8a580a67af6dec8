"""Votes bought with side payments: the closed form equals a linear program over every winning coalition."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.base.members import load_members
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load

STATES, WORLDS = 6, 4
RULES = ("simple_majority", "reinforced_qmv", "unanimity")


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    folder = tmp_path_factory.mktemp("union")
    rows = [f"S{k},{100_000 * (1 + (7 * k) % 90)},1" for k in range(STATES)]
    (folder / "states.csv").write_text("state,population,euro\n" + "\n".join(rows) + "\n")
    return load_members(folder)


def table(members, seed, **changes):
    how = {
        "access": {"rule": "dedicated", "year_share": 0.9},
        "race_value_eur_bn": 250.0,
        "side_payments": True,
        "reservation_noise": 0.0,
        "funding": "equal_shares",
    } | changes
    env = Simulation(load("eu-status-quo").changed(how), seed, np.arange(WORLDS), members).env
    env.world.now = env.world.announced
    return Council(env, np.arange(WORLDS))


def cheapest(gap, payers, cost, sets):
    """The least cash that fills the gaps of a coalition, net of its share of the bill; inf if none is possible."""
    least = np.inf
    for members in sets:
        asks = -(np.eye(len(gap)) - cost * payers[:, None])[members]
        found = linprog(np.ones(len(gap)), A_ub=asks, b_ub=-gap[members]) if members.any() else None
        least = min(least, 0.0 if found is None else found.fun if found.success else np.inf)
    return least


@pytest.mark.parametrize("voting", RULES)
@pytest.mark.parametrize("cost_of_public_funds", [0.0, 0.2])
@pytest.mark.parametrize("proposes", [True, False], ids=["a state proposes", "nobody proposes"])
def test_proposers_buy_the_cheapest_votes_at_their_price(members, voting, cost_of_public_funds, proposes):
    cost, compared = 1 + cost_of_public_funds, 0
    for seed in range(3):
        it = table(members, seed, voting=voting, cost_of_public_funds=cost_of_public_funds)
        plan = it.plans.largest(1 + seed, 0.5)
        always = np.arange(STATES) == (np.arange(WORLDS)[:, None] + seed) % STATES if proposes else None
        cash = it.prices._cash(plan, 0.0, always, 0, 0.0)
        payers = np.broadcast_to(it.known.split.key if always is None else always, cash.shape).astype(float)
        letters = it.known.pledged(plan, it.known.letters(plan))
        failed = it.votes.failed(plan, 0.0)
        gap = np.maximum(
            it.prices.gap(it.known.offer(plan), failed), it.prices.gap(it.known.offer(plan, letters), failed)
        )
        if proposes:
            gap = np.where(always, -np.inf, gap)
        every = np.array(list(product([False, True], repeat=STATES)))
        wins = np.array([it.wins(np.broadcast_to(one, cash.shape)) for one in every])
        paid = it.wins(cash >= gap)
        for k in range(WORLDS):
            others = np.isfinite(gap[k])
            winning = every[wins[:, k] & every[:, ~others].all(-1)] & others
            least = cheapest(gap[k], payers[k], cost, winning)
            if np.isfinite(least):
                assert paid[k]
                assert cash[k].sum() == pytest.approx(least * (1 - cost), rel=1e-6, abs=1e-8)
                compared += least > 0
    assert compared
