"""Axioms of power indices on random games, and algorithms compared with each other and with enumeration."""

import re
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.power import Game, voting_power, weighted_power
from juste_retour.abm.politics.power import weighted as counting
from juste_retour.abm.politics.power.coalition_table import tally_of
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.enumeration import evaluate_all, evaluate_monotone
from juste_retour.abm.politics.power.game import only
from juste_retour.abm.politics.voting import voting
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule

STATES = load_members().states
SHIPPED = [rule.name for rule in voting if rule.place.split(":")[0].endswith("voting.py")]


@st.composite
def weighted_games(draw, most=7):
    weights = draw(st.lists(st.integers(0, 12), min_size=2, max_size=most).filter(any))
    return draw(st.integers(1, sum(weights))), weights


@st.composite
def double_majorities(draw, most=7):
    weights = tuple(draw(st.lists(st.integers(0, 9), min_size=1, max_size=most)))
    n = len(weights)
    return DoubleMajority(
        weights,
        draw(st.integers(0, n + 1)),
        draw(st.integers(0, sum(weights) + 1)),
        draw(st.integers(0, n + 1)),
    )


def enumerated(wins, n):
    """Winning coalitions, swings, minimal winning and minimal blocking coalitions, counted one by one."""
    everyone = frozenset(range(n))
    sets = [frozenset(i for i in range(n) if bits[i]) for bits in product((0, 1), repeat=n)]
    won = {s for s in sets if wins(s)}
    swings = [sum(1 for s in won if i in s and s - {i} not in won) for i in range(n)]
    minimal = sum(1 for s in won if all(s - {i} not in won for i in s))
    blocking = {s for s in sets if everyone - s not in won}
    minimal_blocking = sum(1 for s in blocking if all(s - {i} not in blocking for i in s))
    by_size = [sum(1 for s in won if len(s) == k) for k in range(n + 1)]
    with_each = [[sum(1 for s in won if len(s) == k and i in s) for k in range(n + 1)] for i in range(n)]
    return (
        by_size,
        with_each,
        swings,
        minimal,
        minimal_blocking,
        min((len(s) for s in blocking), default=None),
    )


@given(weighted_games())
@settings(max_examples=60)
def test_weighted_games_equal_enumeration(game):
    quota, weights = game
    power = weighted_power(quota, weights)
    n = len(weights)
    by_size, with_each, swings, minimal, blocking, smallest = enumerated(
        lambda s: sum(weights[i] for i in s) >= quota, n
    )
    assert list(power.tally.winning) == by_size
    assert [list(row) for row in power.tally.winning_with] == with_each
    assert list(power.swings) == swings
    assert (power.minimal_winning, power.minimal_blocking, power.smallest_blocking) == (
        minimal,
        blocking,
        smallest,
    )
    assert power.power_to_act == Fraction(sum(by_size), 2**n)


@given(weighted_games(most=5))
@settings(max_examples=30)
def test_shapley_value_equals_orders_of_arrival(game):
    quota, weights = game
    pivotal = [0] * len(weights)
    orders = list(permutations(range(len(weights))))
    for order in orders:
        reached = 0
        for i in order:
            reached += weights[i]
            if reached >= quota:
                pivotal[i] += 1
                break
    assert weighted_power(quota, weights).shapley_shubik == tuple(Fraction(p, len(orders)) for p in pivotal)


@given(double_majorities())
@settings(max_examples=120)
def test_double_majorities_and_their_duals_equal_enumeration(game):
    n = len(game.weights)

    def wins(s):
        heavy = sum(game.weights[i] for i in s) >= game.quota
        return (len(s) >= game.members and heavy) or len(s) >= game.sure

    for tally_game, rule in ((game, wins), (game.dual(), lambda s: not wins(frozenset(range(n)) - s))):
        by_size, with_each, _, minimal, blocking, _ = enumerated(rule, n)
        for algorithm in (counting.Sums, counting.Halves):
            tally = tally_game.tally(algorithm)
            assert list(tally.winning) == by_size
            assert [list(row) for row in tally.winning_with] == with_each
            assert (tally.minimal_winning, tally.minimal_blocking) == (minimal, blocking)


