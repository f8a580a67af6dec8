"""The ensemble against a compiled kernel that plays nothing but the status quo: how far it is from the limit.

    uv run python -m juste_retour.runs.benchmarks.kernel.limit

Both play the same worlds and are timed in turn in one process; before that their outcomes are held against each other,
and where they differ nothing is timed. Times are the process's own, the waiting left out. The kernel's luck is drawn
from the tape of `abm`, as the ensemble's is, and its time counts. The machine must have a C compiler (cc, gcc or
clang).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import process_time
from typing import Any
from unittest.mock import patch

import numpy as np

import juste_retour.abm.world
from juste_retour import simulate
from juste_retour.abm import outcomes
from juste_retour.abm import quarter as schedule
from juste_retour.abm.noise import Tape
from juste_retour.abm.outcomes import Outcomes
from juste_retour.abm.scenario import Scenario, load, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.benchmarks.kernel.compiled import FLAGS, Kernel, compiler

SCENARIO = "eu-status-quo"
NEAR = 1e-9
LEAST = 1000  # worlds whose outcomes must agree before anything is timed


def differences(kernel: dict[str, dict[str, Any]], ensemble: Outcomes) -> list[str]:
    """Where the outcomes differ: whole numbers at all, real ones by more than 1e-9 of their size or of one."""
    found = []
    for table, columns in kernel.items():
        for name, mine in columns.items():
            theirs = np.asarray(getattr(ensemble, table)[name])
            if mine.shape != theirs.shape:
                found.append(f"{table}.{name}: {mine.shape} entries, not {theirs.shape}")
                continue
            real = theirs.dtype.kind == "f"
            close = NEAR * np.maximum(np.abs(theirs), 1.0) if real else 0.0
            with np.errstate(invalid="ignore"):
                same = (mine == theirs) | (np.abs(mine - theirs) <= close)
            same |= np.isnan(mine) & np.isnan(theirs) if real else False
            if not same.all():
                at = np.argwhere(~same)[0]
                found.append(
                    f"{table}.{name}: {int((~same).sum())} of {same.size} differ, the first at {at.tolist()}: "
                    f"{mine[tuple(at)]!r}, not {theirs[tuple(at)]!r}"
                )
    return found


def varied(scenario: Scenario, names: Sequence[str], count: int) -> list[Scenario]:
    """Scenarios in which each of the kernel's parameters is drawn from its range."""
    luck = np.random.default_rng(0)
    known = {name: (name, about) for name, (_, about) in parameters().items()}
    for family, choice in scenario.rules.items():
        for name, (_, about) in FAMILIES[family][choice.rule].parameters.items():
            known[name] = (f"{family}.{name}", about)
    found = []
    for _ in range(count):
        changes = {}
        for name in names:
            key, about = known[name]
            low, high = about.range or (about.low or 0.0, about.high or 0.0)
            x = luck.random()
            changes[key] = low * (high / low) ** x if about.scale == "log" else low + x * (high - low)
        found.append(scenario.changed(changes, "varied"))
    return found


def checked(kernel: Kernel, worlds: int, chunk: int, own: int) -> list[str]:
    """Where kernel and ensemble differ, with and without the price, and over `own` worlds of parameters of their own."""
    row = np.array([kernel.row(kernel.scenario)])
    found = []
    for first in range(0, worlds, chunk):
        replicates = range(first, min(first + chunk, worlds))
        luck = kernel.drawn(0, replicates)
        for price in (True, False):
            there = outcomes.run(kernel.scenario, 0, replicates, price=price)
            for rows in (row, row.repeat(len(replicates), 0)):
                found += differences(kernel.play(luck, rows, price=price), there)
    scenarios = varied(kernel.scenario, kernel.parameters, own)
    for first in range(0, own, chunk):
        mine = scenarios[first : first + chunk]
        replicates = range(first, first + len(mine))
        rows = np.array([kernel.row(s) for s in mine])
        there = outcomes.run(mine, 1, replicates)
        found += differences(kernel.play(kernel.drawn(1, replicates), rows), there)
    return found


