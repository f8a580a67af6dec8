"""The fit of prices and power: the shipped table reproduces the shipped parameters."""

import numpy as np
import pytest

from juste_retour.abm.base.observed import comparators, costs, procurement_history
from juste_retour.abm.base.parameters import Parameters, defaults, parameters
from juste_retour.abm.delivery import chips
from juste_retour.agents.errors import BadInput
from juste_retour.runs.studies.europe import costs as refit


def rows(keep):
    return [r for r in costs() if keep(r)]


def test_shipped_parameters_are_the_rounded_fit():
    price, power = refit.fit()
    p = Parameters()
    assert p.chip_price_eur == pytest.approx(price.value, rel=5e-3)
    assert p.chip_price_growth == pytest.approx(price.growth, rel=5e-3)
    assert p.chip_power_kw == pytest.approx(power.value, rel=5e-3)
    assert p.chip_power_growth == pytest.approx(power.growth, rel=5e-3)
    assert (price.sites, power.sites) == (10, 7)


def test_cost_table_agrees_with_its_source_tables():
    contracts = {r["system"]: r["contract_value_eur_m"] for r in procurement_history()}
    campuses = {r["site"]: r for r in comparators()}
    for row in costs():
        if row["item"] in contracts:
            assert row["machine_eur_m"] == contracts[row["item"]]
        if row["item"] in campuses and row["power_mw"]:
            there = campuses[row["item"]]
            assert row["power_mw"] == there["power_mw"]
            h100 = float(row["accelerators"]) * float(row["h100_per_chip"])
            assert h100 == pytest.approx(float(there["h100_equivalents"]), rel=1e-3)


def test_fits_without_a_region_or_a_site_lie_in_the_ranges():
    """Robustness: one region, each site left out, and accelerators read at half the FP4 rate."""
    price_range, power_range = (parameters()[n][1].range for n in ("chip_price_eur", "chip_power_kw"))
    for item in [r["item"] for r in rows(lambda r: r["fitted"] == "1")]:
        price, power = refit.fit(rows(lambda r, item=item: r["item"] != item))
        assert price_range[0] < price.value < price_range[1]
        assert power_range[0] < power.value < power_range[1]
    american = refit.fit(rows(lambda r: r["region"] == "US"))[0].value
    assert refit.fit()[0].value < american < price_range[1]
    twice = [r | {"accelerators": str(2 * float(r["accelerators"]))} if r["item"] in ("BSC AI upgrade", "IT4LIA") else r for r in costs()]  # fmt: skip
    assert price_range[0] < refit.fit(twice)[0].value < refit.fit()[0].value


def test_growth_is_shrunk_toward_the_published_rate():
    price, power = refit.fit()
    assert 1.185 < price.growth < price.unheld_growth
    assert 1.143 < power.growth < power.unheld_growth
    flat = np.full(10, 5.0)
    dates = np.linspace(2022, 2025, 10)
    noise = np.tile([0.9, 1 / 0.9], 5)
    held = refit.line(dates, flat * noise, 2023.0, (1.2, 1.1, 1.3))
    assert 1 < held.growth < 1.2


def test_known_line_is_recovered():
    dates = np.linspace(2020, 2030, 200)
    values = 3.0 * 1.4 ** (dates - 2024.0) * np.exp(0.05 * np.random.default_rng(0).standard_normal(200))
    found = refit.line(dates, values, 2024.0, (1.2, 1.1, 1.3))
    assert found.value == pytest.approx(3.0, rel=0.02)
    assert found.growth == pytest.approx(1.4, rel=0.01)


def test_cost_per_h100_equivalent_in_2025():
    """Capital per H100 equivalent: EUR 37,000 to 54,000 in American campuses, 19,000 to 44,000 in European contracts."""
    p = defaults()
    date = refit.peak_date(2.53)
    each = (chips.price(date, p) / chips.h100_equivalents(1, chips.peak(date, p))).item()
    assert 19_000 < each < 44_000
    kw = (chips.power_kw(date, p) / chips.h100_equivalents(1, chips.peak(date, p))).item()
    assert 0.7 < kw < 1.2


def test_too_few_sites_are_refused():
    with pytest.raises(BadInput):
        refit.fit(rows(lambda r: r["region"] == "EU"))
