"""`juste-retour calibrate`: estimate political parameters from the first waves and score forecasts of the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
from rich.console import Console

from juste_retour.abm.base.toml import read_toml
from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import counted, number
from juste_retour.runs.base.printing import print_table
from juste_retour.runs.base.provenance import platform_facts
from juste_retour.runs.cli.options import Json, Yes, argument, option
from juste_retour.runs.cli.patience import check_runs
from juste_retour.runs.results.export import write
from juste_retour.runs.studies.europe import earlier_calls
from juste_retour.runs.studies.europe.evidence import calibration, plan_of
from juste_retour.runs.studies.europe.forecasts import who_is_ahead

SPARE = ("From", "To", "Expected", "Unfinished", "5 % ", "95 % ", "In ", "In")


def calibrate(
    spec: Annotated[
        Path | None,
        argument("Calibration file.  [default: the published one, runs/specs/calibration.toml]", "SPEC"),
    ] = None,
    draws: Annotated[
        int | None,
        option(
            "Number of draws from the prior; the share that is kept stays the same.  [default: the file's]",
            "N",
        ),
    ] = None,
    out: Annotated[Path | None, option("Write posterior.csv and other tables to this folder.", "DIR")] = None,
    calls: Annotated[
        bool,
        option(
            "Forecast other calls, EuroHPC's of 2019 to 2025 and one of the United States, and from those of 2019 to "
            "2023 alone the AI factories.",
            None,
            "--calls",
        ),
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Estimate the political parameters from the first waves of a call, and score the prediction of the next wave."""
    plan = plan_of(spec, draws)
    last = plan.scenario.until(plan.decisions[plan.waves - 1])
    check_runs([last], plan.draws, yes, times=len(plan.decisions))  # there is a calibration for each wave
    with printing.progress("worlds") as report:
        tables, about = earlier_calls.forecast(plan, report) if calls else calibration(spec, draws, report)
    if out is not None:
        _write(tables, about, out)
    if json:
        printing.print_json(about | {name: table.to_dict("records") for name, table in tables.items()})
        return
    _show(tables, about, printing.console())


def _write(tables: dict[str, pd.DataFrame], about: dict[str, object], out: Path) -> None:
    write(tables, out, ("csv",), about | platform_facts())


def _show(tables: dict[str, pd.DataFrame], about: dict[str, object], where: Console) -> None:
    where.print(
        f"{about['scenario']}, seed {about['seed']}, fitted to {counted(float(str(about['waves'])), 'wave')} of "
        f"{about['observed']}: {about['kept']} of {about['draws']:,} draws kept"
        + (f" (effective sample size {about['effective']:.0f})." if "effective" in about else "."),
        soft_wrap=True,
    )
    if unused := about.get("unused"):
        where.print(f"Not fitted, because unknown or the same in every draw: {unused}.", soft_wrap=True)
    for name, shown in read_toml(Path(__file__).with_name("calibration_tables.toml")).items():
        if name not in tables:
            continue
        _show_table(shown["title"], tables[name], shown["columns"], where)
        if "note" in shown:
            where.print(shown["note"], soft_wrap=True)
        if name == "hosts" and "third_wave" in tables:
            where.print(who_is_ahead(tables["third_wave"], tables["hosts"]), soft_wrap=True)


def _show_table(title: str, table: pd.DataFrame, columns: dict[str, str], where: Console) -> None:
    heads = {column: head for column, head in columns.items() if column in table}
    rows = [[number(row[column], 3) for column in heads] for row in table.to_dict("records")]
    right = list(heads.values())[1:]
    where.print()
    where.print(title, style="bold")
    print_table(where, list(heads.values()), rows, right=right, spare=[h for h in SPARE if h in right])
