"""Chips, operations and procurement: parameters, conversions, monotonicity and random times."""

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.observed import comparators
from juste_retour.abm.base.parameters import Parameters, defaults
from juste_retour.abm.delivery import chips, operations, procurement
from juste_retour.agents.rules import Parameter

P = defaults()
LED, AUDITED = operations.operator_led(), operations.audit_first()
GRID = (np.arange(1, 20_001) - 0.5)[None, :] / 20_000  # equally spaced uniforms


RULES = [rule for family in (operations.operations, procurement.procurement) for rule in family]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_describes_its_parameters(rule):
    assert rule.summary.endswith(".")
    assert rule.source
    for name, (default, parameter) in rule.parameters.items():
        assert parameter.unit
        assert parameter.about, name
        assert parameter.low <= parameter.range[0] <= parameter.range[1] <= parameter.high, name
        assert parameter.range[0] * (1 - 1e-12) <= default <= parameter.range[1] * (1 + 1e-12), name
    arrays = rule(**{name: np.full((3, 1), value) for name, (value, _) in rule.parameters.items()})
    for name, value in vars(rule()).items():
        assert np.broadcast_to(getattr(arrays, name), (3, 1)) == pytest.approx(np.full((3, 1), value)), name


def test_parameters_are_frozen_and_refuse_unknown_names():
    with pytest.raises(FrozenInstanceError):
        Parameters().run_days = 3
    with pytest.raises(TypeError, match="run_dais"):
        Parameters(run_dais=3)


def test_chip_peak_price_and_power_by_date():
    assert chips.peak(2022.8, P).item() == 989e12
    assert chips.peak(2023.8, P).item() == pytest.approx(1.6 * 989e12)
    assert chips.price(2024.9, P).item() == 81_000
    assert chips.power_kw(2022.8, P).item() == 1.61
    per_euro = (chips.peak(2026.0, P) / chips.price(2026.0, P)) / (chips.peak(2025.0, P) / chips.price(2025.0, P))
    assert per_euro.item() == pytest.approx(1.6 / 1.25)
    assert chips.h100_equivalents(1, chips.peak(2025.0, P)).item() == pytest.approx(2.8, abs=0.05)


def test_power_usage_effectiveness_by_temperature():
    for temperature, value in ((3.0, 1.08), (6.0, 1.09), (12.5, 1.14), (19.0, 1.19)):
        assert chips.pue(temperature, P).item() == pytest.approx(value, abs=0.005)


@given(st.floats(0.01, 100), st.floats(2020, 2035), st.floats(-5, 25), st.floats(0.5, 1))
def test_money_chips_and_power_conversions_are_inverse(spend, t, temperature, kept):
    bought = chips.chips_bought(spend, t, P, kept)
    assert chips.spend_for(bought, t, P, kept).item() == pytest.approx(spend)
    mw = chips.power_mw(bought, t, temperature, P)
    assert chips.chips_carried(mw, t, temperature, P).item() == pytest.approx(bought.item())
    assert chips.spend_cap(mw, t, temperature, P, kept).item() == pytest.approx(spend)


@given(st.floats(1, 1e6), st.floats(1.001, 3))
def test_goodput_decreases_in_size_and_interruptions(n, more):
    for practice in (LED, AUDITED):
        here = operations.goodput(n, practice, P).item()
        assert 0 < operations.goodput(n * more, practice, P).item() < here < 1
        worse = defaults(interruptions=1.973282e-5 * more)
        assert operations.goodput(n, practice, worse).item() < here


@given(st.floats(1, 1e6), st.floats(0.5, 60), st.floats(1.001, 3))
def test_goodput_decreases_in_the_wait_for_staff(n, wait, more):
    quick, slow = (
        operations.operator_led(person_wait_h=wait),
        operations.operator_led(person_wait_h=wait * more),
    )
    assert operations.goodput(n, slow, P).item() < operations.goodput(n, quick, P).item()


@given(st.floats(1, 2e5), st.floats(1.001, 2))
def test_rate_does_not_decrease_in_size(n, more):
    for practice in (LED, AUDITED):
        here, there = (operations.site_rate(x, 989e12, practice, P).item() for x in (n, min(n * more, 2e5)))
        assert there >= here


def test_rate_is_zero_without_chips():
    assert operations.site_rate(np.zeros((1, 2)), 989e12, AUDITED, P).tolist() == [[0, 0]]
    assert operations.goodput(np.zeros((1, 2)), AUDITED, P).tolist() == [[1, 1]]


def test_audit_loses_less_money_and_more_time():
    kept = [operations.money_kept(practice, 2.0) for practice in (AUDITED, LED)]
    assert kept == pytest.approx(
        [0.99 * 0.995, 0.95 * 0.98]
    )  # an audit of outcomes finds a wrong purchase one year later
    assert operations.money_kept(operations.operator_led(found_after_years=9.0), 4.0) == pytest.approx(0.95 * 0.98**4)
    assert operations.money_kept(LED) == pytest.approx(0.95)
    assert AUDITED.scandal_a_year < LED.scandal_a_year


