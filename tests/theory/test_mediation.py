"""Mediation: the Nash and Kalai-Smorodinsky solutions, and Nash's axioms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import players

MEDIATE = agenda["nash_bargaining"]
CLOSE = 1e-6


def shares(table, **how):
    result = MEDIATE(table, **how)
    assert result.passed.all()
    return result.plan[0]


@pytest.mark.parametrize(
    ("power", "first", "second", "share"), [(0.5, 0.2, 0.1, 0.55), (0.7, 0, 0, 0.7), (0.7, 0.1, 0.3, 0.52)]
)
def test_two_players_reach_the_asymmetric_nash_solution(power, first, second, share):
    table = Pie(players([power, 1 - power]), "unanimity", no_deal=[first, second])
    assert shares(table, power="contribution")[0] == pytest.approx(share, abs=CLOSE)


def test_a_risk_averse_player_gets_less():
    assert shares(Pie(players(2), "unanimity", curvature=[0.5, 1.0]))[0] == pytest.approx(1 / 3, abs=CLOSE)


@settings(max_examples=6)
@given(st.integers(2, 4), st.floats(0, 1), st.integers(0, 1000))
def test_nash_solution_is_efficient_and_symmetric(n, alike, seed):
    """Everyone gets its no-deal payoff and an equal part of the rest."""
    no_deal = np.random.default_rng(seed).random(n) * 0.9 / n * (1 - alike)
    found = shares(Pie(players(n), "unanimity", no_deal=no_deal))
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert found == pytest.approx(no_deal + (1 - no_deal.sum()) / n, abs=1e-5)


class Scaled(Pie):
    """A pie whose first player's utility has another scale and another zero."""

    def utility(self, offer):
        return super().utility(offer) * np.array([7.0, 1.0]) + np.array([3.0, 0.0])

    def disagreement(self, sunk=0.0):
        return super().disagreement(sunk) * np.array([7.0, 1.0]) + np.array([3.0, 0.0])


def test_nash_solution_is_independent_of_scale():
    terms = {"no_deal": [0.1, 0.2], "curvature": [0.6, 1.0]}
    plain = shares(Pie(players(2), "unanimity", **terms))
    assert shares(Scaled(players(2), "unanimity", **terms)) == pytest.approx(plain, abs=1e-5)


class Capped(Pie):
    """A pie of which the first player may have at most `most`."""

    most = 0.9

    def valid(self, offer):
        first = np.minimum(super().valid(offer)[:, :1], self.most)
        return np.concatenate([first, 1 - first], axis=-1)

    def menu(self):
        return [self.valid(offer) for offer in super().menu()]


@pytest.mark.parametrize("most", [0.9, 0.6])
def test_irrelevant_alternatives_do_not_matter(most):
    whole = shares(Pie(players(2), "unanimity", no_deal=[0.2, 0.1]))
    table = Capped(players(2), "unanimity", no_deal=[0.2, 0.1])
    table.most = most
    assert shares(table) == pytest.approx(whole, abs=1e-5)


def test_kalai_smorodinsky_gives_equal_shares_of_ideal_gains():
    how = {"solution": "kalai_smorodinsky"}
    assert shares(Pie(players(2), "unanimity", no_deal=[0.2, 0.1]), **how)[0] == pytest.approx(0.55, abs=1e-3)
    curved = Pie(players(2), "unanimity", curvature=[0.5, 1.0])  # sqrt(x) = 1 - x
    assert shares(curved, **how)[0] == pytest.approx((3 - np.sqrt(5)) / 2, abs=1e-3)
    capped = Capped(players(2), "unanimity")  # a lower maximum lowers the share, unlike in Nash's solution
    capped.most = 0.5
    assert shares(capped, **how)[0] == pytest.approx(1 / 3, abs=1e-3)
    capped = Capped(players(2), "unanimity")
    capped.most = 0.5
    assert shares(capped)[0] == pytest.approx(0.5, abs=1e-5)
