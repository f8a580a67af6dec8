"""Read tables of positions on issues: one CSV file, a folder of two, or the shipped DEU III data.

All malformed rows are reported together, each with its line number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.base.csv_tables import InputTable, digest
from juste_retour.abm.politics.council_history import FIRST
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput

SHIPPED = "deu"
RULES = ("QMV", "unanimity")
MOST_SHOWN = 50  # malformed rows listed in an error message
LARGEST = 1e12  # largest capability allowed
Source = Path | str | pd.DataFrame
Values = dict[str, object]  # by column
OF_ACTOR = ("position", "salience", "capability")
OF_ISSUE = ("outcome", "reference_point", "council_rule", "proposal", "procedure", "introduced")


@dataclass(frozen=True, eq=False)
class Issue:
    """An issue and the positions of the actors on it.

    Attributes:
        name: name of the issue.
        proposal: the proposal that the issue is part of; the issue's name if the table gives none.
        packaged: whether the table gives one.
        council_rule: "QMV" or "unanimity".
        procedure: legislative procedure as in the table; "" if it gives none.
        introduced: date of the proposal; None if the table gives none.
        reference_point: the status quo that holds without a decision, 0 to 100; NaN if there is none.
        outcome: the decision, 0 to 100; NaN if unknown.
        actors: codes of the n actors with a position.
        position: positions (n,), 0 to 100.
        salience: saliences (n,), 0 to 100; NaN where missing.
        capability: weights (n,), NaN where missing; None if the table has none for this issue.

    Source: Arregui and Perarnaud (2021), whose variables these are.
    """

    name: str
    proposal: str
    packaged: bool
    council_rule: str
    procedure: str
    introduced: date | None
    reference_point: float
    outcome: float
    actors: tuple[str, ...]
    position: Floats
    salience: Floats
    capability: Floats | None


def read_positions(source: Source) -> list[Issue]:
    """Read a CSV file, a folder with issues.csv and positions.csv, a data frame, or `deu`, the shipped data.

    Raises:
        BadInput: a missing file or column, or malformed rows, which are all listed.
    """
    return _read(source)[0]


def read_with_digest(source: Source) -> tuple[list[Issue], str]:
    """The issues, as from `read_positions`, and the SHA-256 of the tables."""
    issues, tables = _read(source)
    return issues, digest({table.name: table.bytes for table in tables})


def _read(source: Source) -> tuple[list[Issue], list[InputTable]]:
    needed, known = ("issue", "actor", "position", "salience"), dict[str, Values]()
    if isinstance(source, pd.DataFrame):
        content = source.to_csv(index=False).encode()
        path = Path("the data frame")
    else:
        content = None
        path = Path(__file__).with_name("deu3") if str(source) == SHIPPED else Path(source)
    if content is None and path.is_dir():
        issues = _Rows(path / "issues.csv", ("issue",), OF_ISSUE)
        rows = _Rows(path / "positions.csv", needed, ("capability",))
        known = _issues_of_folder(issues)
        found = _actors(rows, lambda row, line: _known(row["issue"], known))
        _refuse(path.name, {"issues.csv, ": issues, "positions.csv, ": rows})
        tables = [issues.table, rows.table]
    else:
        rows = _Rows(path, needed, ("capability", *OF_ISSUE), content)
        found = _actors(rows, lambda row, line: _agreeing(row, line, known, rows))
        _refuse(path.name, {"": rows})
        tables = [rows.table]
    weighted = "capability" in rows.table
    return [_issue(name, known[name], actors, weighted) for name, actors in found.items()], tables


@dataclass
class _Rows:
    """A table, and the faults of its rows by line number."""

    path: Path
    required: tuple[str, ...]
    optional: tuple[str, ...]
    content: bytes | None = None
    faults: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = InputTable(
            self.path,
            required=self.required,
            optional=self.optional,
            faults=self.faults,
            content=self.content,
        )

    def read(self, row: Mapping[str, str], columns: tuple[str, ...], line: int) -> Values:
        """The values of some columns of a row. An invalid value is added to the faults and omitted."""
        found: Values = {}
        for column in columns:
            if column not in row:
                continue
            try:
                found[column] = _READERS[column](column, row[column])
            except ValueError as fault:
                self.faults.setdefault(line, []).append(str(fault))
        return found


def _number(column: str, text: str, high: float = 100.0) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= high:
        allowed = f"a number from 0 to {high:g}"
        raise ValueError(
            f"{column} {text!r} is not {allowed}; correct it" if text else f"{column} is empty; enter {allowed}"
        )
    return value


def _number_or_nothing(column: str, text: str, high: float = 100.0) -> float:
    return _number(column, text, high) if text else math.nan


def _day(column: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column} {text!r} is not a date; write it as 2004-05-01") from None
    if day < FIRST:
        raise ValueError(
            f"{column} {text} is before {FIRST}, the date of the earliest Council rule in the data; leave it empty"
        )
    return day


def _rule(column: str, text: str) -> str:
    if text not in ("", *RULES):
        raise ValueError(f"{column} is {text!r}; it must be {' or '.join(RULES)}, or empty for {RULES[0]}")
    return text or RULES[0]


def _name(column: str, text: str) -> str:
    if not text:
        raise ValueError(f"{column} is empty; enter a name")
    return text


_READERS: dict[str, Callable[[str, str], object]] = {
    "issue": _name,
    "actor": _name,
    "position": _number,
    "salience": _number_or_nothing,
    "capability": lambda column, text: _number_or_nothing(column, text, LARGEST),
    "outcome": _number_or_nothing,
    "reference_point": _number_or_nothing,
    "council_rule": _rule,
    "proposal": lambda column, text: text,
    "procedure": lambda column, text: text,
    "introduced": _day,
}


def _issues_of_folder(rows: _Rows) -> dict[str, Values]:
    known: dict[str, Values] = {}
    first: dict[str, int] = {}
    for row, line in zip(rows.table.rows, rows.table.lines, strict=True):
        values = rows.read(row, ("issue", *OF_ISSUE), line)
        name = row["issue"]
        if name in first:
            rows.faults.setdefault(line, []).append(
                f"issue {name!r} is already in line {first[name]}; keep one row per issue"
            )
        first.setdefault(name, line)
        known.setdefault(name, values)
    return known


def _known(name: str, known: dict[str, Values]) -> str | None:
    return None if name in known or not name else f"issue {name!r} is not in issues.csv; add it there"


def _agreeing(row: Mapping[str, str], line: int, known: dict[str, Values], rows: _Rows) -> str | None:
    """Add a row's facts about its issue to `known`. Returns a fault if an earlier row of the issue contradicts them."""
    values = rows.read(row, OF_ISSUE, line)
    earlier = known.setdefault(row["issue"], values)
    for column, value in values.items():
        said = earlier.setdefault(column, value)
        if said != value and not (said != said and value != value):
            return (
                f"{column} {row[column]!r} differs from {said!r} in an earlier row of issue {row['issue']!r}; "
                "use the same value in all rows of an issue"
            )
    return None