def test_operator_led_operations_can_be_worse_than_audit_first():
    """A small site yields more with audit first where money would otherwise go to waste."""
    wasteful = operations.operator_led(overpricing=0.3, lost_purchases_a_year=0.1)
    for size, better in ((1_000.0, True), (100_000.0, False)):
        rates = []
        for practice in (operations.audit_first(mfu_factor=1.0), wasteful):
            bought = size * operations.money_kept(practice, 1.0)
            rates.append(operations.site_rate(bought, 989e12, practice, P).item())
        assert (rates[0] > rates[1]) is better


def test_talent_is_off_by_default():
    researchers = np.array([[10.0, 1000.0]])
    assert operations.talent_factor(researchers, 100.0, P).tolist() == [[1, 1]]
    moretti = operations.talent_factor(researchers, 100.0, defaults(talent_elasticity=0.0676))
    assert moretti.tolist() == [pytest.approx([10**-0.0676, 10**0.0676])]


@pytest.mark.parametrize("rule", list(procurement.procurement), ids=lambda rule: rule.name)
def test_award_and_build_times_have_the_stated_mean_and_spread(rule):
    procedure = rule()
    awards = procurement.award_time(procedure, GRID)
    assert awards.mean() == pytest.approx(procedure.award_years, rel=1e-3)
    assert awards.std() / awards.mean() == pytest.approx(procedure.award_cv, rel=0.01)
    builds = procurement.build_time(procedure, 50.0, AUDITED, GRID, P)
    assert builds.mean() == pytest.approx(procedure.build_years * 0.5**0.1 * 1.2, rel=1e-3)
    assert builds.std() / builds.mean() == pytest.approx(0.3, rel=0.01)
    assert (np.diff(awards) > 0).all()
    assert (np.diff(builds) > 0).all()


def test_public_tender_times_match_eurohpc_machines():
    procedure = procurement.public_tender()
    practice = operations.audit_first()  # the regime under which they were built
    building = procurement.build_time(procedure, 4.0, practice, GRID, P)
    assert 12 < building.mean() * 12 < 23  # observed: median 16, 90 % interval, unfinished machines censored
    years = procurement.award_time(procedure, GRID) + building
    assert (
        36 < years.mean() * 12 < 42
    )  # observed: median 36 of the finished machines, 42 with the unfinished ones censored
    months = np.array([15.1] * 4 + [16.0, 20.0, 16.6, 16.3, 36.5, 15.6, 33.3, 29.0])  # selection to contract
    assert months.std(ddof=1) / months.mean() == pytest.approx(procedure.award_cv, abs=0.05)


def test_private_build_times_match_observed_sites():
    """Months from contract to operation in an existing shell, and from ground-breaking without one."""
    observed = {r["site"]: r for r in comparators()}

    def months(mw, without):
        procedure = procurement.private(without_shell=without)
        shell = procurement.shell_time(procedure, mw, LED, np.random.default_rng(0).permuted(GRID), P)
        return 12 * (procurement.build_time(procedure, mw, LED, GRID, P) + shell)

    for site, without in (("Colossus 1", 0.0), ("Stargate Abilene", 1.0), ("Prometheus", 1.0)):
        row = observed[site]
        built = months(float(row["power_mw"]), without)
        took = float(row["months_start_to_first_operation"])
        assert np.quantile(built, 0.05) < took < np.quantile(built, 0.95), site
    assert np.median(months(150.0, 0.0)) == pytest.approx(4.0, rel=0.05)


@given(st.floats(0, 1))
@settings(max_examples=30)
def test_litigation_probability_and_mean_duration(hazard):
    years = procurement.litigation_years(procurement.rapid(litigation_hazard=hazard), GRID, P)
    assert (years > 0).mean() == pytest.approx(hazard, abs=1e-4)
    assert set(np.unique(years)) <= {0, 0.25, 0.5, 0.75, 1}
    assert years.mean() == pytest.approx(hazard * 0.625, abs=1e-3)


def test_tender_failure_and_chip_date_by_procedure():
    assert procurement.tender_fails(procurement.public_tender(), GRID).mean() == pytest.approx(0.05)
    assert not procurement.tender_fails(procurement.private(), GRID).any()
    assert procurement.chip_date(procurement.public_tender(refresh=0.25), 2024.0, 2028.0) == 2025.0
    assert procurement.private(behind_the_meter=3.0).behind_the_meter == 3.0


def test_build_times_do_not_depend_on_the_chunk():
    uniforms = np.random.default_rng(0)
    uniform, mw = uniforms.random((50, 68)), uniforms.uniform(1, 500, (50, 68))
    whole = procurement.build_time(procurement.rapid(), mw, LED, uniform, P)
    for w in range(0, 50, 7):
        index = slice(w, w + 1)
        assert np.array_equal(
            procurement.build_time(procurement.rapid(), mw[index], LED, uniform[index], P), whole[index]
        )


def test_readme_example_registers_a_procurement_rule():
    text = Path(procurement.__file__).with_name("README.md").read_text(encoding="utf-8")
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    given = {"procurement": procurement.procurement, "Procedure": procurement.Procedure}
    try:
        exec("\n".join(lines), given | {"Annotated": Annotated, "Parameter": Parameter})
        assert procurement.procurement["lease"](award_years=0.5).award_years == 0.5
    finally:
        procurement.procurement.rules.pop("lease", None)
