"""Printing for commands: JSON, tables with bars, and progress of long work."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Literal

from juste_retour.runs.base.numerals import plain

if TYPE_CHECKING:
    from rich.console import Console

EIGHTHS = " ▏▎▍▌▋▊▉█"
GAP = 2  # spaces between columns
LEAST_BAR, MOST_BAR = 8, 30  # shortest and longest length in characters of a table's longest bar
PIPE = 160  # columns of an output that is not a terminal
PATIENCE = 1.0  # seconds before progress is shown
EVERY = 15.0  # seconds between lines of progress if there is no terminal


_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """A text with control characters escaped, which could otherwise command a terminal or reverse its direction.

    The result is valid inside a JSON or TOML string.
    """
    return _UNSHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_json(content: object) -> None:
    """Print one JSON object to standard output; numbers that are not finite become null."""
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    sys.stdout.write(json_text(content, ascii_only=not unicode))


def json_text(content: object, ascii_only: bool = False) -> str:
    """A JSON object as text: keys in their order, numbers in full, null for numbers that are not finite.

    A data class is an object of its fields, and an array a list.

    Args:
        content: the object.
        ascii_only: whether to escape other characters, for an output whose encoding lacks them.
    """
    return visible(json.dumps(_finite(content), indent=2, ensure_ascii=ascii_only, allow_nan=False)) + "\n"


def _finite(content: object) -> object:
    if is_dataclass(content) and not isinstance(content, type):
        content = picked(content, *(f.name for f in fields(content)))
    if isinstance(content, Mapping):
        return {str(key): _finite(value) for key, value in content.items()}
    if hasattr(content, "tolist"):  # an array
        content = content.tolist()
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return plain(content)


def picked(found: object, *names: str) -> dict[str, object]:
    """Some attributes of an object by name, for JSON."""
    return {name: getattr(found, name) for name in names}


def console(stderr: bool = False) -> Console:
    """A console as wide as the terminal; without a terminal 160 columns wide and without color."""
    from rich.console import Console
    from rich.text import Text

    wide = None if (sys.stderr if stderr else sys.stdout).isatty() or "COLUMNS" in os.environ else PIPE

    class Visible(Console):
        """A console that escapes control characters in texts from files and arguments."""

        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(visible(text), **options)

    return Visible(stderr=stderr, highlight=False, emoji=False, markup=False, width=wide)


def print_table(
    where: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str] = (),
    bars: tuple[str, Sequence[float]] | None = None,
    spare: Sequence[str] = (),
) -> None:
    """Print a table without borders; columns that do not fit are printed in further tables below it.

    Args:
        where: the console.
        headings: of the columns.
        rows: one text per heading; the first names the row and is repeated in further tables.
        right: headings of the columns that are aligned to the right.
        bars: the heading after which a column of bars is placed, and the value of each row.
        spare: headings of the columns that are first moved below in a narrow terminal, in this order.
    """
    widths = [max([len(heading), *(len(row[i]) for row in rows)]) + GAP for i, heading in enumerate(headings)]
    least = LEAST_BAR if bars else 0
    left, first = list(range(len(headings))), True
    leaving = [headings.index(h) for h in spare] + [
        i for i in reversed(range(1, len(headings))) if headings[i] not in spare
    ]
    while left:
        kept = list(left)
        for i in leaving:
            if sum(widths[k] for k in kept) - GAP + least > where.width and i in kept and len(kept) > 2 - first:
                kept.remove(i)
        if not first:
            where.print()
        _print_part(where, headings, rows, right, bars, kept, sum(widths[k] for k in kept))
        rest = [i for i in left if i not in kept]
        left = [0, *rest] if rest else []
        bars, least, first = None, 0, False


def _print_part(
    where: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str],
    bars: tuple[str, Sequence[float]] | None,
    kept: Sequence[int],
    width: int,
) -> None:
    """Print some columns of a table, `width` characters wide without their bars."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    room = min(max(where.width - width - GAP, 1), MOST_BAR)
    for i in kept:
        justify: Literal["right", "left"] = "right" if headings[i] in right else "left"
        table.add_column(headings[i], justify=justify, no_wrap=True, overflow="ellipsis")
        if bars and headings[i] == bars[0]:
            table.add_column("", no_wrap=True, overflow="crop")
    most = max(bars[1], default=0.0) if bars else 0.0
    for k, row in enumerate(rows):
        cells = []
        for i in kept:
            cells.append(row[i])
            if bars and headings[i] == bars[0]:
                cells.append(bar(bars[1][k], most, room, where))
        table.add_row(*cells)
    where.print(table)


def print_grid(where: Console, rows: Sequence[tuple[str, str]]) -> None:
    """Print pairs of a name and a text in two columns; the text is wrapped."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    where.print(table)


def bar(value: float, most: float, width: int, where: Console) -> str:
    """A bar whose length is the value's share of `most`, times `width` characters, in eighths if the encoding has them."""
    if most <= 0 or not math.isfinite(value) or value <= 0:
        return ""
    eighths = max(round(8 * width * value / most), 1)
    if not where.encoding.lower().startswith("utf"):
        return "#" * max(round(eighths / 8), 1)
    return EIGHTHS[8] * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")


def progress_lines(what: str) -> Callable[[int, int], None]:
    """A callback (done, all) that prints a line on standard error at most every 15 seconds."""
    last = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() - last > EVERY:
            last = time.monotonic()
            print(f"{done:,} of {total:,} {what}", file=sys.stderr)

    return report


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback (done, all) that shows progress on standard error.

    On a terminal it shows a bar after one second, else it prints a line every 15 seconds.
    """
    if not sys.stderr.isatty():
        yield progress_lines(what)
        return
    started, shown, task = time.monotonic(), None, None

    def report(done: int, total: int) -> None:
        nonlocal shown, task
        if shown is None and done < total and time.monotonic() - started > PATIENCE:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            shown = Progress(
                TextColumn(what),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=console(True),
                transient=True,
            )
            shown.start()
            task = shown.add_task(what, total=total)
        if shown is not None and task is not None:
            shown.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        if shown is not None:
            shown.stop()


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(headings), "|" + "---|" * len(headings), *map(line, rows)])
