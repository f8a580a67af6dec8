"""Bargaining over a pie, compared with the closed forms of theory.

The closed and open rules are the protocols of the Council's scenarios, played at a table that divides a pie. Closed
forms hold to 1e-9 for given expectations, and to 1e-6 for solved expectations.
"""

import numpy as np
import pytest

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.stationary_values import (
    Equilibrium,
    NotConverged,
    at_table,
)
from juste_retour.abm.bargaining.tables.line import Line
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import players
from tests.theory.closed_forms import floor_value, in_turn
from tests.theory.games import k_of, solved_pie, weighted

CLOSED, OPEN = agenda["closed_rule"], agenda["open_rule"]
EXACT, SOLVED = 1e-9, 1e-6


# Baron and Ferejohn's closed rule
@pytest.mark.parametrize(
    ("n", "q", "patience", "proposer", "partner"),
    [
        (3, 2, 1, 0.666667, 0.333333),
        (3, 2, 0.9, 0.7, 0.3),
        (5, 3, 1, 0.6, 0.2),
        (5, 3, 0.8, 0.68, 0.16),
        (27, 14, 1, 0.518519, 0.037037),
        (27, 14, 0.9, 0.566667, 0.033333),
        (27, 15, 1, 0.481481, 0.037037),
        (27, 15, 0.9, 0.533333, 0.033333),
        (27, 27, 0.9, 0.133333, 0.033333),
        (101, 51, 1, 0.50495, 0.009901),
    ],
)
def test_closed_rule_shares_equal_baron_ferejohn(n, q, patience, proposer, partner):
    worlds = 4000 if n < 30 else 200
    table = Pie(players(n), k_of(q), worlds=worlds, patience=patience, values=np.full(n, 1 / n), seed=n)
    result = CLOSED(table)
    shares = np.sort(result.plan, axis=-1)[:, ::-1]
    assert result.passed.all()  # agreement is immediate
    assert shares[:, 0] == pytest.approx(1 - patience * (q - 1) / n, abs=EXACT)
    assert shares[0, :2] == pytest.approx([proposer, partner], abs=1e-6)
    assert shares[:, 1:q] == pytest.approx(patience / n, abs=EXACT)
    assert (shares[:, q:] == 0).all()  # the coalition is minimal winning
    assert (result.yes.sum(-1) == q).all()
    spread = result.plan.std(0).max() / np.sqrt(worlds)
    assert result.plan.mean(0) == pytest.approx(1 / n, abs=5 * spread + EXACT)  # expectations are correct


@pytest.mark.parametrize(("n", "q", "patience"), [(3, 2, 0.9), (4, 3, 0.5), (27, 27, 0.9)])
def test_solved_values_are_equal_for_equal_players(n, q, patience):
    found = solved_pie(players(n), k_of(q), patience)
    assert found.converged
    assert found.values == pytest.approx(1 / n, abs=SOLVED)


def test_proposers_share_decreases_in_quota_and_patience():
    def share(q, patience):
        table = Pie(players(9), k_of(q), patience=patience, values=np.full(9, 1 / 9))
        return CLOSED(table).plan.max()

    for patience in (0.5, 0.9, 1.0):
        assert (np.diff([share(q, patience) for q in range(2, 10)]) < 0).all()
    for q in (3, 5, 9):
        assert (np.diff([share(q, patience) for patience in (0.2, 0.5, 0.9, 1.0)]) < 0).all()


def test_equilibrium_coalitions_give_the_expected_shares():
    found = solved_pie(players(5), k_of(3), 0.8)
    table = Pie(
        players(5),
        k_of(3),
        worlds=20_000,
        patience=0.8,
        values=found.values,
        coalitions=found.coalitions,
        seed=2,
    )
    result = CLOSED(table)
    assert result.passed.all()
    assert result.plan.mean(0) == pytest.approx(0.2, abs=0.01)


