"""The regression table of a grid has the coefficients of a regression with a dummy for each replication, in each program."""

import re
import shutil
import subprocess

import docx
import numpy as np
import pandas as pd
import pytest

from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports.publication import export
from juste_retour.runs.reports.regression import regression

SPEC = {
    "title": "Votes & 50 % of the_money",
    "question": "Voting and side payments",
    "scenario": {"agenda": "commission_proposal", "funding": "gni_key", "entitlement": "juste_retour"},
    "replications": 8,
    "outcomes": ["sites"],
    "design": {"kind": "grid"},
    "factors": {"voting": ["lisbon_qmv", "unanimity"], "side_payments": [False, True]},
}
TERMS = ["side_payments = true", "voting = unanimity"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("regression") / "out"
    batch(SPEC, out, workers=0)
    return out


@pytest.fixture(scope="module")
def tables(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("tables")
    export(folder, out, ("csv", "dta", "xlsx"), ["worlds"], "sites")
    return out


def test_coefficients_and_errors_are_those_with_a_dummy_per_replication(folder):
    found = regression(Results(folder), "sites")
    assert sorted(map(str, found.terms[:2])) == TERMS
    alone, both = found.fit()
    worlds = found.worlds
    x = np.column_stack(
        [*(t.values(worlds) for t in found.terms), *(worlds.replicate == r for r in worlds.replicate.unique())]
    ).astype(float)
    bread = np.linalg.inv(x.T @ x)
    slopes = bread @ x.T @ worlds.sites
    scores = (
        pd.DataFrame(x * (worlds.sites - x @ slopes).to_numpy()[:, None]).groupby(worlds.replicate.to_numpy()).sum()
    )
    groups, runs, k = len(scores), len(worlds), len(found.terms) + 1
    meat = scores.T.to_numpy() @ scores.to_numpy() * groups / (groups - 1) * (runs - 1) / (runs - k)
    errors = np.sqrt(np.diag(bread @ meat @ bread))
    np.testing.assert_allclose(both.params.iloc[1:], slopes[: k - 1], atol=1e-9)
    np.testing.assert_allclose(both.bse.iloc[1:], errors[: k - 1], atol=1e-7)
    assert len(alone.params) == 3


def test_word_latex_and_excel_hold_the_same_numbers(folder, tables):
    fitted = [f"{value:.4f}" for value in regression(Results(folder), "sites").fit()[1].params]
    latex = (tables / "regression.tex").read_text()
    cells = [c.text for t in docx.Document(str(tables / "regression.docx")).tables for row in t.rows for c in row.cells]
    for number in fitted:
        assert number in latex
        assert any(number in cell for cell in cells)
    assert r"Votes \& 50 \% of the\_money" in latex
    assert not re.search(r"[^\\]_", latex)
    excel = pd.read_excel(tables / "worlds.xlsx")
    pd.testing.assert_frame_equal(excel[["sites", "replicate"]], Results(folder)["worlds"][["sites", "replicate"]])
    assert "regress within x1-x3, vce(cluster replicate)" in (tables / "regression.do").read_text()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_r_gives_the_same_numbers_from_the_exported_table(folder, tables):
    if subprocess.run(["Rscript", "-e", "library(sandwich)"], capture_output=True).returncode:
        pytest.skip("the R package sandwich is not installed")
    done = subprocess.run(["Rscript", "regression.R"], cwd=tables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for fit in regression(Results(folder), "sites").fit():
        for name, value, error in zip(fit.params.index, fit.params, fit.bse, strict=True):
            row = re.compile(rf"^{re.escape(name)}\s+(\S+)\s+(\S+)$", re.M).findall(done.stdout)
            assert any(np.allclose([float(a), float(b)], [value, error], atol=6e-5) for a, b in row), (name, row)


@pytest.mark.parametrize("outcome", ["sitez", "scenario", "years_since_the_flood"])
def test_what_no_regression_can_have_as_outcome_is_refused(folder, tmp_path, call, outcome):
    status, _, error = call("export", folder, "--out", tmp_path / "t", "--regression", outcome)
    assert status == 2
    assert "--regression" in error
