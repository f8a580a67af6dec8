"""Effects in a grid: intervals that cover with ten replications, and three-way effects of a known function."""

import numpy as np
import pytest

from juste_retour.runs.analysis.clustered import jointly, over_replications
from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.analysis.effects import asked_about

POINTS = tuple({"a": a, "b": b, "c": c, "idle": d} for a in (0, 1) for b in (0, 1) for c in (0, 1, 2) for d in (0, 1))
SLOPE = 0.5  # of the interaction of a and b along c


def study(seed, slope=SLOPE, replications=10):
    """A function at the points of a grid; effects differ between replications, and every run has noise of its own."""
    rng = np.random.default_rng([seed, 5])
    a, b, c = np.array([[p["a"], p["b"], p["c"]] for p in POINTS], float).T
    each = rng.normal(size=(5, replications)) * 0.3
    pair = slope * c[:, None] + each[0] + c[:, None] * each[1]
    values = a[:, None] * (1 + each[2]) + b[:, None] * each[3] + c[:, None] * each[4] + (a * b)[:, None] * pair
    values += 0.4 * rng.normal(size=values.shape)
    return Crossed(POINTS, values)


def test_intervals_of_pair_and_three_way_effects_cover_with_ten_replications():
    """At least 93 % of 400 studies; and the joint test has its size where there is no three-way effect."""
    hits, refused = [], 0
    for seed in range(400):
        found = study(seed)
        pairs = found.conditional("a", "b")
        rows = found.three_way("a", "b", "c").rows
        hits.append(
            [
                pairs[1].beyond_low <= SLOPE <= pairs[1].beyond_high,
                *(row.low <= SLOPE * k <= row.high for k, row in enumerate(rows)),
                *(row.beyond_low <= SLOPE * k <= row.beyond_high for k, row in enumerate(rows) if k),
            ]
        )
        refused += study(seed, slope=0.0).three_way("a", "b", "c").significant
    assert (np.mean(hits, axis=0) >= 0.93).all(), np.mean(hits, axis=0)
    assert 0.02 < refused / 400 < 0.08


def test_three_way_effects_of_a_known_function():
    found = study(1, replications=4000).three_way("a", "b", "c")
    assert [row.at for row in found.rows] == ["c = 0", "c = 1", "c = 2"]
    assert [row.effect for row in found.rows] == pytest.approx([0, 0.5, 1], abs=0.05)
    assert [row.beyond for row in found.rows] == pytest.approx([0, 0.5, 1], abs=0.05)
    assert found.significant
    assert found.test.effects == 2


def test_each_replication_has_the_effects_of_which_the_table_shows_the_means():
    found = study(1)
    pairs, three = found.each(["a", "b"]), found.each(["a", "b", "c"])
    assert [one.mean() for one in pairs.values()] == pytest.approx([found.conditional("a", "b")[1].beyond])
    assert [one.mean() for one in three.values()] == pytest.approx(
        [row.beyond for row in found.three_way("a", "b", "c").rows[1:]]
    )
    assert list(three) == [("1", "1", "1"), ("1", "1", "2")]


def test_percentile_bootstrap_of_ten_replications_would_be_too_narrow():
    from juste_retour.runs.base.resampling import interval, resampled_means

    values = np.random.default_rng(2).normal(size=(2000, 10))
    low, high = interval(resampled_means(values))
    _, ours_low, ours_high = over_replications(values)
    assert np.mean((low <= 0) & (high >= 0)) < 0.92 < 0.94 < np.mean((ours_low <= 0) & (ours_high >= 0))


def test_joint_test_of_one_effect_is_the_t_test():
    from scipy.stats import ttest_1samp

    values = np.random.default_rng(3).normal(0.3, 1, size=(1, 12))
    found, stated = jointly(values), ttest_1samp(values[0], 0)
    assert (found.statistic, found.p) == pytest.approx((stated.statistic**2, stated.pvalue))
    assert jointly(np.zeros((2, 10))) is None
    assert jointly(np.random.default_rng(0).normal(size=(9, 8))) is None


def test_levels_name_their_factor_in_a_question():
    levels = {"voting": ["lisbon_qmv", "unanimity"], "funding": ["gni_key"]}
    asked = "Does unanimity cost more under the GNI key, and does that depend on the envelope?"
    assert asked_about(asked, ["voting", "funding", "envelope_eur_bn"], levels) == [
        "voting",
        "funding",
        "envelope_eur_bn",
    ]
