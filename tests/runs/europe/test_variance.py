"""Where the uncertainty comes from: what is varied together, and indices of functions that are known."""

import numpy as np
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.europe import variance
from juste_retour.runs.europe.bench import Bench, uncertain
from juste_retour.runs.europe.calibration import prior
from juste_retour.runs.europe.variance import POLITICS, checked, grouped, sample, shares

pytestmark = pytest.mark.slow

DRAWN = ("race_value_eur_bn", "panel_noise")


@pytest.fixture(scope="module")
def bench():
    return Bench(prior(DRAWN, 8, 1), 3, calibrated=DRAWN)


def test_every_uncertain_parameter_is_in_one_group():
    names = uncertain(DRAWN)
    groups = grouped(names)
    assert next(iter(groups)) == POLITICS
    assert sorted(name for own in groups.values() for name in own) == sorted(names)
    assert "procurement.rapid.refresh" in groups["procurement"]
    assert "access.strategic.share" in groups["access"]
    assert "frontier_growth" in groups["frontier and talent"]


def test_a_point_differs_from_its_base_point_in_one_group(bench):
    draws, row = sample(bench, 4, 7)
    groups = grouped(uncertain(DRAWN))
    stride = len(groups) + 2
    assert len(draws) == 4 * stride
    assert (np.bincount(row) == stride).all()
    for k, (group, own) in enumerate(groups.items(), 1):
        base, other = draws.iloc[0], draws.iloc[k]
        moved = {name for name in draws if base[name] != other[name]}
        assert moved <= (set(own) or set(DRAWN)), group
        assert moved or group == POLITICS


def test_what_makes_the_variance_is_found(bench):
    draws, _ = sample(bench, 64, bench.seed)
    chance = 0.01 * np.random.default_rng(0).normal(size=(len(draws), 2))
    price, fresh = (
        draws[name].to_numpy()[:, None] / draws[name].std()
        for name in ("chip_price_eur", "procurement.rapid.refresh")
    )
    table = shares(bench, price + chance, price - 3 * fresh - chance).set_index(["outcome", "factor"])
    chips = "chips: price, power, peak"
    assert table.total["years behind under the status quo", chips] == pytest.approx(1.0, abs=0.1)
    assert table.total["what the reform gains", "procurement"] == pytest.approx(1.0, abs=0.1)
    assert table.total["years behind under the status quo"].drop(chips).abs().max() < 0.01
    assert table.chance.max() < 0.01


def test_a_base_that_is_not_a_power_of_two_is_refused():
    with pytest.raises(BadInput, match=r"\b48\b"):
        checked(48)
    assert checked(variance.BASE) == variance.BASE
