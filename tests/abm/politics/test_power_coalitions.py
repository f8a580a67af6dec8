"""Johnston, Colomer-Martínez and Owen indices, checked by published values and by enumeration."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.power import Power, voting_power, weighted_power
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.game import only, require_population
from juste_retour.abm.politics.power.weighted import Sums
from juste_retour.abm.politics.voting import voting
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule

STATES = load_members().states


@st.composite
def games(draw):
    weights = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any))
    blocs = draw(st.lists(st.integers(0, 2), min_size=len(weights), max_size=len(weights)))
    return draw(st.integers(1, sum(weights))), weights, blocs


def enumerated(wins, n):
    """The critical members of each winning coalition, by coalition."""
    sets = [frozenset(i for i in range(n) if bits[i]) for bits in product((0, 1), repeat=n)]
    return {s: {i for i in s if not wins(s - {i})} for s in sets if wins(s)}


def johnston(won, n):
    raw = [sum(Fraction(1, len(c)) for c in won.values() if i in c) for i in range(n)]
    return tuple(r / (sum(raw) or 1) for r in raw)


def owen(wins, n, blocs):
    pivots, orders = [0] * n, 0
    for order in permutations(range(n)):
        line = [blocs[i] for i in order]
        if sum(a != b for a, b in pairwise(line)) + 1 != len(set(blocs)):
            continue  # the order separates the members of a bloc
        orders += 1
        for k, i in enumerate(order):
            pivots[i] += wins(frozenset(order[: k + 1])) and not wins(frozenset(order[:k]))
    return tuple(Fraction(p, orders) for p in pivots)


@given(games())
@settings(max_examples=60, deadline=None)
def test_indices_of_weighted_games_equal_enumeration(game):
    quota, weights, blocs = game
    n = len(weights)

    def wins(s):
        return sum(weights[i] for i in s) >= quota

    power = weighted_power(quota, weights)
    won = enumerated(wins, n)
    assert power.johnston == johnston(won, n)
    minimal = [s for s, critical in won.items() if critical == s]
    assert power.colomer_martinez == tuple(
        sum(Fraction(weights[i], sum(weights[j] for j in s)) for s in minimal if i in s) / len(minimal)
        for i in range(n)
    )
    named = [[str(i + 1) for i in range(n) if blocs[i] == b] for b in set(blocs)]
    assert power.owen(named) == owen(wins, n, blocs)


@pytest.mark.parametrize(
    ("quota", "weights", "expected"),
    [
        (4, (3, 2, 1), ("2/3", "1/6", "1/6")),
        (8, (5, 3, 1), ("1/2", "1/2", "0")),
        (9, (8, 8, 1), ("1/3", "1/3", "1/3")),
    ],
)
def test_johnston_equals_the_r_package_coopgame(quota, weights, expected):
    assert weighted_power(quota, weights).johnston == tuple(map(Fraction, expected))


def test_indices_of_treaty_rules_equal_enumeration():
    """Rules of every kind: states and population, the Commission's veto, any function, and a reverse majority."""
    five = only(STATES, np.array([0, 5, 8, 10, 20]))
    for name in ("lisbon_qmv", "governing_board", "reverse_qmv", "simple_majority", "unanimity"):
        power = voting_power(name, five)
        n = len(power.members)
        table = power.coalitions.table
        order = power.coalitions.order

        def wins(s, table=table, order=order):
            position = sum(1 << order.index(i) for i in s)
            return bool(table[position >> 3] >> (position & 7) & 1)

        won = enumerated(wins, n)
        assert len(won) == power.winning_coalitions
        assert tuple(sum(i in c for c in won.values()) for i in range(n)) == power.swings
        assert power.johnston == johnston(won, n)
        blocs = [0, 0, 1, 2, 3, 4][:n]
        assert power.owen([power.members[:2]]) == owen(wins, n, blocs)


def test_enumerated_rules_keep_the_order_of_their_members():
    def weighs(ballot, states):
        return (ballot.yes * states.population).sum(-1) * 2 > states.population.sum()

    rule = Rule("voting", "weighs", weighs, {}, frozenset({"monotone"}))
    five = only(STATES, np.array([20, 5, 8, 0, 10]))
    asked = voting_power(rule, five)
    weighed = weighted_power(Fraction(int(five.population.sum()) + 1, 2), [int(n) for n in five.population], five.codes)
    assert asked.johnston == weighed.johnston
    assert asked.owen([five.codes[1:3]]) == weighed.owen([five.codes[1:3]])


@pytest.mark.slow
def test_johnston_in_the_council_sums_to_one_and_follows_population():
    power = voting_power("lisbon_qmv", STATES)
    assert sum(power.johnston) == 1
    by_people = np.argsort(STATES.population)
    assert all(np.diff([float(power.johnston[i]) for i in by_people]) >= 0)


def test_singleton_blocs_change_nothing_and_blocs_must_be_disjoint():
    power = weighted_power(6, [4, 3, 2, 1])
    assert power.owen([]) == power.owen([["2"], []]) == power.shapley_shubik
    assert power.owen([["1", "2", "3", "4"]]) == power.shapley_shubik
    for blocs, word in (([["1", "9"]], "'9'"), ([["1", "2"], ["2"]], "^2 ")):
        with pytest.raises(BadInput, match=word):
            power.owen(blocs)


def test_limits_are_refused_in_one_sentence():
    many = weighted_power(20, [1] * 35)
    for ask in (lambda: many.johnston, lambda: many.colomer_martinez, lambda: many.owen([["1", "2"]])):
        with pytest.raises(BadInput, match="27"):
            ask()
    with pytest.raises(BadInput, match="lisbon_qmv"):
        _ = voting_power("lisbon_qmv", only(STATES, np.arange(4))).colomer_martinez
    spread = [10**6 + 2**k for k in range(16)]
    with pytest.raises(BadInput, match="2,000"):
        _ = weighted_power(sum(spread) // 2, spread).colomer_martinez
    with pytest.raises(BadInput, match="this game"):
        _ = Power("", many.members, many.tally).johnston


def test_members_without_population_may_vote_if_only_states_are_counted():
    states = replace(STATES, population=np.append(STATES.population[1:], 0))
    require_population(voting["simple_majority"], states, {})
    with pytest.raises(BadInput, match="lisbon_qmv"):
        require_population(voting["lisbon_qmv"], states, {})
    assert set(voting_power("simple_majority", states).shapley_shubik) == {Fraction(1, 27)}


def test_minimal_winning_coalitions_with_and_without_sizes_agree():
    weights = [1 + i % 7 for i in range(40)]
    quota = sum(weights) // 2 + 1
    one_member_at_least = DoubleMajority(tuple(weights), 1, quota, 41)  # the same game, counted by size
    assert weighted_power(quota, weights).minimal_winning == one_member_at_least.minimal(Sums)
