"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
MembersDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder with the tables of another union.  [default: the scenario's union]"
    ),
]
OutDir = Annotated[Path | None, typer.Option(metavar="DIR", help="Write tables to this folder.")]
ResultDir = Annotated[Path, typer.Argument(metavar="DIR", help="Results folder that `batch --out` wrote.")]
Rules = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="FILE.py", help="Python file with your own rules. Repeatable."),
]
Seed = Annotated[int, typer.Option(help="Random seed; the same seed gives the same results.")]
Yes = Annotated[bool, typer.Option("--yes", help="Run even if the estimate is more than an hour.")]
