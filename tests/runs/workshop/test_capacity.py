"""What access rules are handed: the numbers of a rule that is asked in every quarter, and of one that is not."""

import numpy as np
import pytest

from juste_retour.abm.delivery.access import Regime, access, standing
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.workshop.conformance import check_file

WORLDS = range(16)


def played(name="eu-status-quo", **changes):
    return run(load(name).changed(changes), 1, WORLDS, price=False).worlds


CHANGING = {
    "alone": ("eu-status-quo", {}),
    "joined": ("eu-status-quo", {"pooling": "low_communication", "tranches": 3}),
    "researchers who move": ("eu-status-quo", {"talent_elasticity": 0.2, "anchor": "exit_to_cloud"}),
    "a planner": ("eu-status-quo", {"agenda": "planner", "pooling": "best_of"}),
    "a shock": ("essay-reform", {"operations": {"rule": "operator_led", "scandal_a_year": 0.3}}),
}


@pytest.fixture
def asked(own_rules):
    """The capacities that a rule of both families was handed; it returns what `calls` returns."""
    seen = []

    @standing(deterministic=True)
    @access(deterministic=True)
    def noting(capacity, *, year_share: float = 0.064):
        seen.append(capacity)
        return Regime(year_share)

    return seen


@pytest.mark.parametrize("case", CHANGING)
def test_rule_that_is_asked_every_quarter_gives_the_numbers_of_one_that_is_not(asked, case):
    name, changes = CHANGING[case]
    both = {"access": {"rule": "calls", "year_share": 0.064}, "standing": {"rule": "calls", "year_share": 0.064}}
    without = played(name, **changes, **both)
    found = played(name, **changes, access="noting", standing="noting")
    assert asked
    rounding = 1e-12 if "pooling" in changes else 0.0  # the best pool so far is summed in another order than a new one
    for column, values in without.items():
        np.testing.assert_allclose(found[column], values, rtol=rounding, err_msg=column)


def test_rule_sees_the_machines_at_work_and_the_labs_that_have_not_left(asked):
    found = run(load("eu-status-quo").changed({"access": "noting", "anchor": "exit_to_cloud"}), 1, WORLDS, price=False)
    first, last = asked[0], asked[-1]
    assert (first.chips == 0).all()
    assert first.present.all()
    assert last.year == 2034.875
    assert (~last.present).sum(-1).tolist() == found.worlds["exited_labs"].tolist()
    assert (last.chips.sum(-1) <= found.worlds["aggregate_accelerators"] * (1 + 1e-12)).all()
    assert (last.chips > 0).any(-1).all()
    assert last.labs.capital.shape == last.present.shape[1:]


@pytest.mark.parametrize("pooling", ["single_site", "low_communication"])
def test_no_world_depends_on_its_neighbors(own_rules, pooling):
    @access(deterministic=True)
    def shrinking(capacity, *, hours: float = 2e7):
        return Regime(np.minimum(1.0, hours / (8760 * np.maximum(capacity.chips.sum(-1, keepdims=True), 1.0))))

    scenario = load("eu-status-quo").changed({"access": "shrinking", "pooling": pooling})
    together = run(scenario, 1, WORLDS, price=False)
    for replicate in (0, 7, 15):
        alone = run(scenario, 1, [replicate], price=False)
        for column, values in together.worlds.items():
            assert np.array_equal(alone.worlds[column][0], values[replicate], equal_nan=True), column


@pytest.mark.slow
@pytest.mark.parametrize(
    "favors", ["labs.capital[:1].sum() == 1", "dict(zip(labs.names, labs.capital)).get('mistral') == 1"]
)
def test_rule_that_favors_a_lab_by_name_or_place_is_not_anonymous(own_rules, tmp_path, favors):
    (tmp_path / "mine.py").write_text(f'''"""A rule."""
from juste_retour.abm.delivery.access import Regime, access


@access(anonymous=True, deterministic=True)
def mine(capacity):
    """More hours if one lab is there.

    Source: my own.
    """
    labs = capacity.labs
    return Regime(0.2 if {favors} else 0.1)
''')
    found = check_file(tmp_path / "mine.py")
    assert [fault.check for fault in found.faults] == ["anonymous, as declared"]


def test_regime_of_the_quarter_counts(own_rules):
    @access(deterministic=True)
    def later(capacity, *, year_share: float = 0.064, before: float = 0.032):
        return Regime(year_share if capacity.year > 2029 else before)

    calm = {"anchor": "home_bias", "end": "2031Q4"}  # nothing else reacts to access
    first, last, found = (
        played(**calm, access=rule) for rule in ("calls", {"rule": "calls", "year_share": 0.032}, "later")
    )
    assert np.array_equal(found["largest_run_flop"], first["largest_run_flop"])
    assert (found["program_years_behind"] >= first["program_years_behind"]).all()
    assert found["program_years_behind"].mean() > first["program_years_behind"].mean()
    assert found["program_years_behind"].mean() < last["program_years_behind"].mean()
