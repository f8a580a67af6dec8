"""Run an experiment chunk by chunk into a folder, and resume it where an earlier run stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from juste_retour.agents.errors import BadInput, CannotWrite, JusteRetourError
from juste_retour.runs.base.chunked import reporter
from juste_retour.runs.base.numerals import counted
from juste_retour.runs.base.provenance import made_with
from juste_retour.runs.base.stopping import Deadline, Stopped, listening
from juste_retour.runs.engine import pool
from juste_retour.runs.engine.chunks import ChunkPlan, Failure, Produced
from juste_retour.runs.engine.manifest import Manifest, Record
from juste_retour.runs.engine.spec import Spec, read_spec, spec_of
from juste_retour.runs.engine.store import Store, result_digest, solution_digests
from juste_retour.runs.results.ensemble import checked_integer


@dataclass
class RunTally:
    """Progress of an experiment: chunks and runs in all, done before and now, failures, and seconds of this run."""

    chunks: int
    worlds: int
    chunks_done: int = 0
    worlds_done: int = 0
    worlds_now: int = 0
    seconds: float = 0.0
    failed: int = 0

    @property
    def rate(self) -> float:
        """Runs per second since this command began."""
        return self.worlds_now / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float:
        """Seconds left at that rate; NaN before the first chunk."""
        return (self.worlds - self.worlds_done) / self.rate if self.rate > 0 else float("nan")


@dataclass(frozen=True)
class Done:
    """The outcome of a batch: folder, progress, digest of the result, and the chunks that were repaired or failed."""

    out: Path
    tally: RunTally
    digest: str
    repaired: list[int] = field(default_factory=list)
    failures: Mapping[int, Failure] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Number of runs, folder, and digest of the result."""
        runs, chunks = self.tally.worlds_done, counted(self.tally.chunks, "chunk")
        return f"{runs:,} runs in {chunks} are in {self.out}; result {self.digest[:16]}"


class SomeFailed(JusteRetourError):
    """Some chunks failed; all others are stored."""


class Interrupted(JusteRetourError):
    """A batch was stopped by a signal with this exit status; finished chunks are kept."""

    def __init__(self, message: str, status: int = 130):
        super().__init__(message)
        self.exit_status = status


def batch(
    spec: Spec | Path | str | Mapping[str, object],
    out: Path | str,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    progress: Callable[[RunTally], None] | bool | None = None,
) -> Done:
    """Run an experiment and store its results in a folder; the same call resumes it after a stop.

    `Results(out)` reads the tables, and `sensitivity(out)` computes the effects of the factors.

    Args:
        spec: a `Spec`, the path of its TOML file, or a dictionary with the content of such a file.
        out: folder for the manifest and one Parquet file per chunk and table.
        workers: number of processes, one per core by default; 0 runs in this process.
        cluster: address of a Dask scheduler whose workers run the chunks.
        progress: called with a `RunTally` after each chunk; True prints the chunks done every 15 seconds.

    Raises:
        BadInput: an invalid spec, or a folder that holds something else.
        CannotWrite: the folder cannot be written to; finished chunks are kept.
        SomeFailed: some chunks failed; `failures.json` says which, why, and how to rerun them.
        Interrupted: stopped by Ctrl-C or SIGTERM; finished chunks are kept.

    Example:
        `batch("mine.toml", "results", progress=True)`, then `Results("results")["worlds"]`.
    """
    if cluster is not None and workers is not None:
        raise BadInput("--workers and --cluster exclude each other; omit --workers, since a cluster has its own.")
    workers, told = processes(workers), _told(progress)
    spec = _spec(spec)
    plan, store = ChunkPlan(spec), Store(Path(out).absolute())  # a rule may change the folder
    content = json.dumps(dict(spec.content), default=str)
    with store.locked():
        manifest = store.begin(spec, plan.chunks)
        store.mend()
        good, repaired = _sound(store, manifest)
        tally = RunTally(plan.chunks, spec.runs, len(good), sum(map(plan.worlds_of, good)))
        todo = [n for n in range(plan.chunks) if n not in good]
        failures: dict[int, Failure] = {}
        if todo:
            store.continue_with(manifest, made_with(spec.members, *spec.study), kept=bool(good))
        begun = time.perf_counter()
        with stoppable(at_once=workers == 0 and cluster is None) as stop:
            for produced in _running(spec, content, todo, stop, workers, cluster):
                if _kept(produced, store, manifest, good, failures):
                    tally.worlds_now += produced.worlds
                    tally.worlds_done += produced.worlds
                tally.seconds = time.perf_counter() - begun
                tally.chunks_done, tally.failed = len(good), len(failures)
                if told is not None:
                    told(tally)
        store.write_failures(failures)
        lost = store.lost(good)
        good = {n: record for n, record in good.items() if n not in lost}
        tally.chunks_done = len(good)
        done = Done(Path(out), tally, result_digest(good), repaired, failures)
        store.write_manifest(_ended(manifest, done, good))
    _refuse_part(done, store, stop.status, len(lost))
    return done


