"""Feedback: working sites attract talent, a gap drains it, labs leave, trophies fade and states learn between waves."""

import numpy as np
import pytest

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.base.parameters import defaults
from juste_retour.abm.delivery.talent import moved
from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.records import Vote
from juste_retour.abm.worlds.scenario import load

WORLDS = np.arange(24)


def played(until="2030Q4", **changes):
    scenario = load("eu-status-quo").changed(changes).until(until)
    return Simulation(scenario, 5, WORLDS).run()


def test_researchers_follow_machines_and_drain_with_the_gap():
    near, p = np.ones((1, 4)), defaults(talent_mobility=0.2, talent_drain=0.0)
    after = moved(near, np.array([[3.0, 1.0, 0.0, 0.0]]), np.zeros(1), np.zeros(1), p)
    assert after.sum() == pytest.approx(4.0)
    assert after[0, 0] > after[0, 1] > after[0, 2] == after[0, 3]
    drained = moved(near, np.zeros((1, 4)), np.array([5.0]), np.zeros(1), defaults(talent_drain=0.02))
    assert drained[0] == pytest.approx(0.9)
    with_labs = moved(near, np.zeros((1, 4)), np.array([5.0]), np.ones(1), defaults(talent_drain=0.02))
    assert (with_labs < drained).all()


def test_talent_matters_only_with_a_positive_elasticity():
    none, some = played(access="dedicated").world, played(access="dedicated", talent_elasticity=0.07).world
    assert (none.training.talent == 1).all()
    largest = some.program.delivered.chips.argmax(-1)[:, None]
    rows = some.working.any(-1)
    grown = np.take_along_axis(some.training.near, largest, -1) > np.take_along_axis(none.training.near, largest, -1)
    assert grown[rows].mean() > 0.8  # the largest working sites gained researchers
    assert not np.array_equal(some.training.rate, none.training.rate)


def test_more_labs_leave_under_exit_to_cloud_than_home_bias():
    home = run(load("eu-status-quo").changed({"access": "strategic", "anchor": "home_bias"}), 5, WORLDS, price=False)
    away = run(
        load("eu-status-quo").changed({"access": "strategic", "anchor": "exit_to_cloud"}),
        5,
        WORLDS,
        price=False,
    )
    assert (away.worlds["exited_labs"] >= home.worlds["exited_labs"]).all()
    assert away.worlds["exited_labs"].sum() > home.worlds["exited_labs"].sum()


def test_trophy_of_an_idle_site_fades():
    """Credit lost with an idle first site raises the value of the second trophy and changes nothing else."""
    kept, faded = (played("2025Q3", trophy_fade=f) for f in (0.0, 0.5))
    before, after = (Payoffs(s.env, WORLDS).standing.trophies for s in (kept, faded))
    kept, faded = kept.world, faded.world
    idle = kept.hosted > 0
    same = (kept.hosted == faded.hosted).all(-1)
    assert same.any()
    assert (after[same][idle[same]] < before[same][idle[same]]).all()
    assert np.array_equal(after[same][~idle[same]], before[same][~idle[same]])


def test_trophy_of_a_working_site_does_not_fade():
    simulation = played("2034Q4", trophy_fade=0.5)
    world, council = simulation.world, Payoffs(simulation.env, WORLDS)
    open_in_all = world.working == world.live
    states = np.array([[not np.any(~row[world.sites.state == i]) for i in range(27)] for row in open_in_all])
    assert states.any()
    assert np.broadcast_to(council.faded, states.shape)[states] == pytest.approx(0.0)


def test_reservation_values_learn_from_past_gains():
    """V <- V + alpha (gain - V), computed separately from the ballots of the call."""
    scenario = load("eu-status-quo").changed({"end": "2025Q4", "window_years": 1.25, "learning_rate": 0.25})
    simulation = Simulation(scenario, 5, WORLDS, trace=True).run()
    world = simulation.world
    memory = np.zeros(world.bargaining.memory.shape)
    for record in simulation.env.trace:
        if isinstance(record, Vote):
            gain = record.offer.utility - record.failed.utility
            learnt = memory[record.worlds] + 0.25 * (gain - memory[record.worlds])
            memory[record.worlds] = np.where(record.held[:, None], learnt, memory[record.worlds])
    assert world.bargaining.memory == pytest.approx(memory)
    assert (np.abs(memory) > 0).any()


def test_adaptive_expectations_add_no_votes():
    """With the learned reservation values, fewer offers pass after good offers."""
    base = {"agenda": "commission_proposal", "voting": "unanimity", "end": "2029Q4", "window_years": 5.0}
    baseline, adaptive = (
        played("2029Q4", **base | {"expect": expect, "learning_rate": 0.3}).world.bargaining
        for expect in ("status_quo", "adaptive")
    )
    assert (adaptive.memory != 0).any()
    assert adaptive.no_votes.sum() > baseline.no_votes.sum()


def test_losing_bid_competes_again_in_the_next_wave():
    """A bid below the threshold loses. The state can be selected in the next wave without a new dossier."""
    first = played("2024Q4", panel_threshold=0.3).world
    lost = first.bargaining.lost.copy()
    assert lost.any()
    third = played("2025Q4", panel_threshold=0.3).world
    later = np.array(
        [[third.program.wave[w][third.sites.state == i].max() for i in range(27)] for w in range(len(WORLDS))]
    )
    again = later[lost]
    assert (again > 1).any()
    assert (third.bargaining.won[lost & (later == 0)] == 0).all()  # losing does not use up a dossier
