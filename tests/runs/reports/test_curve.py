"""A specification curve has a row per combination and measure, each of which is the paired difference at its points."""

import json

import pytest

from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.results import Results
from tests.runs.reports.test_preregistration import SPEC


def test_rows_are_paired_differences_in_each_specification(tmp_path, call):
    spec = {key: value for key, value in SPEC.items() if key != "hypotheses"}
    batch(
        spec | {"outcomes": ["sites", "years_behind", "two_site_states", "least_years_behind"]},
        tmp_path,
        workers=0,
    )
    status, printed, error = call("curve", str(tmp_path), "--effect", "voting=unanimity", "--json")
    assert status == 0, error
    found = json.loads(printed)["by_size"]
    assert {row["patience"] for row in found} == {"0.9", "0.99"}
    assert [row["effect"] for row in found] == sorted(row["effect"] for row in found)
    worlds = Results(tmp_path)["worlds"]
    means = worlds.groupby(["patience", "voting"]).sites.mean().unstack()
    for row in found:
        apart = means.loc[float(row["patience"])]
        assert row["effect"] == pytest.approx(apart.unanimity - apart.lisbon_qmv)
    assert (tmp_path / "figures/curve.svg").stat().st_size > 0
    for wrong in ("voting", "voting=lisbon_qmv", "funding=gni_key"):
        assert call("curve", str(tmp_path), "--effect", wrong)[0] == 2
