"""Mixed strategies against equilibrium conditions checked without the solver: Eraslan (2002), Montero (2006)."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.coalition import cheapest
from juste_retour.abm.bargaining.stationary_values import at_table
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.power.game import Game
from juste_retour.agents.errors import BadInput
from tests.theory.games import k_of, solved_pie, weighted

SOLVED = 1e-6


def off_equilibrium(values, chances, patience, winning):
    """Distance from the values of the best mixture of cheapest winning coalitions, by enumeration.

    Every proposer buys a set of least price among the winning ones. A linear program minimizes the largest error of
    v = p (1 - price) + (probability of being bought) delta v over all mixtures of such sets.
    """
    n = len(values)
    sets = np.array(list(product((False, True), repeat=n)))
    columns, owner = [], []
    for i in range(n):
        mine = sets[~sets[:, i]]
        with_me = mine | (np.arange(n) == i)
        price = patience * mine @ values
        price = np.where(winning(with_me), price, np.inf)
        for bought in mine[price <= price.min() + 1e-7]:
            gain = patience * bought * values
            gain[i] = 1 - gain.sum()
            columns.append(chances[i] * gain)
            owner.append(i)
    gains, owner = np.array(columns).T, np.array(owner)
    k = len(owner)
    sums = (np.arange(n)[:, None] == owner).astype(float)
    answer = linprog(
        np.r_[np.zeros(k), 1.0],
        A_ub=np.block([[gains, -np.ones((n, 1))], [-gains, -np.ones((n, 1))]]),
        b_ub=np.r_[values, -values],
        A_eq=np.c_[sums, np.zeros(n)],
        b_eq=np.ones(n),
    )
    assert answer.success
    return answer.fun


def test_equilibrium_check_rejects_other_values():
    """Eraslan's values pass the check and other values fail it."""
    chances, majority = np.array([0.6, 0.25, 0.15]), lambda s: s.sum(-1) >= 2
    assert off_equilibrium(np.array([33, 20, 20]) / 73, chances, 0.9, majority) < 1e-9
    assert off_equilibrium(np.array([0.46, 0.27, 0.27]), chances, 0.9, majority) > 1e-3