# The open rule
@pytest.mark.parametrize("patience", [0.05, 0.3, 0.7, 0.73, 0.74, 0.8, 0.9, 1.0])
def test_open_rule_value_of_the_floor(patience):
    value, _, satisfied = floor_value(3, 1, patience)
    one = 2 / (4 + 2 * patience - patience**2)
    two = 1 / (1 + 2 * patience)
    assert satisfied == (1 if patience > np.sqrt(3) - 1 else 2)
    assert value == pytest.approx(one if satisfied == 1 else two, abs=EXACT)
    assert value < 1 - patience / 3  # less than the proposer gets under the closed rule


@pytest.mark.parametrize(("n", "patience"), [(3, 0.4), (5, 0.2), (9, 0.1)])
def test_value_of_the_floor_if_the_mover_satisfies_all(n, patience):
    value, _, satisfied = floor_value(n, n // 2, patience)
    assert satisfied == n - 1
    assert value == pytest.approx(1 / (1 + patience * (n - 1)), abs=EXACT)


@pytest.mark.parametrize(
    ("patience", "shares", "value"),
    [
        (0.7, (0.416667, 0.291667, 0.291667), 0.416667),
        (0.8, (0.677419, 0.322581, 0), 0.403226),
        (1.0, (0.6, 0.4, 0), 0.4),
    ],
)
def test_open_rule_play_matches_the_value_of_the_floor(patience, shares, value):
    worth = floor_value(3, 1, patience)
    table = Pie(players(3), k_of(2), worlds=40_000, patience=patience, values=np.zeros(3), floor_value=worth[:2])
    table.forced = np.zeros(40_000, dtype=np.int64)
    result = OPEN(table, amendments=40)
    assert result.passed.all()
    assert np.sort(result.plan, axis=-1)[:, ::-1] == pytest.approx(np.broadcast_to(shares, (40_000, 3)), abs=1e-6)
    first = result.plan[:, 0] * patience**result.delay
    assert first.mean() == pytest.approx(value, abs=5 * first.std() / 200 + 1e-6)
    if patience == 0.7:
        assert (result.delay == 0).all()
    else:
        assert (result.delay == 0).mean() == pytest.approx(0.5, abs=0.02)


# Recognition that is not equal
def test_frequent_proposers_are_bought_less_often():
    found = solved_pie(players([45, 35, 20]), k_of(2), 0.9, "population")
    assert found.values == pytest.approx(1 / 3, abs=SOLVED)
    p = np.array([0.45, 0.35, 0.20])
    bought = (p[:, None] * found.inclusion).sum(0)
    assert bought == pytest.approx((1 - p * (3 - 0.9)) / 0.9, abs=SOLVED)
    assert bought == pytest.approx([0.061111, 0.294444, 0.644444], abs=SOLVED)


def test_dominant_proposer_is_never_bought():
    found = solved_pie(players([80, 10, 10]), k_of(2), 0.9, "population")
    assert found.values == pytest.approx([0.6875, 0.15625, 0.15625], abs=SOLVED)
    assert found.inclusion[:, 0].max() < SOLVED


def test_minor_proposers_mix_against_a_dominant_one():
    found = solved_pie(players([60, 25, 15]), k_of(2), 0.9, "population")
    assert found.values == pytest.approx([0.452055, 0.273973, 0.273973], abs=SOLVED)
    assert found.regret <= EXACT


def test_payoffs_are_unique_for_any_recognition_and_start():
    states = players([47, 32, 21])
    found = at_table(
        lambda values, worlds: Pie(states, k_of(2), worlds=worlds, patience=0.9, values=values),
        "population",
        transferable=True,
        start=np.array([0.05, 0.05, 0.9]),
    )
    assert found.values == pytest.approx(1 / 3, abs=SOLVED)


# Unanimity
@pytest.mark.parametrize("patience", [0.5, 0.9, 1.0])
def test_values_under_unanimity_equal_recognition_probabilities(patience):
    states = players([50, 30, 20])
    values = solved_pie(states, "unanimity", patience, "population").values
    assert values == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)
    table = Pie(states, "unanimity", worlds=3, patience=patience, values=[0.5, 0.3, 0.2])
    table.forced = np.arange(3)
    result = CLOSED(table)
    assert result.passed.all()
    assert np.diag(result.plan) == pytest.approx(1 - patience * (1 - np.array([0.5, 0.3, 0.2])), abs=EXACT)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_patient_unanimity_equals_the_nash_solution(n):
    bargained = solved_pie(players(n), "unanimity", 1.0).values
    mediated = agenda["nash_bargaining"](Pie(players(n), "unanimity")).plan[0]
    assert bargained == pytest.approx(1 / n, abs=1e-6)
    assert mediated == pytest.approx(bargained, abs=1e-6)


