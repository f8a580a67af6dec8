"""Computer memory: worlds and tables of a chunk are freed when it is done, without the garbage collector."""

import gc
import weakref

import pytest

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.abm.worlds.world import World


@pytest.mark.parametrize("rule", list(agenda.rules))
def test_worlds_are_freed_after_their_outcomes_are_read(rule, monkeypatch):
    made = []
    make = World.__init__

    def recorded(self, *arguments, **named):
        make(self, *arguments, **named)
        made.append(weakref.ref(self))

    monkeypatch.setattr(World, "__init__", recorded)
    scenario = load("eu-status-quo").changed({"agenda": rule, "end": "2026Q1", "window_years": 1.5})
    run(scenario, 0, range(3))
    made.clear()
    gc.collect()
    gc.disable()
    try:
        outcomes = run(scenario, 0, range(3))
        left = [ref for ref in made if ref() is not None]
    finally:
        gc.enable()
    assert len(outcomes.worlds["sites"]) == 3
    assert len(made) >= 2  # the planner's world too
    assert not left
