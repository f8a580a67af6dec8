"""A chunk leaves nothing behind: worlds and tables are gone when they are done with, without the garbage collector."""

import gc
import weakref

import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.agenda import agenda
from juste_retour.abm.scenario import load
from juste_retour.abm.world import World


@pytest.mark.parametrize("rule", list(agenda.rules))
def test_worlds_are_gone_when_their_outcomes_are_read(rule, monkeypatch):
    made = []
    make = World.__init__

    def noted(self, *arguments, **named):
        make(self, *arguments, **named)
        made.append(weakref.ref(self))

    monkeypatch.setattr(World, "__init__", noted)
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
    assert len(made) >= 2  # the planner's twin too
    assert not left
