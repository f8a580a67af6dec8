"""The data dictionary: name, kind, unit and meaning of every column of the tables of a result.

`columns.csv` declares it; `runs/README.md` prints it, and exports take their column labels from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from juste_retour.abm.base.csv_tables import read_rows
from juste_retour.abm.price_of_politics import PriceOfPolitics
from juste_retour.abm.user_outcomes import TAKEN, USER_OUTCOMES
from juste_retour.agents.errors import BadInput, near


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as in the table.
        kind: string, integer, float, boolean, or quarter (a string such as `2026Q3`).
        unit: empty if it has none; `1` for a share or an index.
        meaning: one phrase, which also labels the column in Stata files.
    """

    name: str
    kind: str
    unit: str
    meaning: str


def declared(file: Path) -> dict[str, tuple[Column, ...]]:
    """The columns that a file declares by table, in the order of the file; those under no table are keys of all."""
    found: dict[str, tuple[Column, ...]] = {}
    for row in read_rows(file):
        found[row["table"]] = (
            *found.get(row["table"], ()),
            Column(**{f.name: row[f.name] for f in fields(Column)}),
        )
    return found


TABLES = declared(Path(__file__).with_name("columns.csv"))
KEYS = TABLES.pop("")
PRICES = tuple(field.name for field in fields(PriceOfPolitics))
DEFAULT = ("worlds", "states", "facilities", "votes")


TAKEN.update(column.name for column in TABLES["worlds"])


def own_columns(table: str) -> tuple[Column, ...]:
    """The columns of a table without its keys; those of `worlds` include the user's own outcomes."""
    if table != "worlds":
        return TABLES[table]
    return TABLES[table] + tuple(Column(o.name, "float", o.unit, o.meaning) for o in USER_OUTCOMES.values())


def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table, its keys first."""
    return KEYS + own_columns(table)


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return the tables asked for, in the order of `TABLES`; BadInput if one is unknown or none is named."""
    wanted = set(names)
    for name in sorted(wanted):
        if name not in TABLES:
            raise BadInput(f"`tables` names {name!r}, which is not a table; {near(name, TABLES)}")
    if not wanted:
        raise BadInput(f"`tables` names none; choose from {', '.join(TABLES)}.")
    return tuple(name for name in TABLES if name in wanted)


def dictionary(table: str) -> str:
    """The columns of a table as a Markdown table, as in `runs/README.md`."""
    lines = ["| column | kind | unit | meaning |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.kind} | {c.unit or '-'} | {c.meaning} |" for c in TABLES[table]]
    return "\n".join(lines)
