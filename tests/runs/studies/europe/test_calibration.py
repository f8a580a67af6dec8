"""Calibration: it recovers known parameters, stays in its ranges, and refuses invalid files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from juste_retour import runs
from juste_retour.abm.base.members import load_members
from juste_retour.abm.base.observed import observed
from juste_retour.agents.errors import BadInput
from juste_retour.runs.results.parameter_ranges import full_name, setting, span
from juste_retour.runs.studies.europe.calibration import calibrate, nearest, predictive, prior, simulated
from juste_retour.runs.studies.europe.calibration_spec import read
from juste_retour.runs.studies.europe.forecasts import wave_by_wave
from juste_retour.runs.studies.europe.moments import moment_names, observed_moments

pytestmark = pytest.mark.slow

SPEC = Path(runs.__file__).parent / "specs" / "calibration.toml"
DRAWS, KEEP, PSEUDO = 4096, 400, 60


@pytest.fixture(scope="module")
def plan():
    return read(SPEC)


@pytest.fixture(scope="module")
def sample(plan):
    """Prior draws and the moments simulated from them."""
    points = prior(plan.names, DRAWS, 1)
    return points, simulated(replace(plan, seed=1), points, np.arange(DRAWS))


def test_prior_draws_are_uniform_over_their_ranges(plan, sample):
    points, _ = sample
    for name in points:
        low, high, by_log = span(name)
        assert points[name].between(low, high).all()
        u = np.log(points[name] / low) / np.log(high / low) if by_log else (points[name] - low) / (high - low)
        assert np.histogram(u, 8, (0, 1))[0] == pytest.approx(np.full(8, DRAWS / 8), rel=0.02)


def test_interval_coverage_is_about_90_percent(sample):
    """With prior draws as pseudo-data, 90 % intervals contain the true parameter in about nine of ten cases."""
    points, moments = sample
    whole = np.flatnonzero(moments.notna().all(axis=1))
    inside, shrunk = [], []
    for k in whole[:PSEUDO]:
        others = np.delete(np.arange(DRAWS), k)
        there = nearest(points.iloc[others], moments.iloc[others], moments.iloc[k], KEEP, others)
        table = there.summary().set_index("parameter")
        truth = points.iloc[k]
        inside.append(((table.low <= truth) & (truth <= table.high)).to_numpy())
        shrunk.append(table.narrowed)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)
    by_parameter = dict(zip(points, np.mean(inside, axis=0), strict=True))
    assert min(by_parameter.values()) > 0.7, by_parameter
    narrowed = np.mean(shrunk, axis=0)
    found = dict(zip(points, narrowed, strict=True))
    assert found["local_scale"] > 0.25  # identified by budgets
    assert abs(found["race_value_eur_bn"]) < 0.1  # not identified


def test_nearest_draws_are_kept(sample):
    points, moments = sample
    target = observed_moments(load_members(), 2)
    close = nearest(points, moments, target, KEEP, np.arange(DRAWS))
    columns = ["sites_wave_1", "sites_wave_2", "hosts"]
    far = (moments[columns] - target[columns]).abs().mean()
    near = (close.moments[columns] - target[columns]).abs().mean()
    assert (near < 0.6 * far).all()
    assert np.array_equal(close.raw.to_numpy(), points.iloc[close.replicates].to_numpy())


def test_moments_of_the_observed_waves():
    target = observed_moments(load_members(), 2)
    first_two = [r for r in observed() if r["wave"] in "12"]
    assert target["sites_wave_1"] == 7
    assert target["sites_wave_2"] == 6
    assert target["hosts"] == len({r["state"] for r in first_two}) == 12
    assert target["two_site_states"] == 1  # Germany
    assert target["hosts_with_centre"] == 1.0
    assert list(target.index) == moment_names(2)
    third = observed_moments(load_members(), 3)
    assert third["hosts"] == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("draws = 10\n", ["priors.fitted"]),
        ("drawz = 10\n", ["'drawz'"]),
        ("[priors]\nfitted = ['panel_noize']\n", ["'panel_noize'"]),
        ("[priors]\nfitted = ['decider']\n", ["'decider'"]),
        ("draws = 1.5\n[priors]\nfitted = ['panel_noise']\n", ["draws", "1.5"]),
        (
            "draws = 50\nkeep = 60\n[priors]\nfitted = ['panel_noise']\n",
            ["keep", "60"],
        ),
        ("scenario = 'eu-statusquo'\n[priors]\nfitted = ['panel_noise']\n", ["eu-status-quo"]),
        ("draws = \n", ["c.toml"]),
    ],
)
def test_invalid_calibration_files_are_refused(tmp_path, text, words):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        read(path)
    assert all(word in str(refused.value) for word in words)
    assert "\n" not in str(refused.value)


def test_scenario_without_a_call_cannot_be_calibrated(plan):
    planner = replace(plan, scenario=plan.scenario.changed({"agenda": "planner"}))
    with pytest.raises(BadInput, match="waves"):
        simulated(planner, prior(["panel_noise"], 2, 0), np.arange(2))


@pytest.mark.parametrize("waves", [1, 2, 3])
def test_calibration_with_one_to_three_waves(plan, waves):
    few = replace(plan, draws=512, keep=80, waves=waves)
    found = calibrate(few)
    assert list(found.moments) == moment_names(waves)
    assert set(found.unused) <= {"two_site_states"}  # after one wave no state has two sites
    table = predictive(few, found)
    assert list(table.moment) == moment_names(waves)
    assert table.used.sum() == len(table) - len(found.unused)


@pytest.mark.parametrize("waves", [4, 9])
def test_too_many_waves_are_refused(tmp_path, waves):
    path = tmp_path / "c.toml"
    path.write_text(f"waves = {waves}\n[priors]\nfitted = ['panel_noise']\n")
    with pytest.raises(BadInput, match=rf"waves.*\b{waves}\b.*\b1\b.*\b3\b"):
        read(path)


def test_nearer_draws_have_larger_weights(sample):
    points, moments = sample
    found = nearest(points, moments, observed_moments(load_members(), 2), KEEP, np.arange(DRAWS))
    assert found.weights.sum() == pytest.approx(1.0)
    assert (np.diff(found.weights) <= 1e-12).all()  # the nearest draws come first
    assert found.weights[-1] == 0
    assert 0.5 * KEEP < found.effective < KEEP
    mean = found.weights @ found.draws.panel_noise
    assert found.sample(20_000, 3).panel_noise.mean() == pytest.approx(mean, abs=1e-3)
    table = found.summary().set_index("parameter")
    order = found.draws.panel_noise.sort_values()
    at = np.cumsum(found.weights[order.index])
    assert np.interp(table["median"]["panel_noise"], order, at) == pytest.approx(0.5, abs=0.01)


def test_rule_parameters_can_be_fitted(plan):
    assert {"agenda.open_call.sunk", "access.calls.year_share"} <= set(plan.fitted)
    assert full_name("agenda.sunk", plan.scenario) == "agenda.open_call.sunk"
    assert setting(plan.scenario, "agenda.open_call.sunk") == 1.0
    assert setting(plan.scenario, "agenda.commission_proposal.sunk") is None
    assert span("access.calls.year_share") == (0.018, 0.224, True)


UNION = "state,population\nA,9000000\nB,5000000\nC,2000000\nD,1000000\n"


@pytest.fixture
def own(tmp_path):
    """A union of four made-up states and its calibration file."""
    (tmp_path / "union").mkdir()
    (tmp_path / "union" / "states.csv").write_text(UNION)
    rows = [f"{code.lower()}_campus_1,{code},20,1" for code in "ABCD"]
    (tmp_path / "union" / "sites.csv").write_text("\n".join(["site,state,power_headroom_mw,centre", *rows]))
    spec = tmp_path / "c.toml"
    spec.write_text(
        "draws = 256\nkeep = 40\nwaves = 1\nmembers = 'union'\nobserved = 'seen.csv'\n"
        "[priors]\nfitted = ['agenda.sunk', 'dossier_new_months', 'first_trophy_eur_bn']\n"
    )
    return tmp_path


def test_calibration_of_a_made_up_union(own):
    (own / "seen.csv").write_text("site,state,wave\na_campus_1,A,1\nb_campus_1,B,1\nc_campus_1,C,2\n")
    plan = read(own / "c.toml")
    found = calibrate(plan)
    assert set(found.unused) >= {"median_budget", "spread_of_budgets"}  # no budgets are given
    assert found.observed["sites_wave_1"] == 2
    assert not plan.factories
    waves = wave_by_wave(plan, found)
    assert set(waves.wave) == {1, 2}
    assert {"uniform", "logit on log population"} <= set(waves[waves.wave == 2].forecast)


def test_all_errors_of_a_table_are_reported_together(own):
    (own / "seen.csv").write_text(
        "site,state,wave,budget_eur_m\na_campus_1,Z,1,\nnowhere,B,1,\nb_campus_1,A,1,\nc_campus_1,C,0,-3\n"
    )
    with pytest.raises(BadInput) as refused:
        calibrate(read(own / "c.toml"))
    message = str(refused.value)
    assert all(words in message for words in ("line 2", "'Z'", "line 3", "line 4", "line 5: wave '0'", "'-3'"))
    assert "\n" not in message
