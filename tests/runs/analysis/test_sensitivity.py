"""Sensitivity indices of known functions, with and without random draws."""

import json
import warnings

import numpy as np
import pytest
from SALib.analyze import sobol as salib_sobol

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis import sensitivity
from juste_retour.runs.analysis.crossed_effects import Crossed
from juste_retour.runs.analysis.effects import asked_about
from juste_retour.runs.analysis.interactions import decomposed
from juste_retour.runs.analysis.robustness import robustness
from juste_retour.runs.analysis.sensitivity import binned, main_effects, morris, sobol, sobol_indices
from juste_retour.runs.engine.design import Design, problem, unit_sample
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.factors import Factor
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports.drawing import svg
from juste_retour.runs.reports.illustrated import Illustrated
from juste_retour.runs.reports.report import answer
from tests.runs.small import run_small

pytestmark = pytest.mark.slow

PI = np.pi


def sample(base, count, second_order=False, seed=1):
    factors = [Factor(name, low=0.0, high=1.0) for name in "abcdef"[:count]]
    design = Design("sobol", {"base": base, "second_order": second_order})
    return unit_sample(design, factors, seed), problem(factors)


def ishigami(unit, a=7.0, b=0.1):
    x = PI * (2 * unit - 1)
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices(a=7.0, b=0.1):
    v1, v2, v13 = 0.5 * (1 + b * PI**4 / 5) ** 2, a**2 / 8, b**2 * PI**8 * (1 / 18 - 1 / 50)
    whole = v1 + v2 + v13
    return np.array([v1, v2, 0]) / whole, np.array([v1 + v13, v2, v13]) / whole, whole


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_the_ishigami_function(second_order):
    unit, stated = sample(4096, 3, second_order)
    y = ishigami(unit)
    found = sobol_indices(y[:, None], "abc", "years_behind", second_order)
    first, total, whole = ishigami_indices()
    assert [i.first for i in found.indices] == pytest.approx(first, abs=0.02)
    assert [i.total for i in found.indices] == pytest.approx(total, abs=0.02)
    assert found.variance == pytest.approx(whole, rel=0.02)
    assert np.isnan(found.noise)
    theirs = salib_sobol.analyze(stated, y, calc_second_order=second_order, num_resamples=2)
    assert [i.first for i in found.indices] == pytest.approx(theirs["S1"], abs=1e-9)
    assert [i.total for i in found.indices] == pytest.approx(theirs["ST"], abs=1e-9)
    for i, f, t in zip(found.indices, first, total, strict=True):
        assert i.first_low <= f <= i.first_high
        assert i.total_low <= t <= i.total_high


@pytest.mark.parametrize("common", [False, True])
def test_random_draws_have_their_own_share_and_do_not_bias_indices(common):
    """y = a + b e with e standard normal: variance 1/12 by a, E(b^2) = 1/3 by the draws and 0 of the mean by b."""
    unit, _ = sample(2048, 2)
    rng = np.random.default_rng(3)
    uniforms = rng.normal(size=(1 if common else len(unit), 400))
    found = sobol_indices(unit[:, :1] + unit[:, 1:] * uniforms, "ab", "years_behind")
    tolerance = 0.05 if common else 0.02  # common draws number 400 in all, not 400 per point
    assert found.noise == pytest.approx(0.8, abs=tolerance)
    assert found.indices[0].first == pytest.approx(0.2, abs=tolerance)
    assert found.indices[0].total == pytest.approx(0.2, abs=tolerance)
    assert found.indices[1].total == pytest.approx(0.0, abs=tolerance)


def test_index_intervals_account_for_few_common_draws():
    """y = a + t b, with t drawn per replication with mean zero: b has no effect on the mean over draws."""
    hits = []
    for seed in range(40):
        unit, _ = sample(64, 2, seed=seed)
        rng = np.random.default_rng(seed)
        own = 0.3 * rng.normal(size=(len(unit), 6))
        values = unit[:, :1] - 0.5 + (unit[:, 1:] - 0.5) * rng.normal(size=6) + own
        a, b = sobol_indices(values, "ab", "years_behind").indices
        share = (1 / 12) / (2 / 12 + 0.09)
        hits.append([a.first_low <= share <= a.first_high, b.total_low <= 0 <= b.total_high])
    assert (np.mean(hits, axis=0) > 0.87).all()


