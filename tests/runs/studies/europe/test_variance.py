"""Sources of uncertainty: groups of parameters, and Sobol indices of known functions."""

import numpy as np
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.studies.europe import variance
from juste_retour.runs.studies.europe.bench import Bench, uncertain
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.variance import POLITICS, checked, grouped, sample, shares

pytestmark = pytest.mark.slow

DRAWN = ("race_value_eur_bn", "panel_noise")


@pytest.fixture(scope="module")
def bench():
    return Bench(prior(DRAWN, 8, 1), 3, calibrated=DRAWN)


def test_uncertain_parameters_are_in_one_group_each():
    names = uncertain(DRAWN)
    groups = grouped(names)
    assert next(iter(groups)) == POLITICS
    assert sorted(name for own in groups.values() for name in own) == sorted(names)
    assert "procurement.rapid.refresh" in groups["procurement"]
    assert "access.strategic.year_share" in groups["access"]
    assert "frontier_growth" in groups["frontier and talent"]


def test_sample_points_differ_from_the_base_in_one_group(bench):
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


def test_indices_recover_the_source_of_variance(bench):
    draws, _ = sample(bench, 64, bench.seed)
    chance = 0.01 * np.random.default_rng(0).normal(size=(len(draws), 2))
    price, fresh = (
        draws[name].to_numpy()[:, None] / draws[name].std() for name in ("chip_price_eur", "procurement.rapid.refresh")
    )
    table = shares(bench, price + chance, price - 3 * fresh - chance).set_index(["outcome", "factor"])
    chips = "chips: price, power, peak"
    assert table.total["years behind under the status quo", chips] == pytest.approx(1.0, abs=0.1)
    assert table.total["what the reform gains", "procurement"] == pytest.approx(1.0, abs=0.1)
    assert table.total["years behind under the status quo"].drop(chips).abs().max() < 0.01
    assert table.chance.max() < 0.01


def test_base_must_be_a_power_of_two():
    with pytest.raises(BadInput, match=r"\b48\b"):
        checked(48)
    assert checked(variance.BASE) == variance.BASE
