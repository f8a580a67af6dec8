"""Checks of an agent class: whole runs complete, are reproducible, and do not depend on the number of runs."""

from __future__ import annotations

import functools
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from juste_retour.abm.outcomes import Outcomes, run
from juste_retour.abm.worlds.agent_choice import AGENTS
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.asking import SECONDS, line_in, said
from juste_retour.agents.errors import JusteRetourError
from juste_retour.agents.user_agents import USER_AGENTS, UserAgent
from juste_retour.runs.workshop.conformance.examine import Examined, Fault
from juste_retour.runs.workshop.conformance.watch import PLAIN, unread_parameters

SCENES: tuple[Mapping[str, object], ...] = ({}, {"agenda": "commission_proposal"})
SHORT = {"end": "2028Q1", "window_years": 3.5}
SEED, WORLDS = 7, 4
READ = "parameters are read"
RUNS, CHANGES, AGAIN, ALONE = (
    "completes whole runs",
    "decisions do not change the agent",
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
    unread = unread_parameters(vars(agent.cls).get("__init__", agent.cls), agent.parameters)
    try:
        if unread and "__init__" in vars(agent.cls):
            check = READ
            raise _Unlike(f"never reads its parameter {unread[0]!r}; use it or remove it")
        with limited_decisions(limit), _unchanged(agent):
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
                    raise _Unlike("gives other results when fewer runs are computed together; keep its state in self")
        held = [RUNS, CHANGES, AGAIN, ALONE]
        notes.append(f"a run takes {slower:.1f} times as long as with the shipped rules ({WORLDS} runs, agents only)")
        if not changed:
            notes.append("it made no difference in the runs of the checks")
    except _Unlike as error:
        faults.append(Fault(error.check or check, AGENTS, agent.name, str(error), agent.file, agent.line))
    except JusteRetourError as error:
        faults.append(Fault(check, AGENTS, agent.name, f"fails: {error}".rstrip("."), agent.file, agent.line))
    except Exception as error:
        line = line_in(error, agent.file) or agent.line
        faults.append(Fault(check, AGENTS, agent.name, f"raises {said(error)}", agent.file, line))
    return Examined(AGENTS, agent.name, tuple(held), tuple(faults), None, tuple(notes))


class _Unlike(Exception):
    """Two runs that should be equal differ, or a decision changed its agent (`check` names that check)."""

    check = ""


@contextmanager
def _unchanged(agent: UserAgent) -> Iterator[None]:
    """Raise `_Unlike` if a decision of the class changes the agent or a plain attribute of its class within the block."""
    own = {name: getattr(agent.cls, name) for name in agent.cls.overridden()} if agent.kind else {}  # type: ignore[attr-defined]
    written = {name for name in own if name in vars(agent.cls)}
    for name, decision in own.items():
        setattr(agent.cls, name, _watched(decision, name))
    try:
        yield
    finally:
        for name, decision in own.items():
            setattr(agent.cls, name, decision) if name in written else delattr(agent.cls, name)


def _watched(decision: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(decision)
    def watched(self: object, *handed: object) -> object:
        before = _state(self)
        found = decision(self, *handed)
        after = _state(self)
        changed = [key for key in after.keys() | before.keys() if before.get(key) != after.get(key)]
        if changed:
            error = _Unlike(
                f"changes self.{min(changed)} in {name}, which may be called several times in a quarter, also about offers "
                "that never come to a vote; change it in step"
            )
            error.check = CHANGES
            raise error
        return found

    return watched


def _state(agent: Any) -> dict[str, bytes]:
    """The plain attributes of an agent and of its class, pickled; without those that are computed at first use."""
    kind, found = type(agent), {"model's cash": agent.model.world.program.transfers.tobytes()}
    for key, value in {**vars(kind), **vars(agent)}.items():
        computed = isinstance(getattr(kind, key, None), functools.cached_property)
        if not key.startswith("__") and not computed and isinstance(value, (*PLAIN, deque)):
            with suppress(Exception):  # what cannot be pickled is not compared
                found[key] = pickle.dumps(value)
    return found


def _company(agent: UserAgent) -> list[str]:
    """Names of the class, and of the classes of its file that can act beside it: on other actors, or without a kind."""
    taken, found = {(agent.kind, agent.usual_actors)}, [agent.name]
    for other in USER_AGENTS.values():
        actors = other.kind, other.usual_actors
        if other.file == agent.file and other is not agent and (not other.kind or actors not in taken):
            taken.add(actors)
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
