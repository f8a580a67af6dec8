"""What the server computes beside the visitors' runs: many worlds, and the parts of a difference.

All visitors share one pool of workers. The parts of a difference take longest, so one pair is computed at a time,
whoever asks; the next one queues behind what other visitors ask meanwhile. Answers are kept for all.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from juste_retour.abm.members import Members
from juste_retour.abm.scenario import Scenario
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.visualization.names import named_plainly
from juste_retour.visualization.views.parts import parts


class AtOnce:
    """What stands in for a pool where there are no threads, as in a browser."""

    def submit(self, work: Callable[[], None]) -> None:
        """Do the work."""
        work()


WORKERS: AtOnce | ThreadPoolExecutor = (
    AtOnce() if sys.platform == "emscripten" else ThreadPoolExecutor(max(2, os.cpu_count() or 1), "worlds")
)  # shared by all visitors, so that many do not stall each other; two, so that parts leave one for runs
KEPT = 64  # answers
WORLDS = 60  # of each mixture of a pair's rules; a stored answer has more
MOST_QUARTERS = 60  # of a run whose parts are computed; the default scenario has 44

Still = Callable[[], None]  # raises `Stopped` where nobody waits any more
Tell = Callable[[dict[str, object]], None]


class Stopped(Exception):
    """Nobody waits for the answer any more."""


def said(error: Exception) -> str:
    """What went wrong, in one sentence."""
    lacking = _lacking(error)
    if lacking:
        return f"This needs {lacking}, which is not in this file; use the live app (juste-retour app)."
    if isinstance(error, JusteRetourError):
        return named_plainly(str(error))
    text = " ".join(str(error).split())
    return f"The run failed: {type(error).__name__}: {text}; change the last setting back."


def _lacking(error: BaseException | None) -> str | None:
    """The package for want of which something failed in a browser; None where it failed otherwise."""
    while error is not None and not isinstance(error, ModuleNotFoundError):
        error = error.__cause__
    if error is None or not error.name or sys.platform != "emscripten":
        return None
    name = error.name.partition(".")[0]
    return {"scipy": "SciPy"}.get(name, name)


class PartsDesk:
    """Computes the parts of differences, one pair at a time, and keeps the answers."""

    def __init__(self, pool: AtOnce | ThreadPoolExecutor = WORKERS):
        self.pool = pool
        self.kept: OrderedDict[tuple[str, ...], dict[str, object]] = OrderedDict()
        self.line: deque[Callable[[], None]] = deque()
        self.lock = threading.Lock()
        self.busy = False

    def ask(self, source: Scenario, target: Scenario, members: Members, still: Still, tell: Tell) -> None:
        """Tell the answer at once where it is kept, else from the pool, with how far it is meanwhile.

        What is told holds `done`, a share; or `parts`, as of `views.parts.parts`; or `error`, one sentence.

        Raises:
            BadInput: the pair has no parts, or too many quarters.
        """
        _possible(source, target)
        key = (source.digest, target.digest, source.name, target.name, members.digest)
        kept = self.kept.get(key)
        tell(kept or {"done": 0.0})
        if kept:
            return
        with self.lock:
            self.line.append(lambda: self._work(key, (source, target), members, still, tell))
            if self.busy:
                return
            self.busy = True
        self.pool.submit(self._next)

    def _next(self) -> None:
        """Do the first job in the line; the next one queues behind what the pool was asked meanwhile."""
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
                self.kept[key] = {"parts": parts(*pair, WORLDS, members=members, progress=progress)}
            while len(self.kept) > KEPT:
                self.kept.popitem(last=False)
            tell(self.kept[key])
        except Stopped:
            return
        except Exception as error:
            tell({"error": said(error)})


def _possible(source: Scenario, target: Scenario) -> None:
    if source.digest == target.digest:
        raise BadInput(
            "Both scenarios have the same rules and numbers; choose another scenario B to compare with."
        )
    for scenario in (source, target):
        quarters = scenario.quarters
        if quarters > MOST_QUARTERS:
            raise BadInput(
                f"{scenario.name} has {quarters} quarters, and the page splits differences over at most "
                f"{MOST_QUARTERS}; end it earlier, or use `juste-retour attribute`."
            )


PARTS = PartsDesk()  # of all visitors
