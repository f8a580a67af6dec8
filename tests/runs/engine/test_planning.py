"""A dry run counts the cost of a design, and its pilot names factors without effect."""

import json

import numpy as np
import pytest
from scipy.special import stdtrit

from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.cli.plan import _wished
from juste_retour.runs.engine.chunks import ChunkPlan
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.idle import idle, signature
from juste_retour.runs.engine.planning import Precision, cost, distinct
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.results.ensemble import simulate
from tests.runs.small import SPEC, spec_file

SETTER = {
    "scenario": {"agenda": "closed_rule", "expect": "status_quo"},
    "replications": 4,
    "outcomes": ["years_behind"],
    "design": {"kind": "grid"},
    "factors": {"voting": ["lisbon_qmv", "unanimity"], "patience": [0.9, 0.99]},
}


def crossed(give):
    points = [{"a": a, "b": b} for a in (1, 2, 3) for b in ("x", "y")]
    return idle(points, [give(p["a"], p["b"]) for p in points])


def test_factor_without_effect_is_idle_everywhere():
    assert [(i.factor, i.levels, i.under) for i in crossed(lambda a, b: b)] == [("a", (), "")]


def test_factor_without_effect_under_one_level_is_idle_there():
    found = crossed(lambda a, b: a if b == "x" else 0)
    assert ("a", (), "b = y") in [(i.factor, i.levels, i.under) for i in found]


def test_equivalent_levels_are_named():
    found = crossed(lambda a, b: (min(a, 2), b))
    assert [(i.factor, i.levels, i.places) for i in found] == [("a", ("2", "3"), 2)]


def test_factors_with_an_effect_are_not_idle():
    assert crossed(lambda a, b: (a, b)) == []


def test_points_that_differ_in_two_factors_are_not_compared():
    assert idle([{"a": 1, "b": 1}, {"a": 2, "b": 2}], [0, 0]) == []


@pytest.mark.slow
def test_patience_is_idle_under_status_quo_expectations(tmp_path):
    found = cost(spec_of(SETTER), pilot=2.0)
    assert "patience" in [i.factor for i in found.idle if not i.levels and not i.under]
    batch(SETTER, tmp_path / "out", workers=0)
    worlds = Results(tmp_path / "out").table("worlds")
    points = spec_of(SETTER).points
    given = [signature(worlds[worlds["point"] == n]) for n in range(len(points))]
    assert [i.factor for i in idle(points, given) if not i.levels] == ["patience"]
    assert given[0] != given[2]


def test_cost_counts_runs_chunks_and_bytes():
    made = spec_of(SETTER | {"replications": 50})
    found = cost(made, pilot=0.1)
    assert (found.points, found.runs, found.chunks) == (4, 200, ChunkPlan(made).chunks)
    assert found.runs_per_second > 0
    assert 10 < found.bytes_per_run < 10_000
    assert found.seconds(0) > found.startup


def test_expensive_solutions_are_counted_once_per_point():
    stationary = {"agenda": "closed_rule", "expect": "stationary"}
    asked = {"scenario": stationary | {"patience": 0.913}, "outcomes": ["price_of_politics"]}
    factors = {"voting": ["lisbon_qmv", "unanimity"], "match_share_of_gdp": [0.01, 0.02]}
    found = cost(spec_of(SETTER | asked | {"factors": factors}), pilot=0.1)
    counts = {e.what: e.count for e in found.expensive}
    assert counts == {"plan of the planner": 1, "solution for stationary values": 4}


def test_number_of_distinct_solutions_is_estimated_from_a_sample():
    assert distinct([40, 30, 30], 10_000) == 3  # each is seen often
    assert distinct([1] * 256, 10_000) == 10_000  # each is seen only once
    assert distinct([1, 1, 2], 4) == 3  # all four were seen
    rng = np.random.default_rng(1)
    for there in (20, 300, 2_000):
        _, times = np.unique(rng.choice(np.repeat(np.arange(there), 5), 256 if there > 60 else 90), return_counts=True)
        assert 0.6 * there < distinct(times.tolist(), 5 * there) < 1.7 * there


def test_replications_grow_with_the_square_of_precision():
    found = Precision("years_behind", 1.0, 0.5)
    assert found.half_widths(100) == pytest.approx((0.196, 0.098))
    assert found.replications(0.05) == pytest.approx(4 * found.replications(0.1), rel=0.03)


