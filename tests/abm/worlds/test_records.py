"""Records of a run: the part of one world is the same as in a run of that world alone."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from juste_retour.abm.explanations.reader import ballot_of, in_world, pivotal, series, thresholds
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds import records
from juste_retour.abm.worlds.records import Bid, DecisionRecord, Draft, Exit, RecordedBallot, Selection, Vote
from juste_retour.abm.worlds.scenario import load

CALL = {}
COLLEGE = {"agenda": "commission_proposal", "funding": "gni_key"}


def played(replicates, changes):
    scenario = load("eu-status-quo").changed({"end": "2027Q4", "window_years": 3.25} | changes)
    return Simulation(scenario, 5, replicates, trace=True, timeline=True).run().env


def arrays(thing, name=""):
    """Every array of a record by its path, including those of nested records."""
    for field in fields(thing):
        value = getattr(thing, field.name)
        if is_dataclass(value):
            yield from arrays(value, f"{name}{field.name}.")
        elif isinstance(value, np.ndarray):
            yield f"{name}{field.name}", value


@pytest.fixture(scope="module", params=[CALL, COLLEGE], ids=["call", "college"])
def runs(request):
    return played(range(4), request.param), [played([k], request.param) for k in range(4)]


def test_every_kind_of_decision_is_recorded():
    seen = {type(record) for changes in (CALL, COLLEGE) for record in played(range(2), changes).trace}
    assert seen == {Bid, Draft, Vote, Selection, Exit}
    assert all(issubclass(kind, DecisionRecord) for kind in seen | {RecordedBallot})
    assert {kind for kind in vars(records).values() if isinstance(kind, type) and DecisionRecord in kind.__bases__} == {
        *seen,
        RecordedBallot,
    }


def test_arrays_have_a_leading_world_axis(runs):
    many, _ = runs
    for record in [*many.trace, *many.ballots]:
        for name, array in arrays(record):
            assert len(array) == len(record.worlds), (type(record).__name__, name)


def test_records_of_a_world_equal_those_of_its_run_alone(runs):
    many, alone = runs
    for row, one in enumerate(alone):
        for kept, own in ((many.trace, one.trace), (many.ballots, one.ballots)):
            mine, theirs = list(in_world(kept, row)), list(in_world(own, 0))
            assert [(type(r), r.quarter) for r in mine] == [(type(r), r.quarter) for r in theirs]
            for a, b in zip(mine, theirs, strict=True):
                for (name, x), (_, y) in zip(arrays(a), arrays(b), strict=True):
                    assert name == "worlds" or np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), (a, name)


def test_timeline_as_series(runs):
    many, alone = runs
    for name in many.timeline[0].columns():
        whole = series(many.timeline, name)
        assert whole.shape == (4, len(many.timeline))
        for row, one in enumerate(alone):
            assert np.array_equal(whole[row], series(one.timeline, name)[0], equal_nan=True), name


def passes(env, vote):
    """Whether the voting rule passes the ballot of one world."""
    return env.institutions.decide("voting", ballot_of(env, vote), env.world.states, rows=vote.worlds)[0]


def passes_if_turned(env, vote, state):
    """Whether the ballot passes if this state alone changes its vote."""
    votes = vote.votes.copy()
    votes[0, state] = -1 if votes[0, state] > 0 else 1
    return passes(env, replace(vote, votes=votes))


def test_pivotal_states_change_the_ballot_result(runs):
    many, _ = runs
    votes = [v for row in range(4) for v in in_world(many.trace, row) if isinstance(v, Vote) and v.held[0]]
    assert votes
    for vote in votes:
        passed = passes(many, vote)
        assert passed == vote.passed[0]
        ways = thresholds(many, vote)
        assert ways
        assert all(t.met == (t.reached >= t.quota) and t.full >= t.quota for t in ways)
        by_condition = {t.way: [u.met for u in ways if u.way == t.way] for t in ways}
        assert any(all(met) for met in by_condition.values()) == (passed != ways[0].against)
        assert [passes_if_turned(many, vote, i) != passed for i in range(27)] == pivotal(many, vote).tolist()


def test_trace_and_timeline_are_off_by_default():
    env = Simulation(load("eu-status-quo").changed({"end": "2025Q4", "window_years": 1.25}), 1, [0]).run().env
    assert env.trace is None
    assert env.timeline is None
    assert env.ballots
