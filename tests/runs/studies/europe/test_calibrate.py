"""`juste-retour calibrate` with few draws: identification, fit, prediction, scores and files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.studies.europe.commands import calibrate_command
from juste_retour.runs.studies.europe.evidence import calibration
from juste_retour.runs.studies.europe.forecasts import better_than_the_model, who_is_ahead

pytestmark = pytest.mark.slow

DRAWS = 4096


@pytest.fixture(scope="module")
def found():
    return calibration(draws=DRAWS)


def test_posterior_is_within_its_ranges(found):
    tables, about = found
    assert about["waves"] == 2
    table = tables["parameters"].set_index("parameter")
    assert ((table.low >= table.prior_low) & (table.high <= table.prior_high)).all()
    assert table.narrowed["local_scale"] > 0.2  # budgets are informative about the local good
    assert abs(table.narrowed["race_value_eur_bn"]) < 0.2  # the data are not informative about the race
    assert len(tables["posterior"]) == about["kept"]
    assert tables["posterior"].weight.sum() == pytest.approx(1)


def test_fitted_moments_lie_in_their_intervals(found):
    moments = found[0]["moments"]
    assert moments.inside.all()
    assert moments.prior_inside.all()  # so the fit tests the parameters and not the mechanisms
    assert (moments.kept_high - moments.kept_low <= moments.prior_high - moments.prior_low).all()


def test_counts_that_were_not_fitted_lie_in_their_intervals(found):
    counts = found[0]["counts"].set_index("count")
    inside = (counts.low <= counts.observed) & (counts.observed <= counts.high)
    assert counts.observed["sites after three waves"] == 19
    assert counts.observed["hosts after three waves"] == 16
    assert inside.all(), counts[~inside]


def test_simulated_delay_agrees_with_the_procurement_history(found):
    row = found[0]["delays"].set_index("interval").loc["selection to operation"]
    assert row.median_low <= row.simulated_median <= row.median_high
    assert row.simulated_low <= row.finished_median <= row.simulated_high
    assert row.finished_median < row["median"]  # finished machines alone are the faster ones


def test_forecasts_are_scored_with_baselines(found):
    table = found[0]["third_wave"].set_index("forecast")
    names = {"proportional to GDP", "proportional to population", "existing machine first", "uniform"}
    assert names < set(table.index)
    assert (table.brier.between(0, 1) & (table.log_score < 0)).all()
    ahead = better_than_the_model(found[0]["third_wave"])[0]
    assert {name for name in names if table.model_less_this[name] > 0} == names & set(ahead)
    assert all(name in who_is_ahead(found[0]["third_wave"], found[0]["hosts"]) for name in ahead)


def test_each_wave_is_forecast_from_earlier_waves(found):
    waves = found[0]["waves"]
    assert set(waves.wave) == {1, 2, 3}
    third = waves[waves.wave == 3].drop(columns="wave").reset_index(drop=True)
    assert third.equals(found[0]["third_wave"].reset_index(drop=True))
    assert len(set(third.forecast)) == len(third) == 9


def test_forecast_conditions_on_the_states_record(found):
    states = found[0]["states"].set_index("state")
    given = "the model, given each state's record"
    assert states[given]["LU"] < states["the model"]["LU"]  # it already has its one site
    assert states[given]["BE"] > states["the model"]["BE"]  # it has a center and no site yet


def test_each_real_factory_has_a_probability_of_operation(found):
    table = found[0]["standing"]
    assert len(table) == 19
    assert table["the model"].between(0, 1).all()
    by_wave = table.groupby("wave")["the model"].first()
    assert by_wave[1] > by_wave[2] > by_wave[3]


def test_calibrate_writes_and_prints(found, tmp_path, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(calibrate_command, "calibration", lambda *given: asked.append(given[:2]) or found)
    assert main(["calibrate", "--draws", "1024", "--out", str(tmp_path / "c"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    posterior = pd.read_csv(tmp_path / "c" / "posterior.csv")
    assert len(posterior) == printed["kept"]
    assert np.allclose(posterior.local_scale, [r["local_scale"] for r in printed["posterior"]])
    file = Path(__file__).parents[4] / "runs" / "specs" / "calibration.toml"
    assert main(["calibrate", str(file)]) == 0
    text = capsys.readouterr().out
    for table, column in (
        ("parameters", "parameter"),
        ("moments", "moment"),
        ("delays", "interval"),
        ("counts", "count"),
        ("standing", "factory"),
    ):
        assert all(str(name) in text for name in found[0][table][column]), table
    assert who_is_ahead(found[0]["third_wave"], found[0]["hosts"]) in text
    assert asked == [(None, 1024), (file, None)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--draws", "3"], ["draws", "3"]),
        (["nowhere.toml"], ["nowhere.toml"]),
    ],
)
def test_invalid_arguments_are_refused(arguments, words, capsys):
    assert main(["calibrate", *arguments]) == 2
    error = capsys.readouterr().err
    assert all(word in error for word in words)
