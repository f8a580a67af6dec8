"""`juste-retour batch` and `juste-retour verify`: experiments, and results run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from juste_retour.runs.commands.options import Json, ResultDir, Rules, Yes
from juste_retour.runs.numerals import counted, duration

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from juste_retour.runs.experiments.experiment import RunTally
    from juste_retour.runs.experiments.spec import Spec

SpecFile = Annotated[Path, typer.Argument(metavar="SPEC.toml", help="The experiment.")]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", help="Worker processes; 0 runs in this one.  [default: one a core]"),
]
REFUSALS = 2  # that are shown


def batch(
    spec: SpecFile,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the results; the same command goes on.")
    ] = None,
    rules: Rules = None,
    workers: Workers = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://127.0.0.1:8786.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the spec, show its cost, write nothing.")
    ] = False,
    half_width: Annotated[
        float | None,
        typer.Option(
            metavar="H",
            help="With --dry-run: suggest the replications that give a difference to within plus or minus H.",
        ),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run an experiment chunk by chunk into a folder; stopped or killed, the same command goes on."""
    from juste_retour.agents.errors import BadInput
    from juste_retour.runs import printing
    from juste_retour.runs.commands.patience import check_batch
    from juste_retour.runs.experiments.experiment import batch as run_batch
    from juste_retour.runs.experiments.experiment import processes
    from juste_retour.runs.experiments.spec import read_spec

    if half_width is not None and not (dry_run and 0 < half_width < float("inf")):
        raise BadInput(
            f"--half-width = {half_width!r} goes with --dry-run and is a number above 0; add --dry-run."
        )
    read = read_spec(spec, rules or ())
    where = printing.console(stderr=json)
    if dry_run:
        _show_cost(read, workers, half_width, json, where)
        return
    if out is None:
        raise BadInput("--out is missing; name the folder for the results, as in --out results.")
    if cluster is None and not out.exists():  # what has begun goes on
        check_batch(read, processes(workers), yes)
    _say_runs(read, where)
    with _Display() as display:
        done = run_batch(read, out, workers=workers, cluster=cluster, progress=display.show)
    tally = done.tally
    for chunk in done.repaired:
        where.print(f"chunk {chunk} was damaged and has been run again.")
    if json:
        printing.print_json(
            {"out": str(out), "runs": tally.worlds_done, "chunks": tally.chunks, "result": done.digest}
        )
        return
    rate = f", {tally.rate:,.0f} runs/s" if tally.worlds_now else ""
    where.print(
        f"{tally.worlds_done:,} runs in {counted(tally.chunks, 'chunk')} are in {out} "
        f"({duration(tally.seconds)}{rate}); result {done.digest[:16]}.",
        soft_wrap=True,
    )


def _show_cost(spec: Spec, workers: int | None, half_width: float | None, json: bool, where: Console) -> None:
    """What a batch would run, about what it would take, and what a pilot saw."""
    from juste_retour.runs import printing
    from juste_retour.runs.commands.plan import cost_json, say_cost
    from juste_retour.runs.experiments.experiment import processes
    from juste_retour.runs.experiments.planning import PILOT, cost

    count = processes(workers)
    found = cost(spec, PILOT if half_width is None else 4 * PILOT)  # factors' spreads take several places
    if json:
        printing.print_json(cost_json(spec, found, count, half_width))
        return
    _say_runs(spec, where)
    say_cost(spec, found, count, half_width, where)


def _say_runs(spec: Spec, where: Console) -> None:
    from juste_retour.runs.experiments.chunks import ChunkPlan

    plan = ChunkPlan(spec)
    where.print(
        f"{spec.title}: {len(spec.kept)} {'point' if len(spec.kept) == 1 else 'points'} x {spec.replications:,} "
        f"replications = {spec.runs:,} runs in {counted(plan.chunks, 'chunk')} (spec {spec.digest}).",
        soft_wrap=True,
    )
    if spec.refused:
        from juste_retour.runs.experiments.spec import said

        where.print(f"{len(spec.refused)} combinations are refused and left out, such as:", soft_wrap=True)
        for refused in spec.refused[:REFUSALS]:
            where.print(f"  {said(refused.values)}: {refused.reason}", soft_wrap=True)
        if len(spec.refused) > REFUSALS:
            where.print("  manifest.json and --dry-run --json list them all.")


class _Display:
    """A progress bar on a terminal, a line now and then elsewhere; with rate, time left and failures."""

    def __enter__(self) -> _Display:
        import sys
        import time

        self.bar: Progress | None = None
        self.last = time.monotonic()
        self.terminal = sys.stderr.isatty()
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def show(self, tally: RunTally) -> None:
        """Show how far it is."""
        import time

        from juste_retour.runs.printing import EVERY, console

        left = duration(tally.left) if tally.left == tally.left else "?"
        failed = f", {tally.failed} failed" if tally.failed else ""
        text = f"{tally.rate:,.0f} runs/s, {left} left{failed}"
        if not self.terminal:
            if time.monotonic() - self.last > EVERY:
                self.last = time.monotonic()
                console(stderr=True).print(f"{tally.chunks_done} of {tally.chunks} chunks, {text}")
            return
        if self.bar is None:
            from rich.progress import BarColumn, Progress, TextColumn

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
    folder: ResultDir,
    every: Annotated[bool, typer.Option("--all", help="Run every chunk again.")] = False,
    chunks: Annotated[int, typer.Option(metavar="N", help="How many chunks to run again.")] = 3,
    workers: Workers = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Run a sample of a result's chunks again and compare; exit 1 where something differs."""
    from dataclasses import asdict

    from juste_retour.runs import printing
    from juste_retour.runs.commands.patience import refuse_hours
    from juste_retour.runs.experiments.experiment import processes
    from juste_retour.runs.experiments.store import Store
    from juste_retour.runs.experiments.verification import verdict
    from juste_retour.runs.experiments.verification import verify as run_verify

    took = [record["seconds"] for record in Store(folder).done().values()]
    if took and not yes:
        again = sum(took) if every else sum(took) * min(chunks / len(took), 1)
        refuse_hours(again / max(processes(workers), 1), yes, "leave out --all, or ask for fewer chunks")
    with printing.progress("chunks") as report:
        found = run_verify(folder, every=every, sample=chunks, workers=workers, progress=report)
    if json:
        printing.print_json({"agrees": not found.differences, **asdict(found)})
        if not found.differences:
            return
    where = printing.console()
    for line in found.differences[:10]:
        where.print(line, soft_wrap=True)
    where.print(verdict(found, folder), soft_wrap=True)
