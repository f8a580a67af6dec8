"""Ensembles and their tables: results independent of the chunk, and consistent tables."""

import math
import re
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

from juste_retour import runs, simulate
from juste_retour.abm.outcomes import run
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.statistics import median, quantile, ranked_quantile, summary, without_a_run
from juste_retour.runs.results import ensemble
from juste_retour.runs.results import result_tables as tables
from juste_retour.runs.results.frames import frames

README = Path(runs.__file__).with_name("README.md")


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_results_do_not_depend_on_the_chunk(result, chunk):
    other = simulate(worlds=9, seed=3, tables=tables.TABLES, chunk=chunk)
    for name in tables.TABLES:
        pd.testing.assert_frame_equal(result.tables[name], other.tables[name], check_exact=True)


def test_results_do_not_depend_on_the_first_replicate(result):
    later = simulate(worlds=4, seed=3, first=5)
    for name in tables.DEFAULT:
        whole = result.tables[name]
        pd.testing.assert_frame_equal(
            whole[whole.replicate >= 5].reset_index(drop=True), later.tables[name], check_exact=True
        )


@pytest.mark.parametrize("name", tables.TABLES)
def test_columns_match_the_data_dictionary(result, name):
    frame, about = result.tables[name], tables.columns(name)
    assert list(frame.columns) == [column.name for column in about]
    for column in about:
        values = frame[column.name]
        if column.kind in ("string", "quarter"):
            assert pd.api.types.is_string_dtype(values) or values.isna().all(), column
            assert column.kind == "string" or values.dropna().str.fullmatch(r"\d{4}Q[1-4]").all(), column
        elif column.kind == "boolean":
            assert values.dtype == bool, column
        elif column.name != "plan":
            assert values.dtype.kind == ("i" if column.kind == "integer" else "f"), column
        assert column.kind != "float" or not np.isinf(values).any(), column


def test_readme_contains_the_data_dictionary():
    text = README.read_text(encoding="utf-8")
    for name in tables.TABLES:
        assert tables.dictionary(name) in text, (
            f"run: print(juste_retour.runs.results.result_tables.dictionary({name!r}))"
        )


def test_tables_are_consistent(result):
    worlds = result.worlds.set_index("replicate")
    by_world = result.facilities.groupby("replicate")
    assert (by_world.size() == worlds.sites).all()
    assert by_world.state.nunique().eq(worlds.hosts).all()
    states = result.states.groupby("replicate")
    np.testing.assert_allclose(states.accelerators.sum(), worlds.aggregate_accelerators, rtol=1e-12)
    np.testing.assert_allclose(states.received_eur_bn.sum(), worlds.spend_eur_bn, rtol=1e-12)
    np.testing.assert_allclose(
        states.received_eur_bn.sum(), states.paid_eur_bn.sum() + states.private_eur_bn.sum(), rtol=1e-12
    )
    assert by_world.operational.min().eq(worlds.first_operation).all()
    ballots = result.votes.groupby("replicate").size()
    yes = (
        result.votes.assign(n=result.votes.yes.str.replace("EU", "").str.split().str.len()).groupby("replicate").n.sum()
    )
    assert (states.yes_votes.sum() == yes).all()
    assert (states[["yes_votes", "no_votes"]].sum().sum(axis=1) <= 27 * ballots).all()


def test_timeline_agrees_with_the_worlds_table(result):
    worlds = result.worlds.set_index("replicate")
    window = result.timeline[result.timeline.quarter.between("2024Q4", "2029Q3")].groupby("replicate")
    assert (window.size() == 20).all()
    for name in ("years_behind", "capability_lag_years"):
        np.testing.assert_allclose(window[name].mean(), worlds[name], rtol=0, atol=1e-9)
    assert (window.years_behind.min() == worlds.least_years_behind).all()
    end = window.last()
    assert (end.years_behind == worlds.years_behind_at_end).all()
    for name in ("largest_run_flop", "frontier_flop"):
        assert (end[name] == worlds[name]).all()
    assert (worlds.quarters_without_run == 0).all()
    last = result.timeline.groupby("replicate").last()
    assert (last.contracted == result.worlds.set_index("replicate").sites).all()
    assert len(result.timeline) == 9 * 44


