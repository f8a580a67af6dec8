"""The quantities behind the findings agree with plain runs, on a few draws of all parameters."""

import numpy as np
import pytest

from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import load, parameters
from juste_retour.runs.analysis.attribution import shapley
from juste_retour.runs.results.parameter_ranges import about, setting, span
from juste_retour.runs.results.switches import mixed
from juste_retour.runs.studies.europe import bench as benches
from juste_retour.runs.studies.europe import curves, trials
from juste_retour.runs.studies.europe.alternatives import ALTERNATIVES, PARTS, Alternative, tried
from juste_retour.runs.studies.europe.bench import (
    HELD,
    REFORM,
    STATUS_QUO,
    WITH_ACCESS,
    Bench,
    joint,
    uncertain,
)
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.claims import QUESTIONS
from juste_retour.runs.studies.europe.curves import waiting

pytestmark = pytest.mark.slow

DRAWN = ["first_trophy_eur_bn", "ceiling_eur_bn", "smallest_eur_bn", "local_scale", "agenda.open_call.sunk"]


@pytest.fixture(scope="module")
def bench():
    return Bench(joint(prior(DRAWN, 3, 1), 2), 5, calibrated=tuple(DRAWN))


@pytest.fixture(scope="module")
def numbers(bench):
    return (
        trials.attribution(bench)
        | trials.opened(bench)
        | trials.equal_access(bench)
        | trials.ends(bench)
        | trials.geography(bench)
    )


def test_parameters_with_a_range_are_drawn_or_fixed_with_a_reason(bench):
    names = set(uncertain(DRAWN))
    assert set(bench.draws) == names | set(DRAWN)
    for name, (_, row) in parameters().items():
        if row.range is not None:
            assert (name in names) + (name in DRAWN) + (name in HELD) == 1, name
    assert {
        "frontier_growth",
        "frontier_growth_later",
        "announced_peak",
        "run_days",
        "chip_price_eur",
    } <= names
    assert {"reservation_noise", "access.calls.year_share", "access.strategic.year_share"} <= names
    assert {"procurement.rapid.refresh", "operations.audit_first.mfu_factor"} <= names
    for name in names:
        low, high, _ = span(name)
        assert bench.draws[name].between(low, high).all(), name
        assert about(name).range == (low, high)


def test_rules_that_share_a_parameter_have_correlated_draws(bench):
    audit, operator = (bench.draws[f"operations.{rule}.repair_h"] for rule in ("audit_first", "operator_led"))
    assert (audit.rank() == operator.rank()).all()
    assert (audit > operator).all()
    calls, reserve = (bench.draws[f"access.{rule}.year_share"] for rule in ("calls", "strategic"))
    assert (calls.rank() == reserve.rank()).all()
    assert (calls < reserve).all()


def test_parameter_that_shares_its_uncertainty_with_the_politics_has_their_place():
    draws = joint(prior(["access.calls.year_share"], 20, 1), 3)
    calls, reserve = (draws[f"access.{rule}.year_share"] for rule in ("calls", "strategic"))
    assert (calls.rank() == reserve.rank()).all()
    assert (calls < reserve).all()


def test_order_of_draws_does_not_depend_on_imports(monkeypatch):
    names = uncertain(DRAWN)
    monkeypatch.setattr(benches, "FAMILIES", dict(reversed(benches.FAMILIES.items())))
    assert uncertain(DRAWN) == names
    assert names[-3:] == [
        "agenda.closed_rule.sunk",
        "agenda.commission_proposal.sunk",
        "funding.host_matches_half.union_share",
    ]


