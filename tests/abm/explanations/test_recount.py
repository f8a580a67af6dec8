from itertools import combinations

import numpy as np
import pytest

from juste_retour.abm.explanations.reader import in_world, pivotal
from juste_retour.abm.explanations.recount import blocking, recounted, turning
from juste_retour.abm.politics.voting import voting
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.records import Vote
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.rules import FAMILIES


def ballots(voting_rule="unanimity", base="federal-europe", seed=1, quarters=12):
    """The ballots of a world under a voting rule, each with the environment that counts it."""
    simulation = Simulation(load(base).changed({"voting": voting_rule}), seed, [0], trace=True)
    seen = 0
    for _ in range(quarters):
        simulation.advance()
        for record in list(in_world(simulation.env.trace[seen:], 0)):
            if isinstance(record, Vote) and record.held[0]:
                yield simulation.env, record
        seen = len(simulation.env.trace)


def with_votes(record, members, way):
    votes = record.votes[0].copy()
    votes[list(members)] = way
    return votes


@pytest.mark.parametrize("rule", ["unanimity", "simple_majority", "lisbon_qmv", "governing_board", "funders", "nice"])
def test_smallest_sets_change_the_result_and_smaller_ones_do_not(rule):
    checked = 0
    for base in ("federal-europe", "eu-status-quo", "juste-retour-strict"):
        for env, record in ballots(rule, base):
            passed, way = bool(record.passed[0]), -1 if record.passed[0] else 1
            among = np.flatnonzero((record.votes[0] > 0) == passed)
            found = turning(env, record)
            for members in found.sets[:20]:
                checked += 1
                assert bool(recounted(env, record, with_votes(record, members, way)).passed[0]) != passed
            smaller = found.tried if found.size is None else found.size - 1
            for members in list(combinations(among, min(smaller, 2)))[:60]:
                assert bool(recounted(env, record, with_votes(record, members, way)).passed[0]) == passed
    assert checked


@pytest.mark.parametrize("rule", ["unanimity", "penrose", "simple_majority"])
def test_sets_of_one_state_are_the_pivotal_states(rule):
    sizes = set()
    for base in ("federal-europe", "juste-retour-strict"):
        for env, record in ballots(rule, base):
            found, alone = turning(env, record), np.flatnonzero(pivotal(env, record)).tolist()
            assert ([i for (i,) in found.sets] if found.size == 1 else []) == alone
            sizes.add(found.size)
    assert sizes


def test_blocking_minorities_are_minimal():
    rejected = [(e, r) for e, r in ballots("funders") if not r.passed[0]]
    assert rejected
    for env, record in rejected:
        found = blocking(env, record)
        assert found.sets
        for members in found.sets:
            rest = [i for i in range(env.world.states.count) if i not in members]
            assert not recounted(env, record, with_votes(record, rest, 1)).passed[0]
            for one in members:
                assert recounted(env, record, with_votes(record, [*rest, one], 1)).passed[0]


def test_rule_as_function_and_as_conditions_agree(monkeypatch):
    by_conditions = [(turning(e, r), blocking(e, r)) for e, r in ballots("unanimity")]
    plain = voting["unanimity"]
    monkeypatch.delitem(plain.marks, "conditions")
    assert FAMILIES["voting"]["unanimity"] is plain
    asked = [(turning(e, r), blocking(e, r)) for e, r in ballots("unanimity")]
    for (one, hold), (other, held) in zip(by_conditions, asked, strict=True):
        assert hold.sets == held.sets
        if other.size is not None:
            assert one.sets == other.sets