def seconds(work: Callable[[], Any]) -> float:
    """Processor time of some work."""
    start = process_time()
    work()
    return process_time() - start


def timed(kernel: Kernel, worlds: int, chunk: int, rounds: int) -> list[dict[str, float]]:
    """Seconds a run of each way to play the same worlds, timed in turn, round by round.

    Each of the kernel's ways holds the luck that is drawn for it.
    """
    row = np.array([kernel.row(kernel.scenario)])
    chunks = [range(first, min(first + chunk, worlds)) for first in range(0, worlds, chunk)]
    lucks = [kernel.drawn(0, replicates) for replicates in chunks]

    def ensemble(price: bool) -> None:
        for replicates in chunks:
            outcomes.run(kernel.scenario, 0, replicates, price=price)

    def play(price: bool, each: bool) -> None:
        for luck in lucks:
            kernel.play(luck, row.repeat(luck.worlds, 0) if each else row, price=price)

    def draw() -> None:
        for replicates in chunks:
            kernel.drawn(0, replicates)

    found = []
    for _ in range(rounds):
        luck = seconds(draw)
        took = {
            "tables": seconds(lambda: simulate(SCENARIO, worlds=worlds, chunk=chunk)),
            "ensemble": seconds(lambda: ensemble(True)),
            "each": luck + seconds(lambda: play(True, True)),
            "shared": luck + seconds(lambda: play(True, False)),
            "ensemble, no price": seconds(lambda: ensemble(False)),
            "each, no price": luck + seconds(lambda: play(False, True)),
            "shared, no price": luck + seconds(lambda: play(False, False)),
            "luck": luck,
        }
        found.append({name: all_of_it / worlds for name, all_of_it in took.items()})
    return found


STEPS = {  # ours, and the schedule's
    "luck": (),
    "start": (),
    "bargain": ("bargain",),
    "quarters": ("operate", "train", "learn", "read"),
    "planner": (),
    "outcomes": (),
}


def ensemble_steps(scenario: Scenario, worlds: int, chunk: int) -> dict[str, float]:
    """Seconds a run of the ensemble by its steps, the luck that is drawn in them apart."""
    found = dict.fromkeys(STEPS, 0.0)

    class Timed(Tape):
        """A tape that notes how long it takes."""

        def uniform(self, channel: str, slots: int, quarter: int = 0) -> Any:
            start = process_time()
            drawn = super().uniform(channel, slots, quarter)
            found["luck"] += (process_time() - start) / worlds
            return drawn

    @contextmanager
    def step(name: str) -> Iterator[None]:
        start, luck = process_time(), found["luck"]
        yield
        found[name] += (process_time() - start) / worlds - (found["luck"] - luck)

    with patch.object(juste_retour.abm.world, "Tape", Timed):
        for first in range(0, worlds, chunk):
            with step("start"):
                world = juste_retour.abm.world.World(
                    scenario, 0, np.arange(first, min(first + chunk, worlds))
                )
            while world.running:
                world.now += 1
                for name, parts in STEPS.items():
                    with step(name):
                        for part in parts:
                            getattr(schedule, part)(world)
            with step("planner"):
                planner = outcomes.planned_years_behind(world.scenarios, 0, world.replicates, world.members)
            with step("outcomes"):
                outcomes.outcomes(world, planner)
    return found


def kernel_steps(kernel: Kernel, worlds: int, chunk: int, rounds: int) -> dict[str, float]:
    """Share of each of the kernel's steps in its time without luck, by the clock; the least of some rounds."""
    row, rounds_took = np.array([kernel.row(kernel.scenario)]), []
    lucks = [kernel.drawn(0, range(first, min(first + chunk, worlds))) for first in range(0, worlds, chunk)]
    for _ in range(rounds):
        took = np.zeros(len(kernel.steps), dtype=np.int64)
        for luck in lucks:
            kernel.play(luck, row.repeat(luck.worlds, 0), took=took)
        rounds_took.append(took)
    least = np.min(rounds_took, axis=0)
    return dict(zip(kernel.steps, (least / least.sum()).tolist(), strict=True))