def test_scenario_uses_draws_of_its_rules_and_keeps_its_settings(bench):
    drawn = bench.draws.iloc[0]
    quo, reform, giga = (bench.worlds(load(name))[0] for name in (STATUS_QUO, WITH_ACCESS, "gigafactories"))
    assert setting(quo, "agenda.open_call.sunk") == drawn["agenda.open_call.sunk"]
    assert setting(quo, "access.calls.year_share") == drawn["access.calls.year_share"]
    assert setting(reform, "access.strategic.year_share") == drawn["access.strategic.year_share"]
    assert setting(reform, "access.calls.year_share") == drawn["access.calls.year_share"]  # of older machines
    assert giga.smallest_eur_bn == 3.0
    assert giga.chip_price_eur == quo.chip_price_eur == drawn["chip_price_eur"]


def test_part_of_a_bench_has_the_same_numbers(bench):
    whole = bench.outcomes(load(STATUS_QUO), ["sites", "years_behind"])
    part = bench.part(1, 3).outcomes(load(STATUS_QUO), ["sites", "years_behind"])
    for name, values in whole.items():
        assert np.array_equal(values[1:], part[name])


def test_shares_sum_to_the_gain_in_every_window_and_comparison(bench, numbers):
    for equal in trials.EQUAL:
        for years in (5, 7, 10):
            key = f"{equal}|{years}"
            shares = sum(numbers[f"share|{key}|{part}"] for part in (*PARTS, "money"))
            assert shares == pytest.approx(numbers[f"gain|{key}"], abs=1e-9)
    plain = run(bench.worlds(load(STATUS_QUO)), bench.seed, bench.replicates, bench.members, price=False)
    assert numbers["lag|envelopes|5|quo"] == pytest.approx(plain.worlds["years_behind"])
    assert numbers["lag|envelopes|5|reform"] == pytest.approx(numbers["reform|years_behind"])


def test_no_scenario_commits_more_than_the_smaller_sum(numbers):
    free = np.minimum(numbers["committed|envelopes|quo"], numbers["committed|envelopes|reform"])
    for end in ("quo", "reform"):
        assert (numbers[f"committed|spending|{end}"] <= free + 1e-9).all()


def test_every_question_has_a_value_per_draw(bench, numbers):
    every = numbers | trials.protocol(bench, trials.OPEN_CALL) | trials.protocol(bench, trials.PROPOSAL)
    every |= {
        key.replace(trials.PROPOSAL, trials.BARON_FEREJOHN): value
        for key, value in every.items()
        if trials.PROPOSAL in key
    }
    every |= waiting(curves.Later(*(np.ones((3, 8)),) * 3, np.ones(3)))
    for question in QUESTIONS:
        for value in (question.value, *question.variants.values()):
            assert value(every).shape == (bench.count,), question.name


def test_protocol_results_equal_plain_runs(bench):
    found = trials.protocol(bench, trials.PROPOSAL)
    changes = {"agenda": "commission_proposal", "voting": "unanimity"}
    plain = bench.outcomes(load(STATUS_QUO).changed(changes), ["sites"])["sites"]
    assert np.array_equal(found["sites|Commission proposal|unanimity"], plain)
    assert np.array_equal(
        found["sites|Commission proposal|own rule"], found["sites|Commission proposal|qualified majority"]
    )


def test_pooling_is_compared_with_one_campus(bench, numbers):
    for rule in ("independent", "synchronous", "low_communication", "best_of"):
        ratio = numbers[f"pooled|{rule}"]
        known = ratio[~np.isnan(ratio)]  # a draw without a site has no ratio
        assert ((known > 0) & (known < 1.05)).all(), rule
        assert len(known) >= 2
    assert not (numbers["pooled|best_of"] < numbers["pooled|independent"]).any()
    scenario = load(STATUS_QUO).changed({"operations": "operator_led"})
    by_exponent = trials.pooled(bench, scenario, (0.05, 0.9))
    assert np.nanmedian(by_exponent["0.9"]) < np.nanmedian(by_exponent["0.05"])  # the campus has islands, too


