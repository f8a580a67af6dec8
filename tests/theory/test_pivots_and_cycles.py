"""Gridlock on a line (Krehbiel 1998), and the probability of majority cycles (Condorcet)."""

from fractions import Fraction
from itertools import permutations, product
from math import factorial

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.ballot_analysis import pivots
from juste_retour.abm.politics.power.game import Game, only
from juste_retour.abm.politics.relocation import condorcet_winner
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule

STATES = load_members().states


def k_of(k):
    return Rule("voting", f"{k}_agree", lambda ballot, states: ballot.yes.sum(-1) >= k, {}, frozenset({"monotone"}))


@pytest.mark.parametrize(("n", "k", "left", "right"), [(7, 5, 3, 5), (27, 15, 13, 15), (27, 27, 1, 27), (7, 4, 4, 4)])
def test_gridlock_interval_of_k_of_n(n, k, left, right):
    states = only(STATES, np.arange(n))
    shuffled = np.random.default_rng(3).permutation(n)
    found = pivots(k_of(k), states, shuffled)
    assert [shuffled[states.index(code)] + 1 for code in found] == [left, right]


def test_lisbon_pivots_follow_from_states_and_population():
    positions = np.random.default_rng(11).random(27)
    order = np.argsort(positions)
    n, everyone = 27, STATES.population.sum()

    def enough(group):
        people = STATES.population[group].sum()
        return (20 * len(group) >= 11 * n and 20 * people >= 13 * everyone) or len(group) > n - 4

    left = max(i for i in range(n) if enough(order[i:]))
    right = min(i for i in range(n) if enough(order[: i + 1]))
    assert pivots("lisbon_qmv", STATES, positions) == (STATES.codes[order[left]], STATES.codes[order[right]])
    assert positions[order[left]] < positions[order[right]]


@pytest.mark.parametrize("rule", ["lisbon_qmv", "reinforced_qmv", "unanimity", "nice"])
def test_only_a_status_quo_outside_the_pivots_is_changed(rule):
    positions = np.random.default_rng(5).random(27)
    left, right = (positions[STATES.index(code)] for code in pivots(rule, STATES, positions))
    wins = Game.of(rule, STATES).wins

    def is_stable(status_quo):
        return not wins((positions > status_quo)[None])[0] and not wins((positions < status_quo)[None])[0]

    assert left <= right
    assert all(is_stable(x) for x in (left, (left + right) / 2, right))
    assert not is_stable(left - 1e-9)
    assert not is_stable(right + 1e-9)


def test_commission_has_a_position_on_the_line():
    positions = [*np.linspace(0, 1, 27), 2.0]
    assert pivots("governing_board", STATES, positions)[1] == "EU"
    with pytest.raises(BadInput, match=r"\b27\b.*\b28\b"):
        pivots("governing_board", STATES, positions[:27])


PARADOX = {
    3: Fraction(1, 18),
    5: Fraction(5, 72),
    7: Fraction(875, 11664),
    9: Fraction(65485, 839808),
    11: Fraction(134057, 1679616),
}


@pytest.mark.parametrize("n", PARADOX)
def test_probability_of_condorcets_paradox(n):
    """Gehrlein and Fishburn (1976), three options. Profiles are counted by the number of voters with each of six orders."""
    orders = np.array([np.argsort(order) for order in permutations(range(3))])
    counts = [c for c in product(range(n + 1), repeat=5) if sum(c) <= n]
    holders = np.array([(*c, n - sum(c)) for c in counts])
    profiles = np.stack([np.repeat(orders, held, axis=0) for held in holders])
    without = condorcet_winner(profiles) < 0
    ways = [factorial(n) // int(np.prod([factorial(int(h)) for h in held])) for held in holders]
    assert Fraction(sum(w for w, none in zip(ways, without, strict=True) if none), 6**n) == PARADOX[n]
    assert sum(ways) == 6**n