@pytest.mark.parametrize("second_order", [False, True])
def test_jackknife_moments_equal_those_of_the_other_replications(second_order):
    unit, _ = sample(16, 3, second_order)
    values = ishigami(unit)[:, None] + np.random.default_rng(2).normal(size=(len(unit), 5))
    design = 3, 8 if second_order else 5, second_order
    found = sensitivity._moments(values, *design, without=True)
    for k in range(5):
        others = sensitivity._moments(np.delete(values, k, 1), *design).mean(1)
        assert found[:, k] == pytest.approx(others, rel=1e-12)


def test_naive_total_index_is_biased_by_noise():
    """Squared differences of single runs include noise, so the naive total of an idle factor is far from zero."""
    unit, _ = sample(4096, 2)
    y = unit[:, :1] + 3 * np.random.default_rng(0).normal(size=(len(unit), 4))
    stride, mean = 4, y.mean(1)
    naive = ((mean[0::stride] - mean[2::stride]) ** 2).mean() / 2 / mean.var()
    assert naive > 0.5
    found = sobol_indices(y, "ab", "years_behind")
    assert abs(found.indices[1].total) < 0.02
    assert found.noise == pytest.approx(9 / (9 + 1 / 12), abs=0.01)


def test_outcomes_without_variance_are_refused():
    unit, _ = sample(8, 2)
    with pytest.raises(BadInput, match="sites"):
        sobol_indices(np.ones((len(unit), 2)), "ab", "sites")
    with pytest.raises(BadInput, match=r"\b7\b"):
        sobol_indices(np.ones((7, 2)), "ab", "sites")
    with pytest.raises(BadInput, match="years_behind"):
        sobol_indices(np.full((len(unit), 1), np.inf), "ab", "years_behind")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sensitivity")


def ran(folder, kind, **design):
    out = folder / kind
    factors = {
        "envelope_eur_bn": "range",
        "operations": ["audit_first", "operator_led"],
        "cost_of_public_funds": "range",
    }
    if kind == "latin_hypercube":
        factors = {"scenario": ["eu-status-quo", "essay-reform"], **factors}
        del factors["operations"]
        design |= {"cross": ["scenario"]}
    batch(
        {
            "replications": 3,
            "design": {"kind": kind, **design},
            "factors": factors,
            "outcomes": ["largest_run_flop", "years_behind"],
        },
        out,
        workers=0,
    )
    return Results(out)


def test_rules_can_be_factors_of_a_sobol_design(folder, call):
    results = ran(folder, "sobol", base=16)
    found = {i.factor: i for i in sobol(results, "largest_run_flop").indices}
    assert found["operations"].total > 0.1
    assert abs(found["cost_of_public_funds"].total) < 0.05  # no side payments under the open call
    status, printed, _ = call("sensitivity", results.out, "--json")
    assert status == 0
    assert json.loads(printed)["outcome"] == "largest_run_flop"


def test_morris_separates_active_and_idle_factors(folder, call):
    results = ran(folder, "morris", trajectories=6)
    found = {e.factor: e for e in morris(results, "largest_run_flop")}
    assert found["cost_of_public_funds"].mu_star == 0
    assert found["operations"].mu_star > 0
    with pytest.raises(BadInput, match="sobol"):
        sobol(results)
    status, printed, _ = call("sensitivity", results.out)
    assert (status, "trajectories" in printed) == (0, True)


