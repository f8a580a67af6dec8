"""Options of commands: how one is declared, and those that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer


def option(text: str, metavar: str | None = None, *names: str) -> Any:
    """Declare an option: its help, the placeholder of its value, and its names if they differ from the parameter's."""
    return typer.Option(*names, metavar=metavar, help=text)


def argument(text: str, metavar: str | None = None) -> Any:
    """Declare an argument: its help, and its name in the usage."""
    return typer.Argument(metavar=metavar, help=text)


Json = Annotated[bool, option("Print one JSON object instead of text.", None, "--json")]
MembersDir = Annotated[
    Path | None, option("Folder with the tables of another union.  [default: the scenario's union]", "DIR")
]
OutDir = Annotated[Path | None, option("Write tables to this folder.", "DIR")]
ResultDir = Annotated[Path, argument("Results folder that `batch --out` wrote.", "DIR")]
Rules = Annotated[list[Path] | None, option("Python file with your own rules. Repeatable.", "FILE.py", "--rules")]
Seed = Annotated[int, option("Random seed; the same seed gives the same results.")]
Yes = Annotated[bool, option("Run even if the estimate is more than an hour.", None, "--yes")]
