"""Fixed points of expectations that can only be sampled."""

import numpy as np
import pytest

from juste_retour.abm.bargaining import sampled
from juste_retour.abm.bargaining.sampled import Draws, fixed_point

DELTA, NOISE = 0.9, 0.05


def smooth(values, draw, mean):
    """Two states: the response to values v averages `mean(v + noise)` and adds its own noise."""
    random = np.random.default_rng([7, draw])
    searches, n = values.shape
    z = random.normal(size=(searches, 8, n))
    gain = mean(values[:, None, :] + NOISE * z) + 0.05 * random.normal(size=z.shape)
    zeros = np.zeros(z.shape)
    return Draws(gain, zeros, z / NOISE, np.ones(z.shape, bool), NOISE * z, zeros, np.zeros(8, int))


def solve(mean, starts, **more):
    return fixed_point(lambda values, draw: smooth(values, draw, mean), np.array(starts, float), np.ones(1), **more)


def test_constant_map_is_solved_within_its_stated_error():
    found = solve(lambda v: 1.0 + 0.0 * v, [[0, 0], [3, 3]])
    assert found.converged
    assert found.equilibria == "one"
    assert found.values == pytest.approx(1.0, abs=0.03)
    assert (np.abs(found.values - 1.0) <= 4 * found.error).all()


@pytest.mark.parametrize("slope", [-3.0, -1.0, 0.5, 0.7])
def test_steep_linear_map_is_solved(slope):
    found = solve(lambda v: 1.0 + slope * (v - 1.0), [[0, 0], [2, 2]])
    assert found.equilibria == "one"
    assert found.values == pytest.approx(1.0, abs=0.1)
    assert (np.abs(found.values - 1.0) <= 4 * found.error).all()


def test_two_equilibria_are_reported_and_the_first_start_selects():
    s_curve = lambda v: 1.0 + np.tanh(4 * (v - 1.0))  # noqa: E731  fixed points near 0 and 2, one between
    low, high = solve(s_curve, [[0, 0], [2, 2]]), solve(s_curve, [[2, 2], [0, 0]])
    for found, first, second in ((low, 0.0, 2.0), (high, 2.0, 0.0)):
        assert found.equilibria == "several"
        assert found.found == pytest.approx(first, abs=0.1)
        assert found.solutions[1] == pytest.approx(second, abs=0.1)
        assert "several equilibria" in found.summary


def test_starts_are_told_apart_by_the_solution_they_lead_to_and_the_parameter_selects():
    s_curve = lambda v: 1.0 + np.tanh(4 * (v - 1.0))  # noqa: E731
    found = solve(s_curve, [[0, 0], [2, 2], [2.1, 2.1], [1.9, 1.9]])
    assert found.leads == (1, 2, 2, 2)
    assert found.using(2).found == pytest.approx(2.0, abs=0.1)
    assert found.using(0).number == 2
    assert found.using(9).number == 2
    assert found.using(1).found == pytest.approx(0.0, abs=0.1)


def test_imprecise_result_is_rough_at_the_most_rounds():
    found = solve(lambda v: 0.1 + 0.0 * v, [[0, 0], [0.2, 0.2]], longest=12)
    assert found.rounds == 12
    assert found.rough
    assert found.error.max() > sampled.TOLERANCE * found.stake


def test_imprecise_result_is_searched_for_longer():
    found = solve(lambda v: 0.035 + 0.0 * v, [[0, 0], [0.07, 0.07]])
    assert sampled.SHORTEST < found.rounds < sampled.LONGEST
    assert not found.rough
