"""The essay judged: every claim under the posterior and every doubt, and the curves behind the verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context, parent_process
from typing import Any, cast

import pandas as pd

from juste_retour.runs.chunked import Progress
from juste_retour.runs.ensemble import whole
from juste_retour.runs.europe import assumed, curves, evidence
from juste_retour.runs.europe.calibration import calibrate, prior
from juste_retour.runs.europe.claims import Finding, findings
from juste_retour.runs.europe.doubts import (
    REFORM,
    STATUS_QUO,
    Bench,
    Doubt,
    bite,
    doubts,
    try_out,
    unsolved,
)
from juste_retour.runs.europe.plain import PlainVerdict
from juste_retour.runs.stopping import end_with_parent, kill_children, unheard

WORLDS = 200
SEED = 20260114
SAID = ("parameters", "moments", "delays", "counts", "third_wave", "hosts", "past")
Job = tuple[Callable[..., object], tuple[object, ...]]
CURVES: dict[str, Callable[[Bench], object]] = {
    "audit": curves.what_audit_buys,
    "geography": curves.where_geography_flips,
    "money": curves.what_money_buys,
    "presets": curves.side_by_side,
}


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of the essay: findings, tables, and what they rest on; and by doubt the share of draws moved and left out."""

    findings: list[Finding]
    tables: dict[str, pd.DataFrame]
    break_even: dict[str, float]
    flip: dict[str, float]
    doubts: list[Doubt]
    bites: list[float]
    missing: list[float]
    worlds: int
    draws: int
    kept: int
    base: int
    seed: int
    seconds: float

    def plain(self) -> PlainVerdict:
        """All of it as plain values, for JSON."""
        found = {
            "worlds": self.worlds,
            "draws": self.draws,
            "kept": self.kept,
            "base": self.base,
            "seed": self.seed,
            "seconds": self.seconds,
            "findings": [asdict(f) for f in self.findings],
            "audit_break_even": self.break_even,
            "geography_flips_at": self.flip,
            "doubts": [
                {
                    "name": d.name,
                    "kind": d.kind,
                    "changes": dict(d.changes),
                    "moves": moves,
                    "left_out": left_out,
                }
                for d, moves, left_out in zip(self.doubts, self.bites, self.missing, strict=True)
            ],
            **{name: table.to_dict("records") for name, table in self.tables.items()},
        }
        return cast(PlainVerdict, found)


def judge(
    worlds: int = WORLDS,
    draws: int | None = None,
    seed: int = SEED,
    workers: int = 2,
    base: int = assumed.BASE,
    tried: Sequence[Doubt] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Judge the essay.

    Args:
        worlds: draws of the posterior, each with luck of its own, on which everything is tried.
        draws: draws of the prior in the calibration that comes first; the published number by default.
        seed: of the worlds.
        workers: processes; with 1, none but this one.
        base: points of the sequence behind the Sobol indices, a power of two.
        tried: doubts, the first of which must be none; all by default.
        progress: called with jobs done and jobs to do.
    """
    begun = time.monotonic()
    worlds, seed = whole(worlds, "worlds", 20), whole(seed, "seed", 0)
    workers = whole(workers, "workers", 1, 1024)
    assumed.design(base)  # refuses what cannot be used before anything runs
    plan = evidence.plan_of(draws=draws, least=worlds)
    posterior = calibrate(plan)
    bench = Bench(posterior.sample(worlds, plan.seed), seed)
    before = Bench(prior(plan.names, worlds, plan.seed + 1), seed)
    tried = doubts() if tried is None else list(tried)
    jobs: dict[str, list[Job]] = {
        "evidence": [(evidence.tables, (plan, posterior))],
        **_jobs(bench, before, tried, base),
    }
    done = _by_name(jobs, _all([job for part in jobs.values() for job in part], workers, progress))
    base_trial = done["trials"][0]
    return Verdict(
        findings=findings(done["trials"], done["windows"]),
        tables=_tables(bench, done),
        break_even=done["audit"][0][1],
        flip=done["geography"][0][1],
        doubts=[*tried, curves.RENEWED],
        bites=[
            *(bite(trial, base_trial) for trial in done["trials"]),
            done["windows"][-1].bite(done["windows"][0]),
        ],
        missing=[*(unsolved(trial) for trial in done["trials"]), 0.0],
        worlds=worlds,
        draws=plan.draws,
        kept=plan.keep,
        base=base,
        seed=seed,
        seconds=time.monotonic() - begun,
    )


def _jobs(bench: Bench, before: Bench, tried: Sequence[Doubt], base: int) -> dict[str, list[Job]]:
    """What is run on the posterior's draws."""
    timed = [d for d in tried if d.kind in curves.WINDOW_DOUBTS] + [curves.RENEWED]
    return {
        "trials": [(try_out, (bench, doubt)) for doubt in tried],
        "windows": [(curves.window, (bench, doubt)) for doubt in timed],
        **{name: [(curve, (bench,))] for name, curve in CURVES.items()},
        "patterns": [(evidence.unfitted, (bench, before))],
        "lags": [(assumed.lags, (bench, name, base)) for name in (STATUS_QUO, REFORM)],
    }


def _tables(bench: Bench, done: Mapping[str, Sequence[Any]]) -> dict[str, pd.DataFrame]:
    """The verdict's tables, from what the jobs returned."""
    later, dates = curves.later_reforms(done["windows"][0])
    return {
        "audit": done["audit"][0][0],
        "geography": done["geography"][0][0],
        "later": later,
        "structural": dates,
        "money": done["money"][0],
        "presets": done["presets"][0],
        **{name: done["evidence"][0][name] for name in SAID},
        "patterns": done["patterns"][0],
        "matters": assumed.which_matter(bench, *done["lags"]),
    }


def _by_name(jobs: Mapping[str, Sequence[Job]], done: Sequence[Any]) -> dict[str, list[Any]]:
    found = iter(done)
    return {name: [next(found) for _ in part] for name, part in jobs.items()}


@contextmanager
def processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one, and at once where it is stopped."""
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent, (_parent_ends,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_children()
            raise


def _parent_ends() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()


def _all(jobs: Sequence[Job], workers: int, progress: Progress | None) -> list[Any]:
    """Results of jobs in their order; each is a pure function, so that the number of workers changes nothing."""
    if workers == 1:
        out = []
        for k, (function, arguments) in enumerate(jobs, 1):
            out.append(function(*arguments))
            if progress is not None:
                progress(k, len(jobs))
        return out
    with processes(workers) as pool:
        with unheard():
            running: list[Future[object]] = [
                pool.submit(function, *arguments) for function, arguments in jobs
            ]
        out = []
        for k, future in enumerate(running, 1):
            out.append(future.result())
            if progress is not None:
                progress(k, len(jobs))
    return out