LABELS = {
    "tables": "ensemble, with its tables",
    "ensemble": "ensemble, arrays alone",
    "each": "kernel, every world worked out from its own parameters",
    "shared": "kernel, what all worlds share worked out once",
}

SAYS = {
    "luck": "luck, drawn from the tape",
    "start": "worlds at their start",
    "bargain": "bids, panel, letters, votes, contracts",
    "quarters": "scandals, runs, labs, the frontier",
    "planner": "the planner twin",
    "outcomes": "outcomes and welfare",
}


def report(found: dict[str, Any]) -> str:
    """The measurements as Markdown."""
    rounds = found["seconds_a_run"]
    took = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    lines = [
        f"{SCENARIO}, {found['worlds']:,} worlds in chunks of {found['chunk']}, NumPy {np.__version__}, "
        f"{found['compiler']}, one core; medians of {len(rounds)} rounds. Outcomes agree over {found['worlds']:,} worlds "
        f"and over {found['varied']:,} with parameters of their own."
    ]
    for what, ending in (("with the price of politics", ""), ("without the price of politics", ", no price")):
        lines += ["", f"| {what} | runs a second | microseconds a run | the ensemble's arrays take |"]
        lines += ["|---|---|---|---|"]
        for name, label in LABELS.items():
            way, base = name + ending, "ensemble" + ending
            if way not in took:
                continue
            times = statistics.median(r[base] / r[way] for r in rounds)
            said = f"{times:.1f} times as long" if name in ("each", "shared") else ""
            lines.append(f"| {label} | {1 / took[way]:,.0f} | {took[way] * 1e6:,.1f} | {said} |")
    lines += ["", "| where the time goes | ensemble, microseconds a run | share | kernel | share | times |"]
    lines += ["|---|---|---|---|---|---|"]
    ours, whole = found["ensemble_steps"], sum(found["ensemble_steps"].values())
    for name, says in SAYS.items():
        theirs = (
            took["luck"] if name == "luck" else (took["each"] - took["luck"]) * found["kernel_steps"][name]
        )
        lines.append(
            f"| {says} | {ours[name] * 1e6:,.1f} | {ours[name] / whole:.0%} | {theirs * 1e6:,.1f} | "
            f"{theirs / took['each']:.0%} | {ours[name] / theirs:,.1f} |"
        )
    return "\n".join(lines)


def _version() -> str:
    said = subprocess.run([compiler(), "--version"], capture_output=True, text=True).stdout.splitlines()
    return f"{said[0] if said else compiler()} {' '.join(FLAGS)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=1024, help=f"at least {LEAST}")
    parser.add_argument("--chunk", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--varied", type=int, default=256, help="worlds with parameters of their own to check"
    )
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    if a.worlds < LEAST:
        parser.error(f"--worlds {a.worlds} is too few to compare; give at least {LEAST}.")
    for name, least in (("chunk", 1), ("rounds", 1), ("varied", 0)):
        if getattr(a, name) < least:
            parser.error(f"--{name} {getattr(a, name)} is too few; give at least {least}.")
    try:
        kernel = Kernel(load(SCENARIO))
    except BadInput as error:
        sys.exit(str(error))
    wrong = checked(kernel, a.worlds, a.chunk, a.varied)
    if wrong:
        sys.exit("The kernel plays another game than the ensemble, so nothing is timed:\n" + "\n".join(wrong))
    found = {
        "worlds": a.worlds,
        "chunk": a.chunk,
        "varied": a.varied,
        "compiler": _version(),
        "seconds_a_run": timed(kernel, a.worlds, a.chunk, a.rounds),
        "ensemble_steps": ensemble_steps(kernel.scenario, a.worlds, a.chunk),
        "kernel_steps": kernel_steps(kernel, a.worlds, a.chunk, a.rounds),
    }
    print(json.dumps(found, indent=2) if a.json else report(found))


if __name__ == "__main__":
    main()
