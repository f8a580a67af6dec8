"""What a report says about the solver of stationary values."""

from dataclasses import replace

import numpy as np
import pytest

from juste_retour.abm.bargaining import continuation
from juste_retour.runs.base.statistics import summary
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports.findings import Findings
from juste_retour.runs.reports.report import answer
from juste_retour.runs.reports.solver_effects import rerun, under_each, unsure
from tests.runs.small import run_small

SPEC = """
question = "Does the patience matter?"
scenario = { agenda = "commission_proposal", expect = "stationary", window_years = 1 }
replications = 4
outcomes = ["sites", "committed_eur_bn"]
[design]
kind = "grid"
[factors]
patience = [0.5, 0.6]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("solved"), text=SPEC)


@pytest.fixture
def results(folder):
    return Results(folder)


def test_rerun_with_the_recorded_solution_gives_the_recorded_runs(results):
    before = dict(continuation._solved)
    for (point, _), found in results.solved.items():
        worlds = results["worlds"]
        again = rerun(results, point, found, 4)
        assert again["sites"].tolist() == worlds["sites"][worlds.point == point].tolist()
    assert continuation._solved == before


def test_report_shows_the_outcome_under_each_equilibrium(results):
    one = results.solved[0, 0]
    assert not under_each(Findings(results))[1]
    # the second "equilibrium": states expect so much that nobody agrees
    solutions = np.stack([one.found, 50 * np.abs(one.found) + 1])
    two = replace(
        one,
        solutions=solutions,
        errors=np.tile(one.error, (2, 1)),
        residuals=np.zeros(2),
        steps=np.zeros(2),
        leads=(1, 2, 2, 1),
    )
    results.solved[0, 0] = two
    headings, rows, _ = under_each(Findings(results))
    assert [row[headings.index("Equilibrium")] for row in rows] == ["1 (in use)", "2"]
    assert [row[headings.index("Starts")] for row in rows] == ["2 of 4", "2 of 4"]
    sites = results["worlds"].query("point == 0").sites
    assert rows[0][-2].startswith(f"{summary(sites)['median']:g}")
    assert (rows[0][-1], rows[1][-1]) == ("0.0%", "100.0%")


def test_report_says_if_an_effect_rests_on_the_error_of_one_solve(results):
    quiet = {at: replace(found, errors=0 * found.errors) for at, found in results.solved.items()}
    results.solved.update(quiet)
    assert unsure(Findings(results)) == ""
    loud = {at: replace(found, errors=found.errors + 2 * found.stake) for at, found in quiet.items()}
    results.solved.update(loud)
    said = unsure(Findings(results))
    assert "0.6" in said
    assert "solver_seeds" in said
    assert said in answer(Findings(results))
