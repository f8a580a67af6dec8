"""Who pays: every funding rule shares out the whole bill, by the key that it says."""

import numpy as np
import pytest

from juste_retour.abm.members import load_members
from juste_retour.abm.politics.funding import Split, funding
from juste_retour.agents.errors import BadInput

STATES = load_members().states
SPEND = np.random.default_rng(1).random((5, 27))


def split(rule, decider=-1, **settings):
    return funding[rule](STATES, decider, **settings)


@pytest.mark.parametrize("rule", [rule.name for rule in funding])
def test_every_euro_is_paid_by_someone(rule):
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
def test_the_key_by_which_states_pay(rule, key):
    one = np.eye(27)[:1]
    assert split(rule).payments(one)[0] == pytest.approx(key)
    assert split(rule).own_cost(0.0) == pytest.approx(np.maximum(key, 1e-3))
    assert split(rule).own_cost(1.0) == pytest.approx(
        1e-3
    )  # sunk: a site at home costs its state nothing more


def test_hosts_pay_their_part():
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


def test_a_treasury_that_decides_pays_all():
    one = np.eye(27)[:1]
    assert split("national", decider=9).payments(one)[0].tolist() == np.eye(27)[9].tolist()


def test_a_club_pays_for_all():
    club = split("contributors_club", members="DE, FR NL")
    inside = np.isin(STATES.codes, ["DE", "FR", "NL"])
    assert (club.key[inside] > 0).all()
    assert (club.key[~inside] == 0).all()
    assert club.key[inside] == pytest.approx(STATES.gni[inside] / STATES.gni[inside].sum())
    assert np.array_equal(split("contributors_club").key > 0, STATES.euro)
    with pytest.raises(BadInput, match=r"funding\.members.*'FX'"):
        split("contributors_club", members="DE FX")


def test_labs_money_cuts_the_hosts_bill_first():
    found = Split(0.5, 0.5, 0.0, np.full(27, 1 / 27))
    spend, pledged = np.eye(27)[:1], np.eye(27)[:1] * 0.5
    assert found.payments(spend, pledged)[0] == pytest.approx(np.full(27, 0.5 / 27))
    assert found.payments(spend, 1.2 * pledged)[0] == pytest.approx(np.full(27, 0.4 / 27))
