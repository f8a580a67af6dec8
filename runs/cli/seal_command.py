"""`juste-retour seal` and `score`: seal a forecast of a decision that is still open, and score it afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import number
from juste_retour.runs.cli.options import Json, argument, option


def seal(
    spec: Annotated[Path, argument("Questions, facts and scenario, in TOML.", "FILE")],
    out: Annotated[Path | None, option("New file.  [default: the name of FILE, with .json]", "FILE")] = None,
    json: Json = False,
) -> None:
    """Seal a forecast of a decision that is still open: one file with question, facts, program, forecast and hash."""
    from juste_retour.runs.reports.sealed import HASH, MODEL, seal

    place = out or spec.with_suffix(".json")
    with printing.progress("replications") as report:
        content = seal(spec, place, progress=report)
    if json:
        printing.print_json(content)
        return
    where = printing.console()
    for name, forecasts in content["forecasts"].items():
        where.print(f"{name}: {forecasts[MODEL]}", soft_wrap=True)
    where.print(f"Sealed in {place}. Publish this hash where its date is kept: {content[HASH]}", soft_wrap=True)


def score(
    file: Annotated[Path, argument("Sealed forecast.", "FILE")],
    outcome: Annotated[Path, argument("What happened, in TOML.", "OUTCOME")],
    json: Json = False,
) -> None:
    """Score a sealed forecast once the outcome is known, beside forecasts that need no model."""
    from juste_retour.runs.reports.sealed import score

    rows = score(file, outcome).to_dict("records")
    if json:
        printing.print_json({"scores": rows})
        return
    shown = ["brier", "log_score", "difference"]
    cells = [[r["question"], r["forecast"], *(number(r[key], 3) for key in shown)] for r in rows]
    headings = ["question", "forecast", "Brier", "log score", "model less this"]
    printing.print_table(printing.console(), headings, cells, right=headings[2:])
