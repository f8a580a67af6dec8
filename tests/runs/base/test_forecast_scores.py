"""Scores: worked values, propriety and baseline forecasts."""

import numpy as np
import pytest

from juste_retour.runs.base.forecast_scores import (
    brier,
    difference,
    first_to,
    in_proportion,
    log_score,
    log_score_of_count,
    log_score_of_poisson,
)


def test_scores_of_worked_examples():
    assert brier([0.9, 0.2], [1, 0]) == pytest.approx((0.01 + 0.04) / 2)
    assert log_score([0.9, 0.2], [1, 0]) == pytest.approx((np.log(0.9) + np.log(0.8)) / 2)
    assert log_score([1.0], [0]) == pytest.approx(
        np.log(1e-3)
    )  # a wrong certain forecast costs much, but not infinitely


@pytest.mark.parametrize("score", [brier, lambda p, y: -log_score(p, y)])
@pytest.mark.parametrize("truth", [0.1, 0.37, 0.8])
def test_scores_are_proper(score, truth):
    happened = np.arange(1000) < 1000 * truth
    tried = np.arange(0.01, 1, 0.01)
    losses = [score(np.full(1000, p), happened) for p in tried]
    assert tried[int(np.argmin(losses))] == pytest.approx(truth, abs=0.0051)


def test_log_score_of_counts():
    rng = np.random.default_rng(1)
    draws = rng.poisson(6.5, 200_000)
    assert log_score_of_count(draws, 6) == pytest.approx(log_score_of_poisson(6.5, 6), abs=0.02)
    assert np.isfinite(log_score_of_count(draws, 60))
    seen_in_every = log_score_of_count([3, 3, 3, 3], 3)
    assert seen_in_every == 0.0  # no other count is possible


def test_in_proportion_equals_simulated_shares():
    weight, count = np.array([1.0, 2.0, 5.0]), 3
    rng = np.random.default_rng(2)
    drawn = rng.choice(3, size=(100_000, count), p=weight / weight.sum())
    share = [(drawn == k).any(-1).mean() for k in range(3)]
    assert in_proportion(weight, count) == pytest.approx(share, abs=0.01)


def test_first_to_keeps_the_number_of_sites():
    p = first_to([True] * 10 + [False] * 17, 6.5, 0.93)
    assert p.sum() == pytest.approx(6.5)
    assert p[0] > p[-1]


def test_paired_difference_has_the_right_sign():
    rng = np.random.default_rng(3)
    worse = rng.random(200)
    gap, low, high = difference(worse - 0.1, worse)
    assert gap == pytest.approx(-0.1)
    assert low <= gap <= high < 0
