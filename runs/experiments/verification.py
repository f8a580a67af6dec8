"""Verification: run chunks of a result again and compare, bit for bit where the machine is the same."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from juste_retour.abm.files import MOST_WRITTEN, content_of
from juste_retour.agents.arrays import Integers
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.runs.chunked import Progress, reporter
from juste_retour.runs.ensemble import whole
from juste_retour.runs.experiments import pool
from juste_retour.runs.experiments.chunks import ChunkPlan, Produced
from juste_retour.runs.experiments.experiment import processes, stoppable
from juste_retour.runs.experiments.manifest import continued, mixture
from juste_retour.runs.experiments.spec import spec_of
from juste_retour.runs.experiments.store import DONE, REMEDY, Store
from juste_retour.runs.provenance import changes_between, made_with, rules_between, same_bits

SAMPLE = 3
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Verification:
    """What a verification found.

    `exact` says whether bits had to agree; elsewhere real numbers agree to 1e-12 and counts exactly. `changed` names
    what differs from what the result was made with: code, data or libraries. `mixed` says where the chunks themselves
    were made with different software or processors.
    """

    checked: list[int]
    chunks: int
    missing: int
    exact: bool
    differences: list[str]
    changed: list[str]
    mixed: str = ""


class Differs(JusteRetourError):
    """A result is damaged, or running it again gives something else."""


def verify(
    out: Path | str,
    *,
    every: bool = False,
    sample: int = SAMPLE,
    workers: int | None = None,
    progress: Progress | bool | None = None,
) -> Verification:
    """Check the hash of every file of a result, and run some chunks again.

    Args:
        out: folder of the result.
        every: run every chunk again, not only a sample drawn anew each time.
        sample: how many chunks to run again.
        workers: processes; 0 runs in this one.
        progress: called with chunks done and chunks to do; True prints them now and then.

    Example:
        `verify("results").differences` is empty where running again gives the same.
    """
    store = Store(out)
    manifest, records = store.manifest(), store.done()
    sample, progress = whole(sample, "chunks", 1), reporter(progress, "chunks")
    workers = processes(workers)
    if not records:
        raise BadInput(f"{out} holds no finished chunk; let `batch` run first.")
    spec = spec_of(manifest["spec"], store.out)
    then, now = manifest["provenance"], made_with(spec.members)
    exact = all(same_bits(made, now) for made in (then, *continued(manifest)))
    changed = [*changes_between(then, now), *rules_between(manifest["rules"], spec.rules)]
    differences, sound = [], []
    for number, record in sorted(records.items()):
        damage = store.damaged(record)
        if damage is None:
            sound.append(number)
        else:
            differences.append(f"chunk {number}: {damage}")
    if not every and len(sound) > sample:
        sound = sorted(int(n) for n in np.random.default_rng().choice(sound, sample, replace=False))
    plan = ChunkPlan(spec)
    store.compare_size(manifest, plan)
    missing = plan.chunks - len(records)
    content = json.dumps(dict(spec.content), default=str)
    checked = []
    with stoppable(at_once=workers == 0) as stop:
        running = (
            pool.local(spec, content, sound, stop, workers) if workers else pool.here(content, sound, stop)
        )
        for produced in running if sound else ():
            checked.append(produced.chunk)
            differences += _changed(store, produced, exact)
            if progress is not None:
                progress(len(checked), len(sound))
    if stop.asked:
        raise KeyboardInterrupt
    mismatch = store.mismatch()
    if mismatch is not None:
        differences.append(mismatch)
    return Verification(sorted(checked), plan.chunks, missing, exact, differences, changed, mixture(manifest))


def _changed(store: Store, produced: Produced, exact: bool) -> list[str]:
    """What differs between a chunk that was run again and its files, a sentence each."""
    found = []
    if produced.failure is not None:
        found.append(f"chunk {produced.chunk} fails when it is run again: {produced.failure.message}")
    for table, fresh in produced.files.items():
        kept = content_of(store.out / f"{table}/{produced.chunk:06d}.parquet", MOST_WRITTEN)
        said = None if kept == fresh else _difference(kept, fresh, exact)
        if said:
            found.append(f"chunk {produced.chunk}, table {table}: {said}")
    return found


def _difference(kept: bytes, fresh: bytes, exact: bool) -> str | None:
    """The first difference between two files of one table, in words; None where they agree as far as they must."""
    a, b = (pq.read_table(io.BytesIO(content)) for content in (kept, fresh))
    if a.column_names != b.column_names:
        odd = sorted(set(a.column_names) ^ set(b.column_names))
        return f"the columns differ ({', '.join(odd) or 'their order'})"
    if a.num_rows != b.num_rows:
        return f"{a.num_rows} rows are kept and {b.num_rows} come out"
    for name in a.column_names:
        rows = _unequal(a[name], b[name], exact)
        if len(rows):
            row = int(rows[0])
            where = ", ".join(
                f"{k} {a[k][row].as_py()}" for k in ("point", "replicate") if k in a.column_names
            )
            return (
                f"{name} differs in {len(rows)} of {a.num_rows} rows, first at {where}: "
                f"{a[name][row].as_py()!r} is kept and {b[name][row].as_py()!r} comes out"
            )
    return "the values agree and the bytes do not" if exact else None


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
    """What a verification found, in one sentence that names the cause where something differs.

    Raises:
        Differs: where something differs.
    """
    if not found.differences:
        how = "bit for bit" if found.exact else "to 1e-12, with equal counts (another processor or build)"
        missing = f"; {found.missing} of {found.chunks} chunks are not there yet" if found.missing else ""
        since = (
            f"; since it was written this has changed: {'; '.join(found.changed)}" if found.changed else ""
        )
        agree = (
            f"{len(found.checked)} of {found.chunks} chunks were run again and agree {how}{missing}{since}."
        )
        return f"{agree} {found.mixed}".rstrip()
    more = f" (and {len(found.differences) - 1} more)" if len(found.differences) > 1 else ""
    damaged = all(".parquet" in line or DONE in line for line in found.differences)
    if damaged:
        cause = f"{REMEDY}."
    elif found.changed:
        cause = f"since it was written this has changed: {'; '.join(found.changed)}."
    else:
        cause = "neither the code nor the data has changed since: the file or the machine is at fault."
    raise Differs(f"{out} differs: {found.differences[0]}{more}; {cause}")
