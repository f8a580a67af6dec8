"""Speed and memory of a batch: runs per second with one and two workers, efficiency, bytes per run, memory over time.

    uv run python -m juste_retour.runs.benchmarks.batches

Both batches are timed by the clock and in processor time, which is more reliable on a shared machine. The efficiency is
the processor time per run with one worker divided by that with two, which shows what sharing memory and a parent costs.
The start-up of about two seconds per worker is excluded.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TypedDict

from juste_retour import batch


def sample() -> tuple[float, list[float]]:
    """Processor seconds of this process and its children in all, and resident MB of each (Linux)."""
    pids = ["self", *Path("/proc/thread-self/children").read_text().split()]
    return sum(map(_processor_seconds, pids)), [_resident(pid) for pid in pids]


def _processor_seconds(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1e3


class Measured(TypedDict):
    """A timed batch: runs per second, bytes per run, and MB of the parent and the workers early and late."""

    workers: int
    runs_a_second: float
    runs_a_second_of_a_processor: float
    bytes_a_run: float
    mb_early: list[float]
    mb_late: list[float]
    result: str


def measure(scenario: str, worlds: int, workers: int) -> Measured:
    """Time a batch from its first quarter on, by which every worker has started."""
    spec = {
        "scenario": scenario,
        "replications": worlds,
        "design": {"kind": "list", "points": [{"label": scenario}]},
    }
    seen: list[tuple[int, float, float, list[float]]] = []
    with tempfile.TemporaryDirectory() as folder:
        done = batch(
            spec,
            folder,
            workers=workers,
            progress=lambda tally: seen.append((tally.worlds_now, perf_counter(), *sample())),
        )
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    warm, last = seen[len(seen) // 4], seen[-1]
    runs = last[0] - warm[0]
    return {
        "workers": workers,
        "runs_a_second": runs / (last[1] - warm[1]),
        "runs_a_second_of_a_processor": runs / (last[2] - warm[2]),
        "bytes_a_run": size / worlds,
        "mb_early": warm[3],
        "mb_late": last[3],
        "result": done.digest,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="eu-status-quo")
    parser.add_argument("--worlds", type=int, default=32_768)
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    found = [measure(a.scenario, a.worlds, workers) for workers in (1, 2)]
    one, two = (f["runs_a_second_of_a_processor"] for f in found)
    if a.json:
        print(json.dumps({"batches": found, "efficiency": two / one}, indent=2))
        return
    print(f"{a.scenario}, {a.worlds:,} runs with the table `worlds`")
    for f in found:
        early, late = (", ".join(f"{mb:.0f}" for mb in part) for part in (f["mb_early"], f["mb_late"]))
        print(
            f"  workers: {f['workers']}; {f['runs_a_second']:,.0f} runs per second by the clock, "
            f"{f['runs_a_second_of_a_processor']:,.0f} per second of processor time, {f['bytes_a_run']:.0f} bytes per run; "
            f"MB of parent and workers: {early} after a quarter, {late} at the end"
        )
    print(
        f"  efficiency of the second worker {two / one:.2f}; same bytes: {found[0]['result'] == found[1]['result']}"
    )


if __name__ == "__main__":
    main()
