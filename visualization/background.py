"""Background work of the server: many runs, the attribution of a difference to its parts, and votes on reforms.

All visitors share one pool of workers. Attributions and votes take longest, so only one is computed at a time, and the next one
queues behind other work that was submitted meanwhile. Its results are kept for all visitors.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.visualization.names import named_plainly
from juste_retour.visualization.views.parts import parts
from juste_retour.visualization.views.passing import passing


class AtOnce:
    """Replaces the pool where threads are not available, as in a browser."""

    def submit(self, work: Callable[[], None]) -> None:
        """Do the work immediately."""
        work()


WORKERS: AtOnce | ThreadPoolExecutor = (
    AtOnce() if sys.platform == "emscripten" else ThreadPoolExecutor(max(2, os.cpu_count() or 1), "worlds")
)  # shared by all visitors; at least two workers, so that an attribution leaves one for runs
KEPT = 64  # results kept
WORLDS = 60  # runs of each mixture of rules; the stored results have more
MOST_QUARTERS = 60  # length limit of the runs; the default scenario has 44 quarters

Still = Callable[[], None]  # raises `TaskStopped` if nobody waits for the result any more
Tell = Callable[[dict[str, object]], None]


class TaskStopped(Exception):
    """Nobody waits for the result any more."""


def said(error: Exception) -> str:
    """An error as one sentence for the page."""
    lacking = _lacking(error)
    if lacking:
        return f"This needs {lacking}, which is not in this file; use the live app (juste-retour app)."
    if isinstance(error, JusteRetourError):
        return named_plainly(str(error))
    text = " ".join(str(error).split())
    return f"The run failed: {type(error).__name__}: {text}; change the last setting back."


def _lacking(error: BaseException | None) -> str | None:
    """The package whose absence in the browser caused an error; None for other errors."""
    while error is not None and not isinstance(error, ModuleNotFoundError):
        error = error.__cause__
    if error is None or not error.name or sys.platform != "emscripten":
        return None
    name = error.name.partition(".")[0]
    return {"scipy": "SciPy"}.get(name, name)


class PartsDesk:
    """Attributes differences to parts and votes on reforms, one pair of scenarios at a time, and keeps the results."""

    def __init__(self, pool: AtOnce | ThreadPoolExecutor = WORKERS):
        self.pool = pool
        self.kept: OrderedDict[tuple[str, ...], JsonObject] = OrderedDict()
        self.line: deque[Callable[[], None]] = deque()
        self.lock = threading.Lock()
        self.busy = False

    def ask(
        self,
        source: Scenario,
        target: Scenario,
        members: Members,
        still: Still,
        tell: Tell,
        kind: str = "parts",
    ) -> None:
        """Send the result with `tell`: at once if it is kept, otherwise from the pool, after progress messages.

        A message has `done`, the share done; or `parts`, from `views.parts.parts`; or `passing`, from
        `views.passing.passing`, as `kind` says; or `error`, one sentence.

        Raises:
            BadInput: the scenarios are equal or too long.
        """
        _possible(source, target)
        key, kept = _key(source, target, members, kind), self.found(source, target, members, kind)
        tell({**kept} if kept else {"done": 0.0})
        if kept:
            return
        with self.lock:
            self.line.append(lambda: self._work(key, (source, target), members, still, tell))
            if self.busy:
                return
            self.busy = True
        self.pool.submit(self._next)

    def found(self, source: Scenario, target: Scenario, members: Members, kind: str) -> JsonObject | None:
        """The result if it is kept, in the form of the message; None otherwise."""
        return self.kept.get(_key(source, target, members, kind))

    def _next(self) -> None:
        """Do the first job of the queue and submit the next one to the pool, behind other work."""
        try:
            self.line.popleft()()
        finally:
            with self.lock:
                self.busy = bool(self.line)
            if self.busy:
                self.pool.submit(self._next)

    def _work(
        self,
        key: tuple[str, ...],
        pair: tuple[Scenario, Scenario],
        members: Members,
        still: Still,
        tell: Tell,
    ) -> None:
        told = 0

        def progress(done: int, of: int) -> None:
            nonlocal told
            still()
            percent = 100 * done // of
            if percent >= told + 5:
                told = percent
                tell({"done": percent / 100})

        try:
            still()
            if key not in self.kept:
                compute = {"parts": parts, "passing": passing}[key[0]]
                self.kept[key] = {key[0]: compute(*pair, WORLDS, members=members, progress=progress)}
            while len(self.kept) > KEPT:
                self.kept.popitem(last=False)
            tell(self.kept[key])
        except TaskStopped:
            return
        except Exception as error:
            tell({"error": said(error)})


def _key(source: Scenario, target: Scenario, members: Members, kind: str) -> tuple[str, ...]:
    return kind, source.digest, target.digest, source.name, target.name, members.digest


def _possible(source: Scenario, target: Scenario) -> None:
    if source.digest == target.digest:
        raise BadInput("Both scenarios have the same rules and numbers; choose another scenario B.")
    for scenario in (source, target):
        quarters = scenario.quarters
        if quarters > MOST_QUARTERS:
            raise BadInput(
                f"{scenario.name} has {quarters} quarters, but the page can attribute differences over at most "
                f"{MOST_QUARTERS}; choose an earlier end, or use `juste-retour attribute`."
            )


PARTS = PartsDesk()  # shared by all visitors
