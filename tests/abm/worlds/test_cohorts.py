"""Cohorts of machines: orders in tranches or by a schedule, top-ups and renewals, never above the envelope."""

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.cohorts import SiteMachines, orders
from juste_retour.abm.worlds.fleet import facilities, fleet_of, run_of
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput

pytestmark = pytest.mark.slow

WORLDS = np.arange(16)


@pytest.mark.parametrize("preset", ["eu-status-quo", "essay-reform", "juste-retour-strict"])
@pytest.mark.parametrize(
    "changes",
    [
        {"tranches": 4},
        {"life_years": 3.0},
        {"tranches": 3, "life_years": 2.0, "leftover": "top_up"},
        {"tranches": [[2025, 2.5], [2028, 7.5]]},
    ],
    ids=["tranches", "renewal", "all three", "a schedule"],
)
def test_spending_never_exceeds_the_envelope(preset, changes):
    out = run(load(preset).changed(changes), 2, WORLDS, price=False).worlds
    assert (out["committed_eur_bn"] <= 10 + 1e-9).all()
    assert (out["unspent_eur_bn"] >= -1e-9).all()
    assert out["committed_eur_bn"] + out["unspent_eur_bn"] == pytest.approx(10.0)
    assert (out["spend_eur_bn"] <= out["committed_eur_bn"] + 1e-9).all()


def test_renewal_spends_only_uncommitted_money():
    never, renewed = (
        run(load("eu-status-quo").changed({"life_years": age}), 2, WORLDS, price=False).worlds for age in (0.0, 3.0)
    )
    assert renewed["spend_eur_bn"].mean() > never["spend_eur_bn"].mean() + 0.5
    spent = run(load("us-private").changed({"life_years": 3.0}), 2, WORLDS, price=False).worlds
    assert spent["spend_eur_bn"] == pytest.approx(10.0)  # everything is committed, so nothing can be renewed


def test_later_orders_of_a_cancelled_site_return_to_the_envelope():
    changes = {"agenda": "commission_proposal", "cancellation": 1.0, "reversion": "nothing"}
    whole, parts = (
        run(load("eu-status-quo").changed(changes | {"tranches": k}), 2, WORLDS, price=False).worlds for k in (1, 5)
    )
    assert (whole["spend_eur_bn"] == 0).all()
    assert parts["committed_eur_bn"] == pytest.approx(whole["committed_eur_bn"] / 5)


def test_job_runs_on_the_cohorts_with_the_highest_rate():
    simulation = Simulation(load("essay-reform").changed({"tranches": 4}), 2, WORLDS).run()
    world, rules = simulation.world, simulation.institutions
    every = np.ones((len(WORLDS), world.sites.count), bool)
    candidates = SiteMachines(world.program, WORLDS, world.now).candidates()
    assert len(candidates) == 4
    assert (candidates[-1][0] >= candidates[0][0]).all()
    each = [
        run_of(rules, facilities(world, rules, WORLDS, chips, peaks, 0.2), None, WORLDS).own
        for chips, peaks in candidates
    ]
    best = run_of(rules, fleet_of(world, rules, WORLDS, every, 0.2), None, WORLDS).own
    assert np.array_equal(best, np.max(each, axis=0))
    assert (best > each[0]).any()


def test_orders_follow_the_schedule_and_sum_to_one():
    scheduled = load("eu-status-quo").changed({"tranches": [[2024, 2.0], [2026, 3.0], [2030, 5.0]]})
    due = orders(scheduled, 4 * 2025)
    assert due == [(4 * 2025, 0.2), (4 * 2026, 0.3), (4 * 2030, 0.5)]
    assert sum(share for _, share in orders(load("eu-status-quo").changed({"tranches": 7}), 8100)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"tranches": 20}, ["tranches", "20", "2034Q4"]),
        ({"tranches": [[2025, 4.0]]}, ["schedule", "10"]),
        ({"tranches": [2025]}, ["tranches", "2025"]),
        ({"schedule": "2025:ten"}, ["schedule", "2025:ten"]),
        ({"tranches": [[2040, 10.0]]}, ["schedule", "2040", "2034Q4"]),
    ],
)
def test_invalid_tranches_and_schedules_are_refused(changes, named):
    with pytest.raises(BadInput) as refused:
        load("eu-status-quo").changed(changes)
    assert all(name in str(refused.value) for name in named), refused.value
