"""Contrasts: paired differences, coverage of the intervals, and worlds without a run counted as infinite."""

import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from juste_retour import compare, simulate
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.contrasts import contrasts
from juste_retour.runs.base.resampling import half_width, interval, needed, resampled_means
from juste_retour.runs.cli.contrast_tables import show_contrasts


@pytest.fixture(scope="module")
def found():
    return compare("eu-status-quo", "essay-reform", worlds=24, seed=2)


def test_contrast_is_the_paired_difference_of_two_ensembles(found):
    a, b = (simulate(name, worlds=24, seed=2, tables=("worlds",)).worlds for name in found.names)
    for name in ("years_behind", "sites", "price_of_politics", "spend_eur_bn"):
        c = found[name]
        assert c.mean_a == pytest.approx(a[name].mean(), rel=1e-12)
        assert c.difference == pytest.approx((a[name] - b[name]).mean(), rel=1e-9)
        assert c.difference == c.mean_a - c.mean_b
        assert c.probability_a_greater == (a[name] > b[name]).mean()
        assert c.low <= c.difference <= c.high


def test_scenario_compared_with_itself_is_zero():
    found = compare("eu-status-quo", {"name": "twin"}, worlds=6)
    assert {c.difference for c in found.contrasts} == {0.0}
    assert {c.probability_equal for c in found.contrasts} == {1.0}
    assert found.names == ["eu-status-quo", "twin"]


def test_first_scenario_is_compared_with_each_other():
    found = compare("eu-status-quo", {}, {"voting": "unanimity"}, worlds=2, outcomes=["sites"])
    assert len(set(found.names)) == 3
    assert [(c.a, c.b) for c in found.contrasts] == [(found.names[0], b) for b in found.names[1:]]


def test_changes_for_b_do_not_affect_a():
    found = compare("eu-status-quo", worlds=2, outcomes=["committed_eur_bn"], changes_b={"envelope_eur_bn": 1.0})
    assert [s.envelope_eur_bn for s in found.scenarios] == [10.0, 1.0]
    assert found.names == ["eu-status-quo", "eu-status-quo with envelope_eur_bn = 1.0"]
    assert found["committed_eur_bn"].mean_b <= 1.0 < found["committed_eur_bn"].mean_a


@pytest.mark.parametrize("columns", [40, 80, None])
def test_narrow_terminals_show_every_column(call, monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", str(columns))
    out = call("compare", "eu-status-quo", "--set-b", "voting=unanimity", "--worlds", 2, "--outcome", "sites")[1]
    for heading in ("A - B", "95 %", "A > B", "A = B", "Pairing saves", "Needed"):
        assert heading in out


def test_common_random_numbers_remove_shared_variance():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=4000), rng.normal(size=4000)
    (c,) = contrasts({"sites": shared + 0.5 * own}, {"sites": shared}, "a", "b")
    assert c.variance_saved == pytest.approx(1 - 0.25 / 2.25, abs=0.01)
    assert c.half_width == pytest.approx(1.96 * 0.5 / math.sqrt(4000), rel=0.05)


def test_interval_coverage_is_about_95_percent():
    rng = np.random.default_rng(1)
    samples = rng.exponential(size=(300, 60))
    hits = 0
    for k, sample in enumerate(samples):
        low, high = interval(resampled_means(sample, k, 400))
        hits += low[0] <= 1 <= high[0]
    assert 0.88 <= hits / 300 <= 0.98


def test_block_resampling_keeps_the_standard_error():
    x = np.random.default_rng(2).normal(size=(1, 20_000))
    means = resampled_means(x, 0)
    assert means.std() == pytest.approx(1 / math.sqrt(20_000), rel=0.08)
    assert needed(x.std(), half_width(x)[0]) == pytest.approx(20_000, rel=0.01)


def test_worlds_without_a_run_count_as_infinite():
    a, b = np.array([1.0, np.inf, 2.0, np.inf]), np.array([2.0, 3.0, 1.0, np.inf])
    (c,) = contrasts({"years_behind": a}, {"years_behind": b}, "a", "b")
    assert (c.missing_a, c.missing_b) == (2, 1)
    assert c.probability_a_greater == 0.5
    assert c.probability_equal == 0.25
    assert c.difference == np.inf