# Weighted games
@pytest.mark.parametrize("by", ["population", "equal"])
def test_apex_game_values(by):
    weights = [3, 1, 1, 1, 1]
    found = solved_pie(players(weights), weighted(4, weights), 0.9, by)
    assert found.values == pytest.approx(np.array(weights) / 7, abs=SOLVED)
    assert found.regret <= EXACT
    for coalition in found.coalitions[-50:]:  # every paid member is needed
        for i in range(5):
            members = coalition[i].copy()
            members[i] = True
            size = members @ np.array(weights)
            assert size >= 4
            assert all(size - weights[j] < 4 for j in np.flatnonzero(coalition[i]))
    apex = found.inclusion[1:, 0].mean()  # the split between the minor players is not determined
    assert apex == pytest.approx({"equal": 0.824074, "population": 0.25}[by], abs=SOLVED)


def test_best_response_iteration_cycles_in_the_apex_game():
    """Without mixing, best responses to the latest values cycle in the apex game."""
    weights = np.array([3, 1, 1, 1, 1])
    values, path = weights / 7 + np.array([0.02, 0, 0, 0, -0.02]), []
    for _ in range(60):
        table = Pie(players(5), weighted(4, weights), worlds=5, patience=0.9, values=values)
        table.forced = np.arange(5)
        values = CLOSED(table).plan.mean(0)
        path.append(values)
    assert np.abs(np.array(path[-20:]) - weights / 7).max() > 0.05


def test_values_of_a_search_that_did_not_converge_are_refused():
    found = Equilibrium(np.ones(3), np.ones((3, 3)), np.ones((1, 3, 3), bool), 0.25, 7, False)
    with pytest.raises(NotConverged, match=r"\b7\b.*25\.0.*expect.*'adaptive'"):
        _ = found.values
    states = players([45, 35, 20])
    short = at_table(
        lambda values, worlds: Pie(states, k_of(2), worlds=worlds, patience=0.9, values=values),
        "population",
        transferable=True,
        rounds=1,
    )
    assert not short.converged
    with pytest.raises(NotConverged):
        _ = short.values


# Alternating offers
def alternating(patience, outside=None):
    """Values when two players propose in turn: (who proposes, player)."""
    return in_turn(
        lambda values, worlds: Pie(
            players(2), "unanimity", worlds=worlds, patience=patience, values=values, outside=outside
        )
    )