def test_robustness_map_of_two_scenarios(folder, call):
    results = ran(folder, "latin_hypercube", points=10)
    found = robustness(results, "years_behind")
    assert found.lower_is_better
    assert len(found.table) == 10
    assert set(found.table["winner"]) <= {"eu-status-quo", "essay-reform"}
    assert found.share["essay-reform"] > 0.5
    assert found.table["probability"].between(0, 1).all()
    lowest = found.table[["mean_eu-status-quo", "mean_essay-reform"]].idxmin(axis=1).str.removeprefix("mean_")
    assert (lowest == found.table["winner"]).all()
    page = Illustrated(results)
    assert [(label, len(rows)) for label, rows in page.groups] == [
        ("eu-status-quo", 10),
        ("essay-reform", 10),
    ]
    assert page.pooled("years_behind", page.groups[0][1]).shape == (30,)
    assert "essay-reform" in answer(page)
    assert "10" in answer(page)
    assert {"robustness", "points-years-behind", "sites"} <= {f.name for f in page.figures}
    assert all(svg(f).startswith("<svg") for f in page.figures)
    shares, noise = main_effects(results, "years_behind")
    assert 0 <= noise <= 1
    assert max(shares, key=lambda s: s.share).factor == "scenario"
    status, printed, _ = call("sensitivity", results.out)
    assert status == 0
    assert all(share.factor in printed for share in shares)


def test_main_effects_and_noise_of_a_full_factorial_sum_to_one(tmp_path):
    class Made:
        class spec:  # noqa: N801
            design = Design("grid")
            seed = 0
            varied = ("a", "b")
            points = tuple({"a": a, "b": b} for a in (0, 1) for b in (0, 1, 2))

        out = tmp_path

        def outcome(self, name):
            base = np.array([[p["a"] * 3 + p["b"] for p in self.spec.points]], float).T
            return list(range(6)), base + np.random.default_rng(0).normal(size=(6, 4000))

        independent = outcome

    shares, noise = main_effects(Made(), "sites")
    by = {s.factor: s for s in shares}
    whole = 9 / 4 + 2 / 3 + 1
    assert by["a"].share == pytest.approx(9 / 4 / whole, abs=0.01)
    assert by["b"].share == pytest.approx(2 / 3 / whole, abs=0.01)
    assert noise == pytest.approx(1 / whole, abs=0.01)
    assert by["a"].low <= 9 / 4 / whole <= by["a"].high
    contrast = {(c.factor, c.level): c for c in Crossed.of(Made(), "sites").contrasts()}
    assert contrast["a", "1"].difference == pytest.approx(3, abs=0.05)
    assert contrast["b", "2"].difference == pytest.approx(2, abs=0.05)
    assert contrast["a", "1"].matches == 3
    assert contrast["a", "1"].each == pytest.approx([3, 3, 3], abs=0.1)


def test_contrast_with_infinite_outcomes_gives_no_warning():
    class Made:
        class spec:  # noqa: N801
            seed = 0
            varied = ("a",)
            points = ({"a": 0, "b": 0}, {"a": 1, "b": 0}, {"a": 0, "b": 1}, {"a": 1, "b": 1})

        def independent(self, name):
            return [0, 1, 2, 3], np.array([[4.0, 5.0], [np.inf, 5.0], [np.inf, np.inf], [4.0, np.inf]])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        contrast, _ = Crossed.of(Made()).contrasts()
    assert not np.isfinite(contrast.difference)
    assert contrast.each[0] == np.inf


def test_coverage_of_main_effect_intervals():
    """The interval of a share accounts for the uncertainty of the total variance."""

    class Made:
        class spec:  # noqa: N801
            design = Design("grid")
            seed = 0
            varied = ("a", "b")
            points = tuple({"a": a, "b": b} for a in (0, 1) for b in (0, 1))

        def __init__(self, seed):
            uniforms = 2 * np.random.default_rng(seed).normal(size=(4, 100))
            self.values = np.array([[2.0 * p["a"] + p["b"]] for p in self.spec.points]) + uniforms

        def outcome(self, name):
            return list(range(4)), self.values

    truth = 1 / (1 + 1 / 4 + 4)
    found = [main_effects(Made(seed), "sites")[0][0] for seed in range(60)]
    assert np.mean([s.low <= truth <= s.high for s in found]) > 0.85