@st.composite
def games(draw):
    """A voting rule, recognition probabilities and a patience."""
    n = draw(st.integers(2, 7))
    chances = draw(st.lists(st.integers(1, 20), min_size=n, max_size=n))
    votes = np.array([draw(st.integers(1, 10)), *draw(st.lists(st.integers(0, 10), min_size=n - 1, max_size=n - 1))])
    equal = draw(st.booleans())
    votes = np.ones(n, dtype=int) if equal else votes
    quota = draw(st.integers(votes.sum() // 2 + 1, votes.sum()))
    return chances, votes, quota, draw(st.sampled_from([0.05, 0.3, 0.6, 0.9, 0.97, 0.99]))


@given(games())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_games_with_weighted_votes_and_unequal_recognition_are_solved(game):
    chances, votes, quota, patience = game
    states = players(chances)
    found = solved_pie(states, weighted(quota, votes), patience, "population")
    assert found.converged
    p = states.population / states.population.sum()
    assert off_equilibrium(found.values, p, patience, lambda s: s @ votes >= quota) < 1e-7
    assert found.values.sum() == pytest.approx(1, abs=SOLVED)  # agreement is immediate
    assert found.inclusion.min() >= 0
    assert found.inclusion.max() <= 1 + 1e-9


def test_member_that_needs_one_vote_buys_only_one():
    """All need the voter of weight 4, which needs any one of them: 4 x + y = 1 and y = (1 - 0.3 x) / 5 + 0.24 y.

    A search that misses the coalition with a single partner is wrong by 0.011 of the pie.
    """
    weights = [1, 1, 1, 2, 4]
    values = solved_pie(players(5), weighted(5, weights), 0.3).values
    assert values == pytest.approx(np.array([28, 28, 28, 28, 37]) / 149, abs=1e-9)


def test_coalition_without_price_and_without_probability_does_not_blur_the_values():
    """In this game some coalitions cost as little as the best ones and are bought never: both bounds hold at once."""
    chances, votes = [20, 15, 14, 3, 2, 18, 13], np.array([8, 3, 5, 10, 0, 4, 9])
    states = players(chances)
    values = solved_pie(states, weighted(20, votes), 0.9, "population").values
    p = states.population / states.population.sum()
    assert off_equilibrium(values, p, 0.9, lambda s: s @ votes >= 20) < 1e-12
    assert values[[0, 3]] == pytest.approx(values[6], abs=1e-12)


@pytest.mark.slow
def test_27_states_are_solved_over_all_coalitions():
    """The shares are what the mixtures pay, and neither the search nor an exchange finds a cheaper winning coalition."""
    states = load_members().states
    found, wins = solved_pie(states, "lisbon_qmv", 0.95), Game.of("lisbon_qmv", states).wins
    assert found.converged
    price, bought, own = 0.95 * found.values, found.inclusion, np.eye(27, dtype=bool)
    assert wins(found.coalitions | own).all()
    paid = bought @ price
    assert (1 - paid + price * bought.sum(0)) / 27 == pytest.approx(found.values, abs=1e-9)
    others, _ = cheapest(np.where(own, 0.0, price), wins, states, own)
    assert (paid <= (others & ~own) @ price + 1e-8).all()
    for drawn in found.coalitions[::100]:
        swapped = (drawn | own)[:, None, None] ^ own[:, None] ^ own  # one member more, fewer or exchanged
        swapped[:, range(27), range(27)] = (drawn | own)[:, None]
        cheaper = (swapped & ~own[:, None, None]) @ price < paid[:, None, None] - 1e-8
        assert not (wins(swapped) & swapped[range(27), ..., range(27)] & cheaper).any()


def test_twelve_players_of_unequal_weight_are_solved():
    """Without a comparison of all coalitions the values are 0.11 of the pie off in this game."""
    weights, chances = [1, 2, 4, 4, 2, 1, 1, 2, 1, 4, 1, 1], [35, 20, 25, 50, 36, 92, 52, 32, 95, 81, 64, 35]
    states = players(chances)
    values = solved_pie(states, weighted(15, weights), 0.98, "population").values
    p = states.population / states.population.sum()
    assert off_equilibrium(values, p, 0.98, lambda s: s @ np.array(weights) >= 15) < 1e-7


@given(games(), st.integers(0, 1000))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_values_do_not_depend_on_the_start(game, seed):
    """Eraslan and McLennan (2013): all stationary equilibria give the same values."""
    chances, votes, quota, patience = game
    states, rule = players(chances), weighted(quota, votes)

    def table(values, worlds):
        return Pie(states, rule, worlds=worlds, patience=patience, values=values)

    one = at_table(table, "population", transferable=True).values
    start = np.random.default_rng(seed).dirichlet(np.ones(len(chances)))
    other = at_table(table, "population", transferable=True, start=start).values
    assert other == pytest.approx(one, abs=SOLVED)


@pytest.mark.parametrize("patience", [0.5, 0.9])
@pytest.mark.parametrize("weights", [[2, 1, 1, 1], [3, 1, 1, 1, 1], [2, 2, 1, 1, 1], [3, 2, 2, 1, 1]])
def test_values_equal_weights_under_recognition_by_weight(weights, patience):
    """Montero (2006): in these constant-sum homogeneous games the nucleolus, an equilibrium, equals the weights."""
    rule = weighted(sum(weights) // 2 + 1, weights)
    values = solved_pie(players(weights), rule, patience, "population").values
    assert values == pytest.approx(np.array(weights) / sum(weights), abs=SOLVED)


def test_random_coalitions_are_refused():
    def noisy(values, worlds):
        return Pie(players(3), k_of(2), worlds=worlds, values=values, consensus_norm=0.5)

    with pytest.raises(BadInput, match="consensus_norm"):
        at_table(noisy, transferable=True)


@pytest.mark.parametrize("quota", [2, 3])
def test_games_with_curved_utilities_are_solved(quota):
    """Three players with different curvature: the closed rule's offers give the expected values."""
    curves = [0.5, 1.0, 0.8]

    def table(values, worlds):
        return Pie(players(3), k_of(quota), worlds=worlds, patience=0.9, values=values, curvature=curves)

    found = at_table(table, transferable=True)
    assert found.converged
    worlds = 30_000
    played = Pie(
        players(3), k_of(quota), worlds=worlds, patience=0.9, values=found.values, curvature=curves,
        coalitions=found.coalitions,
    )  # fmt: skip
    result = agenda["closed_rule"](played)
    assert result.passed.all()
    error = 5 * result.gain.std(0).max() / np.sqrt(worlds) + 1e-3
    assert result.gain.mean(0) == pytest.approx(found.values, abs=error)
