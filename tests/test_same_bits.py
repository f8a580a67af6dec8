"""A world's results do not depend on the batch: alone, in a chunk, stepped by Mesa or in Mesa's batch run, bit for bit.

Each rule of each family replaces the one in the status quo, and in a Commission proposal if it matters only there.
"""

import multiprocessing

import mesa
import numpy as np
import pytest

from juste_retour.abm.explanations.quarter_readings import REPORTED
from juste_retour.abm.explanations.reader import series
from juste_retour.abm.model import AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load, parameters, presets
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

pytestmark = pytest.mark.slow

SHORT = {"end": "2028Q4", "window_years": 4.25}
IN_COUNCIL = ("vote", "expect", "draft", "endorse", "voting", "entitlement", "reversion")
PRICED = ("procurement", "operations", "pooling")  # the families that the planner of the price shares
SEED, ALONE, FIRST, LAST = 11, 5, 3, 10
MANY = 130  # times 68 sites, more than one of NumPy's buffers (8,192 numbers)


def cases():
    for family in FAMILIES.values():
        for rule in family:
            changes = {family.name: rule.name} | SHORT
            if family.name == "funding" and rule.name == "private":
                changes["agenda"] = "single_decider"
            yield pytest.param(changes, family.name in PRICED, id=f"{family.name}-{rule.name}")
            if family.name in IN_COUNCIL:
                changes = {"agenda": "commission_proposal"} | changes
                if family.name in ("expect", "reversion"):
                    changes = {"voting": "unanimity"} | changes  # many ballots fail, so that these rules matter
                yield pytest.param(changes, False, id=f"proposal-{family.name}-{rule.name}")


def assert_same_world(one, many, row, place):
    """Compare the world at `place` of one result with the world at `row` of another."""
    for table in ("worlds", "states"):
        for name, column in getattr(one, table).items():
            there = getattr(many, table)[name][row]
            assert np.array_equal(column[place], there, equal_nan=column.dtype.kind == "f"), (table, name)
    mine, theirs = one.facilities["world"] == place, many.facilities["world"] == row
    for name, column in one.facilities.items():
        if name != "world":
            assert np.array_equal(column[mine], many.facilities[name][theirs]), ("facilities", name)
    assert ballots(one, place) == ballots(many, row)


def ballots(outcomes, place):
    found = []
    for ballot in outcomes.votes:
        for k in np.flatnonzero(ballot.worlds == place):
            sides = (ballot.yes, ballot.no, ballot.union_yes, ballot.passed)
            found.append((ballot.quarter, *(side[k].tobytes() for side in sides)))
    return found


def stepped(**arguments):
    model = AllocationModel(rng=SEED, **arguments)
    while model.running:
        model.step()
    return model.outcomes()


@pytest.mark.parametrize(("changes", "price"), list(cases()))
def test_world_does_not_depend_on_batch_under_any_rule(changes, price):
    scenario = load("eu-status-quo").changed(changes)
    many = run(scenario, SEED, range(MANY), price=price)
    seven = run(scenario, SEED, range(FIRST, LAST), price=price)
    alone = run(scenario, SEED, [ALONE], price=price)
    for k in range(FIRST, LAST):
        assert_same_world(seven, many, k, k - FIRST)
    assert_same_world(alone, many, ALONE, 0)
    assert_same_world(stepped(scenario=scenario, replicate=ALONE, price=price), many, ALONE, 0)


@pytest.mark.parametrize(
    ("family", "rule", "parameter", "values"),
    [("vote", "probabilistic", "noise", (10.0, 0.01)), ("expect", "adaptive", "trust", (1.0, 0.0))],
)
def test_actor_parameters_may_differ_between_worlds_of_a_batch(family, rule, parameter, values):
    base = load("eu-status-quo").changed(SHORT | {"voting": "unanimity"})
    own = base.changed({f"{family}.HU": rule})
    first, second = (own.changed({f"{family}.HU.{parameter}": value}) for value in values)
    n = 12
    both = run([first] * n + [second] * n, SEED, [*range(n), *range(n)], price=False)
    apart = [run(scenario, SEED, range(n), price=False) for scenario in (first, second)]
    for k in range(n):
        assert_same_world(apart[0], both, k, k)
        assert_same_world(apart[1], both, n + k, k)
    votes = [[ballots(found, k) for k in range(n)] for found in apart]
    assert votes[0] != votes[1]