def test_shares_of_a_grid_are_unbiased():
    """y = 2 a + b + 3 a b on a grid with an idle factor, with draws common to all points and separate ones."""
    a, b, idle = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-0.5, 0.5) for k in (0, 1)]).T
    parts = {"a": 2 * a, "b": b, "ab": 3 * a * b}
    truth = sum(parts.values())
    whole = truth.var() + 1 + 4
    rng = np.random.default_rng(0)
    found, hits = [], 0
    for _ in range(200):
        values = truth[:, None] + rng.normal(size=20) + 2 * rng.normal(size=(12, 20))
        split = decomposed(values, [binned(list(x), 12) for x in (a, b, idle)], ["a", "b", "idle"])
        total = [f.total.share for f in split.factors]
        found.append([*(f.alone.share for f in split.factors), *(p.share for p in split.pairs), *total, split.noise])
        hits += split.pairs[0].low < parts["ab"].var() / whole < split.pairs[0].high
    shares = {k: v.var() / whole for k, v in parts.items()}
    stated = [shares["a"], shares["b"], 0, shares["ab"], 0, 0]
    stated += [shares["a"] + shares["ab"], shares["b"] + shares["ab"], 0, 5 / whole]
    assert np.mean(found, axis=0) == pytest.approx(stated, abs=0.01)
    assert hits / 200 > 0.88


@pytest.mark.parametrize("second_order", [False, True])
def test_interactions_in_sobol_designs(second_order):
    unit, _ = sample(4096, 3, second_order)
    found = sobol_indices(ishigami(unit)[:, None], "abc", "years_behind", second_order)
    first, total, _ = ishigami_indices()
    stated = {("a", "b"): 0, ("a", "c"): total[0] - first[0], ("b", "c"): 0}
    assert {p.factors: p.share for p in found.pairs} == pytest.approx(stated, abs=0.03)
    assert found.pairs_are_total == (not second_order)
    for pair in found.pairs:
        assert pair.low <= stated[pair.factors] <= pair.high


def test_factors_named_in_the_question_are_found():
    keys = ["patience", "side_payments", "voting", "envelope_eur_bn", "agenda.max_sites"]
    assert asked_about("Who votes matters; do side payments?", keys) == ["side_payments"]
    assert asked_about("Is a larger envelope worth more than the voting rule?", keys) == [
        "envelope_eur_bn",
        "voting",
    ]
    assert asked_about("Which institution is best?", keys) == []


def test_conditional_effects_of_a_grid(tmp_path):
    out = run_small(tmp_path)
    results = Results(out)
    table = results.table("worlds").groupby(["voting", "operations"]).years_behind.mean()
    found = Crossed.of(results).conditional("operations", "voting")
    assert [r.under for r in found] == ["voting = lisbon_qmv", "voting = unanimity"]
    for row, voting in zip(found, ("lisbon_qmv", "unanimity"), strict=True):
        assert row.effect == pytest.approx(table[voting, "operator_led"] - table[voting, "audit_first"], abs=1e-9)
        assert row.low <= row.effect <= row.high
    assert found[1].beyond == pytest.approx(found[1].effect - found[0].effect)
    cells = Crossed.of(results).cells("operations", "voting")
    assert cells.mean.ravel().tolist() == pytest.approx(
        [table[v, o] for o in cells.levels for v in cells.grounds], abs=1e-9
    )


def test_sensitivity_of_a_grid_reports_pairs_and_effects(tmp_path, call):
    out = run_small(tmp_path)
    status, printed, _ = call("sensitivity", out, "--json")
    assert status == 0
    found = json.loads(printed)
    assert [p["factors"] for p in found["pairs"]] == [["voting", "operations"]]
    assert {"alone", "total"} & set(found["shares"][0]) == {"total"}
    assert {e["factor"] for e in found["marginal_effects"]} == {"voting", "operations"}
    assert len(found["conditional_effects"]) == 2
