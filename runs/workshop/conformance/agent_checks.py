"""Checks of an agent class: whole runs complete, are reproducible, and do not depend on the number of runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from juste_retour.abm.outcomes import Outcomes, run
from juste_retour.abm.worlds.agent_choice import AGENTS
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.asking import SECONDS, line_in, said
from juste_retour.agents.errors import JusteRetourError
from juste_retour.agents.user_agents import USER_AGENTS, UserAgent
from juste_retour.runs.workshop.conformance.examine import Examined, Fault

SCENES: tuple[Mapping[str, object], ...] = ({}, {"agenda": "commission_proposal"})
SHORT = {"end": "2028Q1", "window_years": 3.5}
SEED, WORLDS = 7, 4
RUNS, AGAIN, ALONE = (
    "completes whole runs",
    "gives the same results again",
    "a run does not depend on other runs",
)


def examine_agent(agent: UserAgent, limit: float) -> Examined:
    """Run every check on an agent class, together with the classes of other kinds in its file.

    Args:
        agent: the class.
        limit: time limit for one decision, in seconds.
    """
    held, faults, notes = [], [], []
    check = RUNS
    try:
        with limited_decisions(limit):
            changed, slower = False, 0.0
            for scene in SCENES:
                scenario = load("eu-status-quo").changed({**SHORT, **scene})
                played = scenario.changed({AGENTS: _company(agent)})
                found, _ = _timed(played)
                plain, usual = _timed(scenario)
                changed |= not _equal(found, plain)
                again, seconds = _timed(played)  # timed at the second run, because the first imports Mesa
                slower = max(slower, seconds / usual)
                if not _equal(found, again):
                    check = AGAIN
                    raise _Unlike(
                        "gives other results when run again with the same seed; draw random numbers from self.random"
                    )
                if not _equal(found, run(played, SEED, [WORLDS - 1], price=False), WORLDS - 1):
                    check = ALONE
                    raise _Unlike(
                        "gives other results when fewer runs are computed together; keep its state in self"
                    )
        held = [RUNS, AGAIN, ALONE]
        notes.append(
            f"a run takes {slower:.1f} times as long as with the shipped rules ({WORLDS} runs, agents only)"
        )
        if not changed:
            notes.append("it made no difference in the runs of the checks")
    except _Unlike as error:
        faults.append(Fault(check, AGENTS, agent.name, str(error), agent.file, agent.line))
    except JusteRetourError as error:
        faults.append(Fault(check, AGENTS, agent.name, f"fails: {error}".rstrip("."), agent.file, agent.line))
    except Exception as error:
        line = line_in(error, agent.file) or agent.line
        faults.append(Fault(check, AGENTS, agent.name, f"raises {said(error)}", agent.file, line))
    return Examined(AGENTS, agent.name, tuple(held), tuple(faults), None, tuple(notes))


class _Unlike(Exception):
    """Two runs that should be equal differ."""


def _company(agent: UserAgent) -> list[str]:
    """Names of the class, of one class of each other kind in its file, and of all classes there without a kind."""
    kinds, found = {agent.kind}, [agent.name]
    for other in USER_AGENTS.values():
        if other.file == agent.file and other is not agent and (not other.kind or other.kind not in kinds):
            kinds.add(other.kind)
            found.append(other.name)
    return found


def _timed(scenario: Scenario) -> tuple[Outcomes, float]:
    begun = time.process_time()
    found = run(scenario, SEED, range(WORLDS), price=False)
    return found, time.process_time() - begun


def _equal(a: Outcomes, b: Outcomes, row: int | None = None) -> bool:
    """Whether two ensembles are equal bit for bit. With `row`: whether that run of the first equals the only run of `b`."""

    def same(x: Any, y: Any) -> bool:
        x = x if row is None else x[row : row + 1]
        return np.array_equal(x, y, equal_nan=x.dtype.kind == "f")

    return all(
        same(column, getattr(b, table)[name])
        for table in ("worlds", "states")
        for name, column in getattr(a, table).items()
    )


@contextmanager
def limited_decisions(limit: float) -> Iterator[None]:
    """Limit the time of each decision of an agent, or of an outcome, to `limit` seconds within the block."""
    before = os.environ.get(SECONDS)
    os.environ[SECONDS] = str(limit)
    try:
        yield
    finally:
        if before is None:
            del os.environ[SECONDS]
        else:
            os.environ[SECONDS] = before
