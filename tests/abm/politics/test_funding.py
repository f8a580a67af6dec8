"""Funding rules: who pays which share of the bill."""

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.funding import Split, funding, within_limits
from juste_retour.agents.errors import BadInput

STATES = load_members().states
SPEND = np.random.default_rng(1).random((5, 27))


def split(rule, decider=-1, **settings):
    return funding[rule](STATES, decider, **settings)


@pytest.mark.parametrize("rule", [rule.name for rule in funding])
def test_payments_sum_to_spending(rule):
    found = split(rule)
    private = found.private * SPEND.sum(-1)
    assert found.host + found.union + found.private == pytest.approx(1)
    assert found.key.sum() == pytest.approx(1)
    assert found.payments(SPEND).sum(-1) + private == pytest.approx(SPEND.sum(-1))
    pledged = SPEND * 0.3 * (1 - found.private)
    assert found.payments(SPEND, pledged).sum(-1) == pytest.approx((SPEND - pledged).sum(-1) - private)
    assert (found.payments(SPEND, pledged) <= found.payments(SPEND) + 1e-12).all()


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("gni_key", STATES.gni / STATES.gni.sum()),
        ("equal_shares", np.full(27, 1 / 27)),
        ("national", STATES.gdp / STATES.gdp.sum()),
    ],
)
def test_keys_divide_the_unions_part(rule, key):
    one = np.eye(27)[:1]
    assert split(rule).payments(one)[0] == pytest.approx(key)
    assert split(rule).own_cost(0.0) == pytest.approx(np.maximum(key, 1e-3))
    assert split(rule).own_cost(1.0) == pytest.approx(1e-3)  # with sunk money a site costs its own state nothing more


def test_hosts_pay_their_share():
    one = np.eye(27)[5:6]
    assert split("hosts_only").payments(one)[0].tolist() == one[0].tolist()
    half = split("host_matches_half").payments(one)[0]
    assert half[5] == pytest.approx(0.5 + 0.5 * STATES.gni[5] / STATES.gni.sum())
    third = split("host_matches_half", union_share=1 / 3).payments(one)[0]
    assert third[5] > half[5]
    assert split("host_matches_half").own_cost(1.0) == pytest.approx(0.5)
    sixth = split("consortium")
    assert (sixth.host, sixth.union) == (0.17, 0.17)
    assert sixth.private == pytest.approx(0.66)


def test_the_deciding_state_pays_everything():
    one = np.eye(27)[:1]
    assert split("national", decider=9).payments(one)[0].tolist() == np.eye(27)[9].tolist()


def test_club_members_pay_everything():
    club = split("contributors_club", members="DE, FR NL")
    inside = np.isin(STATES.codes, ["DE", "FR", "NL"])
    assert (club.key[inside] > 0).all()
    assert (club.key[~inside] == 0).all()
    assert club.key[inside] == pytest.approx(STATES.gni[inside] / STATES.gni[inside].sum())
    assert np.array_equal(split("contributors_club").key > 0, STATES.euro)
    with pytest.raises(BadInput, match=r"funding\.members.*'FX'"):
        split("contributors_club", members="DE FX")


def test_labs_money_reduces_the_hosts_bill_first():
    found = Split(0.5, 0.5, 0.0, np.full(27, 1 / 27))
    spend, pledged = np.eye(27)[:1], np.eye(27)[:1] * 0.5
    assert found.payments(spend, pledged)[0] == pytest.approx(np.full(27, 0.5 / 27))
    assert found.payments(spend, 1.2 * pledged)[0] == pytest.approx(np.full(27, 0.4 / 27))


def limits(share=0.001):
    return share * STATES.gdp


@pytest.mark.parametrize("rule", list(funding), ids=lambda rule: rule.name)
def test_hosts_never_pay_above_their_limit(rule):
    sites = load_members().sites
    split = rule(STATES, 3)
    rng = np.random.default_rng(2)
    received = rng.exponential(0.1, (40, STATES.count))
    plan = np.where(rng.random((40, sites.count)) < 0.3, rng.exponential(0.5, (40, sites.count)), 0.0)
    room = split.room(limits(), received)
    kept = within_limits(plan, room, sites.state, 0.065)
    there = np.stack([kept[:, sites.state == i].sum(-1) for i in range(STATES.count)], axis=-1)
    already = np.broadcast_to(split.host, received.shape) * received
    pays = np.broadcast_to(split.host, received.shape) * there
    assert (pays <= np.maximum(limits() - already, 0.0) + 1e-12).all()
    assert (kept <= plan).all()
    assert (kept[(kept < plan) & (kept > 0)] >= 0.065).all()
    if not np.any(np.asarray(split.host) > 0):
        assert kept is plan  # a state that pays nothing as a host has no limit
    else:
        assert (kept < plan).any()


def test_largest_sites_are_served_first_and_too_small_ones_dropped():
    plan = np.array([[0.5, 0.3, 0.2, 0.4], [0.1, 0.1, 0.1, 0.4]])
    room = np.array([[0.7, 0.0], [0.7, 1.0]])
    kept = within_limits(plan, room, np.array([0, 0, 0, 1]), 0.1)
    assert kept[0] == pytest.approx([0.5, 0.2, 0.0, 0.0])
    assert kept[1].tolist() == plan[1].tolist()
    assert within_limits(plan, room, np.array([0, 0, 0, 1]), 0.25)[0].tolist() == [0.5, 0.0, 0.0, 0.0]


def test_limits_do_not_depend_on_other_worlds():
    sites = load_members().sites
    rng = np.random.default_rng(5)
    plan = np.where(rng.random((30, sites.count)) < 0.4, rng.exponential(0.5, (30, sites.count)), 0.0)
    room = rng.exponential(0.5, (30, STATES.count))
    whole = within_limits(plan, room, sites.state, 0.065)
    for w in range(30):
        assert np.array_equal(within_limits(plan[w : w + 1], room[w : w + 1], sites.state, 0.065)[0], whole[w])
