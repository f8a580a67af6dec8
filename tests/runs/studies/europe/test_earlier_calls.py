"""Forecasts of EuroHPC's earlier calls: what each uses, how it is scored, and the page and command that show it."""

import json

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm.base.members import SHIPPED, load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.forecast_scores import in_proportion, log_score
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.studies.europe import earlier_calls as earlier
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.evidence import plan_of

DRAWS = 120
OTHER = ("--set-b", "agenda=closed_rule", "--set-b", "funding=gni_key")
STATES = load_members().states


@pytest.fixture(scope="module")
def found():
    return earlier.tables(plan_of(draws=DRAWS))


def test_calls_with_a_scenario_are_in_order_of_decision():
    rows = earlier.held()
    assert [row["call"] for row in rows[:2]] == ["pre-exascale 2019", "petascale 2019"]
    assert [row["decided"] for row in rows] == sorted(row["decided"] for row in rows)
    fitted = [row for row in rows if earlier.learned(row)]
    assert list(earlier.seen(fitted).sum(1)) == [3, 5, 1, 4, 1]
    forecast_only = {row["call"] for row in rows} - {row["call"] for row in fitted}
    assert forecast_only == {"quantum 2022", "mid-range 2023", "antennas 2025", "tech hubs 2024"}


def test_call_of_another_union_is_scored_over_its_own_states(found):
    union = load_members(SHIPPED["united_states"])
    row = next(row for row in earlier.held() if row["call"] == "tech hubs 2024")
    assert earlier.seen([row], union).sum() == 12
    table = found["calls"][found["calls"].what == row["call"]].set_index("forecast")
    assert table.happened.unique() == [12.0]
    uniform = in_proportion(np.ones(50), table.expected[earlier.BEFORE])
    assert table.log_score["uniform"] == pytest.approx(log_score(uniform, earlier.seen([row], union)[0]))
    assert {earlier.LOGIT, "hosts the last machine"}.isdisjoint(table.index)


def test_forecasts_use_calls_decided_before_and_none_that_is_forecast_only(found, monkeypatch):
    used = []

    def kept(count, before, *rest):
        used.append(before)
        return simple(count, before, *rest)

    simple = earlier.simple
    monkeypatch.setattr(earlier, "simple", kept)
    earlier.tables(plan_of(draws=DRAWS))
    rows = earlier.held()
    past = [earlier.seen([o for o in rows if earlier.learned(o) and o["decided"] < r["decided"]]) for r in rows]
    for row, before, expected in zip(rows, used, past, strict=False):
        assert len(before) == (0 if row["call"] == "tech hubs 2024" else len(expected))
        assert before.shape[1] == (50 if row["call"] == "tech hubs 2024" else 27)


def test_money_of_the_waves_is_that_of_their_sites(found):
    table = found["money"]
    assert list(table.wave) == [1, 2, 3]
    assert (table.mean_size > table.median_size).all()
    assert table.largest.between(0, 1).all()


@pytest.mark.parametrize("row", earlier.held(), ids=lambda row: row["call"])
def test_every_call_runs_and_is_voted_on_and_has_lags_only_if_its_machines_train(row, tmp_path, capsys):
    name = earlier.scenario_of(row)
    trains = load(name).trains
    assert trains == row["call"].startswith(("pre-exascale", "petascale", "exascale", "mid-range"))
    assert main(["run", name, "--worlds", "2", "--json"]) == 0
    capability = json.loads(capsys.readouterr().out)["capability"]
    assert capability["sites"]["median"] is not None
    for lag in ("years_behind", "program_gain_years", "whole_machine_years_behind"):
        assert (capability[lag]["median"] is not None) == trains
    assert main(["reforms", name, *OTHER, "--worlds", "2", "--json"]) == 0
    packages = json.loads(capsys.readouterr().out)["packages"]
    assert len(packages) == 3
    assert all((one["gain_years"] is not None) == trains for one in packages)
    assert all(one["in_favor"] + one["against"] for one in packages)
    assert main(["reforms", name, *OTHER, "--worlds", "2"]) == 0
    assert ("gains in years are not defined" in capsys.readouterr().out) != trains
    spec = tmp_path / "call.toml"
    spec.write_text(
        f'scenario = "{name}"\nreplications = 2\n[design]\nkind = "grid"\n[factors]\nfunding = ["host_matches_half", "gni_key"]\n'
    )
    assert main(["batch", str(spec), "--out", str(tmp_path / "out")]) == 0
    assert main(["report", str(tmp_path / "out")]) == 0


def test_planner_of_capability_is_refused_where_nothing_trains(capsys):
    assert main(["run", "eurohpc-quantum-2022", "--set", "agenda=planner"]) == 2
    assert "agenda.objective" in capsys.readouterr().err


def test_simple_forecasts_expect_the_given_number_of_hosts():
    before, having = earlier.seen(earlier.held())[:4], np.arange(STATES.count) < 5
    p = earlier.simple(3.0, before, having)
    assert p[f"{earlier.LOGIT}, as many sites"].sum() == pytest.approx(3.0)
    order = np.argsort(p[earlier.LOGIT])
    assert (np.diff(p[f"{earlier.LOGIT}, as many sites"][order]) >= 0).all()
    assert p["hosts the last machine"][:5].sum() / 3 == pytest.approx((before[:, :5].sum() + 1) / (before.sum() + 2))
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


@pytest.mark.slow
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
    rows = {tuple(cells[:2]): cells for line in text.splitlines() if len(cells := line.strip("| ").split(" | ")) > 7}
    for call in ("quantum 2022", "antennas 2025", "tech hubs 2024"):
        expected, hosts = map(float, rows[call, earlier.BEFORE][2:4])
        assert expected < hosts / 3


def test_another_unions_calibration_is_refused(tmp_path, capsys):
    file = tmp_path / "other.toml"
    file.write_text('members = "x"\n[priors]\nfitted = ["panel_noise"]\n')
    assert main(["calibrate", str(file), "--calls"]) == 2
    assert capsys.readouterr().err