def test_decisions_contain_the_terms_of_bids_and_votes(result):
    decisions = result.decisions
    terms = [f"{term}_eur_bn" for term in ("trophies", "local", "race", "open", "payment", "transfer")]
    np.testing.assert_allclose(decisions[terms].sum(axis=1), decisions.utility_eur_bn, rtol=1e-9, atol=1e-12)
    votes = decisions[decisions.family == "vote"]
    tally = votes.groupby(["replicate", "actor"]).decision.apply(lambda d: (d > 0).sum())
    states = result.states.set_index(["replicate", "state"]).yes_votes
    assert (tally == states.rename_axis(["replicate", "actor"]).loc[tally.index]).all()
    bids = decisions[(decisions.family == "bid") & (decisions.decision > 0)]
    assert len(bids) > 100
    assert (bids.utility_eur_bn > bids.reservation_eur_bn).all()


def test_decisions_contain_drafts_and_endorsements():
    found = simulate({"agenda": "commission_proposal"}, worlds=2, tables=("decisions",)).decisions
    drafts = found[found.family == "draft"]
    assert set(drafts.decision) == {0.0, 1.0}
    assert found[found.family == "endorse"].decision.isin([-1, 1]).all()
    assert drafts.score.notna().all()
    assert drafts.plan.nunique() > 3


def test_design_columns_follow_the_keys():
    found = run(ensemble.load("eu-status-quo"), 0, np.arange(3))
    made = frames(found, ("worlds", "states"), {"factor": "high", "x": np.array([0.5, 1.5, 2.5])})
    assert list(made["states"].columns[:6]) == ["scenario", "seed", "replicate", "factor", "x", "state"]
    assert list(made["worlds"].x) == [0.5, 1.5, 2.5]
    assert (made["states"].groupby("replicate").x.nunique() == 1).all()


def test_table_that_was_not_requested_is_named():
    found = simulate(tables=("facilities",))
    assert list(found.tables) == ["facilities"]
    with pytest.raises(BadInput, match="'worlds'"):
        _ = found.worlds
    with pytest.raises(AttributeError, match="color"):
        _ = found.color
    with pytest.raises(BadInput, match=r"'stats'.*'states'"):
        simulate(tables=("stats",))


def test_progress_counts_worlds():
    seen = []
    simulate(
        worlds=5,
        chunk=2,
        first=7,
        tables=("facilities",),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_repr_of_a_result(result):
    text = repr(result)
    head, *lines = text.splitlines()
    assert "eu-status-quo" in head
    assert {"3", "0", "8"} <= set(re.findall(r"\d+", head))
    (sites,) = [line for line in lines if line.strip().startswith("sites")]
    assert f"{median(result.worlds.sites):g}" in sites
    assert re.search(rf"states.* {9 * 27}\b", text)


def test_provenance_of_a_result(result):
    p = result.provenance
    assert (p["seed"], p["first"], p["worlds"]) == (3, 0, 9)
    assert p["scenario"]["digest"] == result.scenario.digest
    assert p["members"]["digest"] == result.members.digest
    assert p["numpy"] == np.__version__
    assert p["cpu_features"] == sorted(p["cpu_features"])


def test_plots_show_the_tables(result):
    matplotlib.use("Agg")
    sites = result.plot.sites()
    assert sum(bar.get_height() for bar in sites.patches) == 9
    facilities = result.plot.facilities()
    hosts = result.states[result.states.sites > 0].state.nunique()
    assert len(facilities.patches) == hosts
    label = result.plot.years_behind().get_xlabel()
    assert "5 years" in label
    assert "2029Q3" in label
    assert "price" in result.plot.price_of_politics().get_xlabel()
    line = result.plot.timeline("working").lines[0]
    assert len(line.get_xdata()) == 44
    matplotlib.pyplot.close("all")


def test_missing_lag_counts_as_infinity():
    lags = [3.0, math.nan, 1.0]
    assert (median(lags), quantile(lags, 1.0), without_a_run(lags)) == (3.0, math.inf, 1)
    assert median([1.0, math.nan]) == math.inf
    assert summary([2.0] * 5) == {"median": 2.0, "low": 2.0, "high": 2.0}
    values = np.random.default_rng(0).normal(size=101)
    assert [quantile(values, q) for q in (0.05, 0.5, 0.95)] == pytest.approx(
        list(np.quantile(values, [0.05, 0.5, 0.95]))
    )
    assert ranked_quantile(["2027Q1", None, "2026Q4"], 0.95) is None
    assert ranked_quantile([], 0.5) is None


def test_runs_offers_the_functions_that_scripts_import_from_it():
    assert runs.simulate is simulate
    with pytest.raises(AttributeError, match="stimulate"):
        _ = runs.stimulate
