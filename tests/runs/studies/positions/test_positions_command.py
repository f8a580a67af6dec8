"""The command `juste-retour positions`."""

import json

import pytest

from juste_retour.runs.studies.positions import prediction
from juste_retour.runs.studies.positions.positions_command import NAMES

TABLE = "issue,actor,position,salience,capability,outcome\na,x,0,50,1,40\na,y,100,100,1,40\na,z,40,50,2,40\n"


@pytest.fixture
def file(tmp_path):
    def write(text=TABLE):
        path = tmp_path / "p.csv"
        path.write_text(text)
        return path

    return write


def test_json_contains_outcomes_and_scores(call, file):
    status, out, err = call("positions", file(), "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    by_model = {row["model"]: row for row in found["outcomes"]}
    assert by_model["compromise"]["outcome"] == pytest.approx(56)
    assert by_model["setter"]["outcome"] is None
    assert by_model["mean"]["actual"] == 40
    scores = {row["model"]: row for row in found["scores"]}
    assert scores["median"]["mean_absolute_error"] == 0
    assert {"n", "low", "high"} <= scores["compromise"].keys()
    assert found["share"] is None


def test_file_without_outcomes_is_predicted_and_not_scored(call, file):
    path = file("issue,actor,position,salience\na,x,0,50\na,y,100,100\n")
    status, out, _ = call("positions", path, "--json")
    assert status == 0
    assert json.loads(out)["scores"] == []
    status, out, _ = call("positions", path)
    assert status == 0
    assert {"compromise", "66.7", "50.0"} <= set(out.split())


def test_exchange_needs_a_proposal_and_an_empty_capability_is_missing(call, file):
    apart = "issue,actor,position,salience,capability\na,x,0,50,1\na,y,100,50,\nb,x,0,10,2\nb,y,80,50,2\n"
    status, out, _ = call("positions", file(apart), "--models", "compromise,exchange")
    assert status == 0
    assert "2 issues omitted by exchange: no proposal, within which issues could be exchanged." in out
    assert "1 position without a capability: omitted by the weighted models." in out
    rows = [line if k == 0 else f"{line},p" for k, line in enumerate(apart.splitlines())]
    path = file("\n".join([f"{rows[0]},proposal", *rows[1:]]))
    status, out, _ = call("positions", path, "--models", "compromise,exchange", "--json")
    found = {(row["issue"], row["model"]): row["outcome"] for row in json.loads(out)["outcomes"]}
    assert found["a", "compromise"] == 0  # of x alone
    assert found["b", "exchange"] is not None


def test_by_scores_each_group(call):
    status, out, _ = call("positions", "deu", "--models", "mean", "--by", "rule", "--json")
    assert status == 0
    found = {row["council_rule"]: row["n"] for row in json.loads(out)["scores"]}
    assert found == {"QMV": 281, "unanimity": 72}


def test_text_and_written_files(call, file, tmp_path):
    status, out, err = call(
        "positions", file(), "--models", "compromise,mean", "--out", tmp_path / "o", "--format", "csv"
    )
    assert (status, err) == (0, "")
    assert {"compromise", "16.0"} <= set(out.split())
    assert (tmp_path / "o" / "scores.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["deu", "--models", "astrology"], "astrology"),
        (["deu", "--by", "month"], "month"),
        (["deu", "--share", "-1"], "-1"),
        (["deu", "--seed", "-1"], "-1"),
        (["deu", "--format", "csv"], "--out"),
    ],
)
def test_invalid_arguments_are_refused_in_one_sentence(call, arguments, named):
    status, out, err = call("positions", *arguments)
    assert (status, out) == (2, "")
    assert named in err
    assert len(err.strip().splitlines()) == 1


def test_all_invalid_rows_are_reported_together(call, file):
    status, out, err = call(
        "positions", file("issue,actor,position,salience\na,x,0,50\na,x,3,50\nb,y,much,1\n,z,1,1\n")
    )
    assert (status, out) == (2, "")
    for line in (3, 4, 5):
        assert f"line {line}:" in err
    assert "line 2:" not in err
    assert "Traceback" not in err


def test_help_names_every_model():
    assert tuple(prediction.MODELS) == NAMES


def test_unknown_actors_are_named(call, file):
    status, out, _ = call("positions", file("issue,actor,position,salience\na,GR,0,50\na,DE,100,100\n"))
    assert status == 0
    assert "GR" in out
