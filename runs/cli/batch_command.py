"""`juste-retour batch` and `juste-retour verify`: run an experiment, and rerun parts of its results."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.effects import named_factors
from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import counted, duration
from juste_retour.runs.base.printing import EVERY, console
from juste_retour.runs.cli.options import Json, Rules, Yes, argument, option
from juste_retour.runs.cli.patience import check_batch, refuse_hours
from juste_retour.runs.cli.plan import cost_json, say_cost
from juste_retour.runs.engine.chunks import ChunkPlan
from juste_retour.runs.engine.experiment import RunTally, processes
from juste_retour.runs.engine.experiment import batch as run_batch
from juste_retour.runs.engine.planning import PILOT, PRECISE, cost
from juste_retour.runs.engine.spec import Spec, read_spec, said
from juste_retour.runs.engine.store import Store
from juste_retour.runs.engine.verification import verdict
from juste_retour.runs.engine.verification import verify as run_verify

SpecFile = Annotated[
    Path, argument("File that describes the experiment: scenario, factors, replications.", "SPEC.toml")
]
Workers = Annotated[
    int | None, option("Number of worker processes; 0 uses only this one.  [default: one per core]", "N")
]
REFUSALS = 2  # refused points that are shown


HalfWidth = Annotated[
    float | None,
    option(
        "With --dry-run: print the replications at which 95 % intervals of differences and of factors' effects are plus or minus H.",
        "H",
    ),
]
Preregister = Annotated[
    bool,
    option("Write design, hypotheses and analysis to --out before the run, and run nothing.", None, "--preregister"),
]


def batch(
    spec: SpecFile,
    out: Annotated[
        Path | None,
        option("Folder for the results. If the batch stopped there, the same command resumes it.", "DIR"),
    ] = None,
    rules: Rules = None,
    workers: Workers = None,
    cluster: Annotated[
        str | None, option("Run on the workers of a Dask scheduler, such as tcp://127.0.0.1:8786.", "ADDRESS")
    ] = None,
    dry_run: Annotated[
        bool,
        option("Check the spec, run a short pilot, print time and precision, write nothing.", None, "--dry-run"),
    ] = False,
    half_width: HalfWidth = None,
    preregister: Preregister = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run an experiment and store its results in a folder; the same command resumes it after a stop.

    `juste-retour report DIR` then writes a page with the results.
    """
    if half_width is not None and not (dry_run and 0 < half_width < float("inf")):
        raise BadInput(f"--half-width is {half_width!r}; give a number above 0, and --dry-run with it.")
    read = read_spec(spec, rules or ())
    where = printing.console(stderr=json)
    if dry_run:
        _show_cost(read, workers, half_width, json, where)
        return
    if out is None:
        raise BadInput("--out is missing; name the folder for the results, as in --out results.")
    if preregister:
        from juste_retour.runs.reports.preregistration import preregister as register

        where.print(f"Written to {register(read, out)}; `batch` without --preregister runs it.", soft_wrap=True)
        return
    if cluster is None and not out.exists():  # a batch that is resumed was accepted before
        check_batch(read, processes(workers), yes)
    _say_runs(read, where)
    with _Display() as display:
        done = run_batch(read, out, workers=workers, cluster=cluster, progress=display.show)
    tally = done.tally
    for chunk in done.repaired:
        where.print(f"Chunk {chunk} was damaged and has been run again.")
    if json:
        printing.print_json({"out": str(out), "runs": tally.worlds_done, "chunks": tally.chunks, "result": done.digest})
        return
    rate = f", {tally.rate:,.0f} runs/s" if tally.worlds_now else ""
    where.print(
        f"{tally.worlds_done:,} runs in {counted(tally.chunks, 'chunk')} are in {out} "
        f"({duration(tally.seconds)}{rate}); result {done.digest[:16]}.",
        soft_wrap=True,
    )


def _show_cost(spec: Spec, workers: int | None, half_width: float | None, json: bool, where: Console) -> None:
    """Print what a batch would run, its estimated time, and what the pilot found."""
    count = processes(workers)
    # the variance of an interaction needs pilot points at all combinations of its factors
    found = cost(spec) if half_width is None else cost(spec, 4 * PILOT, PRECISE, named_factors(spec)[:3])
    if json:
        printing.print_json(cost_json(spec, found, count, half_width))
        return
    _say_runs(spec, where)
    say_cost(spec, found, count, half_width, where)


