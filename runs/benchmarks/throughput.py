"""Runs per second of an ensemble compared with Mesa's `batch_run` on the same scenario, in one process on one core.

    uv run python -m juste_retour.runs.benchmarks.throughput

Runs go from 2024Q1 to 2034Q4 and include the price of politics. The two are timed alternately, so that changes in the
machine's speed affect both. Times are processor times.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import ParamSpec

import mesa
import numpy as np

from juste_retour import simulate
from juste_retour.abm import outcomes
from juste_retour.abm.model import AllocationModel
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.chunked import CHUNK, chunks

Given = ParamSpec("Given")


def ensemble(scenario: str, worlds: int, chunk: int) -> None:
    simulate(scenario, worlds=worlds, chunk=chunk)


def arrays_alone(scenario: str, worlds: int, chunk: int) -> None:
    for part in chunks(worlds, size=chunk):
        outcomes.run(load(scenario), 0, range(part.start, part.stop))


def one_by_one(scenario: str, worlds: int) -> None:
    for k in range(worlds):
        outcomes.run(load(scenario), 0, [k])


def batch(scenario: str, worlds: int) -> None:
    mesa.batch_run(AllocationModel, {"scenario": scenario, "replicate": range(worlds)}, rng=[0], display_progress=False)


def seconds(work: Callable[Given, object], *arguments: Given.args, **more: Given.kwargs) -> float:
    start = process_time()
    work(*arguments, **more)
    return process_time() - start


def speed(scenario: str, worlds: int, chunk: int, rounds: int, by_mesa: int) -> dict[str, float]:
    """Runs per second, the median of several rounds."""
    ensemble(scenario, chunk, chunk)
    batch(scenario, 1)
    found = defaultdict(list)
    for _ in range(rounds):
        found["ensemble, with its tables"].append(worlds / seconds(ensemble, scenario, worlds, chunk))
        found["ensemble, arrays alone"].append(worlds / seconds(arrays_alone, scenario, worlds, chunk))
        found["one world after another"].append(by_mesa / seconds(one_by_one, scenario, by_mesa))
        found["mesa.batch_run"].append(by_mesa / seconds(batch, scenario, by_mesa))
    return {name: statistics.median(values) for name, values in found.items()}


def memory(scenario: str, chunk: int) -> dict[str, float]:
    """Peak memory in MB that Python and NumPy allocate during a run."""
    found = {}
    for worlds in (chunk, 4 * chunk, 16 * chunk):
        tracemalloc.start()
        simulate(scenario, worlds=worlds, chunk=chunk, tables=("worlds",))
        found[f"{worlds} worlds in chunks of {chunk}"] = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    found["whole process, at most"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return found


def start_up(times: int = 7) -> dict[str, float]:
    """Seconds that a command takes, the minimum of several tries."""
    command = shutil.which("juste-retour") or str(Path(sys.executable).with_name("juste-retour"))
    asked = {
        "juste-retour --help": [command, "--help"],
        "import numpy": [sys.executable, "-c", "import numpy"],
        "python": [sys.executable, "-c", ""],
    }
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(times):
        for name, arguments in asked.items():
            start = perf_counter()
            subprocess.run(arguments, check=True, capture_output=True)
            found[name].append(perf_counter() - start)
    return {name: min(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="eu-status-quo")
    parser.add_argument("--worlds", type=int, default=1024)
    parser.add_argument("--chunk", type=int, default=CHUNK)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--by-mesa", type=int, default=24, help="runs of batch_run per round")
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    rates = speed(a.scenario, a.worlds, a.chunk, a.rounds, a.by_mesa)
    ratio = rates["ensemble, with its tables"] / rates["mesa.batch_run"]
    peaks, started = memory(a.scenario, a.chunk), start_up()
    if a.json:
        found = {
            "runs_a_second": rates,
            "times_batch_run": ratio,
            "memory_mb": peaks,
            "start_up_seconds": started,
        }
        print(json.dumps(found, indent=2))
        return
    print(f"{a.scenario}, {a.worlds} worlds in chunks of {a.chunk}, NumPy {np.__version__}, one core\n")
    print("runs per second")
    for name, rate in rates.items():
        print(f"  {name:28} {rate:8,.0f}")
    print(f"  the ensemble is {ratio:.1f} times as fast as mesa.batch_run\n")
    print("peak memory, MB")
    for name, peak in peaks.items():
        print(f"  {name:32} {peak:6,.1f}")
    print("\nstart-up, seconds")
    for name, least in started.items():
        print(f"  {name:28} {least:8.3f}")


if __name__ == "__main__":
    main()
