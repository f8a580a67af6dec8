"""Stationary reservation values at the Council's table: solved once for a scenario, sensible, or refused."""

import re

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.politics import continuation
from juste_retour.abm.politics.stationary import NotConverged, Response
from tests.abm.politics.tables import council

STATIONARY = {"expect": "stationary"}


def equilibrium(table):
    return continuation.equilibrium(table.institutions.scenario, table.env.members)


def expected(table):
    return table.env.foresight.continuation(table.rows)


@pytest.fixture(scope="module")
def proposal():
    return council(agenda="commission_proposal", **STATIONARY)


def test_values_of_a_proposal_are_what_it_brings(proposal):
    found = equilibrium(proposal)
    assert found.converged
    assert found.regret <= continuation.TOLERANCE
    brought = council(200, agenda="commission_proposal", ambition_sd=0.0)
    motion = brought.institutions.decide("agenda", brought, rows=brought.rows)
    stake = np.abs(motion.gain).mean()
    assert np.abs(motion.gain[motion.passed].mean(0) - found.values).mean() < 0.2 * stake


def test_a_scenario_is_solved_once(proposal, monkeypatch):
    first = expected(proposal)
    assert first.shape == (6, 27)
    assert (first == first[0]).all()
    monkeypatch.setattr(continuation, "_solve", lambda *_: pytest.fail("solved again"))
    again = council(3, seed=9, agenda="commission_proposal", **STATIONARY)
    assert np.array_equal(expected(again), first[:3])


def test_reservation_values_are_the_discounted_expectations(proposal):
    values = expected(proposal)
    least = proposal.votes.reservation(proposal.known.standing)
    assert least == pytest.approx(proposal.known.standing.utility + proposal.p.patience * values)


def test_who_waits_for_ever_for_nothing_expects_nothing():
    patient = council(agenda="nash_bargaining", patience=1.0, envelope_eur_bn=0.0, **STATIONARY)
    found = equilibrium(patient)
    assert found.converged
    assert (found.values == 0).all()


def test_who_expects_more_asks_for_more(proposal):
    plan = proposal.plans.one_each(0.2)
    myopic = council(agenda="commission_proposal")
    more = proposal.reserve(plan, 0.0) - myopic.reserve(plan, 0.0)
    assert more.mean() > 0


def test_nothing_is_expected_of_an_agenda_that_does_not_come_back():
    assert not expected(council(agenda="open_call", **STATIONARY)).any()


def test_the_closed_rule_converges_and_every_state_expects_less_than_its_own_proposal():
    """The status quo's slowest case takes some ten seconds a scenario (politics/README.md); this one takes two."""
    table = council(agenda="closed_rule", voting="unanimity", **STATIONARY)
    found = equilibrium(table)
    assert found.converged
    table.env.foresight = continuation.Expecting(found.values)
    table.forced = np.arange(6)
    motion = table.institutions.decide("agenda", table, rows=table.rows)
    held = motion.held
    own = motion.gain[np.arange(6), table.forced]
    assert (own[held] > 0.8 * found.values[:6][held]).all()


def test_what_does_not_converge_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(continuation, "ROUNDS", 16)
    monkeypatch.setattr(continuation, "TOLERANCE", -1.0)
    table = council(3, agenda="commission_proposal", patience=0.931, **STATIONARY)
    with pytest.raises(NotConverged) as refused:
        run(table.institutions.scenario, 1, range(2), price=False)
    said = str(refused.value)
    assert re.search(r"\b16\b", said)
    assert re.search("expect.*'adaptive'.*'status_quo'", said)
    assert "\n" not in said


def test_sampled_finds_the_mean_of_luck():
    """One who proposes to two others, of whom luck chooses whom it pays what it expects."""

    def respond(values, uniforms):
        values = np.broadcast_to(values, 3)
        paid = np.random.default_rng(uniforms).random((3, 8)).argsort(0)[:2] + 0  # two of three, eight times
        gain, bought = np.zeros((3, 3)), np.zeros((3, 3))
        for i in range(3):
            other = [(i + 1) % 3, (i + 2) % 3]
            often = (paid[0] == i).mean()
            share = np.array([often, 1 - often])
            for j, k in zip(other, share, strict=True):
                gain[i, j], bought[i, j] = k * 0.9 * values[j], k
            gain[i, i] = 1 - gain[i].sum()
        return Response(gain, bought, False)

    found = continuation.sampled(respond, np.full(3, 1 / 3), 0.9)
    assert found.converged
    assert found.values == pytest.approx(1 / 3, abs=0.02)
