"""Runs without agreement are counted, and reported if they explain a zero effect."""

import json

import pytest

from juste_retour.runs.analysis.contrasts import compare
from juste_retour.runs.engine.agreement import HEADINGS, NOTHING_BEATS, Agreed, same_because, sentence
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports.report import report
from juste_retour.runs.reports.sensitivity_report import sensitivity
from tests.runs.small import run_small, spec_file

BASE = 'scenario = { agenda = "commission_proposal", access = "strategic", funding = "gni_key" }'
VETOED = f"""
question = "Does pooling matter more under unanimity, a voting rule?"
{BASE}
seed = 1957
replications = 12
outcomes = ["years_behind", "sites"]
[design]
kind = "grid"
[factors]
voting = ["lisbon_qmv", "unanimity"]
pooling = ["independent", "best_of"]
"""
SEPARATE = VETOED.replace(BASE, 'scenario = { agenda = "commission_proposal", envelope_eur_bn = 0.5 }')


@pytest.fixture(scope="module")
def vetoed(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("agreement"), text=VETOED)


@pytest.fixture(scope="module")
def separate(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("separate"), text=SEPARATE)


@pytest.mark.slow
def test_shares_agree_with_the_tables_and_with_compare(vetoed):
    results = Results(vetoed)
    found = sensitivity(results)["agreement"]
    none = (results["worlds"].sites == 0).groupby(results["worlds"].point).mean()
    assert found["no_site"].tolist() == none.tolist()
    assert max(none) > 1 / 3
    scenarios = [results.spec.scenario_at(k) for k in (0, 2)]
    names = [s.changed({}, name) for s, name in zip(scenarios, "ab", strict=True)]
    contrast = next(c for c in compare(*names, worlds=12, seed=1957).contrasts if c.outcome == "years_behind")
    assert found["standing"][[0, 2]].tolist() == [contrast.standing_a, contrast.standing_b]


@pytest.mark.slow
def test_report_names_the_rule_without_agreement(vetoed):
    text = report(vetoed).read_text(encoding="utf-8")
    answer = text.partition("class='answer'>")[2].partition("</p>")[0]
    assert "voting = unanimity" in answer
    assert all(f"{heading}</th>" in text for heading in HEADINGS)


def test_sentence_names_the_level_with_the_largest_difference():
    points = [{"voting": v, "pooling": p} for v in "ab" for p in "xy"]
    shares = [0.0, 0.1, 0.9, 0.8]
    found = [Agreed(p, s, s) for p, s in zip(points, shares, strict=True)]
    assert "85 % of the runs under voting = b" in sentence(found, ["pooling", "voting"])
    assert sentence([Agreed(p, 0.3, 0.3) for p in points], ["voting"]) == ""


@pytest.mark.slow
def test_dry_run_counts_runs_in_which_no_facility_beats_existing_machines(tmp_path, call):
    path = spec_file(tmp_path, SEPARATE)
    status, printed, _ = call("batch", path, "--dry-run", "--json")
    found = json.loads(printed)
    assert status == 0
    assert {a["standing"] for a in found["agreement"]} == {1.0}
    _, said, _ = call("batch", path, "--dry-run")
    assert "no facility beats" in said
    assert "to - (95" not in said


@pytest.mark.slow
def test_constant_outcome_is_refused_with_its_cause(separate, call):
    status, _, error = call("sensitivity", separate)
    assert (status, NOTHING_BEATS in error) == (2, True)
    assert NOTHING_BEATS in report(separate).read_text(encoding="utf-8")


def test_price_that_was_not_computed_is_refused(vetoed, call):
    status, _, error = call("sensitivity", vetoed, "--outcome", "price_of_politics")
    assert (status, "`outcomes`" in error, "no run" in error) == (2, True, False)


@pytest.mark.slow
def test_half_width_gives_replications_by_factor(tmp_path, call):
    path = spec_file(tmp_path, VETOED)
    _, printed, _ = call("batch", path, "--dry-run", "--half-width", "0.05", "--json")
    wished = json.loads(printed)["precision"]["replications_by_factor"]
    assert {"the effect of pooling", "the effect of voting", "the interaction of pooling and voting"} >= set(wished)
    assert wished["the effect of voting"] >= 2


def test_points_that_the_pilot_did_not_run_give_no_sentence_and_no_cause():
    assert sentence([], ["voting"]) == ""
    assert same_because([], "years_behind") == same_because([], "sites") == ""
