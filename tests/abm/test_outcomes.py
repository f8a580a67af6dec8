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
    assert np.allclose(s["received_eur_bn"].sum(-1), s["paid_eur_bn"].sum(-1) + s["private_eur_bn"].sum(-1), rtol=1e-9)
    assert np.allclose(w["spend_eur_bn"], s["received_eur_bn"].sum(-1))
    assert (s["paid_eur_bn"] >= -1e-12).all()
    assert (s["private_eur_bn"] >= -1e-12).all()
    assert np.array_equal(w["sites"], s["sites"].sum(-1))
    assert np.array_equal(w["hosts"], (s["sites"] > 0).sum(-1))
    assert np.array_equal(np.bincount(f["world"], minlength=6), w["sites"])
    assert np.allclose(np.bincount(f["world"], weights=f["accelerators"], minlength=6), w["aggregate_accelerators"])
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
    renewed = run(BASE.changed(long | {"life_years": 5.0}), 1, range(6), price=False).worlds["largest_run_flop"]
    assert (renewed >= once).all()
    assert (renewed > once).mean() > 0.8  # in the others the money runs out before the best site is renewed


def test_worlds_with_and_without_renewal_share_a_batch():
    expensive = BASE.changed({"chip_price_growth": 2.0, "end": "2034Q4"})
    both = run([expensive, expensive.changed({"life_years": 3.0})], 1, [0, 0], price=False)
    alone = run(expensive, 1, [0], price=False)
    assert both.worlds["largest_run_flop"][0] == alone.worlds["largest_run_flop"][0]


def test_worlds_with_different_parameters_equal_each_run_alone():
    scenarios = [
        BASE.changed({"envelope_eur_bn": e, "first_trophy_eur_bn": t, "mfu_decay": k, "funding.union_share": u})
        for e, t, k, u in ((10.0, 0.08, 0.05, 0.5), (4.0, 0.2, 0.02, 0.4), (6.0, 0.05, 0.1, 0.35))
    ]
    together = run(scenarios, 9, [4, 0, 2])
    for k, replicate in enumerate((4, 0, 2)):
        alone = run(scenarios[k], 9, [replicate])
        for name, column in together.worlds.items():
            assert column[k] == alone.worlds[name][0], name


UTILITY = "utility_eur_bn"


def test_welfare_is_the_sum_of_the_states_utilities():
    out = run(BASE, 3, range(6), price=False)
    assert np.allclose(out.states[UTILITY].sum(-1), out.worlds["welfare_eur_bn"], rtol=1e-12)
    terms = out.payoffs.terms()
    assert np.allclose(sum(terms.values()), out.states[UTILITY], rtol=1e-12)
    assert np.array_equal(-terms["payment"], out.states["paid_eur_bn"])


@pytest.mark.parametrize("cost", [0.0, 0.3])
def test_cash_adds_up_to_zero_but_for_the_cost_of_public_funds(cost):
    how = {"agenda": "closed_rule", "funding": "gni_key", "voting": "unanimity", "access": "dedicated"}
    how |= {"side_payments": True, "cost_of_public_funds": cost}
    out = run(BASE.changed(how), 3, range(12), price=False)
    cash = out.states["transfer_eur_bn"]
    assert (cash > 0).any()
    assert np.allclose(cash.sum(-1), -cost * np.maximum(cash, 0).sum(-1), atol=1e-9)
    assert np.array_equal(out.payoffs.transfer, cash)


def test_hosts_own_sites_outside_the_program_count_as_their_payments():
    out = run(BASE.changed({"reversion": "go_alone", "agenda": "closed_rule", "voting": "unanimity"}), 5, range(8))
    spent = out.worlds["spend_eur_bn"]
    outside = spent - (out.worlds["committed_eur_bn"] > 0) * spent
    assert (outside > 0).any()
    assert np.allclose(out.states["paid_eur_bn"].sum(-1) + out.states["private_eur_bn"].sum(-1), spent)
    alone = outside > 0
    assert np.allclose(out.states["paid_eur_bn"][alone], out.states["received_eur_bn"][alone])


def test_two_rules_that_decide_the_same_give_the_same_utilities():
    """Every bid is granted under both rules, so the plans are equal; delivery, funding and draws are too."""
    one, other = (
        run(BASE.changed({"voting": rule, "vote": "sincere_union"}), 2, range(6), price=False)
        for rule in ("unanimity", "simple_majority")
    )
    assert np.array_equal(one.facilities["spend_eur_bn"], other.facilities["spend_eur_bn"])
    assert np.array_equal(one.states[UTILITY], other.states[UTILITY])
    assert (one.states[UTILITY] != 0).any()


def test_a_state_that_neither_hosts_nor_pays_gains_the_race_and_open_terms_alone():
    before, after = (
        run(
            BASE.changed({"funding": "hosts_only", "procurement": "rapid", "agenda": a}),
            2,
            range(8),
            price=False,
        )
        for a in ("open_call", "planner")
    )
    idle = (before.states["sites"] == 0) & (after.states["sites"] == 0)
    assert idle.any()
    change = after.states[UTILITY] - before.states[UTILITY]
    common = sum(after.payoffs.terms()[t] - before.payoffs.terms()[t] for t in ("race", "open"))
    assert np.allclose(change[idle], common[idle], rtol=0, atol=1e-12)
    assert (common[idle] != 0).all()
    assert not np.allclose(change[~idle], common[~idle], rtol=0, atol=1e-3)


def test_a_cancelled_selection_is_neither_a_site_nor_a_payment():
    out = run(BASE.changed({"cancellation": 1.0}), 2, range(4), price=False)
    assert (out.worlds["committed_eur_bn"] > 0).all()
    assert not out.payoffs.sites.any()
    assert not out.payoffs.payment.any()
