"""Verification: rerun chunks of a result and compare them, bit for bit if processor and libraries are the same."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from juste_retour.abm.bargaining.continuation import is_known, solved_again
from juste_retour.abm.bargaining.sampled import FixedPoint
from juste_retour.abm.base.files import MOST_WRITTEN, content_of
from juste_retour.agents.arrays import Integers
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.runs.base.chunked import Progress, reporter
from juste_retour.runs.base.numerals import counted
from juste_retour.runs.base.provenance import changes_between, made_with, rules_between, same_bits
from juste_retour.runs.engine import pool
from juste_retour.runs.engine.chunks import ChunkPlan, Produced
from juste_retour.runs.engine.experiment import processes, stoppable
from juste_retour.runs.engine.manifest import Record, continued, mixture
from juste_retour.runs.engine.spec import Spec, spec_of
from juste_retour.runs.engine.store import DONE, REMEDY, Store, rules_read_anew, solution_digests
from juste_retour.runs.results.ensemble import checked_integer

SAMPLE = 3
TOLERANCE = 1e-12
ERRORS = (
    4  # standard errors of a difference by which two solves may differ; with 27 states 3 would refuse 7 % of equal ones
)


@dataclass(frozen=True)
class Verification:
    """The outcome of a verification.

    Attributes:
        checked: chunks that were rerun.
        chunks: chunks of the experiment.
        missing: chunks that are not finished.
        exact: whether results had to agree bit for bit; otherwise floats must agree to 1e-12, and counts exactly.
        differences: a phrase for each difference.
        changed: code, data or libraries that have changed since the result was computed.
        mixed: a warning if the chunks were computed with different software or processors.
        stored: points of the rerun chunks whose stationary values were known before, and not solved again by a rerun.
        solved: points whose stationary values were solved again without those, and compared with the recorded ones.
    """

    checked: list[int]
    chunks: int
    missing: int
    exact: bool
    differences: list[str]
    changed: list[str]
    mixed: str = ""
    stored: int = 0
    solved: int = 0


class Differs(JusteRetourError):
    """A result is damaged, or a rerun gives something else."""


def verify(
    out: Path | str,
    *,
    every: bool = False,
    sample: int = SAMPLE,
    solve: bool = False,
    workers: int | None = None,
    progress: Progress | bool | None = None,
) -> Verification:
    """Check the hash of every file of a result, and rerun some chunks.

    Args:
        out: folder of the result.
        every: rerun every chunk, not only a random sample.
        sample: number of chunks to rerun; they are drawn at random, and differ from call to call.
        solve: solve the stationary values of these chunks' points again, without stored ones, and compare them with the
            recorded ones: bit for bit if results must agree so and the code is the same, else within the stated errors.
        workers: number of processes; 0 runs in this one.
        progress: called with chunks done and chunks to do; True prints them every 15 seconds.

    Raises:
        BadInput: the folder holds no finished chunk, or its manifest was changed.

    Example:
        `verify("results").differences` is empty if the rerun gives the same.
    """
    store = Store(out)
    manifest, records = store.manifest(), store.done()
    sample, progress = checked_integer(sample, "chunks", 1), reporter(progress, "chunks")
    workers = processes(workers)
    if not records:
        raise BadInput(f"{out} holds no finished chunk; run `batch` first.")
    spec = spec_of(manifest["spec"], store.out)
    then, now = manifest["provenance"], made_with(spec.members, *spec.study)
    exact = all(same_bits(made, now) for made in (then, *continued(manifest)))
    changed = [*changes_between(then, now), *rules_between(manifest["rules"], spec.rules), *rules_read_anew(manifest)]
    damage = {number: store.damaged(record) for number, record in sorted(records.items())}
    differences = [f"chunk {number}: {what}" for number, what in damage.items() if what is not None]
    sound = [number for number, what in damage.items() if what is None]
    if not every and len(sound) > sample:
        sound = sorted(int(n) for n in np.random.default_rng().choice(sound, sample, replace=False))
    store.compare_size(manifest, plan := ChunkPlan(spec))
    missing = plan.chunks - len(records)
    bargains = [scenario for n in sound for scenario in plan.expecting(n).values()]
    stored = sum(is_known(scenario, spec.members) for scenario in bargains)
    checked = []
    for produced in _run_again(spec, sound, workers):
        checked.append(produced.chunk)
        differences += _changed(store, records[produced.chunk], produced, exact)
        if progress is not None:
            progress(len(checked), len(sound))
    if (mismatch := store.mismatch()) is not None:
        differences.append(mismatch)
    if manifest.get("solutions", digests := solution_digests(records)) != digests and manifest["complete"]:
        differences.append(f"{store.out / DONE} records other stationary values than the manifest")
    for n in sound if solve else ():
        differences += _solved_again(plan, n, records[n], exact and not changed)
    solved = len(bargains) if solve else 0
    return Verification(
        sorted(checked), plan.chunks, missing, exact, differences, changed, mixture(manifest), stored, solved
    )


def _run_again(spec: Spec, chunks: list[int], workers: int) -> Iterator[Produced]:
    content = json.dumps(dict(spec.content), default=str)
    with stoppable(at_once=workers == 0) as stop:
        running = pool.local(spec, content, chunks, stop, workers) if workers else pool.here(content, chunks, stop)
        yield from running if chunks else ()
    if stop.asked:
        raise KeyboardInterrupt


def _solved_again(plan: ChunkPlan, chunk: int, record: Record, same: bool) -> Iterator[str]:
    """A phrase for each point whose recorded stationary values are not those of a fresh solve."""
    members = plan.spec.members
    for point, scenario in plan.expecting(chunk).items():
        fresh = solved_again(scenario, members)
        try:
            kept = FixedPoint.of(record.get("solutions", {})[point], members.states.count)
        except (KeyError, TypeError, ValueError):
            yield f"chunk {chunk} records no stationary values for point {point}"
            continue
        apart = np.abs(fresh.found - kept.found)
        allowed = 0.0 * kept.error if same else ERRORS * np.hypot(fresh.error, kept.error)
        k = int(np.argmax(apart - allowed))
        if apart[k] > allowed[k]:
            yield (
                f"chunk {chunk}, point {point}: {members.states.codes[k]} expects EUR {kept.found[k]:.4g} bn by the record and "
                f"{fresh.found[k]:.4g} bn if solved again, "
                + ("and on this processor it must be the same" if same else f"more than {ERRORS} standard errors apart")
            )


def _changed(store: Store, record: Record, produced: Produced, exact: bool) -> list[str]:
    """A phrase for each difference between a chunk that was rerun and its files."""
    found = []
    if produced.failure is not None:
        found.append(f"chunk {produced.chunk} fails in the rerun: {produced.failure.message}")
    for table, fresh in produced.files.items():
        kept = content_of(store.out / f"{table}/{produced.chunk:06d}.parquet", MOST_WRITTEN)
        said = None if kept == fresh else _difference(kept, fresh, exact)
        if said:
            found.append(f"chunk {produced.chunk}, table {table}: {said}")
    if exact and produced.solutions and produced.solutions != record.get("solutions", produced.solutions):
        found.append(f"chunk {produced.chunk}: its stationary values are not those that it records")
    return found


def _difference(kept: bytes, fresh: bytes, exact: bool) -> str | None:
    """A phrase for the first difference between two files of a table; None if they agree as far as they must."""
    a, b = (pq.read_table(io.BytesIO(content)) for content in (kept, fresh))
    if a.column_names != b.column_names:
        odd = sorted(set(a.column_names) ^ set(b.column_names))
        return f"the columns differ ({', '.join(odd) or 'their order'})"
    if a.num_rows != b.num_rows:
        return f"{a.num_rows} rows in the file, {b.num_rows} in the rerun"
    for name in a.column_names:
        rows = _unequal(a[name], b[name], exact)
        if len(rows):
            row = int(rows[0])
            where = ", ".join(f"{k} {a[k][row].as_py()}" for k in ("point", "replicate") if k in a.column_names)
            return (
                f"{name} differs in {len(rows)} of {a.num_rows} rows, first at {where}: "
                f"{a[name][row].as_py()!r} in the file, {b[name][row].as_py()!r} in the rerun"
            )
    if a.schema.equals(b.schema) and not a.schema.equals(b.schema, check_metadata=True):
        return None  # only the columns' descriptions have been reworded since
    return "the values agree but the bytes do not" if exact else None


def _unequal(a: pa.ChunkedArray, b: pa.ChunkedArray, exact: bool) -> Integers:
    if pa.types.is_floating(a.type):
        x, y = a.to_numpy(zero_copy_only=False), b.to_numpy(zero_copy_only=False)
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        if not exact:
            with np.errstate(invalid="ignore"):
                same |= np.abs(x - y) <= TOLERANCE * np.maximum(np.abs(x), np.abs(y))
        return np.flatnonzero(~same)
    x, y = np.array(a.to_pylist(), dtype=object), np.array(b.to_pylist(), dtype=object)
    return np.flatnonzero(x != y)


def verdict(found: Verification, out: Path | str) -> str:
    """The outcome of a verification in one sentence.

    Raises:
        Differs: something differs; the sentence names the cause.
    """
    if not found.differences:
        how = "bit for bit" if found.exact else "to 1e-12, with equal counts (another processor or build)"
        missing = f"; {found.missing} of {found.chunks} chunks are not finished" if found.missing else ""
        since = f"; this has changed since the result was computed: {'; '.join(found.changed)}" if found.changed else ""
        agree = f"{len(found.checked)} of {found.chunks} chunks were rerun and agree {how}{missing}{since}."
        if found.solved:
            agree += f" Their stationary values were solved again at {counted(found.solved, 'point')} and agree."
        elif found.stored:
            agree += f" At {counted(found.stored, 'point')} they used stored stationary values, which --solve would solve again."
        return f"{agree} {found.mixed}".rstrip()
    more = f" (and {len(found.differences) - 1} more)" if len(found.differences) > 1 else ""
    damaged = all(".parquet" in line or DONE in line for line in found.differences)
    if damaged:
        cause = f"{REMEDY}."
    elif found.changed:
        cause = f"this has changed since the result was computed: {'; '.join(found.changed)}."
    else:
        cause = "neither code nor data has changed since, so suspect the file or the machine."
    raise Differs(f"{out} differs: {found.differences[0]}{more}; {cause}")
