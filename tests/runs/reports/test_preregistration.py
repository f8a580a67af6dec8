"""Preregistration: written once and before the run, and compared with what was done."""

import json

import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import equivalence_margin
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.hypotheses import Hypothesis
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.reports.preregistration import FILE, Judged, compared, judged, preregister, registered

HYPOTHESIS = {"effect": {"voting": "unanimity"}, "sign": "positive", "least": 0.1, "outcome": "sites"}
SPEC = {
    "scenario": {"agenda": "closed_rule", "expect": "status_quo"},
    "replications": 3,
    "outcomes": ["sites"],
    "design": {"kind": "grid"},
    "factors": {"voting": ["lisbon_qmv", "unanimity"], "patience": [0.9, 0.99]},
    "hypotheses": [HYPOTHESIS],
}


def test_report_names_what_departs_from_the_preregistration(tmp_path):
    preregister(spec_of(SPEC), tmp_path)
    with pytest.raises(BadInput, match="written once"):
        preregister(spec_of(SPEC), tmp_path)
    other = HYPOTHESIS | {"sign": "negative"}
    batch(SPEC | {"replications": 4, "hypotheses": [other]}, tmp_path, workers=0)
    first, departures = compared(Results(tmp_path))
    assert json.loads((tmp_path / FILE).read_text())["sha256"] in first
    assert "replications was 3, and is 4" in departures
    assert "other hypotheses" in departures
    (one,) = judged(Results(tmp_path))
    assert one.hypothesis.sign == "positive"  # what was registered, not what the spec says now
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text().replace("positive", "negative"))
    with pytest.raises(BadInput, match="changed"):
        registered(tmp_path)


def test_results_are_the_same_with_hypotheses_which_are_not_registered_after_the_run(tmp_path):
    plain = {key: value for key, value in SPEC.items() if key != "hypotheses"}
    assert spec_of(SPEC).digest == spec_of(plain).digest
    batch(SPEC, tmp_path, workers=0)
    assert "not preregistered" in compared(Results(tmp_path))[0]
    with pytest.raises(BadInput, match="before the run"):
        preregister(spec_of(SPEC), tmp_path)


@pytest.mark.parametrize(
    ("sign", "effect", "low", "high", "verdict"),
    [
        ("positive", 0.3, 0.1, 0.5, "supported"),
        ("negative", -0.3, -0.5, -0.1, "supported"),
        ("positive", 0.15, 0.05, 0.25, "not supported: smaller than the least effect"),
        ("positive", -0.3, -0.5, -0.1, "not supported: opposite sign"),
        ("negative", -0.05, -0.1, 0.0, "not supported: negligible"),
        ("positive", 0.1, -0.2, 0.4, "undecided"),
        ("none", 0.0, -0.1, 0.1, "supported"),
        ("none", 0.4, 0.3, 0.5, "not supported"),
        ("none", 0.0, -0.3, 0.3, "undecided"),
    ],
)
def test_verdict_on_a_hypothesis(sign, effect, low, high, verdict):
    found = Judged(Hypothesis({}, sign, 0.2, "sites"), effect, low, high, equivalence_margin(low, high))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    "wrong",
    [
        {"effect": {"funding": "x"}},
        {"effect": {"voting": "lisbon_qmv"}},
        {"sign": "up"},
        {"least": 0},
        {"size": 1},
    ],
)
def test_invalid_hypothesis_is_refused(wrong):
    with pytest.raises(BadInput, match=r"hypotheses\[0\]"):
        spec_of(SPEC | {"hypotheses": [HYPOTHESIS | wrong]})
