"""Feedback: what works draws talent and a gap drives it away, labs leave, trophies fade, states learn between waves."""

import numpy as np
import pytest

from juste_retour.abm.delivery.talent import moved
from juste_retour.abm.outcomes import run
from juste_retour.abm.parameters import defaults
from juste_retour.abm.politics.payoffs import Payoffs
from juste_retour.abm.records import Vote
from juste_retour.abm.scenario import load
from juste_retour.abm.simulation import Simulation

WORLDS = np.arange(24)


def played(until="2030Q4", **changes):
    scenario = load("eu-status-quo").changed(changes).until(until)
    return Simulation(scenario, 5, WORLDS).run()


def test_researchers_follow_the_machines_and_leave_a_gap():
    near, p = np.ones((1, 4)), defaults(talent_mobility=0.2, talent_drain=0.0)
    after = moved(near, np.array([[3.0, 1.0, 0.0, 0.0]]), np.zeros(1), np.zeros(1), p)
    assert after.sum() == pytest.approx(4.0)
    assert after[0, 0] > after[0, 1] > after[0, 2] == after[0, 3]
    drained = moved(near, np.zeros((1, 4)), np.array([5.0]), np.zeros(1), defaults(talent_drain=0.02))
    assert drained[0] == pytest.approx(0.9)
    with_labs = moved(near, np.zeros((1, 4)), np.array([5.0]), np.ones(1), defaults(talent_drain=0.02))
    assert (with_labs < drained).all()


def test_talent_counts_only_where_the_elasticity_says_so():
    none, some = played(access="dedicated").world, played(access="dedicated", talent_elasticity=0.07).world
    assert (none.training.talent == 1).all()
    largest = some.programme.delivered.chips.argmax(-1)[:, None]
    rows = some.working.any(-1)
    grown = np.take_along_axis(some.training.near, largest, -1) > np.take_along_axis(
        none.training.near, largest, -1
    )
    assert grown[rows].mean() > 0.8  # the largest sites that work have gained researchers
    assert not np.array_equal(some.training.rate, none.training.rate)


def test_labs_leave_where_they_look_for_a_cloud_and_the_race_is_worth_less():
    home = run(
        load("eu-status-quo").changed({"access": "strategic", "anchor": "home_bias"}), 5, WORLDS, price=False
    )
    away = run(
        load("eu-status-quo").changed({"access": "strategic", "anchor": "exit_to_cloud"}),
        5,
        WORLDS,
        price=False,
    )
    assert (away.worlds["exited_labs"] >= home.worlds["exited_labs"]).all()
    assert away.worlds["exited_labs"].sum() > home.worlds["exited_labs"].sum()


def test_a_trophy_that_produces_nothing_fades():
    """Credit lost with an idle first site makes the second trophy worth more, and nothing else."""
    keen, tired = (played("2025Q3", trophy_fade=f) for f in (0.0, 0.5))
    before, after = (Payoffs(s.env, WORLDS).standing.trophies for s in (keen, tired))
    keen, tired = keen.world, tired.world
    idle = keen.hosted > 0
    same = (keen.hosted == tired.hosted).all(-1)
    assert same.any()
    assert (after[same][idle[same]] < before[same][idle[same]]).all()
    assert np.array_equal(after[same][~idle[same]], before[same][~idle[same]])


def test_a_working_site_keeps_its_trophy():
    simulation = played("2034Q4", trophy_fade=0.5)
    world, council = simulation.world, Payoffs(simulation.env, WORLDS)
    open_in_all = world.working == world.live
    states = np.array([[not np.any(~row[world.sites.state == i]) for i in range(27)] for row in open_in_all])
    assert states.any()
    assert np.broadcast_to(council.faded, states.shape)[states] == pytest.approx(0.0)


def test_states_remember_what_offers_brought():
    """V <- V + alpha (gain - V), by hand over the ballots of the call."""
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


def test_memory_raises_what_adaptive_states_hold_out_for():
    """The lesson changes votes where something can fail: fewer offers pass once good ones are remembered."""
    base = {"agenda": "commission_proposal", "voting": "unanimity", "end": "2029Q4", "window_years": 5.0}
    forgetful, mindful = (
        played("2029Q4", **base | {"expect": expect, "learning_rate": 0.3}).world.bargaining
        for expect in ("status_quo", "adaptive")
    )
    assert (mindful.memory != 0).any()
    assert mindful.no_votes.sum() > forgetful.no_votes.sum()


def test_who_lost_hands_the_dossier_in_again():
    """A bid below the threshold is lost, and the same state may be selected in the next wave without a new dossier."""
    first = played("2024Q4", panel_threshold=0.3).world
    lost = first.bargaining.lost.copy()
    assert lost.any()
    third = played("2025Q4", panel_threshold=0.3).world
    later = np.array(
        [
            [third.programme.wave[w][third.sites.state == i].max() for i in range(27)]
            for w in range(len(WORLDS))
        ]
    )
    again = later[lost]
    assert (again > 1).any()
    assert (third.bargaining.bids[lost & (later == 0)] == 0).all()  # no dossier is used up by losing
