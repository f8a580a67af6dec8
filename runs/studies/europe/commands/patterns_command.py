"""`juste-retour patterns`: compare empirical patterns with simulated runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from rich.console import Console

from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base import printing
from juste_retour.runs.base.chunked import Progress
from juste_retour.runs.base.numerals import brief
from juste_retour.runs.base.printing import print_table
from juste_retour.runs.cli.options import Json, Yes, argument, option
from juste_retour.runs.cli.patience import refuse_hours, seconds_of
from juste_retour.runs.results.ensemble import simulate
from juste_retour.runs.studies.europe.comparators import REGIONS, beside
from juste_retour.runs.studies.europe.hosting import read
from juste_retour.runs.studies.europe.patterns import ELSEWHERE, compared, elsewhere


def patterns(
    folder: Annotated[
        Path | None,
        argument("Results of `run --out` or `batch --out`.  [default: new runs of eu-status-quo]", "DIR"),
    ] = None,
    worlds: Annotated[int, option("Without DIR: number of replications to run.", "N")] = 400,
    seed: Annotated[int, option("Without DIR: random seed of these replications.")] = 0,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Compare observed patterns of sites, money and delays with those of simulated runs."""
    parts: list[pd.DataFrame] = []
    if folder is not None:
        tables = read(folder)
        names = set(tables["states"].scenario.astype(str))
        name = names.pop() if len(names) == 1 else f"{len(names) + 1} scenarios"
        source, held = str(folder), ""
        if name in REGIONS:
            raise BadInput(f"{name} can be compared with real sites in new runs only; run `patterns` without a folder.")
        if name not in ELSEWHERE:
            parts.append(compared(tables))
        elif {"facilities", "worlds"} <= set(tables):
            parts.append(elsewhere(tables, name))
    else:
        name, source = "eu-status-quo", f"{worlds} new runs, seed {seed}"
        held = (
            "All parameters are fixed, so the intervals show the variation of random draws only. `juste-retour verdict` also "
            "varies the political parameters, and its intervals are wider."
        )
        few, others = max(worlds // 4, 2), [n for n in ELSEWHERE if n in presets()]
        seconds = seconds_of([load(name)], worlds) + seconds_of([load(n) for n in (*others, *REGIONS)], few)
        refuse_hours(seconds, yes, "use a smaller --worlds")
        with printing.progress("worlds") as report:
            parts.append(compared(_fresh(name, worlds, seed, report)))
            parts += [elsewhere(_fresh(n, few, seed, report), n) for n in others]
            parts += [beside(n, few, seed) for n in REGIONS]
    rows = [row for part in parts for row in part.to_dict("records")]
    if json:
        printing.print_json({"scenario": name, "source": source, "patterns": rows})
        return
    where = printing.console()
    _show(rows, f"{name}, {source}", where)
    if held:
        where.print()
        where.print(held, soft_wrap=True)


def _fresh(name: str, worlds: int, seed: int, report: Progress) -> Mapping[str, pd.DataFrame]:
    wanted = ("worlds", "states", "facilities")
    return simulate(name, worlds=worlds, seed=seed, tables=wanted, progress=report).tables


def _show(rows: list[dict[Hashable, Any]], title: str, where: Console) -> None:
    where.print(title)
    said = {None: "-", True: "yes", False: "NO"}
    for group in dict.fromkeys(row["group"] for row in rows):
        mine = [row for row in rows if row["group"] == group]
        where.print()
        where.print(group, style="bold")
        heads = ["Pattern", "Observed", "Median", "5 %", "95 %", "In"]
        table = [
            [r["pattern"], *(brief(r[k]) for k in ("observed", "median", "low", "high")), said[r["inside"]]]
            for r in mine
        ]
        print_table(where, heads, table, right=heads[1:5], spare=["95 %", "5 %", "In"])
        for note in dict.fromkeys(r["note"] for r in mine if r["note"]):
            where.print(f"  {note}.", soft_wrap=True)