def _say_runs(spec: Spec, where: Console) -> None:
    plan = ChunkPlan(spec)
    where.print(
        f"{spec.title}: {len(spec.kept)} {'point' if len(spec.kept) == 1 else 'points'} x {spec.replications:,} "
        f"replications = {spec.runs:,} runs in {counted(plan.chunks, 'chunk')} (spec {spec.digest}).",
        soft_wrap=True,
    )
    if spec.refused:
        where.print(
            f"{counted(len(spec.refused), 'combination')} of levels cannot be run and {'is' if len(spec.refused) == 1 else 'are'} "
            "omitted:",
            soft_wrap=True,
        )
        for refused in spec.refused[:REFUSALS]:
            where.print(f"  {said(refused.values)}: {refused.reason}", soft_wrap=True)
        if len(spec.refused) > REFUSALS:
            where.print("  ... (`--dry-run --json` and manifest.json list all)")


class _Display:
    """A progress bar on a terminal, else a line every 15 seconds, with rate, time left and failures."""

    def __enter__(self) -> _Display:
        self.bar: Progress | None = None
        self.last = time.monotonic()
        self.terminal = sys.stderr.isatty()
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def show(self, tally: RunTally) -> None:
        """Show the progress of a batch."""
        left = duration(tally.left) if tally.left == tally.left else "?"
        failed = f", {tally.failed} failed" if tally.failed else ""
        text = f"{tally.rate:,.0f} runs/s, {left} left{failed}"
        if not self.terminal:
            if time.monotonic() - self.last > EVERY:
                self.last = time.monotonic()
                console(stderr=True).print(f"{tally.chunks_done} of {tally.chunks} chunks, {text}")
            return
        if self.bar is None:
            self.bar = Progress(
                TextColumn("{task.completed} of {task.total} chunks"),
                BarColumn(),
                TextColumn("{task.fields[text]}"),
                console=console(stderr=True),
                transient=True,
            )
            self.bar.start()
            self.bar.add_task("chunks", total=tally.chunks, text=text)
        self.bar.update(self.bar.task_ids[0], completed=tally.chunks_done, text=text)


def verify(
    folder: Annotated[Path, argument("Results folder of `batch --out`, or a sealed forecast's file.", "DIR")],
    every: Annotated[bool, option("Rerun every chunk.", None, "--all")] = False,
    chunks: Annotated[int, option("Number of chunks to rerun, drawn at random.", "N")] = 3,
    solve: Annotated[
        bool,
        option(
            "Also solve their stationary values again, without stored ones, and compare them.",
            None,
            "--solve",
        ),
    ] = False,
    workers: Workers = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Check a result: compare all files with their hashes and rerun a few chunks. Check a sealed forecast in the same way.

    The exit status is 1 if anything differs.
    """
    if folder.is_file():
        if solve:
            raise BadInput("--solve is for a folder of `batch`; omit it for a sealed forecast.")
        from juste_retour.runs.reports.sealed import check_seal, verdict_on

        with printing.progress("replications") as report:
            checked = check_seal(folder, progress=report)
        if json:
            printing.print_json(asdict(checked))
        said = verdict_on(checked, folder)
        if not json:
            printing.console().print(said, soft_wrap=True)
        return

    took = [record["seconds"] for record in Store(folder).done().values()]
    if took and not yes:
        again = sum(took) if every else sum(took) * min(chunks / len(took), 1)
        refuse_hours(again / max(processes(workers), 1), yes, "omit --all, or rerun fewer chunks")
    with printing.progress("chunks") as report:
        found = run_verify(folder, every=every, sample=chunks, solve=solve, workers=workers, progress=report)
    if json:
        printing.print_json({"agrees": not found.differences, **asdict(found)})
        if not found.differences:
            return
    where = printing.console()
    for line in found.differences[:10]:
        where.print(line, soft_wrap=True)
    where.print(verdict(found, folder), soft_wrap=True)
