"""`positions` from Python: data frames, arguments, written files and the shipped data."""

import json

import numpy as np
import pandas as pd
import pytest

import juste_retour
from juste_retour.agents.errors import BadInput
from juste_retour.runs.results.frames import EXACT
from juste_retour.runs.studies.positions.models import MODELS
from juste_retour.runs.studies.positions.prediction import COLUMNS, positions


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(
        "issue,actor,position,salience,outcome,reference_point,introduced\n"
        "a,COM,80,50,60,0,2000-01-01\na,DE,20,90,60,0,2000-01-01\na,FR,90,,60,0,2000-01-01\n"
        "b,COM,10,50,,,\nb,DE,30,90,,,\n"
    )
    return path


def test_package_exports_positions():
    assert juste_retour.positions is positions


def test_outcomes_scores_and_omissions(file):
    found = positions(file)
    assert list(found.outcomes.model[: len(MODELS)]) == list(MODELS)
    assert found.outcomes.shape == (2 * len(MODELS), 8)
    assert (found.issues, found.rows, found.rows_without_salience, found.issues_without_outcome) == (
        2,
        5,
        1,
        1,
    )
    assert (found.scores.n == 1).all()
    left_out = found.omitted.set_index("model")
    assert left_out.loc["setter"].tolist() == ["no reference point", 1]
    assert "compromise" not in left_out.index
    assert set(found.outcomes.period) == {"EU-15", ""}
    known = {column.name for column in COLUMNS}
    assert all(set(table.columns) <= known for table in found.tables.values())


def test_share_of_commission_and_parliament_affects_weighted_models_only(file):
    few, many = (positions(file, share=share).outcomes.set_index(["issue", "model"]).outcome for share in (0, 2))
    assert few["a", "compromise"] == pytest.approx(20)
    assert few["a", "compromise"] < many["a", "compromise"] < 80
    assert few["a", "mean"] == many["a", "mean"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"models": ["compromize"]}, "compromise"),
        ({"models": []}, "compromise"),
        ({"by": "month"}, "period"),
        ({"share": -1}, "-1"),
        ({"share": float("nan")}, "nan"),
        ({"seed": -1}, "-1"),
    ],
)
def test_invalid_arguments_are_refused(file, arguments, named):
    with pytest.raises(BadInput, match=named):
        positions(file, **arguments)


def test_tables_are_written_with_provenance(file, tmp_path):
    found = positions(file, ["compromise", "setter"])
    found.write(tmp_path / "out", ["csv", "parquet", "dta"])
    again = pd.read_csv(tmp_path / "out" / "outcomes.csv", **EXACT)
    assert np.array_equal(again.outcome, found.outcomes.outcome, equal_nan=True)
    labels = pd.read_stata(tmp_path / "out" / "scores.dta", iterator=True).variable_labels()
    assert labels["mean_absolute_error"].endswith("(points)")
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["models"] == ["compromise", "setter"]
    assert "share" in record


def test_results_do_not_depend_on_row_order(file, tmp_path):
    head, *rows = file.read_text().splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([head, *reversed(rows)]))
    keys = ["issue", "model"]
    a, b = (positions(path).outcomes.set_index(keys).outcome.sort_index() for path in (file, other))
    pd.testing.assert_series_equal(a, b)


def test_data_frame_is_read_like_a_file(file):
    frame = pd.read_csv(file)
    pd.testing.assert_frame_equal(positions(frame).outcomes, positions(file).outcomes)
    frame.loc[1, "position"] = 120
    with pytest.raises(BadInput, match="line 3: position '120"):
        positions(frame)


def test_source_of_capabilities_is_reported(file):
    found = positions(file, ["mean"])
    assert (found.capability, found.unknown_actors, found.share) == ({"voting power": 2}, (), 0.33)
    frame = pd.read_csv(file).replace({"actor": {"DE": "GR"}})
    found = positions(frame, ["mean"])
    assert (found.capability, found.unknown_actors, found.share) == ({"equal": 2}, ("GR",), None)
    found = positions(frame.assign(capability=1), ["mean"])
    assert (found.capability, found.unknown_actors) == ({"table": 2}, ())


@pytest.mark.slow
def test_weighted_means_predict_the_shipped_decisions_best():
    found = positions("deu", ["compromise", "mean", "median", "setter"]).scores.set_index("model")
    error = found.mean_absolute_error
    assert found.loc["compromise", "n"] == 353
    assert 22 < error["compromise"] < 25
    assert error["compromise"] < error["median"] < error["setter"]


@pytest.mark.parametrize(("share", "error"), [(0.17, 22.9), (0.33, 23.6), (1.0, 26.7)])
def test_compromise_error_by_share_of_commission_and_parliament(share, error):
    found = positions("deu", ["compromise"], share=share).scores
    assert found.mean_absolute_error[0] == pytest.approx(error, abs=0.05)
