"""Causes of delay: they add up to the time between selection and operation, to the quarter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.members import load_members
from juste_retour.abm.base.parameters import defaults
from juste_retour.abm.delivery.building import NEVER, TO_CONTRACT, TO_OPERATION, SiteDraws, deliver
from juste_retour.abm.delivery.operations import audit_first
from juste_retour.abm.delivery.procurement import procurement
from juste_retour.abm.model import AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.records import Selection
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.mesa_facility import Facility

SITES = load_members().sites
NOW = 4 * 2025
YEAR = 2025.125  # the middle of that quarter


def delivered(rule="public_tender", seed=0, worlds=20, **parameters):
    draws = np.random.default_rng(seed).random((6, worlds, SITES.count))
    plan = np.full((worlds, SITES.count), 0.4)
    own = {name: parameters.pop(name) for name in ("tender_failure", "litigation_hazard") if name in parameters}
    procedure = procurement[rule](**own)
    return deliver(plan, NOW, YEAR, SITES, procedure, audit_first(), SiteDraws(*draws), 0.1, defaults(**parameters))


def years(found, names):
    return sum(getattr(found, name) for name in names)


@given(
    st.sampled_from([rule.name for rule in procurement]),
    st.integers(0, 1000),
    st.floats(0, 3),
    st.floats(0, 1),
)
@settings(max_examples=25, deadline=None)
def test_causes_are_nonnegative_and_add_up_to_the_dates(rule, seed, grid, hazard):
    found = delivered(rule, seed, grid_years=grid, litigation_hazard=hazard)
    assert all((getattr(found, name) >= 0).all() for name in TO_OPERATION)
    to_contract, to_operation = years(found, TO_CONTRACT), years(found, TO_OPERATION)
    assert (found.grid_years == 0).all()  # all power is within the headroom
    assert np.allclose(to_operation, found.since - YEAR, rtol=0, atol=1e-9)
    assert np.array_equal(found.contracted - NOW, np.maximum(np.rint(4 * to_contract), 1))
    to_the_quarter = np.maximum(np.floor(4 * (YEAR + to_operation)), found.contracted + 1)
    assert (np.abs(found.ready - to_the_quarter) <= (np.abs(4 * to_operation % 1 - 0.5) < 1e-6)).all()
    assert np.array_equal(found.retender_years > 0, found.failed_tenders > 0)


def test_each_cause_changes_only_its_own_delay():
    plain = delivered(tender_failure=0, litigation_hazard=0)
    for changes, cause in (
        ({"tender_failure": 0.9}, "retender_years"),
        ({"litigation_hazard": 1.0}, "litigation_years"),
        ({"build_cv": 0.6}, "building_years"),
    ):
        other = delivered(**{"tender_failure": 0, "litigation_hazard": 0} | changes)
        same = {n for n in TO_OPERATION if np.array_equal(getattr(plain, n), getattr(other, n))}
        # later chips draw different power, which changes the time to build
        assert set(TO_OPERATION) - same <= {cause, "building_years"}
        assert cause not in same
    assert (delivered(litigation_hazard=1.0).litigation_years <= defaults().longest_litigation_years).all()


def test_power_above_the_headroom_waits_for_the_grid():
    within = delivered(headroom_scale=0.3)
    beyond = delivered(headroom_scale=0.3, beyond_headroom=2.0)
    waits = beyond.waiting > 0
    assert waits.any()
    assert not waits.all()
    assert not within.waiting.any()
    assert np.array_equal(within.complete, within.ready)
    assert (beyond.chips >= within.chips * (1 - 1e-12)).all()
    assert (beyond.chips[waits] > within.chips[waits] * 1.01).any()
    at_once = within.power_mw / within.chips * (beyond.chips - beyond.waiting)
    assert (at_once <= SITES.headroom * 0.3 * 1.05).all()
    assert np.array_equal(beyond.grid_years, np.where(waits, SITES.grid_years, 0.0))
    assert np.array_equal(np.where(waits, 0, beyond.complete), np.where(waits, 0, beyond.ready))
    years_later = (beyond.complete - beyond.ready) / 4
    assert np.allclose(years_later[waits], beyond.grid_years[waits], atol=0.51)
    named = delivered(headroom_scale=0.3, beyond_headroom=2.0, grid_years=1.5)
    assert (named.grid_years[named.waiting > 0] == 1.5).all()
    assert np.array_equal(named.since, beyond.since)  # the site opens without waiting for the grid
    rows = np.arange(20)
    assert np.array_equal(beyond.powered(rows, int(beyond.complete.max())), beyond.chips)
    before = beyond.powered(rows, int(beyond.ready.min()) - 1)
    assert np.array_equal(before, beyond.chips - beyond.waiting)


def test_largest_run_grows_when_the_grid_connection_arrives():
    """One site with three times its headroom: the largest run grows when the grid connection arrives, not before."""
    runs = {}
    for name, more in {
        "within": {},
        "slow": {"beyond_headroom": 3.0, "grid_years": 4.0},
        "quick": {"beyond_headroom": 3.0, "grid_years": 0.01},
    }.items():
        chosen = load("essay-reform").changed({"end": "2036Q4"} | more)
        simulation = Simulation(chosen, 0, range(8), timeline=True)
        world = simulation.world
        world.bargaining.settled[:] = True
        plan = np.zeros(world.program.planned.shape)
        plan[:, SITES.names.index("garching")] = 3.0
        while simulation.running:
            simulation.advance()
            if world.now == world.announced:
                simulation.env.enact(np.arange(8), plan, np.zeros(plan.shape))
        runs[name] = np.array([record.largest_run_flop for record in simulation.env.timeline]).T
        opens = world.program.delivered.ready[plan > 0] - world.first
    assert (runs["quick"] >= runs["slow"] * (1 - 1e-9)).all()
    for k, quarter in enumerate(opens):
        assert runs["slow"][k, quarter + 14] == pytest.approx(runs["within"][k, quarter + 14], rel=0.05)
        assert runs["slow"][k, quarter + 17] > 1.5 * runs["within"][k, quarter + 17]
        assert runs["quick"][k, quarter + 2] > 1.5 * runs["within"][k, quarter + 2]
    assert runs["quick"][:, -1] == pytest.approx(runs["slow"][:, -1])


def test_the_table_and_the_trace_list_the_causes():
    simulation = Simulation(load("eu-status-quo"), 3, range(6), trace=True).run()
    out = run(load("eu-status-quo"), 3, range(6), price=False).facilities
    at = out["world"], out["site"]
    for name in ("failed_tenders", *TO_OPERATION):
        traced = np.full(simulation.world.program.planned.shape, -1.0)
        for record in simulation.env.trace:
            if isinstance(record, Selection):
                years = getattr(record.delivered, name)
                traced[record.worlds] = np.where(record.chosen, years, traced[record.worlds])
        assert np.array_equal(traced[at], out[name]), name
    spent = sum(out[name] for name in TO_OPERATION)
    opened = out["operational"] >= 0
    assert opened.any()
    rounded = (out["operational"] - out["selected"])[opened] / 4
    assert (
        np.abs(rounded - spent[opened]) <= 0.125 + 1e-9
    ).mean() > 0.95  # the others open one quarter after the contract


def test_sites_report_only_past_events():
    model = AllocationModel(rng=1, end="2030Q4")
    seen = set()
    while model.running:
        model.step()
        for facility in model.agents_by_type.get(Facility, []):
            (decision,) = facility.why()
            open_ = model.world.program.delivered.ready[0, facility.place] <= model.world.now
            assert tuple(decision.years) == (TO_OPERATION if open_ else TO_CONTRACT)
            assert decision.years["award_years"] == model.world.program.delivered.award_years[0, facility.place]
            seen.add(bool(open_))
    assert seen == {True, False}


def test_without_selected_sites_there_is_no_delay():
    program = Simulation(load("eu-status-quo"), 0, range(2)).world.program
    assert (program.delivered.ready == NEVER).all()
    assert years(program.delivered, TO_OPERATION) == pytest.approx(np.zeros(program.planned.shape))


def test_export_controls_reduce_peak_or_supply():
    free, weak, few = (  # at dates that do not depend on size
        delivered(build_exponent=0, **controls) for controls in ({}, {"export_peak": 0.25}, {"export_supply": 0.5})
    )
    assert weak.peak == pytest.approx(0.25 * np.broadcast_to(free.peak, weak.peak.shape))
    assert (weak.chips == free.chips).all()
    bound = free.spend < 2.0 * few.spend * (1 - 1e-9)  # where power limits the site, not the supply of chips
    assert few.chips[~bound] == pytest.approx(0.5 * free.chips[~bound])
    assert few.spend[~bound] == pytest.approx(0.5 * free.spend[~bound])
    assert (few.spend <= free.spend).all()
    assert (~bound).any()
