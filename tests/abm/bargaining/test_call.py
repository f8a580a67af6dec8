"""Bids in a call for proposals: by state, by campus, and by consortia that firms lead."""

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.records import Bid
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput

RUNS = range(64)


def world_after(changes, quarter, scenario="eu-status-quo"):
    return Simulation(load(scenario).changed(changes).until(quarter), 5, RUNS).run().world


def test_large_states_host_more_and_earlier_if_campuses_write_bids():
    one, own = (world_after({"agenda.dossiers": how}, "2024Q4") for how in ("states", "sites"))
    large = one.states.gdp > np.quantile(one.states.gdp, 0.8)
    hosts = [(w.by_state(w.program.selected >= 0) > 0)[:, large].mean() for w in (one, own)]
    assert hosts[1] > hosts[0] + 0.1
    assert (own.by_state(own.program.selected >= 0) <= 1).all()  # one bid per state and wave


def test_hosting_entities_write_bids_faster():
    world = world_after({"agenda.dossiers": "hosting_entities"}, "2024Q4")
    chosen = world.program.selected >= 0
    assert world.sites.eurohpc[np.nonzero(chosen)[1]].mean() > 0.8
    assert (world.sites.centre | ~world.sites.eurohpc).all()


def test_several_bids_of_a_state_stay_within_its_matching_limit():
    changes = {"agenda.dossiers": "sites", "agenda.bids": 3}
    world = world_after(changes, "2024Q4")
    by_state = world.by_state(world.program.selected >= 0)
    assert by_state.max() > 1
    assert by_state.max() <= 3
    limit = load("eu-status-quo").match_share_of_gdp * world.states.gdp
    assert (world.by_state(world.program.planned) / 2 <= limit + 1e-9).all()
    assert world.bargaining.bids.max() > 1
    assert (world.bargaining.bids >= world.by_state(world.program.selected >= 0)).all()


def test_bids_of_all_waves_are_counted_by_state():
    out = run(load("eu-status-quo"), 5, range(8), price=False, trace=True)
    bids = [record for record in out.decisions if isinstance(record, Bid)]
    expected = sum((record.size > 0).astype(int) for record in bids)
    assert len(bids) == 3
    assert np.array_equal(out.states["bids"], expected)
    assert np.array_equal(out.worlds["bids"], expected.sum(-1))


def test_firms_bid_where_they_gain_for_as_much_as_possible():
    world = world_after({}, "2027Q1", "gigafactories")
    planned = world.program.planned[world.program.selected >= 0]
    assert len(planned) > len(RUNS)
    assert ((planned >= 3 - 1e-9) & (planned <= 5 + 1e-9)).all()
    without = world_after({"anchor": "exit_to_cloud"}, "2027Q1", "gigafactories")
    assert (without.program.selected < 0).all()  # no firm gains, so none leads a bid


@pytest.mark.parametrize("changes", [{"agenda.dossiers": "campuses"}, {"agenda.bids": 0}, {"agenda.lead": "labs"}])
def test_unknown_ways_to_bid_are_refused(changes):
    with pytest.raises(BadInput, match=next(iter(changes))):
        load("eu-status-quo").changed(changes)
