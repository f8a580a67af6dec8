"""Write tables to a folder as Parquet, CSV, Stata or Excel files, with a `provenance.json` that lists them.

Files are written under a temporary name and renamed. Only files that an earlier result wrote, and that have not been
changed since, are replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from juste_retour.abm.base.files import content_of
from juste_retour.agents.errors import BadInput, CannotWrite, near
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.results.result_tables import TABLES, Column, columns

RECORD = "provenance.json"
MANIFEST, DONE, LOCK = "manifest.json", "chunks.jsonl", ".lock"  # files in an experiment's folder
_EXACT = 2**53  # Stata stores larger integers inexactly
_ROWS = 1_048_576  # of an Excel sheet, its heading included
_LABEL = 80  # maximum characters of a label in Stata


def known_formats(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of formats without duplicates; `BadInput` if one is unknown or none is given."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in _WRITERS:
            raise BadInput(f"--format is {name!r}, which is not a format; {near(name, _WRITERS)}")
    if not wanted:
        raise BadInput(f"--format names none; choose from {', '.join(_WRITERS)}.")
    return tuple(wanted)


def files(tables: Iterable[str], formats: Iterable[str]) -> list[str]:
    """The names of the files that hold these tables in these formats."""
    formats = list(formats)
    return [f"{table}.{ending}" for table in tables for ending in formats]


def prepare(out: Path | str, names: Iterable[str]) -> None:
    """Create the folder and check that it can be written to, before anything is run.

    Raises:
        BadInput: the folder is a file, or holds files with these names that no result wrote.
        CannotWrite: the folder cannot be created or written to.
    """
    out = Path(out)
    refuse_experiment(out)
    if os.path.exists(out) and not out.is_dir():
        raise BadInput(f"--out {out} is a file; give a folder.")
    trial = out / f".trial-{os.getpid()}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        raise cannot_write(out, error) from None
    ours = _written(out)
    for name in [*names, RECORD]:
        path = out / name
        if os.path.lexists(path) and not _ours(path, ours):
            raise BadInput(
                f"{path} exists and was not written by juste-retour, or was changed afterwards; move it or give another "
                "folder."
            )


def refuse_experiment(out: Path, *, below: bool = False) -> None:
    """Raise `BadInput` if a folder lies inside an experiment's, whose Parquet files are read as one data set.

    Args:
        out: the folder.
        below: whether the folder itself may be an experiment's.
    """
    here = Path(os.path.realpath(out))
    for place in here.parents if below else (here, *here.parents):
        if (place / MANIFEST).is_file() and any((place / name).is_file() for name in (DONE, LOCK)):
            raise BadInput(f"--out {out} lies in {place}, which holds an experiment; give another folder.")


def write(
    tables: Mapping[str, pd.DataFrame],
    out: Path | str,
    formats: Iterable[str],
    provenance: Mapping[str, object],
    design: Sequence[Column] = (),
) -> list[Path]:
    """Write tables in each format, and `provenance.json` with their provenance and hashes.

    Files of an earlier result in the folder are removed.

    Args:
        tables: by name.
        out: the folder.
        formats: one or more of parquet, csv, dta and xlsx.
        provenance: versions, scenario, seed and so on, as `provenance` returns them.
        design: columns that an experiment's design adds to every table.

    Returns:
        the files written.

    Raises:
        BadInput: as in `prepare`.
        CannotWrite: as in `prepare`.
    """
    out = Path(out)
    formats = known_formats(formats)
    names = files(tables, formats)
    prepare(out, names)
    old = given_up(out, names)
    trials = {name: out / f".{name}.{os.getpid()}" for name in [*names, RECORD]}
    try:
        for table, frame in tables.items():
            for ending in formats:
                about = (*design, *columns(table)) if table in TABLES else tuple(design)
                _WRITERS[ending](frame, table, about, trials[f"{table}.{ending}"])
        hashes = {name: _hash(trials[name]) for name in names}
        trials[RECORD].write_text(json_text({**provenance, "tables": hashes}), encoding="utf-8")
        for name, trial in trials.items():
            trial.replace(out / name)
        for name in old:
            (out / name).unlink()
    except OSError as error:
        raise cannot_write(out, error) from None
    finally:
        for trial in trials.values():
            trial.unlink(missing_ok=True)
    return [out / name for name in [*names, RECORD]]


def given_up(out: Path | str, names: Iterable[str]) -> list[str]:
    """Names of the files of an earlier result that writing these files removes from the folder."""
    earlier = _written(Path(out))
    return sorted(name for name in set(earlier) - set(names) if _ours(Path(out) / name, earlier))


def cannot_write(out: Path, error: OSError) -> CannotWrite:
    """The error for a folder that cannot be written to."""
    return CannotWrite(
        f"{error.filename or out} cannot be written ({error.strerror or error}); give a folder that can."
    )


def _written(out: Path) -> dict[str, str]:
    """Hashes of the files that an earlier result wrote here, by name, from its `provenance.json`."""
    try:
        record = json.loads(content_of(out / RECORD))
        return {str(name): str(value) for name, value in record["tables"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, BadInput):
        return {}


def _ours(path: Path, written: Mapping[str, str]) -> bool:
    if path.name == RECORD:
        return bool(written)
    return path.is_file() and written.get(path.name) == _hash(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parquet(frame: pd.DataFrame, table: str, about: Sequence[Column], path: Path) -> None:
    frame.to_parquet(path, index=False)


def _csv(frame: pd.DataFrame, table: str, about: Sequence[Column], path: Path) -> None:
    plain = frame.copy(deep=False)
    for name in plain.select_dtypes("bool").columns:
        plain[name] = plain[name].map({True: "true", False: "false"})
    plain.to_csv(path, index=False, lineterminator="\n")


def _excel(frame: pd.DataFrame, table: str, about: Sequence[Column], path: Path) -> None:
    if len(frame) >= _ROWS:
        raise BadInput(
            f"the table {table} has {len(frame):,} rows, and an Excel sheet {_ROWS:,}; use --format csv or parquet."
        )
    with path.open("wb") as file:
        frame.to_excel(file, index=False, sheet_name=table, engine="openpyxl")


def _stata(frame: pd.DataFrame, table: str, known: Sequence[Column], path: Path) -> None:
    about = {column.name: column for column in known}
    plain = pd.DataFrame(index=frame.index)
    dates: dict[Any, Any] = {}
    for name in frame.columns:
        values, column = frame[name], about.get(name)
        if column is not None and column.kind == "quarter":
            plain[name] = quarter_dates(values)
            dates[name] = "tq"
        elif values.dtype == bool:
            plain[name] = values.astype("int8")
        elif values.dtype.kind in "iu":
            plain[name] = values.astype(str) if (values.abs() > _EXACT).any() else _small(values)
        elif values.dtype.kind == "f":
            plain[name] = values
        else:
            plain[name] = values.astype(object).where(values.notna(), "")
    plain.to_stata(
        path,
        write_index=False,
        version=118,
        convert_dates=dates,
        data_label=f"juste-retour: {table}"[:_LABEL],
        variable_labels={name: label_of(about[name], _LABEL) for name in plain.columns if name in about},
    )


def _small(values: pd.Series) -> pd.Series:
    """Integers as Stata's 32-bit type if they fit, else as doubles."""
    return values.astype("int32") if (values.abs() < 2**31 - 100).all() else values.astype("float64")


def quarter_dates(values: pd.Series) -> pd.Series:
    """Quarters such as "2026Q3" as the dates of their first days."""
    return pd.Series(pd.PeriodIndex(values.where(values.notna(), None), freq="Q").to_timestamp(), index=values.index)


def label_of(column: Column, most: int | None = None) -> str:
    """The label of a column: its meaning and unit; if it is longer than `most`, the meaning is shortened."""
    unit = f" ({column.unit})" if column.unit not in ("", "1", "quarter") else ""
    if most is None or len(column.meaning) + len(unit) <= most:
        return column.meaning + unit
    return column.meaning[: most - len(unit) - 3].rstrip(" ,;:") + "..." + unit[:most]


_WRITERS: dict[str, Callable[[pd.DataFrame, str, Sequence[Column], Path], None]] = {
    "parquet": _parquet,
    "csv": _csv,
    "dta": _stata,
    "xlsx": _excel,
}
