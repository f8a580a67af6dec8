"""The essay judged: every claim under the posterior and every doubt, and the curves behind the verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib import resources
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd

from agents.errors import BadInput
from runs.ensemble import whole
from runs.europe import curves
from runs.europe.calibration import calibrate, read
from runs.europe.claims import Finding, findings
from runs.europe.doubts import Bench, Doubt, Progress, Trial, doubts, try_out

DRAWS = 20_000
WORLDS = 200
SEED = 20260114
CURVES: dict[str, Callable[[Bench], Any]] = {
    "audit": curves.what_audit_buys,
    "geography": curves.where_geography_flips,
    "money": curves.what_money_buys,
    "presets": curves.side_by_side,
}


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of the essay: findings, the curves' tables, and what they rest on."""

    findings: list[Finding]
    tables: dict[str, pd.DataFrame]
    break_even: dict[str, float]
    flip: dict[str, float]
    doubts: list[Doubt]
    worlds: int
    draws: int
    seed: int
    seconds: float

    def plain(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return {
            "worlds": self.worlds,
            "draws": self.draws,
            "seed": self.seed,
            "seconds": self.seconds,
            "findings": [asdict(f) for f in self.findings],
            "audit_break_even": self.break_even,
            "geography_flips_at": self.flip,
            "doubts": [{"name": d.name, "kind": d.kind, "changes": dict(d.changes)} for d in self.doubts],
            **{name: table.to_dict("records") for name, table in self.tables.items()},
        }


def posterior(draws: int = DRAWS, worlds: int = WORLDS) -> pd.DataFrame:
    """Draws of the published calibration, as many as worlds."""
    with resources.as_file(resources.files("runs") / "specs" / "calibration.toml") as path:
        plan = read(path)
    least = 2 * (len(plan.fitted) + 1)
    kept = max(round(draws * plan.keep / plan.draws), worlds, least)
    if kept > draws:
        raise BadInput(
            f"draws = {draws} cannot be used; give at least {kept}, one for each world that is kept."
        )
    found = calibrate(replace(plan, draws=draws, keep=kept)).draws
    order = np.random.default_rng(plan.seed).permutation(len(found))[:worlds]
    return found.iloc[np.sort(order)].reset_index(drop=True)


def judge(
    worlds: int = WORLDS,
    draws: int = DRAWS,
    seed: int = SEED,
    workers: int = 2,
    tried: Sequence[Doubt] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Judge the essay.

    Args:
        worlds: draws of the posterior, each with luck of its own, on which everything is tried.
        draws: draws of the prior in the calibration that comes first.
        seed: of the worlds.
        workers: processes; with 1, none but this one.
        tried: doubts, the first of which must be none; all by default.
        progress: called with jobs done and jobs to do.
    """
    begun = time.monotonic()
    worlds, draws = whole(worlds, "worlds", 20), whole(draws, "draws", 1)
    seed, workers = whole(seed, "seed", 0), whole(workers, "workers", 1)
    bench = Bench(posterior(draws, worlds), seed)
    tried = doubts() if tried is None else list(tried)
    jobs: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [(try_out, (bench, doubt)) for doubt in tried]
    timed = [d for d in tried if d.kind in curves.WINDOW_DOUBTS] + [curves.RENEWED]
    jobs += [(curves.window, (bench, doubt)) for doubt in timed]
    jobs += [(curve, (bench,)) for curve in CURVES.values()]
    done = _all(jobs, workers, progress)
    trials: list[Trial] = done[: len(tried)]
    windows: list[curves.Window] = done[len(tried) : len(tried) + len(timed)]
    found = dict(zip(CURVES, done[len(tried) + len(timed) :], strict=True))
    (audit, break_even), (geography, flip) = found["audit"], found["geography"]
    later, dates = curves.later_reforms(windows[0])
    return Verdict(
        findings=findings(trials, windows),
        tables={
            "audit": audit,
            "geography": geography,
            "later": later,
            "structural": dates,
            "money": found["money"],
            "presets": found["presets"],
        },
        break_even=break_even,
        flip=flip,
        doubts=[*tried, curves.RENEWED],
        worlds=worlds,
        draws=draws,
        seed=seed,
        seconds=time.monotonic() - begun,
    )


def _all(jobs: list[Any], workers: int, progress: Progress | None) -> list[Any]:
    """Results of jobs in their order; each is a pure function, so that the number of workers changes nothing."""
    if workers == 1:
        out = []
        for k, (function, arguments) in enumerate(jobs, 1):
            out.append(function(*arguments))
            if progress is not None:
                progress(k, len(jobs))
        return out
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running: list[Future[Any]] = [pool.submit(function, *arguments) for function, arguments in jobs]
        out = []
        for k, future in enumerate(running, 1):
            out.append(future.result())
            if progress is not None:
                progress(k, len(jobs))
    return out
