"""The contract of agenda protocols: every table satisfies it, and a user's protocol may wrap a shipped one."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from juste_retour.abm.bargaining.agenda.closed_rule import closed_rule
from juste_retour.abm.bargaining.agenda.commission_proposal import commission_proposal
from juste_retour.abm.bargaining.agenda.family import agenda as family
from juste_retour.abm.bargaining.agenda.nash_bargaining import nash_bargaining
from juste_retour.abm.bargaining.agenda.open_call import open_call
from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.abm.bargaining.tables.line import Line
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.explanations.reader import in_world, pivotal
from juste_retour.abm.model import AllocationModel
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.records import Vote
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.rule_methods import protocol_member, protocol_members
from tests.abm.bargaining.tables import council

TABLES = {
    "council": lambda: council(2),
    "pie": lambda: Pie(players(3), worlds=2),
    "line": lambda: Line(players(3), [0.0, 0.5, 1.0], worlds=2),
}
METHODS = [v.name for v in protocol_members(Table) if "(" in v.call]


@pytest.fixture(params=TABLES)
def table(request):
    return TABLES[request.param]()


def test_tables_satisfy_the_contract(table):
    assert isinstance(table, Table)


@pytest.mark.parametrize("name", METHODS)
def test_methods_take_the_arguments_of_the_contract(table, name):
    """Arguments in this order and kind; defaults are kept, and further arguments are optional."""
    asked = list(inspect.signature(getattr(Table, name)).parameters.values())[1:]
    taken = list(inspect.signature(getattr(table, name)).parameters.values())
    for want, have in zip(asked, taken, strict=False):
        assert (want.name, want.kind) == (have.name, have.kind)
        assert want.default is want.empty or want.default == have.default
    assert len(taken) >= len(asked)
    assert all(more.default is not more.empty for more in taken[len(asked) :])


def test_a_class_without_a_method_is_not_a_table():
    class WithoutConclude(Pie):
        conclude = None

    assert not isinstance(WithoutConclude(players(3)), Table)


def test_contract_is_read_from_the_class():
    found = protocol_members(Table)
    assert [v.name for v in found][:2] == ["worlds", "states"]
    assert all(v.summary for v in found)
    assert {v.name for v in found} == {*Table.__annotations__, *METHODS}
    assert protocol_member(Table, "wins").typed == "wins(yes: Booleans) -> Booleans"
    assert protocol_member(Table, "conclude").call in family.signature
    assert family.contract is Table


@pytest.mark.parametrize("protocol", [closed_rule, nash_bargaining])
def test_protocols_conclude_on_every_table(table, protocol):
    result = protocol(table)
    assert result.ends.shape == (table.worlds,)
    assert np.array_equal(result.ends, result.passed)


@pytest.fixture
def wrapped():
    """The agenda family, restored after the test."""
    before = dict(family.rules)
    yield family
    family.rules = before


def played(name, worlds=4, **changes):
    scenario = load("eu-status-quo").changed({"agenda": name, "end": "2026Q4", "window_years": 2.0} | changes)
    return Simulation(scenario, 3, range(worlds), trace=True).run()


def votes_of(simulation):
    return [r for r in simulation.env.trace if isinstance(r, Vote) and r.held.any()]


def test_protocol_may_reject_what_the_ballot_passed(wrapped):
    @wrapped(calls=True)
    def failing_call(council):
        """The open call, but every list fails. Source: a test."""
        result = open_call(council)
        return None if result is None else replace(result, passed=np.zeros_like(result.passed))

    plain, failing = played("open_call"), played("failing_call")
    assert all(v.passed[v.held].all() for v in votes_of(plain))
    assert failing.env.ballots
    assert not any(ballot.passed.any() for ballot in failing.env.ballots)
    first, unchanged = failing.env.ballots[0], plain.env.ballots[0]
    assert np.array_equal(first.yes, unchanged.yes)
    counted = sum(np.where(b.yes, 1, 0) for b in failing.env.ballots)
    assert np.array_equal(failing.world.bargaining.yes_votes, counted)
    assert (plain.world.program.selected >= 0).any()
    assert not (failing.world.program.selected >= 0).any()
    assert plain.world.bargaining.won.any()
    assert not failing.world.bargaining.won.any()
    assert failing.world.bargaining.lost.any()
    assert failing.world.bargaining.settled.all()
    for vote in votes_of(failing):
        assert not vote.passed.any()
        for row in vote.worlds[vote.held]:
            (own,) = in_world([vote], row)
            assert not pivotal(failing.env, own).any()


def test_explanations_agree_with_a_changed_result(wrapped):
    @wrapped(calls=True)
    def failing_call(council):
        """The open call, but every list fails. Source: a test."""
        result = open_call(council)
        return None if result is None else replace(result, passed=np.zeros_like(result.passed))

    model = AllocationModel(agenda="failing_call", end="2026Q4", window_years=2.0, rng=3, price=False)
    while model.running:
        model.step()
    votes = [d for d in model.why("MT") if d.family == "vote"]
    assert len(votes) == len(model.simulation.env.ballots) > 0
    for decision, ballot in zip(votes, model.simulation.env.ballots, strict=True):
        place = model.world.states.codes.index("MT")
        assert decision.passed is False
        assert decision.pivotal is False
        assert (decision.result == "yes") == ballot.yes[0, place]
        assert decision.quarter == ballot.quarter


def test_bargaining_continues_after_a_protocol_rejects(wrapped):
    @wrapped(repeated=True)
    def failing_proposal(council):
        """The Commission's proposal fails in its first quarter. Source: a test."""
        result = commission_proposal(council)
        early = council.now == council.world.announced
        return replace(result, passed=result.passed & ~np.full(council.worlds, early))

    plain, failing = (played(name, funding="gni_key") for name in ("commission_proposal", "failing_proposal"))
    passed = plain.env.ballots[0].passed
    assert passed.any()
    rounds = [s.world.bargaining.rounds[plain.env.ballots[0].worlds[passed]] for s in (plain, failing)]
    assert (rounds[0] == 1).all()
    assert (rounds[1] > 1).all()


def test_changed_plan_is_selected_and_explained(wrapped):
    @wrapped(calls=True)
    def halved_call(council):
        """The open call, with half of each site's money. Source: a test."""
        result = open_call(council)
        return None if result is None else replace(result, plan=result.plan / 2)

    plain, halved = played("open_call"), played("halved_call")
    before, after = votes_of(plain)[0], votes_of(halved)[0]
    assert (after.offer.received <= before.offer.received).all()
    assert (after.offer.received < before.offer.received).any()
    first = halved.world.program.wave == 1
    assert first.any()
    assert np.array_equal(halved.world.program.planned[first], plain.world.program.planned[first] / 2)
    table = council(2)
    result = replace(closed_rule(table), plan=np.zeros((2, table.sites.count)))
    whole = table.completed(result)
    assert (whole.gain == whole.terms.offer.utility - whole.terms.failed.utility).all()
    assert np.array_equal(whole.gain, np.zeros(whole.gain.shape))
    assert not np.array_equal(result.gain, whole.gain)
    assert Council.completed(table, whole) is whole
