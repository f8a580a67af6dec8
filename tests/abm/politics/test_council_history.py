"""The Council's voting rules since 1995: votes, quotas and voting power."""

from datetime import date
from itertools import combinations

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.council_history import RULES, known_states, rule_in_force
from juste_retour.abm.politics.power import voting_power
from juste_retour.abm.politics.power.double_majority import DoubleMajority


@pytest.mark.parametrize(
    ("day", "states", "votes", "quota"),
    [
        (date(1996, 2, 7), 15, 87, 62),
        (date(2004, 4, 30), 15, 87, 62),
        (date(2004, 5, 1), 25, 124, 88),
        (date(2004, 11, 1), 25, 321, 232),
        (date(2007, 1, 1), 27, 345, 255),
        (date(2013, 7, 1), 28, 352, 260),
        (date(2014, 10, 31), 28, 352, 260),
    ],
)
def test_votes_and_quotas_equal_the_treaties(day, states, votes, quota):
    rule = rule_in_force(day)
    assert (len(rule.members), sum(rule.game.weights), rule.game.quota) == (states, votes, quota)


def test_double_majority_power_equals_the_voting_rules():
    states = load_members().states
    power = voting_power("lisbon_qmv", states)
    expected = dict(zip(power.members, map(float, power.shapley_shubik), strict=True))
    assert rule_in_force(None).shapley_shubik == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.since))
def test_power_sums_to_one_and_increases_with_votes(rule):
    power = [rule.shapley_shubik[member] for member in rule.members]
    assert sum(power) == pytest.approx(1)
    order = np.argsort(rule.game.weights, kind="stable")
    assert (np.diff(np.array(power)[order]) >= 0).all()
    assert set(rule.unanimity.shapley_shubik.values()) == {1 / len(rule.members)}


def test_later_members_imply_the_later_rule():
    day = date(2003, 9, 30)
    assert rule_in_force(day, ["DE", "FR"]).since == date(1995, 1, 1)
    assert rule_in_force(day, ["DE", "PL"]).since == date(2004, 5, 1)
    assert rule_in_force(day, ["RO"]).since == date(2007, 1, 1)
    assert rule_in_force(None, ["UK"]).since == date(2014, 11, 1)
    assert rule_in_force(day, ["XX"]).since == date(1995, 1, 1)
    assert {"UK", "HR", "EL"} < known_states()


def test_passes_agrees_with_the_tally():
    for game in (DoubleMajority((5, 3, 2, 2), 2, 7, 4), DoubleMajority((1, 1, 1, 1), 0, 3, 5)):
        winning = [0] * 5
        for size in range(5):
            for members in combinations(game.weights, size):
                winning[size] += bool(game.passes(np.array(size), np.array(sum(members))))
        assert winning == list(game.tally().winning)
