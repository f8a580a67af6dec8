"""The agenda setter model on a line (Romer and Rosenthal 1978)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.tables.line import Line
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.ballot_analysis import pivots
from tests.theory.games import k_of

SET = agenda["closed_rule"]
STATES = load_members().states


def outcome(setter, pivot, status_quo):
    """Outcome of the closed rule if the first of two players proposes and the second decides."""
    table = Line(players(2), [setter, pivot], lambda ballot, states: ballot.yes[..., 1], status_quo=status_quo)
    table.forced = np.zeros(1, dtype=np.int64)
    result = SET(table)
    return float(result.plan[0, 0]) if result.passed[0] else float(status_quo)


@pytest.mark.parametrize(
    ("pivot", "setter", "status_quo", "point"),
    [
        (0.5, 0.9, 0.2, 0.8),
        (0.5, 0.9, 0.0, 0.9),
        (0.5, 0.9, 0.5, 0.5),
        (0.5, 0.9, 0.7, 0.7),
        (0.5, 0.9, 0.95, 0.9),
        (0.4, 0.1, 0.9, 0.1),
        (0.4, 0.1, 0.6, 0.2),
    ],
)
def test_the_setter_moves_to_the_pivots_limit(pivot, setter, status_quo, point):
    assert outcome(setter, pivot, status_quo) == pytest.approx(point, abs=1e-9)


points = st.floats(0, 1).map(lambda x: round(x, 3))


@given(points, points, points)
def test_setter_matches_closed_form_at_random_status_quos(pivot, setter, status_quo):
    low, high = sorted((status_quo, 2 * pivot - status_quo))
    assert outcome(setter, pivot, status_quo) == pytest.approx(np.clip(setter, low, high), abs=1e-9)


@given(points, points, points, points)
def test_a_worse_status_quo_gives_the_setter_more(pivot, setter, one, other):
    near, far = sorted((one, other), key=lambda x: abs(x - pivot))
    near, far = (pivot + np.sign(setter - pivot) * -abs(x - pivot) for x in (near, far))  # on one side
    assert abs(outcome(setter, pivot, far) - setter) <= abs(outcome(setter, pivot, near) - setter) + 1e-9


def test_a_single_recognized_proposer_is_the_setter():
    def found(recognition, forced):
        ideals = [0.9, 0.5, 0.1]
        table = Line(players([1, 0, 0]), ideals, k_of(2), worlds=50, status_quo=0.2)
        table.forced = np.zeros(50, dtype=np.int64) if forced else None
        return SET(table, recognition=recognition).plan

    assert np.array_equal(found("population", False), found("equal", True))
    assert found("population", False) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize("rule", ["lisbon_qmv", "reinforced_qmv", "simple_majority"])
def test_setter_is_constrained_by_the_pivot_of_a_treaty_rule(rule):
    positions = np.random.default_rng(8).random(27)
    left, right = (positions[STATES.index(code)] for code in pivots(rule, STATES, positions))
    setter = STATES.index(STATES.codes[int(positions.argmax())])

    def move(status_quo):
        table = Line(STATES, positions, rule, status_quo=status_quo)
        table.forced = np.array([setter])
        result = SET(table)
        return result.plan[0, 0] if result.passed[0] else status_quo

    assert move((left + right) / 2) == pytest.approx((left + right) / 2, abs=1e-9)  # gridlock
    low = left - 0.05
    assert move(low) == pytest.approx(min(2 * left - low, positions.max()), abs=1e-9)