def test_plans_hold_in_at_least_85_percent_of_pilots():
    """Whatever the pilot's seed, an experiment of the planned size reaches the half-width, on average over its draws."""
    rng = np.random.default_rng(4)
    truth, wanted = 0.22, 0.1
    counts = []
    for _ in range(300):
        deviation = float(np.std(rng.normal(0, truth, 32), ddof=1))
        counts.append(Precision("sites", 1.0, deviation, pilot=32).replications(wanted))
    enough = next(n for n in range(2, 99) if stdtrit(n - 1, 0.975) * truth / n**0.5 <= wanted)
    assert np.mean(np.array(counts) >= enough) > 0.85
    assert np.quantile(counts, 0.95) < 2 * enough
    assert min(counts) >= 10


@pytest.mark.slow
def test_plans_of_interactions_hold_for_four_seeds():
    """Unanimity has an effect under one funding rule only, so that a pilot at random places missed its variance."""
    crossed = {"voting": ["lisbon_qmv", "unanimity"], "funding": ["gni_key", "host_matches_half"]}
    factors = crossed | {"envelope_eur_bn": [5, 20]}
    question = {"question": "Do voting and funding interact?", "scenario": {"agenda": "commission_proposal"}}
    needed, wanted = [], 0.05
    for seed in (2026, 1, 2, 3):
        spec = spec_of(SETTER | question | {"factors": factors, "seed": seed})
        found = cost(spec, 4.0, 32, ["voting", "funding"])
        assert found.pilot_points == 8
        needed.append(dict(_wished(spec, found, wanted))["the interaction of voting and funding"])
    spec = spec_of(SETTER | question | {"factors": factors, "seed": 99})
    pilot = cost(spec, 4.0, 256, ["voting", "funding"]).precision
    (truth,) = Crossed(pilot.points, pilot.values).each(["voting", "funding"]).values()
    enough = next(n for n in range(2, 999) if stdtrit(n - 1, 0.975) * np.std(truth) / n**0.5 <= wanted)
    assert enough > 10
    assert enough <= min(needed) <= max(needed) < 4 * enough, (enough, needed)


def test_effect_without_variance_in_the_pilot_is_not_estimable():
    found = Precision("sites", 1.0, float("nan"), pilot=32)
    assert found.replications(0.1) is None
    assert found.planned(0.0, 0.1) is None


@pytest.mark.slow
def test_dry_run_plans_for_the_interactions_that_the_question_names(tmp_path, call):
    spec = spec_file(tmp_path, SPEC.replace("Does voting matter & how much?", "Does unanimity cost more?"))
    _, printed, _ = call("batch", spec, "--dry-run", "--half-width", "0.1")
    assert "name operations" in printed
    spec = spec_file(tmp_path, SPEC.replace("Does voting matter & how much?", "Does unanimity depend on operations?"))
    found = json.loads(call("batch", spec, "--dry-run", "--half-width", "0.1", "--json")[1])
    planned = found["precision"]["replications_by_factor"]
    assert {"the interaction of voting and operations", "the effect of voting"} <= planned.keys()
    assert all(count is None or count >= 10 for count in planned.values())


@pytest.mark.slow
def test_dry_run_suggests_replications(tmp_path, call):
    spec = spec_file(tmp_path)
    status, printed, _ = call("batch", spec, "--dry-run", "--half-width", "0.1", "--json")
    assert status == 0
    found = json.loads(printed)
    assert found["precision"]["wished"] == 0.1
    assert found["precision"]["replications"] >= 2
    for words in (["--half-width", "0.1"], ["--dry-run", "--half-width", "-1"]):
        status, _, error = call("batch", spec, *words)
        assert (status, "--half-width" in error) == (2, True)


def test_cached_solutions_are_not_counted():
    stationary = {"agenda": "commission_proposal", "expect": "stationary"}
    made = spec_of({**SETTER, "scenario": stationary, "factors": {"patience": [0.5, 0.9]}})
    simulate({**stationary, "patience": 0.5}, 1)
    assert [e.count for e in cost(made, pilot=0.1).expensive if "stationary" in e.what] == [1]
