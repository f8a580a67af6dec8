"""Options that several commands take, each described once."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
MembersDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder with the tables of another union.")
]
ResultDir = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `batch --out` wrote.")]
Rules = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="FILE.py", help="File with rules of your own. Repeatable."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Run also what is estimated to take more than an hour.")]
