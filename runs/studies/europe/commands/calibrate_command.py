"""`juste-retour calibrate`: estimate political parameters from the first waves and score forecasts of the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import counted, number
from juste_retour.runs.base.printing import print_table
from juste_retour.runs.base.provenance import platform_facts
from juste_retour.runs.cli.options import Json, Yes
from juste_retour.runs.cli.patience import check_runs
from juste_retour.runs.results.export import write
from juste_retour.runs.studies.europe import earlier_calls
from juste_retour.runs.studies.europe.evidence import calibration, plan_of
from juste_retour.runs.studies.europe.forecasts import who_is_ahead

SPARE = ("From", "To", "Expected", "Unfinished", "5 % ", "95 % ", "In ", "In")
BETWEEN = {"median": "Median", "low": "5 %", "high": "95 %"}
SCORES = {
    "wave": "Wave",
    "forecast": "Forecast",
    "expected": "Expected",
    "brier": "Brier",
    "log_score_sum": "Log score",
    "model_less_this": "Model minus this",
    "low": "5 %",
    "high": "95 %",
}
OF_CALLS = {
    "what": "Call",
    "forecast": "Forecast",
    "expected": "Expected",
    "happened": "Happened",
    "log_score": "Log score",
    "brier": "Brier",
    "gain": "Gain",
    "low": "5 %",
    "high": "95 %",
}
# by table: title, headings of the columns, note below
SHOWN: dict[str, tuple[str, dict[str, str], str]] = {
    "parameters": (
        "Posterior",
        {
            "parameter": "Parameter",
            "prior_low": "From",
            "prior_high": "To",
            **BETWEEN,
            "narrowed": "Narrowed",
        },
        "Narrowed: reduction of the prior's standard deviation, as a share; near 0, the waves say little about the parameter.",
    ),
    "moments": (
        "Moments: new runs of the posterior and of the prior",
        {
            "moment": "Moment",
            "observed": "Observed",
            **BETWEEN,
            "inside": "In",
            "prior_median": "Prior",
            "prior_low": "5 % ",
            "prior_high": "95 % ",
            "prior_inside": "In ",
        },
        "Where the prior's interval already contains the observed value, the fit is no test. Mechanisms and ranges were "
        "chosen with knowledge of the nineteen sites.",
    ),
    "delays": (
        "Delays, months",
        {
            "interval": "Interval",
            "unfinished": "Unfinished",
            "finished_median": "Finished",
            "median": "All",
            "median_low": "5 %",
            "median_high": "95 %",
            "simulated_median": "Model",
            "simulated_low": "5 % ",
            "simulated_high": "95 % ",
        },
        "Finished: median of finished machines only. All: median of a lognormal fit with unfinished machines as censored "
        "observations, with its 90 % interval. Model: median and 90 % interval of simulated facilities.",
    ),
    "counts": (
        "Counts, not fitted",
        {
            "count": "Count",
            "observed": "Observed",
            **BETWEEN,
            "log_score": "Log score",
            "as_many_as_before": "As many as before",
        },
        "",
    ),
    "waves": (
        "Which states receive a site, wave by wave: each forecast uses earlier waves only",
        SCORES,
        "Log score: sum over the states. The model's forecast of the first wave is from the prior.",
    ),
    "hosts": ("Which states host at least one site", SCORES, ""),
    "standing": (
        "Probability of working at the end of 2027",
        {
            "factory": "Factory",
            "the model": "Model",
            "earlier machines": "Earlier machines",
            "as announced": "Announced",
        },
        "These forecasts can be scored from 2028 on.",
    ),
    "past": (
        "The same delays on machines of 2019 to 2023: do they work by their announced date, and a year later?",
        {
            "forecast": "Forecast",
            "expected": "Expected",
            "brier": "Brier",
            "log_score": "Log score",
            "questions": "Questions",
            "happened": "Happened",
        },
        "Log score: mean over the questions.",
    ),
    "factories": (
        "Factories: which states host, from the calls of 2019 to 2023 alone",
        OF_CALLS,
        "Log score: mean over the states. Gain: the model's log score less the other's; above zero the model is better.",
    ),
    "calls": ("Calls: which states host, from earlier calls", OF_CALLS, ""),
    "call_counts": (
        "Bids, sites and money of each call",
        {"call": "Call", "forecast": "Forecast", "count": "Count", "observed": "Observed", **BETWEEN},
        "",
    ),
    "identified": (
        "Narrowed by",
        {"parameter": "Parameter", "factories": "Factories", "calls": "Calls", "both": "Both"},
        "Reduction of the prior's standard deviation, as a share; near 0, the data say little.",
    ),
}


def calibrate(
    spec: Annotated[
        Path | None,
        typer.Argument(
            metavar="SPEC",
            help="Calibration file.  [default: the published one, runs/specs/calibration.toml]",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Number of draws from the prior; the share that is kept stays the same.  [default: the file's]",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write posterior.csv and other tables to this folder.")
    ] = None,
    calls: Annotated[
        bool,
        typer.Option(
            "--calls",
            help="Forecast EuroHPC's calls of 2019 to 2023, and from these alone the AI factories.",
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
    for name, (title, columns, say) in SHOWN.items():
        if name not in tables:
            continue
        _show_table(title, tables[name], columns, where)
        if say:
            where.print(say, soft_wrap=True)
        if name == "hosts" and "third_wave" in tables:
            where.print(who_is_ahead(tables["third_wave"], tables["hosts"]), soft_wrap=True)


def _show_table(title: str, table: pd.DataFrame, columns: dict[str, str], where: Console) -> None:
    heads = {column: head for column, head in columns.items() if column in table}
    rows = [[number(row[column], 3) for column in heads] for row in table.to_dict("records")]
    right = list(heads.values())[1:]
    where.print()
    where.print(title, style="bold")
    print_table(where, list(heads.values()), rows, right=right, spare=[h for h in SPARE if h in right])
