"""Studies: experiments whose points are jobs of an installed study, which `batch` runs, resumes, distributes and verifies.

A spec with the key `study` names an entry point in the group `juste_retour.studies`: a function that takes the spec's
`settings` and returns one job per point, a function without arguments. A job may return numbers, texts, arrays, tables,
and dictionaries, tuples and data classes of these.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib.metadata import entry_points
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from juste_retour.abm.base.toml import JsonMapping
from juste_retour.agents.errors import BadInput, near

STUDIES = "juste_retour.studies"
RESULT = "result"  # the only table of a study
Job = Callable[[], object]
_Path = tuple[tuple[str, str | int | None], ...]  # the kind of each container and the key in it


def known_study(name: object) -> str:
    """The name of an installed study; `BadInput` if there is none of this name."""
    known = [point.name for point in entry_points(group=STUDIES)]
    if name not in known:
        raise BadInput(f"study: {name!r} is not an installed study; {near(str(name), known)}")
    return str(name)


def study_module(name: str) -> str:
    """The full name of the module of an installed study."""
    (point,) = entry_points(group=STUDIES, name=name)
    return point.module


def jobs_of(content: JsonMapping) -> Sequence[Job]:
    """The job of each point, given a spec's content."""
    (point,) = entry_points(group=STUDIES, name=content["study"])
    return cast(Sequence[Job], point.load()(content["settings"]))


def packed(value: object) -> bytes:
    """A job's result as a Parquet file with one row per number or text; equal values give equal bytes.

    Columns: `path` to the array in the result, `kind` (type and shape of the array), `row` in it (-1 if it is empty), and
    the `number`, or the `text` as JSON.
    """
    parts: list[pd.DataFrame] = []
    for path, leaf in _leaves(value, ()):
        array = leaf if leaf.dtype.kind in "fiub" else leaf.astype(object)
        numeric, flat, count = array.dtype != object, array.ravel(), max(array.size, 1)
        part = {
            "path": [json.dumps(path)] * count,
            "kind": [json.dumps([str(array.dtype), array.shape])] * count,
            "row": np.arange(count) if array.size else [-1],
            "number": flat.astype(np.float64) if numeric and array.size else [np.nan] * count,
            "text": [json.dumps(x) for x in flat] if not numeric and array.size else [None] * count,
        }
        parts.append(pd.DataFrame(part))
    frame, sink = pd.concat(parts, ignore_index=True), io.BytesIO()
    kinds = {"path": pa.string(), "kind": pa.string(), "row": pa.int64(), "number": pa.float64()}
    # a number that is not known is NaN, not null, in all files
    arrays = [pa.array(frame[name].to_numpy(), kind, from_pandas=False) for name, kind in kinds.items()]
    arrays.append(pa.array(frame["text"], pa.string(), from_pandas=True))
    pq.write_table(pa.table(arrays, names=[*kinds, "text"]), sink, compression="zstd")
    return sink.getvalue()


def unpacked(content: bytes) -> Any:
    """The value that `packed` was given, with dictionaries in place of data classes and series."""
    leaves: list[tuple[_Path, object]] = []
    frame = pq.read_table(io.BytesIO(content)).to_pandas()
    for path, rows in frame.groupby("path", sort=False):
        dtype, shape = json.loads(rows["kind"].iloc[0])
        found = rows[rows["row"] >= 0]
        flat = np.empty(len(found), dtype=object)
        flat[:] = [json.loads(x) for x in found["text"]] if dtype == "object" else found["number"]
        array = flat.astype(dtype).reshape(shape)
        leaves.append((json.loads(str(path)), array if shape else array.item()))
    return _built(leaves)


def _leaves(value: object, path: _Path) -> Iterator[tuple[_Path, np.ndarray[Any, Any]]]:
    """The arrays in a value, each with its path; an empty container has an empty array under no key."""
    kind: str = "named"
    items: dict[Any, Any] | None = None
    if isinstance(value, pd.DataFrame):
        kind, items = "table", {str(c): value[c].to_numpy() for c in value}
    elif isinstance(value, Mapping | pd.Series):
        items = dict(value.items())
    elif is_dataclass(value):
        items = {f.name: getattr(value, f.name) for f in fields(value)}
    elif isinstance(value, list | tuple):
        kind, items = "tuple", dict(enumerate(value))
    if items is None:
        yield path, np.asarray(value)
    elif not items:
        yield (*path, (kind, None)), np.empty(0)
    else:
        for key, item in items.items():
            yield from _leaves(item, (*path, (kind, key)))


def _built(leaves: Sequence[tuple[_Path, object]]) -> object:
    if not leaves[0][0]:
        return leaves[0][1]
    kind, parts = leaves[0][0][0][0], dict[str | int, list[tuple[_Path, object]]]()
    for (step, *rest), value in leaves:
        if step[1] is not None:
            parts.setdefault(step[1], []).append((tuple(rest), value))
    items = {key: _built(found) for key, found in parts.items()}
    if kind == "table":
        return pd.DataFrame(items)
    return tuple(items.values()) if kind == "tuple" else items
