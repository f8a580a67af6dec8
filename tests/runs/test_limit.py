"""The compiled kernel that the ensemble's speed is held against plays the same game; skipped where nothing compiles it."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.benchmarks.kernel import limit
from juste_retour.runs.benchmarks.kernel.compiled import Kernel, compiler

WORLDS = 48

needs_a_compiler = pytest.mark.skipif(
    not any(shutil.which(name) for name in (os.environ.get("CC") or "cc", "cc", "gcc", "clang")),
    reason="this machine has no C compiler",
)


@pytest.fixture(scope="module")
def kernel():
    return Kernel(load(limit.SCENARIO))


@needs_a_compiler
def test_the_kernel_plays_as_the_ensemble_does(kernel):
    assert limit.checked(kernel, WORLDS, WORLDS, WORLDS) == []


@needs_a_compiler
@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"panel_threshold": -0.5}, "worlds.sites"),
        ({"operations.repair_h": 700.0}, "worlds.largest_run_flop"),
        ({"reservation_noise": 0.2}, "states.no_votes"),
    ],
)
def test_another_game_is_told_apart(kernel, change, differs):
    row = np.array([kernel.row(load(limit.SCENARIO))])
    there = run(load(limit.SCENARIO).changed(change), 0, range(WORLDS))
    found = limit.differences(kernel.play(kernel.drawn(0, range(WORLDS)), row), there)
    assert any(line.startswith(f"{differs}: ") for line in found), found


@needs_a_compiler
def test_where_outcomes_differ_nothing_is_timed(monkeypatch):
    monkeypatch.setattr(limit, "LEAST", 1)
    monkeypatch.setattr(sys, "argv", ["limit", "--worlds", "8", "--varied", "0"])
    monkeypatch.setattr(Kernel, "row", lambda self, s, old=Kernel.row: [1.01 * x for x in old(self, s)])
    monkeypatch.setattr(limit, "timed", lambda *_: pytest.fail("timed"))
    with pytest.raises(SystemExit, match="so nothing is timed"):
        limit.main()


def test_a_missing_compiler_is_said_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(BadInput, match=r"^no C compiler was found \(cc, gcc, clang\); install one, or"):
        compiler()


def test_the_command_says_so_too(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "juste_retour.runs.benchmarks.kernel.limit"],
        env={k: v for k, v in os.environ.items() if k != "CC"} | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("no C compiler was found")
