"""A disk cache of stationary values, shared by replications, workers, resumed batches and later commands.

It is in `$JUSTE_RETOUR_CACHE`, by default `~/.cache/juste-retour`, with one small JSON file per scenario, union, version
of the code, NumPy version and processor. An empty `JUSTE_RETOUR_CACHE` turns the cache off. A file has a checksum over its
key and content, and one round of the search at its values must give them back roughly; otherwise they are solved again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from juste_retour.abm.bargaining.sampled import FixedPoint
from juste_retour.abm.base.files import content_of
from juste_retour.abm.base.machine import cpu_features, digest_of, model_files, numpy_build
from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

VARIABLE = "JUSTE_RETOUR_CACHE"
LARGEST = 1_000_000  # bytes of the largest file that is read
LOCK_WAIT, LOCK_SAID = 300.0, 2.0  # seconds after which waiting for another process ends, and is said


def folder() -> Path | None:
    """The folder of the cache; None if the cache is turned off or there is no home folder."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    with suppress(RuntimeError):  # no home
        return Path(base).expanduser() / "juste-retour"
    return None


def known(scenario: Scenario, members: Members) -> bool:
    """Whether the cache has a valid solution for this scenario and union."""
    there = folder()
    return there is not None and _read(_file(there, scenario, members), members) is not None


def kept(
    scenario: Scenario,
    members: Members,
    solve: Callable[[], FixedPoint],
    confirm: Callable[[FixedPoint], bool] = lambda found: True,
) -> FixedPoint:
    """The solution from the cache, or from `solve`; only one process solves, and it saves the result if it can.

    Scenarios with rules from outside the package are not cached, since their source code is not part of the key.

    Args:
        scenario: the scenario.
        members: the union.
        solve: searches for the solution.
        confirm: whether stored values can be right; others are solved again.
    """
    there = folder()
    if there is None or not _shipped(scenario):
        return announced(scenario, solve)
    path = _file(there, scenario, members)

    def stored() -> FixedPoint | None:
        found = _read(path, members)
        if found is not None and confirm(found):
            return found
        if os.path.lexists(path):
            print(f"The stored stationary values in {path} are damaged; they are solved again.", file=sys.stderr)
        return None

    found = stored()
    if found is not None:
        return found
    with _locked(path) as waited:
        found = stored() if waited else None  # another process may have solved it in the meantime
        if found is None:
            found = announced(scenario, solve)
            _write(path, found)
    return found


def described(scenario: Scenario) -> str:
    """The scenario's bargaining in a few words, for messages."""
    rules = ", ".join(scenario.rules[family].rule for family in ("agenda", "voting", "funding"))
    cash = "with" if scenario.side_payments else "without"
    return f"{rules}, {cash} side payments, EUR {scenario.envelope_eur_bn:g} bn, patience {scenario.patience:g}"


def announced(scenario: Scenario, solve: Callable[[], FixedPoint]) -> FixedPoint:
    """The solution that `solve` returns, with lines on standard error before and after it."""
    begun = time.perf_counter()
    print(f"Solving stationary values: {described(scenario)}.", file=sys.stderr, flush=True)
    found = solve()
    print(f"{found.summary} It took {time.perf_counter() - begun:.1f} s.", file=sys.stderr, flush=True)
    return found


def _shipped(scenario: Scenario) -> bool:
    """Whether all rules come with the package."""
    return all(FAMILIES[f][name].shipped for f, choice in scenario.rules.items() for name in choice.names)


@cache
def _made_by() -> str:
    build = sorted(f"{key}={value}" for key, value in numpy_build().items())
    made = [digest_of(model_files()), np.__version__, version("scipy"), *cpu_features(), *build]
    return json.dumps(made)


def _file(there: Path, scenario: Scenario, members: Members) -> Path:
    what = json.dumps([scenario.digest, members.digest, _made_by()])
    return there / f"{hashlib.sha256(what.encode()).hexdigest()[:32]}.json"


def _checksum(path: Path, content: object) -> str:
    return hashlib.sha256(f"{path.stem}\n{json.dumps(content, sort_keys=True)}".encode()).hexdigest()


def _read(path: Path, members: Members) -> FixedPoint | None:
    """The solution in a file; None if there is none, or if it is damaged or was changed."""
    try:
        whole = json.loads(content_of(path, LARGEST))
        content = whole["solution"]
        if whole["checksum"] != _checksum(path, content):
            return None
        return FixedPoint.of(content, members.states.count)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, BadInput):
        return None


def _write(path: Path, found: FixedPoint) -> None:
    content, part = found.plain(), path.with_suffix(f".{os.getpid()}.part")
    try:  # if it cannot be saved, it is solved again next time
        part.write_text(json.dumps({"solution": content, "checksum": _checksum(path, content)}))
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Let one process at a time solve, and say whether it had to wait; the kernel releases the lock at its end."""
    import fcntl  # imported here because a browser lacks it, and never needs it since its cache is off

    lock = path.with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # without waiting, so that a pipe in its place does not block
        opened = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError:  # the folder cannot be written or locked: solve without a lock
        yield False
        return
    waited, said, got = False, False, False
    begun = time.monotonic()
    try:
        while not got and time.monotonic() - begun < LOCK_WAIT:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                got = True
            except BlockingIOError:
                waited = True
                if not said and time.monotonic() - begun >= LOCK_SAID:
                    said = True
                    print(
                        f"Waiting at most {LOCK_WAIT:.0f} s for another process that solves the same values ({lock}).",
                        file=sys.stderr,
                        flush=True,
                    )
                time.sleep(0.05)
            except OSError:  # the file system has no locks
                break
        yield waited
    finally:
        os.close(opened)
        if got:
            with suppress(OSError):
                lock.unlink(missing_ok=True)
