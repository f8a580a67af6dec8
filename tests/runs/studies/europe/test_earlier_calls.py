"""Forecasts of EuroHPC's earlier calls: what each uses, how it is scored, and the page and command that show it."""

import json

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.studies.europe import earlier_calls as earlier
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.evidence import plan_of

DRAWS = 120
STATES = load_members().states


@pytest.fixture(scope="module")
def found():
    return earlier.tables(plan_of(draws=DRAWS))


def test_calls_with_a_scenario_are_in_order_of_decision():
    rows = earlier.held()
    assert [row["call"] for row in rows[:2]] == ["pre-exascale 2019", "petascale 2019"]
    assert [row["decided"] for row in rows] == sorted(row["decided"] for row in rows)
    assert list(earlier.seen(rows).sum(1)) == [3, 5, 1, 4, 1]


def test_simple_forecasts_expect_the_given_number_of_hosts():
    before, having = earlier.seen(earlier.held())[:4], np.arange(STATES.count) < 5
    p = earlier.simple(3.0, before, having)
    assert p[f"{earlier.LOGIT}, as many sites"].sum() == pytest.approx(3.0)
    order = np.argsort(p[earlier.LOGIT])
    assert (np.diff(p[f"{earlier.LOGIT}, as many sites"][order]) >= 0).all()
    assert p["hosts the last machine"][:5].sum() / 3 == pytest.approx(
        (before[:, :5].sum() + 1) / (before.sum() + 2)
    )
    assert earlier.LOGIT not in earlier.simple(3.0, before[:0], having)


def test_gain_is_the_models_log_score_less_the_others():
    happened = np.zeros((1, 4), dtype=bool)
    happened[0, 0] = True
    sure, coin = np.array([[0.9, 0.1, 0.1, 0.1]]), np.full((1, 4), 0.5)
    table = earlier.scores("a call", {"model": sure, "coin": coin}, happened, "model").set_index("forecast")
    assert table.log_score["coin"] == pytest.approx(np.log(0.5))
    assert table.gain["coin"] == pytest.approx(np.log(0.9) - np.log(0.5))
    assert table.low["coin"] > 0
    assert table.brier["model"] == pytest.approx(0.01)


def test_first_calls_know_no_earlier_one(found):
    calls = found["calls"]
    for call in ("pre-exascale 2019", "petascale 2019"):
        rows = calls[calls.what == call].set_index("forecast")
        assert rows.log_score[earlier.BEFORE] == rows.log_score[earlier.PRIOR]
        assert earlier.LOGIT not in rows.index
    assert earlier.LOGIT in set(calls[calls.what == "exascale 2023"].forecast)


def test_observed_factories_enter_the_scores_and_never_the_forecast():
    plan, other = plan_of(draws=DRAWS), plan_of(draws=DRAWS)
    other.__dict__["observed"] = [row | {"state": "MT"} for row in plan.observed]
    draws = prior(plan.names, 8, 0)
    one, two = (earlier.factories(p, draws, draws, earlier.seen(earlier.held())) for p in (plan, other))
    assert list(one.what.unique()) == ["wave 1", "wave 2", "wave 3", "all waves"]
    assert one.expected.equals(two.expected)
    assert not one.log_score.equals(two.log_score)


def test_command_prints_and_writes_the_tables_and_the_page(found, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(earlier, "tables", lambda plan, progress: found)
    assert main(["calibrate", "--calls", "--json", "--out", str(tmp_path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["draws"] == plan_of().draws
    assert [row["parameter"] for row in printed["identified"]] == plan_of().names
    assert len(pd.read_csv(tmp_path / "factories.csv")) == len(found["factories"])
    assert main(["calibrate", "--calls"]) == 0
    shown = capsys.readouterr().out
    text = earlier.page(found, plan_of())
    for name in {*found["calls"].what, *found["factories"].what}:
        assert name in shown
        assert f"| {name} |" in text


def test_stored_page_has_every_call_and_wave():
    text = (earlier.Path(earlier.__file__).with_name("CALLS.md")).read_text(encoding="utf-8")
    assert all(f"| {row['call']} | {earlier.BEFORE} |" in text for row in earlier.held())
    assert all(f"| wave {k} | {earlier.BEFORE} |" in text for k in (1, 2, 3))


def test_published_scores_say_what_the_front_page_says():
    text = earlier.Path(earlier.__file__).with_name("CALLS.md").read_text(encoding="utf-8")
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| all waves |")]
    low, high = ({cells[1]: float(cells[k]) for cells in lines} for k in (7, 8))
    assert low["uniform"] > 0
    for name in (
        earlier.PRIOR,
        "proportional to GDP",
        "proportional to population",
        "hosts the last machine",
    ):
        assert low[name] < 0 < high[name]


def test_another_unions_calibration_is_refused(tmp_path, capsys):
    file = tmp_path / "other.toml"
    file.write_text('members = "x"\n[priors]\nfitted = ["panel_noise"]\n')
    assert main(["calibrate", str(file), "--calls"]) == 2
    assert capsys.readouterr().err