def test_world_does_not_depend_on_batch_with_optional_mechanisms_on():
    on = {}
    for name, (default, about) in parameters().items():
        if about.range and not default:
            on[name] = sum(about.range) / 2
    assert {"life_years", "talent_elasticity", "trophy_fade"} <= on.keys()
    scenario = load("eu-status-quo").changed(on | {"side_payments": True})
    for changes in ({}, {"agenda": "commission_proposal", "voting": "unanimity", "end": "2030Q4"}):
        several = run(scenario.changed(changes), SEED, range(MANY), price=False)
        for k in (0, ALONE):
            assert_same_world(run(scenario.changed(changes), SEED, [k], price=False), several, k, 0)
        assert_same_world(stepped(scenario=scenario.changed(changes), replicate=ALONE, price=False), several, ALONE, 0)


@pytest.mark.parametrize("preset", presets())
def test_world_does_not_depend_on_chunks_of_1_7_and_512(preset):
    scenario = load(preset)
    many = run(scenario, SEED, range(512))
    seven = run(scenario, SEED, range(497, 504))
    for k in (497, 500, 503):
        assert_same_world(seven, many, k, k - 497)
        assert_same_world(run(scenario, SEED, [k]), many, k, 0)
    assert_same_world(stepped(scenario=scenario, replicate=503), many, 503, 0)


def test_any_subset_of_replicates_gives_the_same_worlds():
    scenario = load("eu-status-quo").changed(SHORT)
    many = run(scenario, SEED, range(12))
    some = run(scenario, SEED, [9, 2, 7])
    for place, k in enumerate((9, 2, 7)):
        assert_same_world(some, many, k, place)


def test_scenarios_that_differ_in_floats_share_a_batch():
    base = load("eu-status-quo").changed(SHORT)
    points = [base.changed({"envelope_eur_bn": e, "race_curvature": c}) for e in (4.0, 12.0) for c in (0.4, 0.5)]
    together = run(points, SEED, [1, 1, 2, 2])
    for place, (point, k) in enumerate(zip(points, (1, 1, 2, 2), strict=True)):
        assert_same_world(run(point, SEED, [k]), together, place, 0)


@pytest.fixture
def start_method():
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)  # batch_run sets it for the whole process


@pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="Mesa 4 has no batch_run")
def test_mesa_batch_run_agrees_with_an_ensemble(start_method):
    parameters = {
        "scenario": ["eu-status-quo", "essay-reform"],
        "voting": ["unanimity", "governing_board"],
        "replicate": range(2),
        "envelope_eur_bn": 12.0,
        **SHORT,
    }
    rows = mesa.batch_run(AllocationModel, parameters, rng=[1, 2], display_progress=False)
    assert len(rows) == 2 * 2 * 2 * 2
    for row in rows:
        changes = {"voting": row["voting"], "envelope_eur_bn": 12.0} | SHORT
        there = run(load(row["scenario"]).changed(changes), row["rng"], range(3)).worlds
        k = row["replicate"]
        last_quarter_only = {
            "years_behind",
            "capability_lag_years",
        }  # a run's tables give them over the window
        for name in (set(REPORTED) & set(there)) - last_quarter_only:
            assert row[name] == there[name][k] or np.isnan([row[name], there[name][k]]).all(), name
        assert row["years_behind_in_window"] == there["years_behind"][k]


def test_data_collector_agrees_with_the_timeline():
    scenario = load("eu-status-quo").changed(SHORT)
    model = AllocationModel(scenario, rng=SEED, replicate=2, price=False)
    while model.running:
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    timeline = run(scenario, SEED, range(4), price=False, timeline=True).timeline
    assert len(frame) == len(timeline) + 1  # plus the start
    assert list(frame["quarter"][1:]) == [quarter.quarter for quarter in timeline]
    for name in timeline[0].columns():
        assert list(frame[name][1:]) == list(series(timeline, name)[2]), name


def test_agents_that_delegate_to_the_rule_change_nothing():
    from juste_retour.agents.mesa_agents import Commissioner, Lab, MemberState

    class State(MemberState):
        def bid(self, situation):
            return super().bid(situation)

        def vote(self, offer):
            return super().vote(offer)

        def expect(self, reversion):
            return super().expect(reversion)

    class Member(Commissioner):
        def draft(self, plans):
            return super().draft(plans)

        def endorse(self, plans):
            return super().endorse(plans)

    class Company(Lab):
        def anchor(self, market):
            return super().anchor(market)

    for changes in ({"expect": "adaptive"}, {"agenda": "commission_proposal"}):
        scenario = load("eu-status-quo").changed(changes | SHORT)
        by_rule = run(scenario, SEED, range(3), price=False)
        by_agents = run(scenario, SEED, range(3), price=False, agents=[State, Member, Company])
        for k in range(3):
            assert_same_world(by_agents, by_rule, k, k)


def test_seed_must_be_an_integer():
    with pytest.raises(BadInput, match=r"rng.*'seven'"):
        AllocationModel(rng="seven")