def test_until_adds_worlds_up_to_the_requested_half_width():
    found = compare("eu-status-quo", "essay-reform", worlds=8, until=0.05, outcomes=["years_behind"])
    c = found["years_behind"]
    assert found.worlds > 8
    assert c.half_width <= 0.05
    assert c.aimed == 0.05
    assert c.replications_needed <= found.worlds
    capped = compare("eu-status-quo", "essay-reform", worlds=4, until=1e-6, outcomes=["years_behind"], most=16)
    assert capped.worlds == 16


def test_json_and_text_of_compare(call):
    status, printed, _ = call("compare", "eu-status-quo", "essay-reform", "--worlds", 5, "--json")
    assert status == 0
    found = json.loads(printed)
    rows, held = found["contrasts"], found["at_equal_spending"]["contrasts"]
    assert {frozenset(row) for row in rows} == {frozenset(row) for row in held}
    assert {row["outcome"] for row in held} == {r["outcome"] for r in rows if "price" not in r["outcome"]}
    status, printed, _ = call(
        "compare", "eu-status-quo", "essay-reform", "--worlds", 5, "--json", "--equal", "spending"
    )
    alone = json.loads(printed)
    assert alone["contrasts"] == held
    assert "at_equal_spending" not in alone
    wanted = {"outcome", "a", "b", "mean_a", "mean_b", "difference", "low", "high", "probability_a_greater"}
    assert all(wanted <= row.keys() for row in rows)
    assert {"years_behind", "sites", "price_of_politics"} <= {row["outcome"] for row in rows}
    status, printed, _ = call("compare", "eu-status-quo", "essay-reform", "--worlds", 5)
    assert status == 0
    assert "years_behind" in printed


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["eu-status-quo"], "compare"),
        (["eu-status-quo", "essay-refrom"], "essay-reform"),
        (["eu-status-quo", "essay-reform", "--worlds", "1"], "worlds"),
        (["eu-status-quo", "essay-reform", "--until", "0"], "until"),
        (["eu-status-quo", "essay-reform", "--outcome", "years"], "years_behind"),
        (["eu-status-quo", "essay-reform", "--seed", "-1"], "seed"),
        (["eu-status-quo", "essay-reform", "--set", "votting=unanimity"], "voting"),
        (["eu-status-quo", "--set-b", "votting=unanimity"], "voting"),
        (["eu-status-quo", "essay-reform", "--equal", "spendings"], "spending"),
        (["eu-status-quo", "essay-reform", "--equal", "spending", "--outcome", "price_of_politics"], "price"),
    ],
)
def test_invalid_arguments_are_refused(call, arguments, word):
    status, printed, error = call("compare", *arguments)
    assert status == 2
    assert word in error
    assert not printed
    with pytest.raises(BadInput):
        compare("eu-status-quo")


def test_table_marks_lags_due_to_existing_machines(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    ends = ("eu-status-quo", "unanimous-europe")
    arguments = ("--worlds", "4", "--outcome", "years_behind", "--set", "envelope_eur_bn=0")
    status, out, _ = call("compare", *ends, *arguments)
    assert status == 0
    rows = [line.split() for line in out.splitlines() if line.startswith("years_behind ")]
    row, held = [row for row in rows if row[1].replace(".", "").isdigit()]
    assert row[: len(held)] == held
    assert row[1] == row[2]
    assert row[-2:] == ["100%", "100%"]


def test_single_replication_without_a_machine_is_counted_in_the_singular(found):
    one = [replace(c, missing_a=1, missing_b=0) for c in found.contrasts]
    where = Console(file=io.StringIO(), width=200)
    show_contrasts(replace(found, contrasts=one), where, ["years_behind"])
    assert "1 replication of A" in where.file.getvalue()


def test_wide_table_shows_the_share_of_ties(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "112")
    out = call("compare", "unanimous-europe", "unanimous-europe", "--worlds", "4", "--outcome", "sites")[1]
    row = next(line.split() for line in out.splitlines() if line.startswith("sites"))
    assert row[-4:-2] == ["0%", "100%"]
