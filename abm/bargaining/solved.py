"""A disk cache of stationary values, shared by replications, workers, resumed batches and later commands.

It is in `$JUSTE_RETOUR_CACHE`, by default `~/.cache/juste-retour`, with one small JSON file per scenario, union, version
of the code, NumPy version and processor. An empty `JUSTE_RETOUR_CACHE` turns the cache off. Values whose file is missing
or damaged are solved again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from juste_retour.abm.bargaining.sampled import FixedPoint
from juste_retour.abm.base.machine import cpu_features, digest_of, model_files, numpy_build
from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.rules import FAMILIES

VARIABLE = "JUSTE_RETOUR_CACHE"


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


def kept(scenario: Scenario, members: Members, solve: Callable[[], FixedPoint]) -> FixedPoint:
    """The solution from the cache, or from `solve`; only one process solves, and it saves the result if it can.

    Scenarios with rules from outside the package are not cached, since their source code is not part of the key.
    """
    there = folder()
    if there is None or not _shipped(scenario):
        return _announced(scenario, solve)
    path = _file(there, scenario, members)
    found = _read(path, members)
    if found is not None:
        return found
    with _locked(path):
        found = _read(path, members)  # another process may have solved it in the meantime
        if found is None:
            found = _announced(scenario, solve)
            _write(path, found)
    return found


def described(scenario: Scenario) -> str:
    """The scenario's bargaining in a few words, for messages."""
    rules = ", ".join(scenario.rules[family].rule for family in ("agenda", "voting", "funding"))
    cash = "with" if scenario.side_payments else "without"
    return (
        f"{rules}, {cash} side payments, EUR {scenario.envelope_eur_bn:g} bn, patience {scenario.patience:g}"
    )


def _announced(scenario: Scenario, solve: Callable[[], FixedPoint]) -> FixedPoint:
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


def _read(path: Path, members: Members) -> FixedPoint | None:
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, Mapping) or set(content) != {field.name for field in fields(FixedPoint)}:
            return None
        listed = {name: np.array(content[name], dtype=np.float64) for name in ("found", "error", "second")}
        good = all(x.shape == (members.states.count,) and np.isfinite(x).all() for x in listed.values())
        return FixedPoint(**{**content, **listed}) if good else None
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, found: FixedPoint) -> None:
    content = {key: x.tolist() if isinstance(x, np.ndarray) else x for key, x in asdict(found).items()}
    part = path.with_suffix(f".{os.getpid()}.part")
    with suppress(OSError):  # if it cannot be saved, it is solved again next time
        part.write_text(json.dumps(content))
        part.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time solve; the kernel releases the lock even if the process is killed."""
    import fcntl  # imported here because a browser lacks it, and never needs it since its cache is off

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:  # the folder cannot be written or locked: solve without a lock
        yield
        return
    with lock:
        try:
            yield
        finally:
            path.with_suffix(".lock").unlink(missing_ok=True)