def test_named_parts_are_the_mixture_of_placement_procurement_and_operations(bench, numbers):
    named = bench.outcomes(mixed(load(STATUS_QUO), load(REFORM), trials.NAMED), ["years_behind"])["years_behind"]
    assert numbers["lag|envelopes|5|named"] == pytest.approx(named)
    for equal in trials.EQUAL:
        gain = numbers[f"lag|{equal}|5|quo"] - numbers[f"lag|{equal}|5|named"]
        assert numbers[f"named|{equal}|5"] == pytest.approx(gain)
        for larger, smaller in (("program", "mean"), ("mean", "whole"), ("whole", "all")):
            assert (numbers[f"{larger}|{equal}|reform"] >= numbers[f"{smaller}|{equal}|reform"] - 1e-9).all()


def test_shapley_values_of_good_pairs_are_the_usual_ones_if_all_are_good():
    values = np.random.default_rng(0).random((8, 5))
    good = np.ones(values.shape, bool)
    assert trials.shapley_where(values, good) == pytest.approx(shapley(values))
    good[1:-1, 0] = False
    assert np.isnan(trials.shapley_where(values, good)[:, 0]).all()


def test_both_sides_have_the_same_chips_at_a_level_of_access(bench):
    found = trials.equal_access(bench)
    half = bench.setting(access__calls__year_share=0.5 * bench.draws["run_days"] / 365)
    for scenario, key in ((STATUS_QUO, "quo"), (REFORM, "lag")):
        for world in half.worlds(load(scenario)):
            rules = Institutions([world], bench.members)
            shares = [r.share(world.run_days).item() for r in (rules.decide("access"), rules.decide("standing"))]
            assert shares == pytest.approx([0.5, 0.5])
        lags = half.outcomes(load(scenario), ["years_behind"])["years_behind"]
        assert found[f"{key}|envelopes|reform at 0.5"] == pytest.approx(lags)


def test_draws_without_an_equilibrium_are_omitted(bench, numbers, monkeypatch):
    there_runs = benches.run

    def refusing(scenarios, seed, replicates, *given, **more):
        if 2 in replicates:
            raise NotConverged("none")
        return there_runs(scenarios, seed, replicates, *given, **more)

    monkeypatch.setattr(benches, "run", refusing)
    found = bench.outcomes(load(STATUS_QUO), ["sites", "years_behind"])
    assert np.isnan(found["sites"]).tolist() == [False, False, True]
    assert np.array_equal(found["years_behind"][:2], numbers["quo|years_behind"][:2])


def test_alternatives_change_the_parameters_they_name(bench):
    mild = Alternative("mild", {"operations.sign_off_h": 0.5, "operations.mfu_factor": 0.9}, {"access": "dedicated"})
    quo, reform = mild.to(load(STATUS_QUO)), mild.to(load(REFORM))
    assert dict(quo.rules["operations"].settings) == {"sign_off_h": 0.5, "mfu_factor": 0.9}
    assert dict(reform.rules["operations"].settings) == {"mfu_factor": 0.9}
    assert (quo.rules["access"].rule, reform.rules["access"].rule) == ("calls", "dedicated")
    assert not ALTERNATIVES[0].changes
    assert len({a.name for a in ALTERNATIVES}) == len(ALTERNATIVES)
    found = tried(bench.part(0, 2), ALTERNATIVES[0])
    gain = found["status quo, years behind"] - found["reform, years behind"]
    assert found["gain of the reform, years"] == pytest.approx(gain)
    assert {f"{part} last, years" for part in PARTS} <= set(found)


def test_geography_matters_less_if_pooling_is_costly(bench):
    table, flip = curves.where_geography_flips(bench)
    assert (np.diff(table["median"]) <= 0).all()  # above some exponent the largest site alone is best
    assert table["high"].iloc[0] > 1 > table["high"].iloc[-1]
    assert 0 < flip["median"] < 0.03
    assert flip["known"] == pytest.approx(1 / 3)  # elsewhere one campus is ahead even without a penalty


def test_gain_of_the_program_is_read_in_every_window(numbers):
    assert numbers["added|5"] == pytest.approx(numbers["added|envelopes|quo"], abs=1e-9)
    assert (numbers["added|10"] >= 0).all()
