"""Effects in sampled designs: recovered from a known function, with intervals over points and replications."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.clustered import fitted
from juste_retour.runs.analysis.sampled_effects import SampledDesign
from juste_retour.runs.analysis.sensitivity import sobol_indices
from juste_retour.runs.engine.design import Design, points
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.factors import Factor
from juste_retour.runs.engine.results import Results
from juste_retour.runs.reports import sensitivity_report
from juste_retour.runs.reports.illustrated import Illustrated
from juste_retour.runs.reports.report import answer

pytestmark = pytest.mark.slow

FACTORS = (
    Factor("rule", ("a", "b", "c")),
    Factor("x", low=0.0, high=1.0),
    Factor("z", low=1.0, high=16.0, scale="log"),
    Factor("idle", low=2, high=41, integer=True),
)
DESIGNS = (
    ("sobol", {"base": 32, "second_order": False}),
    ("sobol", {"base": 16, "second_order": True}),
    ("latin_hypercube", {"points": 80, "cross": ("rule",)}),
    ("latin_hypercube", {"points": 120, "cross": ()}),
)
# The rule's levels have effects 1.5 and 0, x has 3 over its range, z has 1 per doubling; b and x interact with 2.
TRUE = {
    ("rule", "b"): 1.5,
    ("rule", "c"): 0.0,
    ("x", "0.75 to 1"): 3 * 0.75,
    ("z", "8 to 16"): 3.0,
    ("idle", "32 to 41"): 0.0,
}
SLOPES = {"x": 3.0, "z": 1.0, "idle": 0.0}


def sampled(kind, settings, seed=0, replications=6, effect_spread=0.0, own=0.3):
    """A function at the points of a design; `effect_spread` is the spread of the effects of b and x across replications."""
    design = Design(kind, settings)
    there = points(design, FACTORS, seed)
    rng = np.random.default_rng([seed, 7])
    b = np.array([p["rule"] == "b" for p in there], float)
    x, doublings = np.array([[p["x"], np.log2(p["z"])] for p in there]).T
    y = 1.5 * b + (3 - 2 / 3) * x + doublings + 2 * b * (x - 0.5) + (doublings - 2) * (x - 0.5)
    draws = rng.normal(size=replications), *(effect_spread * rng.normal(size=(2, replications)))
    values = y[:, None] + draws[0] + b[:, None] * draws[1] + x[:, None] * draws[2]
    values += own * rng.normal(size=values.shape)
    spec = SimpleNamespace(design=design, factors=FACTORS, points=there)
    return SampledDesign(
        SimpleNamespace(spec=spec, out="made", independent=lambda _: (list(range(len(there))), values))
    )


def effects(sample):
    found = {(c.factor, c.level): c for c in sample.contrasts()}
    return {key: found[key] for key in TRUE}, {s.factor: s for s in sample.slopes()}


@pytest.mark.parametrize(("kind", "settings"), DESIGNS)
def test_effects_of_a_known_function(kind, settings):
    many = {"base": 1024} if kind == "sobol" else {"points": 2500}
    levels, slopes = effects(sampled(kind, settings | many, replications=2))
    assert {k: c.difference for k, c in levels.items()} == pytest.approx(TRUE, abs=0.08)
    assert {k: s.effect for k, s in slopes.items()} == pytest.approx(SLOPES, abs=0.08)
    assert {k: s.per for k, s in slopes.items()} == {"x": "1 more", "z": "doubling", "idle": "1 more"}


@pytest.mark.parametrize(("kind", "settings"), DESIGNS)
def test_conditional_effects_of_a_known_function(kind, settings):
    many = {"base": 1024} if kind == "sobol" else {"points": 2500}
    sample = sampled(kind, settings | many, replications=2)
    near = 0.1 if kind == "sobol" or settings["cross"] else 0.25  # unpaired points are less precise
    found = {(r.level, r.under): r for r in sample.conditional("rule", "x")}
    for part, name in enumerate(("0 to 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 to 1")):
        row = found["b", f"x = {name}"]
        assert row.effect == pytest.approx(1.5 + 2 * (part / 4 + 1 / 8 - 0.5), abs=near)
        assert row.beyond == pytest.approx(2 * part / 4, abs=1.5 * near)
        assert found["c", f"x = {name}"].beyond == pytest.approx(0, abs=1.5 * near)
    cells = sample.cells("rule", "x")
    gap = cells.mean[1] - cells.mean[0]
    assert gap == pytest.approx([r.effect for (level, _), r in found.items() if level == "b"], abs=1.5 * near)
    assert ((cells.low < cells.mean) & (cells.mean < cells.high)).all()


@pytest.mark.parametrize(("kind", "settings"), DESIGNS)
def test_a_sample_of_a_function_without_three_way_effects_shows_none(kind, settings):
    many = {"base": 512} if kind == "sobol" else {"points": 1500}
    found = sampled(kind, settings | many, replications=8).three_way("rule", "x", "z")
    assert found.factors == ("rule", "x", "z")
    assert not np.mean([row.beyond_low > 0 or row.beyond_high < 0 for row in found.rows if row.beyond]) > 0.25
    wide = [row for row in found.rows if row.level == "b" and row.under.startswith("x = 0.75 to 1 ")]
    assert [row.effect for row in wide] == pytest.approx([1.5] * 4, abs=0.5)
    assert all(row.low <= row.effect <= row.high for row in found.rows)


def test_idle_factor_has_exactly_zero_effect_in_paired_designs():
    levels, slopes = effects(sampled(*DESIGNS[0], own=0.0))
    idle = levels["idle", "32 to 41"]
    assert (idle.difference, idle.low, idle.high) == (0, 0, 0)
    assert slopes["idle"].effect == 0


@pytest.mark.parametrize(("kind", "settings"), DESIGNS)
def test_interval_coverage_is_about_95_percent(kind, settings):
    """Including effects that differ between replications, where all points share the difference."""
    hits = []
    for seed in range(40):
        levels, slopes = effects(sampled(kind, settings, seed, effect_spread=0.5))
        estimates = [levels["rule", "b"], levels["x", "0.75 to 1"], slopes["x"], slopes["z"], slopes["idle"]]
        truth = [1.5, 2.25, 3, 1, 0]
        hits.append([e.low <= t <= e.high for e, t in zip(estimates, truth, strict=True)])
    assert np.mean(hits) > 0.93
    assert (np.mean(hits, axis=0) > 0.87).all()


def test_intervals_over_points_only_would_be_too_narrow():
    """The variance of an effect between replications does not average out over points."""
    points_only, both = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        column = np.tile([0.0, 1.0], 100)
        values = 2 * column[:, None] + column[:, None] * rng.normal(size=5) + rng.normal(size=(200, 5))
        fit = fitted(values, column[:, None], np.repeat(np.arange(100), 2))
        _, low, high = fit.estimate(np.array([0.0, 1.0]))
        both.append(low <= 2 <= high)
        points_only.append(abs(fit.coefficients[1] - 2) < 1.96 * fit.over_points[1, 1] ** 0.5)
    assert np.mean(both) > 0.88
    assert np.mean(points_only) < 0.6


def test_least_squares_agrees_with_numpy():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    fit = fitted(y, x, np.arange(40))
    stated = np.linalg.lstsq(np.column_stack([np.ones(40), x]), y.mean(1), rcond=None)[0]
    assert fit.coefficients[1:] == pytest.approx(stated[1:])
    groups = np.repeat(np.arange(10), 4)
    dummies = np.eye(10)[groups]
    within = np.linalg.lstsq(np.column_stack([x, dummies]), y.mean(1), rcond=None)[0]
    assert fitted(y, x, groups, groups).coefficients == pytest.approx(within[:3])


def test_designs_without_samples_are_refused():
    spec = SimpleNamespace(design=Design("grid"), factors=FACTORS, points=[])
    with pytest.raises(BadInput, match="grid"):
        SampledDesign(SimpleNamespace(spec=spec, out="made"))


def test_a_first_order_above_its_total_is_named_with_the_next_base(monkeypatch):
    noise = np.random.default_rng(1).normal(size=(4 * (3 + 2), 2))
    found = sobol_indices(noise, ["a", "b", "c"])
    above = [i.factor for i in found.indices if i.first > i.total]
    assert above
    monkeypatch.setattr(sensitivity_report, "_marginal", lambda asked: ({}, []))
    monkeypatch.setattr(sensitivity_report, "_clustered", lambda results, by: "")
    notes = " ".join(sensitivity_report._indices(SimpleNamespace(indices=found, results=None)).notes)
    assert "base = 8" in notes
    assert all(name in notes for name in above)


@pytest.mark.parametrize("kind", ["sobol", "latin_hypercube"])
def test_sensitivity_and_report_of_sampled_designs(kind, tmp_path, call):
    design = {"kind": kind} | ({"base": 16} if kind == "sobol" else {"points": 16, "cross": ["operations"]})
    spec = {
        "question": "Do operations matter more with a larger envelope?",
        "replications": 2,
        "design": design,
        "factors": {
            "envelope_eur_bn": "range",
            "operations": ["audit_first", "operator_led"],
            "cost_of_public_funds": "range",
        },
        "outcomes": ["largest_run_flop"],
    }
    batch(spec, tmp_path / kind, workers=0)
    status, printed, _ = call("sensitivity", tmp_path / kind, "--json")
    found = json.loads(printed)
    assert status == 0
    effect = {e["factor"]: e for e in found["marginal_effects"] if e["level"] == "operator_led"}["operations"]
    table = Results(tmp_path / kind).table("worlds").groupby("operations").largest_run_flop.mean()
    assert effect["low"] <= effect["difference"] <= effect["high"]
    if kind == "latin_hypercube":  # every place has both levels
        assert effect["difference"] == pytest.approx(table["operator_led"] - table["audit_first"])
    assert {s["factor"] for s in found["slopes"]} == {"envelope_eur_bn", "cost_of_public_funds"}
    assert {c["factor"] for c in found["conditional_effects"]} == {"operations"}
    assert all("envelope_eur_bn" in c["under"] for c in found["conditional_effects"])
    page = Illustrated(Results(tmp_path / kind))
    assert {"contrasts", "interaction"} <= {f.name for f in page.figures}
    assert "operations" in answer(page)
    each = {c.factor: c.each for c in page.contrasts}["operations"]
    assert len(each) == (16 if kind == "latin_hypercube" else 0)
    assert each == () or np.mean(each) == pytest.approx(effect["difference"])
    status, printed, _ = call("sensitivity", tmp_path / kind)
    assert (status, "operator_led" in printed) == (0, True)
