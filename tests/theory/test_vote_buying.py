"""Sequential vote buying: Groseclose and Snyder (1996), through the closed rule at a market for votes."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from juste_retour.abm.bargaining.agenda import agenda
from tests.theory.games import k_of
from tests.theory.vote_market import VoteMarket

CLOSED = agenda["closed_rule"]


def bought(leanings, quota, budget, prize=1e3):
    result = CLOSED(VoteMarket(leanings, k_of(quota), prize=prize, budget=budget))
    return result, result.plan[0, 1:]


@pytest.mark.parametrize(("n", "quota"), [(3, 2), (9, 5), (27, 14), (27, 15), (5, 5)])
def test_all_neutral_members_are_bought(n, quota):
    """If c members are paid, the other side must win back c - q + 1. The cost c B / (c - q + 1) is least for c = n."""
    result, paid = bought(np.zeros(n), quota, 1.0)
    assert result.passed.all()
    assert (paid > 0).all()
    assert paid == pytest.approx(1 / (n - quota + 1), abs=1e-9)
    assert paid.sum() == pytest.approx(n / (n - quota + 1), abs=1e-8)


@pytest.mark.parametrize("many", [14, 15, 20, 27])
def test_cost_by_size_of_the_coalition(many):
    market = VoteMarket(np.zeros(27), k_of(14), prize=1e3, budget=1.0)
    offer = market.proposals(market.forced)[many - 1]
    assert (offer > 0).sum() == many
    assert offer.sum() == pytest.approx(many / (many - 14 + 1), abs=1e-8)
    assert market.chance(offer) == 1
    assert market.chance(offer * 0.999) == 0  # with a little less, the second lobby wins


def test_opposed_members_are_not_bought():
    """The coalition is oversized but excludes members who are too expensive."""
    leanings = np.r_[np.zeros(7), -np.ones(2) * 5.0]
    result, paid = bought(leanings, 5, 1.0)
    assert result.passed.all()
    assert (paid > 0).sum() == 7 > 5
    assert paid[:7] == pytest.approx(1 / 3, abs=1e-9)


def test_strong_supporters_are_not_paid():
    result, paid = bought(np.full(5, 2.0), 3, 1.0)
    assert result.passed.all()
    assert (paid == 0).all()


def test_a_lobby_with_a_small_prize_does_not_pay():
    result, _ = bought(np.zeros(9), 5, 1.0, prize=1.7)  # it would cost 9 / 5
    assert not result.passed.any()
    assert bought(np.zeros(9), 5, 1.0, prize=1.9)[0].passed.all()


def cheapest_by_enumeration(leanings, quota, budget):
    """The least payment of the first lobby: a linear program for every set of members it may hold."""
    n, best = len(leanings), np.inf
    for size in range(quota, n + 1):
        for members in combinations(range(n), size):
            friends = leanings > 0
            if not all(i in members for i in np.flatnonzero(friends)):
                continue
            own = leanings[list(members)]
            sets = np.array([np.isin(range(size), c) for c in combinations(range(size), size - quota + 1)])
            answer = linprog(
                np.ones(size),
                A_ub=np.vstack([-sets.astype(float), -np.eye(size)]),
                b_ub=np.r_[sets @ own - budget, own],
            )
            best = min(best, answer.fun)
    return best


@given(st.lists(st.integers(-4, 4), min_size=3, max_size=6), st.data())
@settings(max_examples=25, deadline=None)
@pytest.mark.slow
def test_offer_is_the_cheapest_by_enumeration(leanings, data):
    quota = data.draw(st.integers(len(leanings) // 2 + 1, len(leanings)))
    leanings = np.array(leanings) / 4
    _, paid = bought(leanings, quota, 1.0)
    assert paid.sum() == pytest.approx(cheapest_by_enumeration(leanings, quota, 1.0), abs=1e-7)
