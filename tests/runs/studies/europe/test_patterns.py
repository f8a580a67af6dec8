"""Patterns: statistics checked with SciPy, observed values, and results read from folders."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pointbiserialr, spearmanr

from juste_retour.abm.base.members import load_members
from juste_retour.agents.errors import BadInput
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.results.ensemble import simulate
from juste_retour.runs.studies.europe import hosting, patterns


@pytest.fixture(scope="module")
def result():
    return simulate(worlds=96, seed=3, tables=("worlds", "states", "facilities"))


@pytest.fixture(scope="module")
def table(result):
    return patterns.compared(result.tables).set_index("pattern")


def test_statistics_agree_with_scipy():
    rng = np.random.default_rng(0)
    sites, what = rng.integers(0, 3, (5, 27)).astype(float), rng.random(27)
    for row, found in zip(sites, patterns.rank_correlation(sites, what), strict=True):
        assert found == pytest.approx(spearmanr(row, what).statistic)
    for row, found in zip(sites > 0, patterns.point_biserial(sites > 0, what), strict=True):
        assert found == pytest.approx(pointbiserialr(row, what).statistic)
    assert np.isnan(patterns.point_biserial(np.ones((1, 27), dtype=bool), what)).all()


def test_gini_is_half_the_relative_mean_difference():
    money = np.random.default_rng(1).random((1, 27))
    gaps = np.abs(money[0][:, None] - money[0][None, :]).mean()
    assert patterns.gini(money)[0] == pytest.approx(gaps / (2 * money.mean()))


def test_observed_values_of_the_patterns(table):
    seen = table.observed
    assert seen["sites"] == 19
    assert seen["hosts"] == 16
    assert seen["states with two sites"] == 3  # Germany, Spain, Poland
    assert seen["old members among new hosts, wave 1"] == 1
    assert seen["old members among new hosts, wave 2"] == pytest.approx(2 / 5)
    assert seen["old members among new hosts, wave 3"] == pytest.approx(1 / 4)


def test_all_states_but_croatia_are_served():
    served = patterns.served()
    missing = set(load_members().states.codes) - set(served)
    assert missing == {"HR"}


def test_main_patterns_lie_in_the_simulated_range(table):
    for name in (
        "sites",
        "hosts",
        "states with two sites",
        "hosting and log GDP",
        "hosting and power price",
        "hosting and ICT specialists",
        "months from selection to operation",
    ):
        assert table.inside[name], table.loc[name]


def test_patterns_are_computed_from_the_tables(result, table):
    assert table["median"]["sites"] == result.worlds.sites.median()
    assert table["median"]["hosts"] == result.worlds.hosts.median()
    early = result.facilities[result.facilities.selected <= "2025Q1"]
    by_state = early.groupby(["replicate", "state"]).spend_eur_bn.sum()
    share = by_state / by_state.groupby("replicate").transform("sum")
    money = (share**2).groupby("replicate").sum()
    assert table["median"]["Herfindahl index of money"] == pytest.approx(money.median())


def test_planner_does_not_reproduce_the_patterns():
    few = simulate({"agenda": "planner"}, worlds=16, tables=("worlds", "states", "facilities"))
    table = patterns.compared(few.tables).set_index("pattern")
    assert not table.inside["sites"]
    assert not table.inside["hosts"]


@pytest.mark.parametrize("ending", ["parquet", "csv", "dta"])
def test_patterns_do_not_depend_on_the_file_format(result, table, tmp_path, ending):
    result.write(tmp_path / "r", [ending])
    again = patterns.compared(hosting.read(tmp_path / "r")).set_index("pattern")
    assert again["median"].to_numpy() == pytest.approx(table["median"].to_numpy(), rel=1e-6, nan_ok=True)


def test_patterns_command_reads_a_result(result, tmp_path, capsys):
    result.write(tmp_path / "r")
    assert main(["patterns", str(tmp_path / "r"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["scenario"] == "eu-status-quo"
    assert {"pattern", "observed", "median", "low", "high", "inside"} <= set(printed["patterns"][0])


def test_new_worlds_refer_to_the_verdict_for_parameter_uncertainty(capsys):
    assert main(["patterns", "--worlds", "4"]) == 0
    fresh = capsys.readouterr().out
    assert "juste-retour verdict" in " ".join(fresh.split())


def test_comparators_are_compared_with_real_sites(capsys):
    assert main(["patterns", "--worlds", "96", "--json"]) == 0
    rows = {(r["group"], r["pattern"]): r for r in json.loads(capsys.readouterr().out)["patterns"]}
    assert rows["us-private", "months to operation"]["inside"]
    assert rows["us-private", "H100 equivalents a site"]["observed"] > 1e5
    slow, quick = rows["china-state", "months to operation"], rows["us-private", "months to operation"]
    assert quick["median"] < slow["median"] < rows["delays", "months from selection to operation"]["median"]


def test_other_folders_are_refused(tmp_path, capsys):
    assert main(["patterns", str(tmp_path / "none")]) == 2
    assert str(tmp_path / "none") in capsys.readouterr().err
    assert main(["patterns", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    other = pd.DataFrame({"scenario": "x", "seed": 0, "replicate": 0, "state": ["A", "B"], "sites": 1, "first_wave": 1})
    with pytest.raises(BadInput, match="union"):
        hosting.simulated({"states": other})