@pytest.mark.parametrize(
    ("patience", "share"),
    [
        ((0.9, 0.9), 0.526316),
        ((0.8, 0.9), 0.357143),
        ((0.9, 0.8), 0.714286),
        ((0.99, 0.99), 0.502513),
        ((0.5, 0.5), 0.666667),
    ],
)
def test_alternating_offers_equal_rubinstein(patience, share):
    """Rubinstein (1982): two players propose in turn, each with its own patience."""
    values = alternating(patience)
    first, second = patience
    assert values[0, 0] == pytest.approx((1 - second) / (1 - first * second), abs=EXACT)
    assert values[0, 0] == pytest.approx(share, abs=1e-6)
    assert values[1, 1] == pytest.approx((1 - first) / (1 - first * second), abs=EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("outside", [0.0, 0.2, 0.45, 0.473, 0.48, 0.6, 0.9])
@pytest.mark.parametrize("patience", [0.9, 0.99])
def test_outside_option_matters_only_if_it_binds(outside, patience):
    """Binmore, Shaked and Sutton (1989): the responder gets the larger of its bargaining share and the outside option."""
    values = alternating(patience, [0.0, outside])
    assert values[0, 1] == pytest.approx(max(patience / (1 + patience), outside), abs=EXACT)
    assert values[0].sum() == pytest.approx(1, abs=EXACT)


@pytest.mark.parametrize("outside", [0.0, 0.3, 0.45, 0.5, 0.7])
def test_outside_option_with_random_recognition(outside):
    patience = 0.9
    found = at_table(
        lambda values, worlds: Pie(
            players(2), "unanimity", worlds=worlds, patience=patience, values=values, outside=[0.0, outside]
        ),
        transferable=True,
    )
    binding = outside > patience / 2
    first = (1 - outside) / (2 - patience) if binding else 0.5
    assert found.values == pytest.approx([first, 1 - first], abs=EXACT)


# Uncertain votes
def test_uncertain_votes_lead_to_oversized_coalitions():
    """Groseclose and Snyder (1996): with uncertain votes a proposer buys more of them than it needs."""
    n, q = 27, 15

    def play(rule, **more):
        result = CLOSED(Pie(players(n), k_of(q), worlds=60, values=np.full(n, 1 / n), vote_rule=rule, **more))
        return (result.plan > EXACT).sum(-1), result.plan.max(-1)

    coalition, rent = play("self_interest")
    assert (coalition == q).all()
    larger, lower = play("probabilistic", vote_settings={"noise": 0.1})
    assert (larger >= q).all()
    assert larger.mean() > q + 0.5
    assert lower.mean() < rent.mean() - 0.1


# Comparative statics
def test_single_decider_takes_all():
    table = Pie(players(3), lambda ballot, states: ballot.yes[..., 0], values=np.full(3, 1 / 3))
    table.forced = np.zeros(1, dtype=np.int64)
    assert CLOSED(table).plan[0] == pytest.approx([1, 0, 0], abs=EXACT)


def test_impatient_members_get_nothing():
    result = CLOSED(Pie(players(5), k_of(3), worlds=50, patience=0.0, values=np.full(5, 0.2)))
    assert result.passed.all()
    assert result.plan.max(-1) == pytest.approx(1.0, abs=EXACT)


def test_better_outside_option_raises_the_price_and_lowers_inclusion():
    def bought(outside):
        no_deal = np.array([outside, 0.0, 0.0, 0.0, 0.0])
        table = Pie(players(5), k_of(3), worlds=4000, no_deal=no_deal, values=np.full(5, 0.1))
        table.forced = np.full(4000, 4)
        return (CLOSED(table).plan[:, 0] > 0).mean()

    assert bought(0.0) == pytest.approx(0.5, abs=0.05)
    assert bought(0.15) == 0
    everyone = Pie(players(3), k_of(3), no_deal=[0.15, 0, 0], values=np.zeros(3))
    everyone.forced = np.array([2])
    assert CLOSED(everyone).plan[0] == pytest.approx([0.15, 0, 0.85], abs=EXACT)


# Banks and Duggan
@pytest.mark.parametrize(
    ("patience", "median", "reach"),
    [(0.9, 1 / 3, 0.25), (0.99, 1 / 3, 0.0294118), (0.95, 0.2, 0.208333), (0.9, 0.6, 0.15625)],
)
def test_stationary_bargaining_on_a_line_equals_banks_duggan(patience, median, reach):
    side = (1 - median) / 2
    states = players([side, median, side])
    ideals = [0.0, 0.5, 1.0]
    found = at_table(
        lambda values, worlds: Line(states, ideals, k_of(2), worlds=worlds, patience=patience, values=values),
        "population",
        transferable=False,
    )
    table = Line(states, ideals, k_of(2), worlds=3, patience=patience, values=found.values)
    table.forced = np.arange(3)
    result = CLOSED(table)
    assert result.passed.all()
    assert result.plan[:, 0] == pytest.approx([0.5 - reach, 0.5, 0.5 + reach], abs=SOLVED)
