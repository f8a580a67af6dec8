"""Prediction of the third wave: conditioning on a state's record, baseline forecasts, and which forecast is better."""

import re

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.base.observed import observed
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.simple_forecasts import baselines, scored
from juste_retour.runs.studies.europe.evidence import plan_of
from juste_retour.runs.studies.europe.forecasts import (
    GIVEN,
    Futures,
    better_than_the_model,
    hosting,
    scored_wave,
    seen_in,
    who_is_ahead,
)
from juste_retour.runs.studies.europe.wave_prediction import _target, predict

MEMBERS = load_members()
SEEN = seen_in(observed(), MEMBERS, 3)


def futures(chosen):
    return Futures(MEMBERS, chosen, np.zeros_like(chosen), SEEN)


@pytest.fixture
def found():
    """Four runs: in two the third wave is as observed, and in two nobody is selected."""
    return futures(np.stack([SEEN, SEEN, np.zeros_like(SEEN), np.zeros_like(SEEN)]))


def test_seen_counts_equal_the_observed_waves():
    assert SEEN.sum(0).tolist() == [sum(int(r["wave"]) == k for r in observed()) for k in (1, 2, 3)]


def test_forecast_given_a_record_uses_the_matching_runs(found):
    forecast = hosting(found, 2)
    nl, lu = MEMBERS.states.index("NL"), MEMBERS.states.index("LU")
    assert forecast["the model"][nl] == 0.5
    given = forecast["the model, given each state's record"]
    assert given[lu] == pytest.approx(0.5 / 3)  # in the two runs with its one site it gets no other
    assert given[nl] == pytest.approx(2.5 / 5)  # in all runs it has no site before


def test_baselines_expect_the_actual_number_of_sites():
    found = baselines(MEMBERS, 6.5, SEEN[:, :2])
    assert set(found) == {
        "uniform",
        "proportional to GDP",
        "proportional to population",
        "existing machine first",
        "best quality first",
        "earlier hosts first",
        "logit on log population",
    }
    for name in (
        "existing machine first",
        "best quality first",
        "earlier hosts first",
        "logit on log population",
    ):
        assert found[name].sum() == pytest.approx(6.5, abs=0.01), name
    de, mt = MEMBERS.states.index("DE"), MEMBERS.states.index("MT")
    assert found["proportional to GDP"][de] > 0.7 > 0.01 > found["proportional to GDP"][mt]
    assert found["logit on log population"][de] > found["logit on log population"][mt]
    assert np.ptp(found["uniform"]) == 0
    before = baselines(MEMBERS, 6.5, np.zeros((27, 0), dtype=np.int64))
    assert "earlier hosts first" not in before
    all_used = baselines(MEMBERS, 6.5, SEEN[:, :1] + 9)["existing machine first"]
    assert all_used[de] == pytest.approx(all_used[mt])


def test_baseline_scores_of_the_third_wave(found):
    table = scored_wave(found, 2).set_index("forecast")
    logit, uniform = table.loc["logit on log population"], table.loc["uniform"]
    assert (logit.log_score_sum, logit.brier) == (
        pytest.approx(-12.9, abs=0.05),
        pytest.approx(0.158, abs=5e-4),
    )
    assert (uniform.log_score_sum, uniform.brier) == (
        pytest.approx(-14.3, abs=0.05),
        pytest.approx(0.173, abs=5e-4),
    )
    assert table.log_score_sum[GIVEN] == pytest.approx(27 * table.log_score[GIVEN])


def test_scores_are_compared_with_the_model():
    happened = np.array([True, False, False, True])
    table = scored({"the model": happened * 1.0, "other": np.full(4, 0.5)}, happened, "the model").set_index("forecast")
    assert table.brier["the model"] == 0.0
    assert table.brier["other"] == 0.25
    assert table.model_less_this["other"] == -0.25
    assert better_than_the_model(table.reset_index()) == ([], [], ["other"])


def test_worse_model_is_reported():
    happened = np.array([True, False, False, True] * 5)
    table = scored({"the model": 1.0 - happened, "other": happened * 1.0}, happened, "the model")
    assert better_than_the_model(table) == (["other"], ["other"], [])
    assert len(re.findall(r": other \([^)]*: other\)", who_is_ahead(table, table))) == 2
    first = pd.DataFrame([{"forecast": "the model", "model_less_this": 0.1, "low": 0.0, "high": 0.2}])
    second = pd.DataFrame([{"forecast": "the model, told", "model_less_this": 0.0, "low": 0.0, "high": 0.0}])
    both = pd.concat([first, second, table.iloc[1:]], ignore_index=True)
    assert who_is_ahead(both, table) == who_is_ahead(table, table)


def test_tables_of_a_prediction(found):
    facilities = pd.DataFrame(
        {
            "selected": ["2024Q4"] * 3,
            "contracted": ["2026Q2"] * 3,
            "operational": ["2027Q2", "2027Q4", "2028Q2"],
        }
    )
    tables = predict(found, 2, facilities, 4 * 2040)
    counts = tables.counts.set_index("count")
    assert (counts.observed["sites after three waves"], counts.observed["hosts after three waves"]) == (
        19,
        16,
    )
    assert counts["median"]["sites after three waves"] == 9.5
    assert len(tables.standing) == 19
    assert (tables.standing["the model"] == 0).all()
    past = tables.past.set_index("forecast")
    assert past.brier["as announced"] == pytest.approx(1 - past.happened.iloc[0] / past.questions.iloc[0])
    assert past.brier["the model"] < past.brier["as announced"]


def test_announced_dates_refer_to_the_end_of_their_period():
    assert [_target(t) for t in ("2024", "2020-H2", "2022-01", "soon")] == [
        2025.0,
        2021.0,
        2022 + 1 / 12,
        None,
    ]


def test_fewer_draws_keep_the_same_share():
    whole = plan_of()
    assert plan_of(draws=whole.draws // 2).keep == whole.keep // 2
    assert plan_of(draws=4096, least=200).keep == 200
    assert plan_of(least=whole.keep + 1).keep == whole.keep + 1
    with pytest.raises(BadInput, match=r"draws.*\b300\b.*\b400\b"):
        plan_of(draws=300, least=200)