def _actors(rows: _Rows, check: Callable[[Mapping[str, str], int], str | None]) -> dict[str, dict[str, Values]]:
    """The values of each row, by issue and then by actor."""
    found: dict[str, dict[str, Values]] = {}
    first: dict[tuple[str, str], int] = {}
    for row, line in zip(rows.table.rows, rows.table.lines, strict=True):
        values = rows.read(row, ("issue", "actor", *OF_ACTOR), line)
        fault = check(row, line)
        key = row["issue"], row["actor"]
        if all(key) and key in first:
            fault = (
                f"{key[1]} already has a position on issue {key[0]!r} in line {first[key]}; "
                "keep one row per actor and issue"
            )
        if fault:
            rows.faults.setdefault(line, []).append(fault)
        first.setdefault(key, line)
        found.setdefault(row["issue"], {})[row["actor"]] = values
    return found


def _refuse(name: str, tables: dict[str, _Rows]) -> None:
    lines = [
        f"  {place}line {line}: {'; '.join(dict.fromkeys(faults))}."
        for place, rows in tables.items()
        for line, faults in sorted(rows.faults.items())
    ]
    if not lines:
        return
    more = [f"  and {len(lines) - MOST_SHOWN:,} more."] if len(lines) > MOST_SHOWN else []
    count = f"{len(lines):,} rows" if len(lines) > 1 else "1 row"
    raise BadInput("\n".join([f"{name}: {count} must be corrected.", *lines[:MOST_SHOWN], *more]))


def _issue(name: str, known: Values, actors: dict[str, Values], weighted: bool) -> Issue:
    def column(which: str) -> Floats:
        return np.array([values[which] for values in actors.values()], dtype=np.float64)

    introduced, capability = known.get("introduced"), column("capability") if weighted else None
    return Issue(
        name,
        str(known.get("proposal") or name),
        bool(known.get("proposal")),
        str(known.get("council_rule", RULES[0])),
        str(known.get("procedure", "")),
        introduced if isinstance(introduced, date) else None,
        float(known.get("reference_point", math.nan)),  # type: ignore[arg-type]
        float(known.get("outcome", math.nan)),  # type: ignore[arg-type]
        tuple(actors),
        column("position"),
        column("salience"),
        capability if capability is not None and np.isfinite(capability).any() else None,
    )
