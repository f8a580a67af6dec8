"""The calibration recovers what made the data, stays in its ranges, and reads its file with care."""

from pathlib import Path

import numpy as np
import pytest

from juste_retour import runs
from juste_retour.abm.members import load_members
from juste_retour.abm.observed import observed
from juste_retour.agents.errors import BadInput
from juste_retour.runs.europe.calibration import (
    MOMENTS,
    nearest,
    observed_moments,
    prior,
    read,
    simulated,
    span,
)

pytestmark = pytest.mark.slow

SPEC = Path(runs.__file__).parent / "specs" / "calibration.toml"
DRAWS, KEEP, PSEUDO = 4096, 400, 60


@pytest.fixture(scope="module")
def plan():
    return read(SPEC)


@pytest.fixture(scope="module")
def sample(plan):
    """Draws of the prior and the moments to which each leads."""
    points = prior([*plan.fitted, *plan.carried], DRAWS, 1)
    moments = simulated(plan.scenario, points, 1, np.arange(DRAWS), load_members(), 2)
    return points, moments


def test_draws_fill_their_ranges_evenly(plan, sample):
    points, _ = sample
    for name in points:
        low, high, by_log = span(name)
        assert points[name].between(low, high).all()
        u = np.log(points[name] / low) / np.log(high / low) if by_log else (points[name] - low) / (high - low)
        assert np.histogram(u, 8, (0, 1))[0] == pytest.approx(np.full(8, DRAWS / 8), rel=0.02)


def test_intervals_hold_the_truth_as_often_as_they_say(sample):
    """Worlds of the prior taken for the real one: nine intervals in ten hold the parameter that made it."""
    points, moments = sample
    whole = np.flatnonzero(moments[list(MOMENTS)].notna().all(axis=1))
    inside, shrunk = [], []
    for k in whole[:PSEUDO]:
        others = np.delete(np.arange(DRAWS), k)
        there = nearest(points.iloc[others], moments.iloc[others], moments.iloc[k], KEEP, 1, others)
        table = there.summary().set_index("parameter")
        truth = points.iloc[k]
        inside.append(((table.low <= truth) & (truth <= table.high)).to_numpy())
        shrunk.append(table.narrowed)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)
    by_parameter = dict(zip(points, np.mean(inside, axis=0), strict=True))
    assert min(by_parameter.values()) > 0.7, by_parameter
    narrowed = np.mean(shrunk, axis=0)
    found = dict(zip(points, narrowed, strict=True))
    assert found["local_scale"] > 0.25  # budgets tell it
    assert abs(found["race_value_eur_bn"]) < 0.1  # nothing tells it


def test_the_nearest_worlds_are_kept(sample):
    points, moments = sample
    target = observed_moments(load_members(), 2)
    close = nearest(points, moments, target, KEEP, 1, np.arange(DRAWS))
    columns = ["sites_wave_1", "sites_wave_2", "hosts"]
    far = (moments[columns] - target[columns]).abs().mean()
    near = (close.moments[columns] - target[columns]).abs().mean()
    assert (near < 0.6 * far).all()
    assert np.array_equal(close.raw.to_numpy(), points.iloc[close.replicates].to_numpy())


def test_moments_of_the_real_waves_by_hand():
    target = observed_moments(load_members(), 2)
    first_two = [r for r in observed() if r["wave"] in "12"]
    assert target["sites_wave_1"] == 7
    assert target["sites_wave_2"] == 6
    assert target["hosts"] == len({r["state"] for r in first_two}) == 12
    assert target["two_site_states"] == 1  # Germany
    assert target["hosts_with_centre"] == 1.0
    assert set(target.index) == set(MOMENTS)
    third = observed_moments(load_members(), 3)
    assert third["hosts"] == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("draws = 10\n", "priors.fitted"),
        ("drawz = 10\n", "'drawz'"),
        ("[priors]\nfitted = ['panel_noize']\n", "'panel_noize'"),
        ("[priors]\nfitted = ['decider']\n", "'decider'"),
        ("draws = 1.5\n[priors]\nfitted = ['panel_noise']\n", "draws = 1.5"),
        (
            "draws = 50\nkeep = 60\n[priors]\nfitted = ['panel_noise']\n",
            "keep = 60",
        ),
        ("scenario = 'eu-statusquo'\n[priors]\nfitted = ['panel_noise']\n", "eu-status-quo"),
        ("draws = \n", "c.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, text, words):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        read(path)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_scenario_without_a_call_cannot_be_calibrated(plan):
    planner = plan.scenario.changed({"agenda": "planner"})
    points = prior(["panel_noise"], 2, 0)
    with pytest.raises(BadInput, match="waves"):
        simulated(planner, points, 0, np.arange(2), load_members(), 2)
