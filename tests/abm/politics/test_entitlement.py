"""Entitlement rules: each on plans over 27 states with one site each, and with too little money."""

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.entitlement import best_of, entitlement, spread
from tests.theory.test_distribution import OneSiteEach, claims, returns

MEMBERS = load_members()
STATES = MEMBERS.states
SMALLEST = 0.03


def claim(**more):
    return claims(STATES, OneSiteEach(27), **{"smallest": SMALLEST, "envelope": 10.0} | more)


def at(money, *codes):
    plan = np.zeros((1, 27))
    plan[0, [STATES.index(code) for code in codes]] = money
    return plan


@pytest.mark.parametrize("rule", [rule.name for rule in entitlement])
@pytest.mark.parametrize("money", [0.0, 0.02, 0.5, 5.0])
def test_plans_stay_within_the_envelope_and_above_the_smallest_size(rule, money):
    for envelope in (10.0, 0.1, 0.0, -2e-15):
        mine = claim(envelope=envelope)
        plan = np.minimum(at(money, "DE", "MT"), max(envelope, 0.0) / 2)
        out = entitlement[rule](plan, mine)
        assert out.sum() <= max(envelope, 0.0) * (1 + 1e-9)
        assert (out >= 0).all()
        assert ((out == 0) | (out >= SMALLEST) | (out == plan)).all()


def test_none_does_not_change_the_plan():
    plan = at(3.0, "SE")
    assert entitlement["none"](plan, claim()) is plan


def test_juste_retour_returns_amounts_large_enough_for_a_site():
    mine = claim()
    out = entitlement["juste_retour"](at(8.0, "DE"), mine, least_return=0.8)
    back, owed = returns(out, mine)[0], 0.8 * STATES.gni / STATES.gni.sum() * out.sum()
    large = owed >= SMALLEST
    assert (back[large] >= 0.8 - 1e-9).all()
    assert (out[0][~large] == 0).all()
    assert 3 < large.sum() < 27


def test_earlier_returns_count():
    received, paid = np.zeros((1, 27)), np.full((1, 27), 0.5)
    received[0, 3] = 5.0
    out = entitlement["juste_retour"](at(1.0, "DE"), claim(received=received, paid=paid))
    assert out[0, 3] == 0
    assert (np.delete(out[0], [3, 5]) > 0).all()


def test_georeturn_ignores_small_imbalances():
    paid = np.full((1, 27), 1.0)
    received = np.where(np.arange(27) < 13, 0.7, 0.9)[None]
    mine = claim(received=received, paid=paid, envelope=100.0)
    out = entitlement["georeturn"](np.zeros((1, 27)), mine, floor=0.8)
    assert returns(out, mine)[0, :13] == pytest.approx(
        1, abs=1e-3
    )  # all that it paid, including the payments for its return
    assert (out[0, 13:] == 0).all()
    juste = entitlement["juste_retour"](np.zeros((1, 27)), mine, least_return=0.8)
    assert returns(juste, mine)[0, :13] == pytest.approx(0.8, abs=1e-3)
    assert juste.sum() < out.sum()


def test_one_each_gives_the_smallest_site_to_states_without_one():
    hosted = np.zeros((1, 27), dtype=np.int64)
    hosted[0, 7] = 1
    out = entitlement["one_each"](at(9.9, "DE"), claim(hosted=hosted))
    assert (out > 0).sum() == 26
    assert out[0, 7] == 0
    assert out.sum() == pytest.approx(9.9 * 0 + 25 * SMALLEST + (10 - 25 * SMALLEST))


def test_cap_sites_keeps_the_highest_scores():
    mine = claim()
    object.__setattr__(mine, "score", np.arange(27.0)[None])
    plan = np.full((1, 27), 0.2)
    out = entitlement["cap_sites"](plan, mine, sites=4)
    assert np.flatnonzero(out[0]).tolist() == [23, 24, 25, 26]
    assert out.max() == 0.2
    hosted = np.zeros((1, 27), dtype=np.int64)
    hosted[0, :3] = 1
    object.__setattr__(mine, "hosted", hosted)
    assert (entitlement["cap_sites"](plan, mine, sites=4) > 0).sum() == 1


def test_cohesion_gives_poorer_states_a_share_by_population():
    poor = STATES.gdp / STATES.population < STATES.gdp.sum() / STATES.population.sum()
    out = entitlement["cohesion"](at(10.0, "DE"), claim(), least_share=0.3)
    assert out.sum() == pytest.approx(10.0)
    assert out[0, poor].sum() >= 3.0 - 1e-9
    assert out[0, STATES.index("DE")] == pytest.approx(10.0 - out[0, poor].sum())
    two = [STATES.index("PL"), STATES.index("ES")]
    assert out[0, two[0]] / out[0, two[1]] == pytest.approx(STATES.population[two[0]] / STATES.population[two[1]])
    enough = at(5.0, "PL", "DE")
    assert np.array_equal(entitlement["cohesion"](enough, claim(), least_share=0.3), enough)


def test_claims_beyond_the_envelope_are_met_largest_first_if_shares_would_be_too_small():
    owed = np.zeros((1, 27))
    owed[0, :4] = [0.05, 0.08, 0.06, 0.04]
    mine = claim(envelope=0.15)
    shrunk = mine.with_sites(np.zeros((1, 27)), 10 * owed)  # all in proportion
    assert shrunk.sum() == pytest.approx(0.15)
    out = claim(envelope=0.1).with_sites(np.zeros((1, 27)), owed)[0]
    assert out[:4].tolist() == [0, 0.08, 0, 0]
    out = claim(envelope=0.145).with_sites(np.zeros((1, 27)), np.where(owed > 0, 0.045, 0.0))[0]
    assert out[:4] == pytest.approx(np.full(4, 0.145 / 4))


def test_best_free_site_of_each_state():
    sites, lot = MEMBERS.sites, np.zeros((2, MEMBERS.sites.count))
    score = np.random.default_rng(2).random((2, sites.count))
    free = np.random.default_rng(3).random((2, sites.count)) < 0.7
    best = best_of(score, free, sites, STATES, lot)
    for w in range(2):
        for i in range(27):
            own = np.flatnonzero((sites.state == i) & free[w])
            expected = own[score[w, own].argmax()] if len(own) else -1
            assert best[w, i] == expected
    assert spread(np.ones((2, 27)), best, sites.count).sum() == (best >= 0).sum()
