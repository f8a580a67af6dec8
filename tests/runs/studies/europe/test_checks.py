"""Robustness checks of the measure: on made-up numbers, and compared with plain runs on a few draws."""

import numpy as np
import pytest

from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.results.parameter_ranges import at_share, ranged, setting, share_of, span
from juste_retour.runs.studies.europe import checks
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO, Bench, joint, uncertain
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.claims import IDENTITY, NOT_SUPPORTED, QUESTIONS, SUPPORTED, judged
from juste_retour.runs.studies.europe.evidence import plan_of

NAMES = uncertain(plan_of().names)
DRAWN = ["first_trophy_eur_bn", "smallest_eur_bn"]


def test_share_of_is_the_inverse_of_at_share():
    for name in ranged():
        low, high, _ = span(name)
        if low == high:
            assert np.isnan(share_of(name, low)), name
            continue
        assert share_of(name, at_share(name, np.array(0.3)).item()) == pytest.approx(0.3), name
        assert (share_of(name, low), share_of(name, high)) == pytest.approx((0.0, 1.0)), name


def test_places_in_the_range_refer_to_the_scenarios_settings():
    rows = checks.places(NAMES).set_index("parameter")
    assert list(rows.index) == NAMES
    assert np.isnan(rows.place["chip_peak"])
    assert rows.place["talent_elasticity"] == 0.0
    assert rows.default["procurement.rapid.award_years"] == setting(load(REFORM), "procurement.rapid.award_years")
    assert rows.source["talent_mobility"] == "assumed"


def test_parameters_drawn_together_form_one_unit():
    units = checks.drawn_together(NAMES)
    assert sorted(name for unit in units for name in unit) == sorted(NAMES)
    assert ("operations.audit_first.repair_h", "operations.operator_led.repair_h") in units


def made_up(rng):
    """Numbers for every question, some of them close to the threshold."""
    found = {}

    class Any(dict):
        def __missing__(self, key):
            found[key] = rng.normal(rng.uniform(0.0, 3.0), 0.3, 80)
            self[key] = found[key]
            return self[key]

    numbers = Any()
    for question in QUESTIONS:
        for value in (question.value, *question.variants.values()):
            value(numbers)
    return found


def test_thresholds_reproduce_the_verdicts_at_the_pages_own_rule():
    numbers = made_up(np.random.default_rng(1))
    rows = checks.thresholds(numbers).set_index(["level", "least"])
    found = [f for f in (judged(q, numbers) for q in QUESTIONS) if f.status != IDENTITY]
    own = rows.loc[(90, "as asked")]
    assert own.supported == sum(f.status == SUPPORTED for f in found)
    assert own.not_supported == sum(f.status == NOT_SUPPORTED for f in found)
    assert own.supported + own.sensitive + own.not_supported == len(found)
    here = rows.supported + rows.sensitive
    assert here[(80, "half")] > here[(90, "as asked")] > here[(95, "twice")]


def test_bands_of_growth_contain_all_draws():
    growth = np.linspace(2.0, 5.0, 13)
    asked = (
        "lag|spending|5|quo",
        "lag|spending|5|reform",
        "named|spending|5",
        "gain|spending|5",
        "gain|envelopes|5",
    )
    numbers = {key: growth.copy() for key in asked}
    rows = checks.by_growth(growth, numbers)
    gains = rows[rows.outcome == "gain"]
    assert gains.draws.tolist() == [4, 4, 5, 13]
    assert gains["median"].tolist() == pytest.approx([2.375, 3.375, 4.5, 3.5])


@pytest.fixture(scope="module")
def bench():
    politics = prior(DRAWN, 2, 1)
    return Bench(politics, 5, calibrated=tuple(DRAWN)), Bench(joint(politics, 2), 5, calibrated=tuple(DRAWN))


@pytest.mark.slow
def test_default_bench_equals_plain_runs():
    at_default = checks.at_defaults(2, 5)
    found = checks.headline(at_default)
    plain = at_default.outcomes(load(STATUS_QUO), ["sites", "years_behind"])
    assert np.array_equal(found["sites"], plain["sites"])
    assert np.array_equal(found["lag|envelopes|quo"], plain["years_behind"])
    assert (found["gain|envelopes"] >= found["gain|spending"] - 0.05).all()
    rows = checks.beside_defaults(
        found,
        found,
        {
            "quo|sites": found["sites"],
            **{
                key.replace("envelopes", "envelopes|5").replace("spending", "spending|5"): v for key, v in found.items()
            },
        },
    )
    assert (rows.default == rows.drawn).all()


@pytest.mark.slow
def test_unused_parameter_changes_nothing_and_growth_does(bench):
    _, drawn = bench
    found = checks.one_at_a_time(drawn, ["chip_peak", "frontier_growth"]).set_index("parameter")
    assert found.changes.tolist() == [False, True]
    slow = drawn.setting(frontier_growth=span("frontier_growth")[0]).outcomes(load(STATUS_QUO), ["years_behind"])
    plain = drawn.outcomes(load(STATUS_QUO), ["years_behind"])["years_behind"]
    assert found.status_quo["frontier_growth"] >= np.abs(slow["years_behind"] - plain).max() - 1e-12


@pytest.mark.slow
def test_effect_of_the_middle_of_a_range_equals_plain_runs(bench):
    politics, _ = bench
    (row,) = checks.at_the_middle(politics, NAMES, [("frontier_growth",)]).to_dict("records")
    lags = [
        politics.outcomes(load(STATUS_QUO).changed({"frontier_growth": growth}), ["years_behind"])["years_behind"]
        for growth in (4.0, 4.5)
    ]
    assert row["status_quo"] == pytest.approx(np.median(lags[1] - lags[0]))
    assert row["sites"] == 0.0


@pytest.mark.slow
def test_both_splits_of_the_price_add_up(bench, monkeypatch):
    _, drawn = bench
    monkeypatch.setattr(checks, "RACE", (1.0,))  # the parts are those at the race's own value
    mean = checks.price_of_politics(drawn).set_index(["scenario", "part"])["mean"]
    whole = mean[STATUS_QUO, "price_of_politics"]
    assert mean[STATUS_QUO, "price_where"] + mean[STATUS_QUO, "price_unspent"] == pytest.approx(whole)
    assert sum(mean[STATUS_QUO, part] for part in ("rules", "payers", "goals")) == pytest.approx(whole)
