"""Continuation values at the Council's table: solved once for a scenario, kept on disk, sensible, or refused."""

import json
import re

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.politics import continuation, mean_world, sampled, solved
from juste_retour.abm.politics.stationary import NotConverged
from juste_retour.agents.errors import BadInput
from tests.abm.politics.tables import council

STATIONARY = {"expect": "stationary"}


def equilibrium(table):
    return continuation.equilibrium(table.institutions.scenario, table.env.members)


def expected(table):
    return table.env.foresight.continuation(table.rows)


@pytest.fixture(scope="module")
def proposal():
    return council(agenda="commission_proposal", **STATIONARY)


@pytest.fixture(scope="module")
def closed():
    return council(agenda="closed_rule", voting="unanimity", **STATIONARY)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for solutions, and nothing in memory."""
    monkeypatch.setenv(solved.VARIABLE, str(tmp_path))
    monkeypatch.setattr(continuation, "_solved", type(continuation._solved)())
    return tmp_path


def test_values_of_a_proposal_are_what_it_brings(proposal):
    found = equilibrium(proposal)
    assert found.converged
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
    assert (np.abs(found.values) < 1e-12).all()


def test_who_expects_more_asks_for_more(proposal):
    plan = proposal.plans.one_each(0.2)
    myopic = council(agenda="commission_proposal")
    more = proposal.reserve(plan, 0.0) - myopic.reserve(plan, 0.0)
    assert more.mean() > 0


def test_nothing_is_expected_of_an_agenda_that_does_not_come_back():
    assert not expected(council(agenda="open_call", **STATIONARY)).any()


def test_the_closed_rule_converges_and_every_state_expects_less_than_its_own_proposal(closed):
    found = equilibrium(closed)
    assert found.converged
    assert found.equilibria == "one"
    table = council(agenda="closed_rule", voting="unanimity", **STATIONARY)
    table.env.foresight = mean_world.Expecting(found.values)
    table.forced = np.arange(6)
    motion = table.institutions.decide("agenda", table, rows=table.rows)
    held = motion.held
    own = motion.gain[np.arange(6), table.forced]
    assert (own[held] > 0.8 * found.values[:6][held]).all()


def test_the_stated_error_covers_fresh_draws(closed):
    """Values are what the map brings at them, with draws that the search has not seen."""
    found = equilibrium(closed)
    world = mean_world.MeanWorld(closed.institutions.scenario, closed.env.members)
    at = np.tile(found.values, (mean_world.SEARCHES, 1))
    gain = np.array([world.respond(at, 900 + k).gain for k in range(20)])
    brought = (gain.mean((0, 1, 2)) * world.chances[:, None]).sum(0)
    noise = np.sqrt(
        (gain.var((0, 1, 2)) * world.chances[:, None] ** 2).sum(0) / (20 * gain[0, ..., 0, 0].size)
    )
    assert (
        np.abs(brought - found.values) <= 4 * np.hypot(found.error, noise) + 1e-3 * found.stake
    ).mean() > 0.9


def test_what_does_not_converge_is_refused_with_the_point_the_residual_and_the_remedy(monkeypatch, folder):
    monkeypatch.setattr(sampled, "TOLERANCE", -1.0)
    monkeypatch.setattr(sampled, "LONGER", 1)
    table = council(3, agenda="commission_proposal", patience=0.931, **STATIONARY)
    with pytest.raises(NotConverged) as refused:
        run(table.institutions.scenario, 1, range(2), price=False)
    said = str(refused.value)
    assert re.search(r"commission_proposal.*patience 0\.931", said)
    assert re.search(r"residual [\d.]+%", said)
    assert re.search("expect.*'adaptive'.*'status_quo'", said)
    assert "\n" not in said


def test_values_without_noise_are_refused():
    with pytest.raises(BadInput, match=r"reservation_noise = 0 .*0\.01"):
        council(3, agenda="closed_rule", reservation_noise=0.0, **STATIONARY)


# -- kept on disk --------------------------------------------------------------------------------------------------
def test_another_process_finds_the_solution(folder, monkeypatch, capfd):
    table = council(3, agenda="commission_proposal", **STATIONARY)
    first = equilibrium(table)
    assert re.search("Solving.*commission_proposal", capfd.readouterr().err)
    monkeypatch.setattr(continuation, "_solved", type(continuation._solved)())  # as a new process begins
    monkeypatch.setattr(continuation, "_solve", lambda *_: pytest.fail("solved again"))
    again = equilibrium(table)
    assert again.values.tobytes() == first.values.tobytes()
    assert capfd.readouterr().err == ""
    assert [path.suffix for path in folder.iterdir()] == [".json"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"found": [1]}', "NaN"])
def test_a_damaged_file_is_solved_for_again(folder, monkeypatch, damage):
    table = council(3, agenda="commission_proposal", **STATIONARY)
    first = equilibrium(table)
    (path,) = folder.iterdir()
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "found": [float("nan")] * 27}) if damage == "NaN" else damage)
    monkeypatch.setattr(continuation, "_solved", type(continuation._solved)())
    assert np.array_equal(equilibrium(table).values, first.values)
    assert json.loads(path.read_text()) == whole


def test_a_folder_that_cannot_be_written_is_no_obstacle(folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv(solved.VARIABLE, str(folder / "file"))
    assert equilibrium(council(3, agenda="commission_proposal", **STATIONARY)).converged


def test_an_empty_name_keeps_nothing(folder, monkeypatch):
    monkeypatch.setenv(solved.VARIABLE, "")
    equilibrium(council(3, agenda="commission_proposal", **STATIONARY))
    assert not list(folder.iterdir())
