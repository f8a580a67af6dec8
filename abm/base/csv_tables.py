"""Reads tables that a user may write: CSV files whose values are checked.

An error names the file, the row (its line in the file; the header is line 1), the column, the value and the remedy.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from difflib import SequenceMatcher
from hashlib import sha256
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.files import content_of
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput, near

MISSING_VALUES = {"nan", "na", "n/a", "null", "none", "-", ":"}


class InputTable:
    """The rows and columns of a CSV file, with methods that return a column as checked values.

    Args:
        path: the file; UTF-8, comma-separated, with a header line first.
        required: columns that must be in the header.
        optional: columns that may be in it; a header that misspells one of them is refused.
        faults: if given, rows with too few or too many values are skipped and listed here by their line.
        content: the content of the file, if it is not to be read from disk.

    Raises:
        BadInput: the file is not such a table; a method also raises it for a value that is not valid.
    """

    def __init__(
        self,
        path: Path,
        *,
        required: Collection[str],
        optional: Collection[str] = (),
        faults: dict[int, list[str]] | None = None,
        content: bytes | None = None,
    ):
        self.path = path
        self.bytes = _bytes(path) if content is None else content
        self.columns, self.rows, self.lines = _parse(path.name, self.bytes, faults)
        known = [*required, *optional]
        for column in required:
            if column not in self.columns:
                self._fail_missing(column)
        for column in self.columns:
            if column not in known:
                self._refuse_misspelt(column, [k for k in known if k not in self.columns])

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.name

    def __contains__(self, column: str) -> bool:
        """Whether the header has the column."""
        return column in self.columns

    def __len__(self) -> int:
        """Number of rows below the header."""
        return len(self.rows)

    def fail(self, row: int, column: str, problem: str, remedy: str) -> NoReturn:
        """Raise `BadInput` for one cell; `row` counts from 0."""
        value = self.rows[row][column]
        raise BadInput(f"{self.name}, row {self.lines[row]}, column {column}: {value!r} {problem}; {_ended(remedy)}")

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a column of texts that are not empty."""
        return tuple(self._cell(row, column, "text") for row in range(len(self)))

    def notes(self, column: str) -> tuple[str, ...]:
        """Return a column of texts that may be empty."""
        return tuple(row[column] for row in self.rows)

    def unique(self, column: str) -> tuple[str, ...]:
        """Return a column of texts that are not empty and all different."""
        first: dict[str, int] = {}
        for row, text in enumerate(self.texts(column)):
            if text in first:
                self.fail(row, column, f"is already in row {self.lines[first[text]]}", "keep one row for each")
            first[text] = row
        return tuple(first)

    def choices(self, column: str, allowed: Collection[str], kind: str) -> tuple[str, ...]:
        """Return a column of texts that are each one of `allowed`; messages call such a text a `kind`."""
        texts = self.texts(column)
        for row, text in enumerate(texts):
            if text not in allowed:
                self.fail(row, column, f"is not a known {kind}", near(text, allowed))
        return texts

    def numbers(
        self,
        column: str,
        *,
        above: float = -math.inf,
        low: float = -math.inf,
        high: float = math.inf,
        remedy: str | None = None,
    ) -> list[float]:
        """Return a column of finite numbers, each greater than `above` and between `low` and `high`."""
        return [
            self._bounded(row, column, self._number(row, column), above, low, high, remedy) for row in range(len(self))
        ]

    def integers(self, column: str, *, low: int = 0, high: int = 10**12, missing: str | None = None) -> list[int]:
        """Return a column of integers between `low` and `high`; `missing` is the remedy for an empty cell."""
        found = []
        for row in range(len(self)):
            if missing and not self.rows[row][column]:
                self.fail(row, column, "is empty", missing)
            value = self._bounded(row, column, self._number(row, column), -math.inf, low, high, None)
            if value != int(value):
                self.fail(row, column, "is not an integer", f"give an integer of at least {low}")
            found.append(int(value))
        return found

    def flags(self, column: str) -> list[bool]:
        """Return a column of ones and zeros as booleans."""
        for row in range(len(self)):
            if self._cell(row, column, "1 or 0") not in ("0", "1"):
                self.fail(row, column, "is neither 1 nor 0", "write 1 for yes and 0 for no")
        return [row[column] == "1" for row in self.rows]

    def years(self, column: str) -> list[float]:
        """Return a column of dates such as "2025-09-05", "2025-09" (its first day) or 2025.7, as decimal years."""
        return [self._year(row, column) for row in range(len(self))]

    def shares(self, column: str) -> list[float]:
        """Return a column of shares between 0 and 1 whose sum differs from 1 by at most 1e-6."""
        values = self.numbers(column, low=0, high=1)
        share_sum = math.fsum(values)
        if abs(share_sum - 1) > 1e-6:
            raise BadInput(
                f"{self.name}, rows {self.lines[0]} to {self.lines[-1]}, column {column}: "
                f"the shares sum to {share_sum:.9g}, not to 1; divide each of them by {share_sum:.9g}."
            )
        return values

    def further(self, known: Collection[str]) -> dict[str, list[float]]:
        """Return all other columns that hold a number, by name.

        A column whose name is `recognition` or ends in `share` must hold shares that sum to 1.
        """
        found = {}
        for column in self.columns:
            if column in known or not any(_is_number(row[column]) for row in self.rows):
                continue
            shares = column == "recognition" or column.endswith("share")
            found[column] = self.shares(column) if shares else self.numbers(column)
        return found

    def _cell(self, row: int, column: str, wanted: str) -> str:
        text = self.rows[row][column]
        if not text:
            self.fail(row, column, "is empty", f"give a {wanted}" if wanted != "1 or 0" else "write 1 or 0")
        return text

    def _number(self, row: int, column: str) -> float:
        text = self._cell(row, column, "number")
        if text.casefold() in MISSING_VALUES:
            self.fail(row, column, "is a missing value", "give a number")
        try:
            value = float(text.encode("ascii"))  # `float` also accepts the digits of other scripts
        except ValueError:
            remedy = "write it with a decimal point and without separators, such as 1234.5"
            self.fail(row, column, "is not a number", remedy)
        if not math.isfinite(value):
            self.fail(row, column, "is not a finite number", "give a number")
        return value

    def _bounded(
        self, row: int, column: str, value: float, above: float, low: float, high: float, remedy: str | None
    ) -> float:
        if value > above and low <= value <= high:
            return value
        if math.isfinite(low) and math.isfinite(high):
            allowed = f"give a number from {low:.15g} to {high:.15g}"
        elif math.isfinite(low):
            allowed = f"give a number of at least {low:.15g}"
        else:
            allowed = f"give a number above {above:.15g}"
        self.fail(row, column, "is out of bounds", remedy or allowed)

    def _year(self, row: int, column: str) -> float:
        text = self._cell(row, column, "date")
        try:
            day = date.fromisoformat(text if text.count("-") != 1 else f"{text}-01")
        except ValueError:
            day = None
        if day is not None and "-" in text:
            start, end = date(day.year, 1, 1), date(day.year + 1, 1, 1)
            return day.year + (day - start).days / (end - start).days
        if _is_number(text) and 1900 <= float(text) <= 2200:
            return float(text)
        self.fail(row, column, "is not a date", "write 2025-09-05, 2025-09 or a decimal year such as 2025.7")

    def _fail_missing(self, column: str) -> NoReturn:
        similar = [c for c in self.columns if _misspells(c, column)]
        if similar:
            remedy = f"rename the column {similar[0]!r} to {column!r}"
        elif len(self.columns) == 1 and ";" in self.columns[0]:
            remedy = "separate the columns with commas, not semicolons"
        else:
            remedy = f"add it to the header, which has {', '.join(map(repr, self.columns))}"
        raise BadInput(f"{self.name}, row 1: the column {column!r} is missing; {remedy}.")

    def _refuse_misspelt(self, column: str, absent: list[str]) -> None:
        for wanted in absent:
            if _misspells(column, wanted):
                raise BadInput(
                    f"{self.name}, row 1: the column {column!r} is not known; did you mean {wanted!r}? If so, rename it."
                )


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a shipped table as dictionaries of texts; an empty cell is an empty text."""
    return _parse(path.name, _bytes(path))[1]


def digest(files: dict[str, bytes]) -> str:
    """Return the SHA-256 of the files' names and contents, sorted by name, as a hexadecimal text."""
    found = sha256()
    for name in sorted(files):
        found.update(name.encode())
        found.update(len(files[name]).to_bytes(8, "big"))
        found.update(files[name])
    return found.hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return content_of(path)
    except FileNotFoundError:
        raise BadInput(f"{path}: the file does not exist; add it, or name another folder.") from None
    except OSError as error:
        raise BadInput(f"{path}: the file cannot be read ({error.strerror}); check its permissions.") from None