@given(weighted_games())
@settings(max_examples=60)
def test_indices_satisfy_the_axioms(game):
    quota, weights = game
    power = weighted_power(quota, weights)
    shapley, banzhaf = power.shapley_shubik, power.banzhaf
    assert sum(shapley) == 1
    assert sum(banzhaf) == 1
    for i, w in enumerate(weights):
        for j, v in enumerate(weights):
            if w == v:
                assert (shapley[i], banzhaf[i]) == (shapley[j], banzhaf[j])
            if w > v:
                assert shapley[i] >= shapley[j]
                assert banzhaf[i] >= banzhaf[j]
        if w == 0:
            assert shapley[i] == banzhaf[i] == 0
        if sum(weights) - w < quota:
            assert power.power_to_prevent[i] == 1
    dual = weighted_power(sum(weights) - quota + 1, weights)
    assert dual.shapley_shubik == shapley
    assert dual.swings == power.swings
    assert (dual.minimal_winning, dual.minimal_blocking) == (power.minimal_blocking, power.minimal_winning)


def test_null_members_do_not_change_indices():
    power = weighted_power(12, [4, 4, 4, 2, 2])
    with_null = weighted_power(12, [4, 4, 4, 2, 2, 0])
    assert with_null.shapley_shubik == (*power.shapley_shubik, 0)
    assert with_null.banzhaf == (*power.banzhaf, 0)
    assert with_null.minimal_winning == power.minimal_winning


@pytest.mark.parametrize("n", [1, 2, 3, 4, 13, 15])
@pytest.mark.parametrize("rule", SHIPPED)
def test_enumeration_agrees_with_the_count_from_conditions(rule, n):
    states = only(STATES, np.arange(n) + 5)  # a union with Germany in it
    game = Game.of(rule, states)
    expected = game.tally()
    for evaluate in (evaluate_all, evaluate_monotone):
        counted = tally_of(evaluate(game.wins, len(game.members)), len(game.members), rule)
        assert list(counted.winning) == list(expected.winning)
        assert [list(row) for row in counted.winning_with] == [list(row) for row in expected.winning_with]
        assert counted.minimal_winning == expected.minimal_winning
        assert counted.minimal_blocking == expected.minimal_blocking


def test_all_shipped_rules_but_nice_are_double_majorities():
    quick = {rule for rule in SHIPPED if Game.of(rule, STATES).double_majority() is not None}
    assert quick == set(SHIPPED) - {"nice"}


def test_nice_enumerated_agrees_with_nice_counted_by_votes():
    """Its conditions on states and people hardly bind: Germany's power is nearly that of its 29 votes alone."""
    power = voting_power("nice", STATES)
    votes = weighted_power(239, [int(v) for v in STATES.nice_votes])
    assert power.winning_coalitions <= votes.winning_coalitions
    assert power.winning_coalitions == 2_680_479
    germany = STATES.index("DE")
    assert float(power.shapley_shubik[germany]) == pytest.approx(float(votes.shapley_shubik[germany]), rel=0.02)
    assert sum(power.shapley_shubik) == 1


