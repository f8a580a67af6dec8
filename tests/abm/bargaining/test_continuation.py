"""Continuation values at the Council's table: solved once per scenario, stored on disk, or refused."""

import fcntl
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.bargaining import continuation, mean_world, sampled, solved
from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.outcomes import run
from juste_retour.agents.errors import BadInput
from tests.abm.bargaining.tables import council

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
    """An empty folder for solutions, and an empty cache in memory."""
    monkeypatch.setenv(solved.VARIABLE, str(tmp_path))
    monkeypatch.setattr(continuation, "_solved", type(continuation._solved)())
    return tmp_path


@pytest.fixture(scope="module")
def solved_once(tmp_path_factory):
    """A table, its equilibrium, what the search for it returned, and the file in which it is stored."""
    folder, solve, searched = tmp_path_factory.mktemp("solved"), continuation._solve, []
    table = council(3, agenda="commission_proposal", **STATIONARY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(solved.VARIABLE, str(folder))
        patch.setattr(continuation, "_solved", type(continuation._solved)())
        patch.setattr(continuation, "_solve", lambda *given: searched.append(solve(*given)) or searched[0])
        first = equilibrium(table)
    (path,) = folder.iterdir()
    return table, first, searched[0], path


@pytest.fixture
def stored(solved_once, folder, monkeypatch):
    """The table, its equilibrium and a file of its own; a further search returns the same at once."""
    table, first, found, path = solved_once
    monkeypatch.setattr(continuation, "_solve", lambda *_: found)
    return table, first, Path(shutil.copy(path, folder))


def test_equilibrium_values_match_simulated_gains(proposal):
    found = equilibrium(proposal)
    assert found.converged
    simulated = council(200, agenda="commission_proposal", ambition_sd=0.0)
    result = simulated.institutions.decide("agenda", simulated, rows=simulated.rows)
    stake = np.abs(result.gain).mean()
    assert np.abs(result.gain[result.passed].mean(0) - found.values).mean() < 0.2 * stake


def test_equilibrium_is_solved_once_per_scenario(proposal, monkeypatch):
    first = expected(proposal)
    assert first.shape == (6, 27)
    assert (first == first[0]).all()
    monkeypatch.setattr(continuation, "_solve", lambda *_: pytest.fail("solved again"))
    again = council(3, seed=9, agenda="commission_proposal", **STATIONARY)
    assert np.array_equal(expected(again), first[:3])


def test_reservation_values_are_discounted_continuation_values(proposal):
    values = expected(proposal)
    least = proposal.votes.reservation(proposal.known.standing)
    assert least == pytest.approx(proposal.known.standing.utility + proposal.p.patience * values)


def test_value_is_zero_without_money():
    patient = council(agenda="nash_bargaining", patience=1.0, envelope_eur_bn=0.0, **STATIONARY)
    found = equilibrium(patient)
    assert found.converged
    assert (np.abs(found.values) < 1e-12).all()


def test_higher_expectations_raise_reservation_prices(proposal):
    plan = proposal.plans.one_each(0.2)
    myopic = council(agenda="commission_proposal")
    more = proposal.reserve(plan, 0.0) - myopic.reserve(plan, 0.0)
    assert more.mean() > 0


def test_continuation_value_is_zero_for_an_agenda_without_repetition():
    assert not expected(council(agenda="open_call", **STATIONARY)).any()


def test_closed_rule_converges_and_own_proposals_pay_more(closed):
    found = equilibrium(closed)
    assert found.converged
    assert found.equilibria == "one"
    table = council(agenda="closed_rule", voting="unanimity", **STATIONARY)
    table.env.foresight = mean_world.Expecting(found.values)
    table.forced = np.arange(6)
    result = table.institutions.decide("agenda", table, rows=table.rows)
    held = result.held
    own = result.gain[np.arange(6), table.forced]
    assert (own[held] > 0.8 * found.values[:6][held]).all()


def test_stated_error_covers_new_draws(closed):
    """At these values, new random draws give back the same values within the stated error."""
    found = equilibrium(closed)
    world = mean_world.MeanWorld(closed.institutions.scenario, closed.env.members)
    at = np.tile(found.values, (mean_world.SEARCHES, 1))
    gain = np.array([world.respond(at, 900 + k).gain for k in range(20)])
    simulated = (gain.mean((0, 1, 2)) * world.chances[:, None]).sum(0)
    noise = np.sqrt((gain.var((0, 1, 2)) * world.chances[:, None] ** 2).sum(0) / (20 * gain[0, ..., 0, 0].size))
    assert (np.abs(simulated - found.values) <= 4 * np.hypot(found.error, noise) + 1e-3 * found.stake).mean() > 0.9


def test_no_convergence_is_refused_with_scenario_and_remedy(monkeypatch, folder):
    monkeypatch.setattr(sampled, "REFUSED", -1.0)
    table = council(3, agenda="commission_proposal", patience=0.931, **STATIONARY)
    with pytest.raises(NotConverged) as refused:
        run(table.institutions.scenario, 1, range(2), price=False)
    message = str(refused.value)
    assert re.search(r"commission_proposal.*patience 0\.931", message)
    assert re.search(r"error [\d.]+%", message)
    assert re.search("expect.*'adaptive'.*'status_quo'", message)
    assert "\n" not in message


def test_stationary_expectations_without_noise_are_refused():
    with pytest.raises(BadInput, match=r"reservation_noise.*\b0\b.*0\.01"):
        council(3, agenda="closed_rule", reservation_noise=0.0, **STATIONARY)


# Kept on disk
def test_solution_is_read_from_disk_in_another_process(folder, monkeypatch, capfd):
    table = council(3, agenda="commission_proposal", **STATIONARY)
    first = equilibrium(table)
    assert re.search("Solving.*commission_proposal", capfd.readouterr().err)
    monkeypatch.setattr(continuation, "_solved", type(continuation._solved)())  # as in a new process
    monkeypatch.setattr(continuation, "_solve", lambda *_: pytest.fail("solved again"))
    again = equilibrium(table)
    assert again.values.tobytes() == first.values.tobytes()
    assert capfd.readouterr().err == ""
    assert [path.suffix for path in folder.iterdir()] == [".json"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"found": [1]}', "[" * 100_000, "changed", "resealed"])
def test_damaged_solution_file_is_replaced(stored, damage):
    table, first, path = stored
    whole = json.loads(path.read_text())
    text = damage
    if damage == "changed":
        solutions = [[10 * x for x in row] for row in whole["solution"]["solutions"]]
        text = json.dumps({**whole, "solution": {**whole["solution"], "solutions": solutions}})
    if damage == "resealed":  # with a checksum that fits
        solved._write(path, replace(first, solutions=10 * first.solutions))
    else:
        path.write_text(text)
    assert np.array_equal(equilibrium(table).values, first.values)
    assert json.loads(path.read_text()) == whole


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_plain_file_is_not_read(stored, folder, kind):
    table, first, path = stored
    path.unlink()
    for place in (path, path.with_suffix(".lock")):
        {"pipe": os.mkfifo, "folder": Path.mkdir, "device": lambda p: p.symlink_to("/dev/zero")}[kind](place)
    assert np.array_equal(equilibrium(table).values, first.values)
    assert not list(folder.glob("*.part"))


def test_wait_for_a_lock_is_bounded_and_said(stored, monkeypatch, capfd):
    table, _, path = stored
    path.unlink()
    monkeypatch.setattr(solved, "LOCK_WAIT", 0.3)
    monkeypatch.setattr(solved, "LOCK_SAID", 0.1)
    with path.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        equilibrium(table)
    assert str(path.with_suffix(".lock")) in capfd.readouterr().err


def test_seed_of_the_search_gives_another_estimate_of_the_same_values():
    one, two = (
        council(3, agenda="commission_proposal", expect={"rule": "stationary", "seed": seed}) for seed in (0, 1)
    )
    a, b = equilibrium(one), equilibrium(two)
    assert not np.array_equal(a.found, b.found)
    assert (np.abs(a.found - b.found) <= 5 * np.hypot(a.error, b.error) + 1e-6).all()


def test_unwritable_cache_folder_is_ignored(folder, monkeypatch):
    (folder / "file").write_text("")
    monkeypatch.setenv(solved.VARIABLE, str(folder / "file"))
    assert equilibrium(council(3, agenda="commission_proposal", **STATIONARY)).converged


def test_empty_cache_name_turns_the_cache_off(folder, monkeypatch):
    monkeypatch.setenv(solved.VARIABLE, "")
    equilibrium(council(3, agenda="commission_proposal", **STATIONARY))
    assert not list(folder.iterdir())
