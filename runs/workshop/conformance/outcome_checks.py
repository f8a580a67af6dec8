"""Checks of an outcome: it has a number per world, is reproducible, and does not depend on other worlds."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.outcomes import run
from juste_retour.abm.user_outcomes import UserOutcome
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.asking import line_in, said
from juste_retour.agents.errors import JusteRetourError
from juste_retour.runs.workshop.conformance.agent_checks import AGAIN, ALONE, SEED, WORLDS, limited_decisions
from juste_retour.runs.workshop.conformance.examine import Examined, Fault

NUMBERS = "a number for each world"


def examine_outcome(outcome: UserOutcome, limit: float) -> Examined:
    """Run every check on an outcome.

    Args:
        outcome: the outcome.
        limit: time limit for one computation, in seconds.
    """
    file, _, line = outcome.place.rpartition(":")
    scenario = load("eu-status-quo")
    held: list[str] = []
    notes: list[str] = []

    def numbers(*replicates: int) -> np.ndarray:
        return run(scenario, SEED, replicates, price=False).worlds[outcome.name]

    def fault(check: str, says: str, at: int | None) -> Examined:
        found = Fault(check, outcome.family, outcome.name, says, file, at)
        return Examined(outcome.family, outcome.name, tuple(held), (found,), None)

    try:
        with limited_decisions(limit):
            first = numbers(*range(WORLDS))
            held.append(NUMBERS)
            if not np.array_equal(first, numbers(*range(WORLDS)), equal_nan=True):
                return fault(AGAIN, "gives other numbers when run again with the same seed", int(line))
            held.append(AGAIN)
            alone = np.concatenate([numbers(replicate) for replicate in range(WORLDS)])
            if not np.array_equal(first, alone, equal_nan=True):
                says = "gives another number when worlds run separately; do not compute over the axis of worlds"
                return fault(ALONE, says, int(line))
            held.append(ALONE)
    except JusteRetourError as error:
        return fault(NUMBERS, f"fails: {error}".rstrip("."), int(line))
    except Exception as error:
        return fault(NUMBERS, f"raises {said(error)}", line_in(error, file) or int(line))
    if np.isnan(first).all():
        notes.append("it is NaN in all runs of the checks")
    elif (first == first[0]).all():
        notes.append("it is the same in all runs of the checks")
    return Examined(outcome.family, outcome.name, tuple(held), (), None, tuple(notes))
