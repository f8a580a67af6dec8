"""Outcomes: money is conserved, bounds hold, and the price of politics is the sum of its parts."""

import numpy as np
import pytest

from juste_retour.abm.delivery.building import headroom
from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.rules import family

BASE = load("eu-status-quo")
PRIVATE = {"agenda": "single_decider", "voting": "dictator", "decider": "mistral"}
CASES = (
    [(f.name, r.name) for f in map(family, ("agenda", "funding", "entitlement", "reversion", "bid")) for r in f]
    + [(f.name, r.name) for f in map(family, ("procurement", "operations", "pooling", "anchor")) for r in f]
)  # fmt: skip


def scenario_with(name, rule):
    extra = PRIVATE if (name, rule) == ("funding", "private") else {}
    return BASE.changed({name: rule} | extra)


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_money_is_conserved_and_counts_agree(name, rule):
    out = run(scenario_with(name, rule), seed=4, replicates=range(6))
    w, s, f = out.worlds, out.states, out.facilities
    assert np.allclose(
        s["received_eur_bn"].sum(-1), s["paid_eur_bn"].sum(-1) + s["private_eur_bn"].sum(-1), rtol=1e-9
    )
    assert np.allclose(w["spend_eur_bn"], s["received_eur_bn"].sum(-1))
    assert (s["paid_eur_bn"] >= -1e-12).all()
    assert (s["private_eur_bn"] >= -1e-12).all()
    assert np.array_equal(w["sites"], s["sites"].sum(-1))
    assert np.array_equal(w["hosts"], (s["sites"] > 0).sum(-1))
    assert np.array_equal(np.bincount(f["world"], minlength=6), w["sites"])
    assert np.allclose(
        np.bincount(f["world"], weights=f["accelerators"], minlength=6), w["aggregate_accelerators"]
    )
    assert np.allclose(w["price_where"] + w["price_unspent"], w["price_of_politics"], rtol=0, atol=1e-9)
    if rule != "go_alone":
        assert (w["spend_eur_bn"] + w["unspent_eur_bn"] <= BASE.envelope_eur_bn * (1 + 1e-9)).all()
    assert (f["selected"] < f["contracted"]).all()
    started = f["operational"] >= 0
    assert (f["operational"][started] > f["contracted"][started]).all()


def test_no_site_exceeds_its_power_headroom():
    simulation = Simulation(BASE.changed({"agenda": "planner", "agenda.min_sites": 3}), 1, range(8)).run()
    world = simulation.world
    most = headroom(world.sites, simulation.institutions.procedure, world.p)
    assert (world.program.delivered.power_mw <= most * (1 + 1e-9)).all()
    assert world.contracted.any()


def test_no_bids_means_no_sites():
    out = run(BASE.changed({"bid": "abstain"}), 0, range(4))
    assert not out.worlds["sites"].any()
    assert not out.states["paid_eur_bn"].any()
    assert (out.worlds["first_operation"] == -1).all()


def test_zero_envelope_spends_nothing():
    for agenda in ("open_call", "planner", "commission_proposal"):
        out = run(BASE.changed({"envelope_eur_bn": 0.0, "agenda": agenda}), 0, range(3))
        assert not out.worlds["spend_eur_bn"].any()


def test_renewed_machines_enlarge_the_largest_run():
    long = {"end": "2044Q4", "window_years": 15.0, "access": "dedicated"}
    once = run(BASE.changed(long), 1, range(6), price=False).worlds["largest_run_flop"]
    renewed = run(BASE.changed(long | {"life_years": 5.0}), 1, range(6), price=False).worlds[
        "largest_run_flop"
    ]
    assert (renewed >= once).all()
    assert (renewed > once).mean() > 0.8  # in the others the money runs out before the best site is renewed


def test_worlds_with_and_without_renewal_share_a_batch():
    expensive = BASE.changed({"chip_price_growth": 2.0, "end": "2034Q4"})
    both = run([expensive, expensive.changed({"life_years": 3.0})], 1, [0, 0], price=False)
    alone = run(expensive, 1, [0], price=False)
    assert both.worlds["largest_run_flop"][0] == alone.worlds["largest_run_flop"][0]


def test_worlds_with_different_parameters_equal_each_run_alone():
    scenarios = [
        BASE.changed(
            {"envelope_eur_bn": e, "first_trophy_eur_bn": t, "mfu_decay": k, "funding.union_share": u}
        )
        for e, t, k, u in ((10.0, 0.08, 0.05, 0.5), (4.0, 0.2, 0.02, 0.4), (6.0, 0.05, 0.1, 0.35))
    ]
    together = run(scenarios, 9, [4, 0, 2])
    for k, replicate in enumerate((4, 0, 2)):
        alone = run(scenarios[k], 9, [replicate])
        for name, column in together.worlds.items():
            assert column[k] == alone.worlds[name][0], name
