"""Years behind over the window: the mean of the timeline, where a quarter without a run counts as the cap."""

import itertools

import numpy as np
import pytest

from juste_retour.abm.explanations.reader import series
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.compute_lag import reading
from juste_retour.abm.worlds.scenario import load

WORLDS = range(12)


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("eu-status-quo", {}),
        ("essay-reform", {"tranches": 3}),
        ("gigafactories", {}),
        ("federal-europe", {"window_years": 2.5, "window_start": "2026Q1", "lag_cap_years": 6.0}),
    ],
)
def test_years_behind_is_the_mean_of_the_timeline_over_the_window(preset, changes):
    scenario = load(preset).changed(changes)
    out = run(scenario, 3, WORLDS, price=False, timeline=True)
    labels = [quarter.quarter for quarter in out.timeline]
    last = labels.index(scenario.window_end)
    first = last + 1 - int(4 * scenario.window_years)
    cap = scenario.lag_cap_years
    lags = series(out.timeline, "years_behind")[:, first : last + 1]
    counted = np.where(lags < cap, lags, cap)
    assert out.worlds["years_behind"] == pytest.approx(counted.mean(-1), abs=1e-9)
    assert np.array_equal(out.worlds["years_behind_at_end"], counted[:, -1])
    assert np.array_equal(out.worlds["least_years_behind"], counted.min(-1))
    assert np.array_equal(out.worlds["quarters_without_run"], (lags >= cap).sum(-1))
    assert np.array_equal(out.worlds["largest_run_flop"], series(out.timeline, "largest_run_flop")[:, last])


def test_collecting_a_timeline_does_not_change_results():
    for preset in ("eu-status-quo", "essay-reform"):
        plain, read = (run(load(preset), 5, WORLDS, price=False, timeline=t).worlds for t in (False, True))
        for name in ("years_behind", "years_behind_at_end", "least_years_behind", "capability_lag_years"):
            assert np.array_equal(plain[name], read[name]), (preset, name)


def test_quarters_without_a_run_count_as_the_cap():
    lags = np.array([[np.inf, 3.0, 25.0], [np.inf, np.inf, np.nan]])
    read = reading(lags, lags, np.full((2, 1), 20.0))
    assert read.years_behind.tolist() == [pytest.approx(43 / 3), np.inf]
    assert read.least_years_behind[0] == 3.0
    assert read.quarters_without_run.tolist() == [2, 3]


def test_slower_tender_does_not_reduce_years_behind():
    lag = [
        run(
            load("essay-reform").changed({"procurement": {"rule": "rapid", "award_years": years}}),
            0,
            range(32),
            price=False,
        ).worlds["years_behind"]
        for years in (0.05, 0.5, 1.0, 2.0)
    ]
    assert all(later.mean() >= sooner.mean() - 0.02 for sooner, later in itertools.pairwise(lag))
    assert lag[-1].mean() > lag[0].mean() + 0.2
