"""Which assumed parameters matter: what is varied, where it goes, and indices of functions that are known."""

import numpy as np
import pytest

from juste_retour.abm.scenario import load, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.europe import assumed
from juste_retour.runs.europe.assumed import POLITICS, SWITCHES, at, design, factors, lags, which_matter
from juste_retour.runs.europe.calibration import prior
from juste_retour.runs.europe.doubts import REFORM, STATUS_QUO, Bench
from juste_retour.runs.experiments.design import unit_sample

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench():
    return Bench(prior(["race_value_eur_bn", "panel_noise"], 8, 1), 3)


@pytest.fixture(scope="module")
def names(bench):
    return [f.key for f in factors(bench)]


def test_every_assumed_range_is_varied_once_and_nothing_that_was_calibrated(bench, names):
    assert names[0] == POLITICS
    assert len(set(names)) == len(names)
    for name, (_, about) in parameters().items():
        drawn = name in bench.draws or name in SWITCHES
        assert (name in names) == ("assumed" in about.source or "estimated" in about.source) * (
            about.range is not None and not drawn
        ), name
    for family, rule in (
        ("operations", "audit_first"),
        ("operations", "operator_led"),
        ("procurement", "rapid"),
    ):
        for name, (_, about) in FAMILIES[family][rule].parameters.items():
            assert (f"{family}.{rule}.{name}" in names) == ("assumed" in about.source), name


def test_a_point_sets_what_it_names_and_each_rule_its_own(bench, names):
    chosen = factors(bench)
    share = np.full(len(chosen), 0.5)
    share[0] = 0.99
    quo, reform = (at(load(name), chosen, share, bench) for name in (STATUS_QUO, REFORM))
    assert quo.race_value_eur_bn == pytest.approx(bench.draws.race_value_eur_bn.iloc[-1])
    low, high = parameters()["chip_price_eur"][1].range
    assert quo.chip_price_eur == reform.chip_price_eur == pytest.approx((low + high) / 2)
    assert "sign_off_h" in dict(quo.rules["operations"].settings)
    assert "sign_off_h" not in dict(reform.rules["operations"].settings)
    assert "person_wait_h" in dict(reform.rules["operations"].settings)


def test_all_points_of_a_row_share_their_luck(bench, names):
    """What concerns audit first only cannot change the reform: its columns repeat the first point's runs to the bit."""
    reform = lags(bench, REFORM, 2)
    stride = len(names) + 2
    assert reform.shape == (2 * stride, 2)
    for row in (0, 1):
        first, own = reform[row * stride], reform[row * stride + 1 : (row + 1) * stride - 1]
        for name, values in zip(names, own, strict=True):
            if name.startswith("operations.audit_first."):
                assert np.array_equal(values, first), name
        moved = names.index("operations.operator_led.mfu_factor")
        assert (own[moved] != first).all()


def test_what_makes_the_variance_is_found(bench, names):
    unit = unit_sample(design(64), factors(bench), 3)
    luck = 0.01 * np.random.default_rng(0).normal(size=(len(unit), 2))
    one, other = names.index("chip_price_eur"), names.index("procurement.rapid.refresh")
    quo, reform = unit[:, [one]] + luck, 3 * unit[:, [other]] - luck
    table = which_matter(bench, quo, reform).set_index(["outcome", "factor"])
    assert table.total["years behind", "chip_price_eur"] == pytest.approx(1.0, abs=0.1)
    assert table.total["what the reform gains", "procurement.rapid.refresh"] == pytest.approx(0.9, abs=0.15)
    assert table.total["years behind"].drop("chip_price_eur").abs().max() < 0.01
    assert table.luck.max() < 0.01


def test_a_base_that_is_no_power_of_two_is_refused():
    with pytest.raises(BadInput, match=r"\b48\b"):
        design(48)
    assert assumed.BASE & (assumed.BASE - 1) == 0
