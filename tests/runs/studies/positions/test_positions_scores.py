"""Scores of predictions: errors, bootstrap intervals over whole proposals, and groups."""

import numpy as np
import pandas as pd
import pytest

from juste_retour.runs.studies.positions.scores import PAIRED, compared, differences, in_common, scores


@pytest.fixture
def outcomes():
    """Two models on four issues of three proposals; the second has no outcome for the last."""
    return pd.DataFrame(
        {
            "issue": ["a", "a", "b", "b", "c", "c", "d", "d"],
            "model": ["m", "k"] * 4,
            "outcome": [10.0, 20, 30, 30, 50, 90, 0, np.nan],
            "actual": [0.0, 0, 40, 40, 50, 50, 100, 100],
            "proposal": ["p", "p", "p", "p", "q", "q", "r", "r"],
            "council_rule": ["QMV"] * 4 + ["unanimity"] * 4,
        }
    )


def test_errors_are_means_over_predicted_issues(outcomes):
    found = scores(outcomes).set_index("model")
    assert found.loc["m"][["n", "mean_absolute_error"]].tolist() == [4, 30]
    assert found.loc["k"][["n", "mean_absolute_error"]].tolist() == [3, pytest.approx(70 / 3)]
    assert (found.low <= found.mean_absolute_error).all()
    assert (found.mean_absolute_error <= found.high).all()


def test_bootstrap_resamples_whole_proposals(outcomes):
    """Model k has errors summing to 30 over two issues of one proposal and 40 over one of another: means 15, 40, 70 / 3."""
    found = scores(outcomes).set_index("model").loc["k"]
    assert (found.low, found.high) == (15, 40)
    one = scores(outcomes[outcomes.proposal == "p"]).set_index("model").loc["k"]
    assert one.low == one.high == one.mean_absolute_error == 15


def test_groups_are_scored_separately(outcomes):
    found = scores(outcomes, ["council_rule"]).set_index(["council_rule", "model"])
    assert found.loc[("QMV", "m"), "mean_absolute_error"] == 10
    assert found.loc[("unanimity", "m"), "mean_absolute_error"] == 50
    assert found.n.sum() == 7


def test_in_common_keeps_issues_predicted_by_all_models(outcomes):
    assert set(in_common(outcomes).issue) == {"a", "b", "c"}


def test_differences_are_paired(outcomes):
    found = differences(outcomes, "m").set_index("model")
    assert found.loc["m"][["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert found.loc["k"][["n", "difference"]].tolist() == [3, pytest.approx(50 / 3)]
    assert (found.loc["k", "low"], found.loc["k", "high"]) == (5, 40)


def test_scores_are_compared_with_the_first_model_in_each_group(outcomes):
    found = compared(scores(outcomes), outcomes).set_index("model")
    assert found.loc["m", list(PAIRED.values())].isna().all()
    assert found.loc["k", list(PAIRED.values())].tolist() == [3, pytest.approx(50 / 3), 5, 40]
    groups = compared(scores(outcomes, ["council_rule"]), outcomes, ["council_rule"])
    assert groups.set_index(["council_rule", "model"]).difference.dropna().to_dict() == {
        ("QMV", "k"): 5,
        ("unanimity", "k"): 40,
    }
    apart = outcomes[(outcomes.model == "m") == (outcomes.issue == "d")]  # no issue in common
    assert compared(scores(apart), apart).difference.isna().all()


def test_no_outcomes_give_an_empty_table(outcomes):
    found = scores(outcomes.assign(actual=np.nan))
    assert list(found.columns) == ["model", "n", "mean_absolute_error", "low", "high"]
    assert found.empty