def _told(progress: Callable[[RunTally], None] | bool | None) -> Callable[[RunTally], None] | None:
    """The callback itself; for True, one that prints a line every 15 seconds."""
    if not isinstance(progress, bool):
        return progress
    lines = reporter(progress, "chunks")
    return None if lines is None else lambda tally: lines(tally.chunks_done, tally.chunks)


def _sound(store: Store, manifest: Manifest) -> tuple[dict[int, Record], list[int]]:
    """The records of undamaged chunks by number, and the numbers of damaged ones, which must be run again."""
    records, hashes = store.done(), manifest.get("hashes") or {}
    damaged = [
        n
        for n, record in sorted(records.items())
        if store.damaged(record) is not None or any(hashes.get(name, h) != h for name, h in record["files"].items())
    ]
    return {n: record for n, record in records.items() if n not in set(damaged)}, damaged


def _ended(manifest: Manifest, done: Done, good: Mapping[int, Record]) -> Manifest:
    """The manifest after a run, changed in place."""
    manifest["seconds"] = round(manifest["seconds"] + done.tally.seconds, 3)
    manifest["complete"], manifest["done"] = len(good) == done.tally.chunks, len(good)
    if manifest["complete"]:
        manifest["result"] = done.digest
        manifest["hashes"] = {name: h for n in sorted(good) for name, h in good[n]["files"].items()}
        manifest["solutions"] = solution_digests(good)
    return manifest


def _spec(given: Spec | Path | str | Mapping[str, object]) -> Spec:
    if isinstance(given, str | Path):
        return read_spec(given)
    return given if isinstance(given, Spec) else spec_of(given)


def _kept(
    produced: Produced, store: Store, manifest: Manifest, good: dict[int, Record], failures: dict[int, Failure]
) -> bool:
    """Keep a chunk, or note why it failed; return whether it is kept."""
    if produced.failure is None:
        store.note_read(manifest, produced.read)
        good[produced.chunk] = store.keep(produced, manifest["digest"])
        return True
    failures[produced.chunk] = produced.failure
    store.write_failures(failures)
    return False


def _refuse_part(done: Done, store: Store, status: int, lost: int) -> None:
    """Raise `CannotWrite`, `SomeFailed` or `Interrupted` if chunks were lost or are missing."""
    failures, chunks = done.failures, done.tally.chunks
    if lost:
        raise CannotWrite(
            f"{lost} of {chunks} chunks were removed from {done.out} while the batch ran; give the same command to run "
            "them again."
        )
    if failures:
        first = failures[min(failures)]
        replay = f"; to rerun the first failure: {first.command}" if first.command else ""
        raise SomeFailed(
            f"{len(failures)} of {chunks} chunks failed, the first (chunk {min(failures)}) because "
            f"{first.message.rstrip('.;')}; {store.out / 'failures.json'} lists them, and all others are kept{replay}"
        )
    if done.tally.chunks_done < chunks:
        raise Interrupted(
            f"interrupted: {done.tally.chunks_done} of {chunks} chunks are done and kept; give the same command to resume.",
            status,
        )


def processes(workers: int | None) -> int:
    """The number of worker processes, one per core for None; 0 means that this process runs the chunks.

    Raises:
        BadInput: a number below 0 or above 1,024.
    """
    return checked_integer(pool.cores() if workers is None else workers, "workers", 0, 1024)


def _running(
    spec: Spec, content: str, todo: list[int], stop: pool.Stop, workers: int, cluster: str | None
) -> Iterator[Produced]:
    if not todo:
        return iter(())
    if cluster is not None:
        return pool.dask(content, todo, stop, cluster)
    if workers == 0:
        return pool.here(content, todo, stop)
    return pool.local(spec, content, todo, stop, workers)


@contextmanager
def stoppable(at_once: bool = False) -> Iterator[pool.Stop]:
    """Let Ctrl-C and SIGTERM end a batch between chunks.

    A chunk that still runs one second later, or at a second signal, is abandoned.

    Args:
        at_once: whether to abandon it at the first signal, because it runs in this process.
    """
    stop = pool.Stop()
    deadline = Deadline("interrupted; finished chunks are kept, and the same command resumes the batch.")

    def ask(number: int) -> None:
        deadline.set(number)
        stop.status = Stopped(number).exit_status
        stop.ask()
        if at_once:
            raise Stopped(number)

    try:
        with listening(ask):
            yield stop
    except Stopped:
        stop.ask()
    finally:
        deadline.cancel()