def test_both_counting_algorithms_agree_on_lisbon():
    found = Game.of("lisbon_qmv", STATES).double_majority()
    assert found is not None
    game = found[0]
    thousands = replace(game, weights=tuple(w // 10_000 for w in game.weights), quota=game.quota // 10_000)
    by_sums, by_halves = thousands.tally(counting.Sums), thousands.tally(counting.Halves)
    assert list(by_sums.winning) == list(by_halves.winning)
    assert [list(r) for r in by_sums.winning_with] == [list(r) for r in by_halves.winning_with]
    assert by_sums.minimal_winning == by_halves.minimal_winning
    assert by_sums.minimal_blocking == by_halves.minimal_blocking


@pytest.mark.parametrize("quota", [100, 161, 201, 310])
def test_180_members_are_counted_exactly(quota):
    heavy, light = 70, 110
    power = weighted_power(quota, [3] * heavy + [1] * light)

    def coalitions(heavy, light, least):
        return sum(
            comb(heavy, a) * comb(light, b) for a in range(heavy + 1) for b in range(light + 1) if 3 * a + b >= least
        )

    everyone = coalitions(heavy, light, quota)
    assert power.winning_coalitions == everyone
    for i, others in ((0, (heavy - 1, light)), (heavy, (heavy, light - 1))):
        without = coalitions(*others, quota)
        assert power.swings[i] == everyone - 2 * without
    assert sum(power.shapley_shubik) == 1


def test_weights_too_large_are_refused_with_a_working_divisor():
    weights = [1_000_003 + i for i in range(500)]
    with pytest.raises(BadInput, match="divide weights and quota by") as refused:
        weighted_power(sum(weights) // 2 + 1, weights)
    found = re.search("by ([0-9,]+)", str(refused.value))
    assert found is not None
    smaller = [round(w / int(found[1].replace(",", ""))) for w in weights]
    assert counting.algorithm(smaller, sum(smaller) // 2) is counting.Sums


@pytest.mark.parametrize(
    ("quota", "weights", "scaled"),
    [("0.5", ["0.25", "0.25", "0.5"], (2, [1, 1, 2])), ("1/2", ["1/3", "1/3", "1/3"], (2, [1, 1, 1]))],
)
def test_decimals_and_fractions_are_exact(quota, weights, scaled):
    assert weighted_power(quota, weights).shapley_shubik == weighted_power(*scaled).shapley_shubik


@pytest.mark.parametrize(
    ("quota", "weights", "named"),
    [
        (18, [4, 4, 4, 2, 2, 1], r"\b18\b.*\b17\b"),
        (0, [1, 1], r"quota.*\b0\b"),
        (1, [1, -1], r"\b2\b.*-1\b"),
        (1, [], "weights"),
    ],
)
def test_impossible_games_are_refused(quota, weights, named):
    with pytest.raises(BadInput, match=named):
        weighted_power(quota, weights)


def test_game_that_is_too_large_is_refused_with_a_remedy():
    with pytest.raises(BadInput, match=r"weights.*\d"):
        weighted_power(10**9, [10**8 + i for i in range(50)])


def test_user_rule_has_power_indices():
    def two_thirds_with_a_large_one(ballot, states):
        large = ballot.yes & (states.population > 40_000_000)
        return (3 * ballot.yes.sum(-1) >= 2 * states.count) & large.any(-1)

    states = only(STATES, np.arange(12))
    declared = Rule("voting", "mine", two_thirds_with_a_large_one, {}, frozenset({"monotone"}))
    silent = replace(declared, properties=frozenset())
    a, b = voting_power(declared, states), voting_power(silent, states)
    assert a.members == states.codes
    assert a.swings == b.swings
    assert a.minimal_blocking == b.minimal_blocking
    large = [states.index(code) for code in ("DE", "ES", "FR")]
    assert min(a.swings[i] for i in large) > max(s for i, s in enumerate(a.swings) if i not in large)


def test_the_commission_is_a_player_if_a_rule_uses_its_vote():
    def half_with_the_commission(ballot, states):
        enough = 2 * ballot.yes.sum(-1) > states.count
        return enough & ballot.union_yes if np.any(enough) else enough

    rule = Rule("voting", "mine", half_with_the_commission, {}, frozenset({"monotone"}))
    power = voting_power(rule, only(STATES, np.arange(5)))
    assert power.members[-1] == "EU"
    assert power.power_to_prevent[-1] == 1