def _parse(
    name: str, content: bytes, faults: dict[int, list[str]] | None = None
) -> tuple[list[str], list[dict[str, str]], list[int]]:
    """Return the header, the rows as dictionaries of stripped texts, and each row's line; see `InputTable`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(
            f"{name}, row {line}: the byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8."
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        records = [(number, record) for number, record in _records(reader) if any(record)]
    except csv.Error as error:
        raise BadInput(
            f"{name}, row {reader.line_num}: the file is not valid CSV ({error}); check that all quotes are closed."
        ) from None
    if not records:
        raise BadInput(f"{name}: the file is empty; add a header line and a row for each entry.")
    header = records[0][1]
    for position, column in enumerate(header):
        if not column:
            raise BadInput(f"{name}, row 1: column {position + 1} has no name; name it, or remove the comma before it.")
        if column in header[:position]:
            raise BadInput(f"{name}, row 1: the column {column!r} appears twice; remove or rename one.")
    if len(records) == 1:
        raise BadInput(f"{name}: there is no row below the header; add a row for each entry.")
    for line, record in records:
        odd = next((cell for cell in record if not cell.isprintable()), None)
        if odd is not None:
            raise BadInput(f"{name}, row {line}: {odd!r} contains an invisible character; type the cell again.")
    for line, record in records[1:]:
        if len(record) != len(header):
            problem = f"there are {len(record)} values for {len(header)} columns"
            if faults is None:
                raise BadInput(
                    f"{name}, row {line}: {problem}; "
                    "give one value for each column, with quotes around a text that contains a comma."
                )
            faults[line] = [f"{problem}; give one value for each column"]
    rows = [(line, record) for line, record in records[1:] if len(record) == len(header)]
    return (
        header,
        [dict(zip(header, record, strict=True)) for _, record in rows],
        [line for line, _ in rows],
    )


def _records(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    line = 1
    for record in reader:
        yield line, [cell.strip() for cell in record]
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("?", ".", ")")) else f"{sentence}."


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text.encode("ascii")))
    except ValueError:
        return False


def _misspells(column: str, wanted: str) -> bool:
    """Whether a column looks like a misspelling of `wanted`: a typing error, other case, order of words, or no unit."""
    a, b = column.casefold(), wanted.casefold()
    if sorted(a.split("_")) == sorted(b.split("_")):
        return True
    return b.startswith(f"{a}_") or SequenceMatcher(None, a, b).ratio() >= 0.8


Kind = TypeVar("Kind", bound=np.generic)


def _read_only(values: Iterable[float], kind: type[Kind]) -> NDArray[Kind]:
    """Return a read-only array, because all worlds of a process share the shipped Union."""
    array = np.array(list(values), dtype=kind)
    array.flags.writeable = False
    return array


def floats(values: Iterable[float]) -> Floats:
    """Return a read-only array of floats."""
    return _read_only(values, np.float64)


def integers(values: Iterable[int]) -> Integers:
    """Return a read-only array of integers."""
    return _read_only(values, np.int64)


def booleans(values: Iterable[bool]) -> Booleans:
    """Return a read-only array of booleans."""
    return _read_only(values, np.bool_)
