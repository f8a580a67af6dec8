"""Fixed points of expectations that only draws can tell."""

import numpy as np
import pytest

from juste_retour.abm.politics import sampled
from juste_retour.abm.politics.sampled import Draws, fixed_point

DELTA, NOISE = 0.9, 0.05


def smooth(values, draw, mean):
    """One proposer and two states: the response to values v is the mean of `mean(v + noise)`, and noise of its own."""
    random = np.random.default_rng([7, draw])
    searches, n = values.shape
    z = random.normal(size=(searches, 8, 1, n))
    gain = mean(values[:, None, None, :] + NOISE * z) + 0.05 * random.normal(size=z.shape)
    zeros = np.zeros(z.shape)
    return Draws(gain, zeros, z / NOISE, np.ones(z.shape, bool), NOISE * z, zeros)


def solve(mean, starts, **more):
    return fixed_point(
        lambda values, draw: smooth(values, draw, mean), np.array(starts, float), np.ones(1), **more
    )


def test_a_flat_map_is_found_within_its_stated_error():
    found = solve(lambda v: 1.0 + 0.0 * v, [[0, 0], [3, 3]])
    assert found.converged
    assert found.equilibria == "one"
    assert found.values == pytest.approx(1.0, abs=0.03)
    assert (np.abs(found.values - 1.0) <= 4 * found.error).all()


@pytest.mark.parametrize("slope", [-3.0, -1.0, 0.5, 0.7])
def test_a_steep_map_is_found_by_its_own_slope(slope):
    found = solve(lambda v: 1.0 + slope * (v - 1.0), [[0, 0], [2, 2]])
    assert found.equilibria == "one"
    assert found.values == pytest.approx(1.0, abs=0.1)
    assert (np.abs(found.values - 1.0) <= 4 * found.error).all()


def test_two_equilibria_are_told_and_the_first_start_selects():
    s_curve = lambda v: 1.0 + np.tanh(4 * (v - 1.0))  # noqa: E731  fixed points near 0 and 2, one between
    low, high = solve(s_curve, [[0, 0], [2, 2]]), solve(s_curve, [[2, 2], [0, 0]])
    for found, first, second in ((low, 0.0, 2.0), (high, 2.0, 0.0)):
        assert found.equilibria == "several"
        assert found.found == pytest.approx(first, abs=0.1)
        assert found.second == pytest.approx(second, abs=0.1)
        assert "several equilibria" in found.summary


def test_fewer_rounds_than_precision_needs_are_stated():
    found = solve(lambda v: 0.1 + 0.0 * v, [[0, 0], [0.2, 0.2]], longest=12)
    assert found.rounds == 12
    assert found.error.max() > sampled.PRECISE * found.stake


def test_a_result_that_would_not_count_is_searched_for_longer():
    found = solve(lambda v: 0.01 + 0.0 * v, [[0, 0], [0.02, 0.02]], longest=12)
    assert 12 < found.rounds < 12 * sampled.LONGER
    assert found.converged
