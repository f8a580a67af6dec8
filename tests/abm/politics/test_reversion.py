"""Reversion rules: what happens if nothing is agreed."""

import numpy as np
import pytest

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from tests.abm.bargaining.tables import council


def table(rule, worlds=4, **more):
    return council(worlds, agenda="closed_rule", reversion=rule, **more)


def test_nothing_keeps_the_status_quo():
    at = table("nothing")
    plan, alone = at.reversion
    assert plan.sum() == 0
    assert not alone
    assert np.array_equal(at.disagreement(), at.known.standing.utility)


def test_last_allocation_is_nothing_at_first_and_then_repeats():
    assert table("last_allocation").reversion[0].sum() == 0
    at = table("last_allocation")
    world = at.world
    first = at.plans.one_each(0.5)
    at.env.enact(at.rows, first, np.zeros(first.shape))
    plan, alone = Council(at.env, at.rows).reversion
    assert not alone
    again = world.by_state(plan)
    before = world.by_state(first)
    assert (again <= before + 1e-12).all()
    assert ((again > 0) <= (before > 0)).all()
    assert again.sum() > 0.3 * before.sum() > 0
    assert not ((plan > 0) & (first > 0)).any()  # at other sites


def test_states_that_go_alone_pay_for_sites_worth_their_cost():
    at = table("go_alone", funding="gni_key")
    plan, alone = at.reversion
    assert alone
    assert plan.sum() > 0
    assert (plan[plan > 0] >= at.p.smallest_eur_bn[0, 0]).all()
    budget = at.p.match_share_of_gdp * at.states.gdp
    assert (at.world.by_state(plan) <= budget + 1e-12).all()
    failed = at.votes.failed(np.zeros(plan.shape), 0.0)
    own = failed.payment - at.known.standing.payment
    assert own == pytest.approx(at.world.by_state(plan))


@pytest.mark.parametrize("rule", ["nothing", "last_allocation", "go_alone"])
def test_reversion_is_carried_out_if_all_vote_no(rule):
    scenario = load("eu-status-quo").changed(
        {
            "agenda": "commission_proposal",
            "funding": "gni_key",
            "vote": "red_line",
            "access": "dedicated",
            "voting": "unanimity",
            "reversion": rule,
            "rounds_limit": 2,
            "entitlement": {"rule": "cap_sites", "sites": 1},
            "cancellation": 0.0,
        }
    )
    out = run(scenario, 2, range(6), price=False)
    assert not any(ballot.passed.any() for ballot in out.votes)
    assert (out.worlds["rounds"] == 2).all()
    if rule == "go_alone":
        assert (out.worlds["sites"] > 0).all()
        assert out.states["paid_eur_bn"] == pytest.approx(out.states["received_eur_bn"])
    else:
        assert (out.worlds["sites"] == 0).all()


def test_a_better_reversion_raises_the_price_of_votes():
    plan = table("nothing", funding="gni_key").plans.one_each(0.5)
    easy, hard = (table(rule, funding="gni_key") for rule in ("nothing", "go_alone"))
    assert hard.disagreement().sum() > easy.disagreement().sum()
    assert (hard.reserve(plan, 0.0) - easy.reserve(plan, 0.0)).mean() > 0
