"""`juste-retour positions`: predict decisions from a table of positions, and print each model's error."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Annotated

import numpy as np

from juste_retour.agents.errors import BadInput
from juste_retour.runs.base import printing
from juste_retour.runs.base.numerals import counted
from juste_retour.runs.base.printing import console, picked, print_table
from juste_retour.runs.cli.options import Json, OutDir, argument, option
from juste_retour.runs.cli.settings import several
from juste_retour.runs.results import export
from juste_retour.runs.studies.positions.capability import SHARE
from juste_retour.runs.studies.positions.prediction import Predictions
from juste_retour.runs.studies.positions.prediction import positions as predict

MOST_NAMED, MOST_ROWS = 5, 44  # of unknown actors and of predictions that are printed
NAMES = (  # repeated here so that --help does not import the models
    "compromise",
    "exchange",
    "exchange_issue_by_issue",
    "mean",
    "median",
    "weighted_median",
    "nash",
    "kalai_smorodinsky",
    "setter",
    "closed_rule",
    "baron_ferejohn",
)


def positions(
    file: Annotated[
        str,
        argument(
            "A table with the columns issue, actor, position, salience and optionally capability, outcome, "
            "reference_point, council_rule, proposal, procedure, introduced; a folder with issues.csv and positions.csv; "
            "or deu, the DEU III data on 364 issues in the EU, which ship with the package.",
            "FILE.csv|DIR|deu",
        ),
    ],
    models: Annotated[str | None, option(f"Models to apply, of {', '.join(NAMES)}.  [default: all]", "A,B,...")] = None,
    by: Annotated[
        str | None, option("Score the issues by Council rule, procedure or period.", "rule|procedure|period")
    ] = None,
    share: Annotated[
        float | None,
        option(
            "If the table has no capabilities: that of the Commission, and of the Parliament, as a share of the "
            "states' total.  [default: 0.33]",
            "X",
        ),
    ] = None,
    common: Annotated[
        bool, option("Score only issues for which every model predicts an outcome.", None, "--common")
    ] = False,
    seed: Annotated[int, option("Random seed of the bootstrap intervals.")] = 0,
    json: Json = False,
    out: OutDir = None,
    format: Annotated[
        str | None,
        option("With --out: parquet, csv or dta; separate several with commas.  [default: parquet]", "FORMATS"),
    ] = None,
) -> None:
    """Predict real decisions from the actors' positions by eleven models, and score the predictions."""
    if format is not None and out is None:
        raise BadInput("--format needs --out; add --out DIR.")
    formats = export.known_formats(several(format or "parquet"))
    if out is not None:
        export.prepare(out, export.files(("outcomes", "scores", "omitted", "forecasts"), formats))
    with printing.progress("models") as report:
        found = predict(
            file,
            None if models is None else several(models),
            by=by,
            share=SHARE if share is None else share,
            common=common,
            seed=seed,
            progress=report,
        )
    written = [] if out is None else found.write(out, formats)
    if json:
        printing.print_json(_as_json(found))
        return
    _show(found)
    if out is not None:
        printing.console().print(f"Written to {out}: {', '.join(path.name for path in written)}.", soft_wrap=True)


def _as_json(found: Predictions) -> dict[str, object]:
    counts = (
        "issues",
        "proposals",
        "rows",
        "rows_without_salience",
        "rows_without_capability",
        "issues_without_outcome",
    )
    return {
        **picked(found, *counts, "share", "capability", "unknown_actors"),
        **{name: table.to_dict("records") for name, table in found.tables.items()},
    }


def _show(found: Predictions) -> None:
    where = console()
    where.print(
        f"{counted(found.issues, 'issue')} of {counted(found.proposals, 'proposal')}, "
        f"{counted(found.rows, 'position')}",
        soft_wrap=True,
    )
    where.print()
    if len(found.scores):
        base = found.outcomes.model.iloc[0]
        groups = [name for name in found.scores.columns[:1] if name != "model"]
        rows = [
            (
                *(str(row[name]) for name in groups),
                row["model"],
                f"{row['n']}",
                f"{row['mean_absolute_error']:.1f}",
                f"{row['low']:.1f} to {row['high']:.1f}",
                *_difference(row),
            )
            for row in found.scores.to_dict("records")
        ]
        errors = [float(value) for value in found.scores.mean_absolute_error]
        headings = (*groups, "model", "issues", "error", "95 %", f"vs {base}", "95 % ")
        print_table(where, headings, rows, right=("issues", "error", f"vs {base}"), bars=("error", errors))
        note = (
            "Error: mean absolute distance between predicted and actual outcome, on a scale of 0 to 100. 95 %: bootstrap "
            f"interval over proposals. vs {base}: error less that of {base}, on the issues that both predict; below 0 the model "
            "is better."
        )
    else:
        known = found.outcomes.dropna(subset="outcome").to_dict("records")
        rows = [(row["issue"], row["model"], f"{row['outcome']:.1f}") for row in known[:MOST_ROWS]]
        print_table(where, ("issue", "model", "outcome"), rows, right=("outcome",))
        note = "Outcome: the prediction, 0 to 100. No issue has an actual outcome, so nothing is scored."
        if len(known) > MOST_ROWS:
            note += f" {len(known) - MOST_ROWS:,} more predictions are in --json and --out."
    where.print()
    where.print(note, soft_wrap=True)
    _show_forecasts(found)
    _show_left_out(found)


def _difference(row: Mapping[Hashable, float]) -> tuple[str, str]:
    if np.isnan(row["difference"]):
        return "", ""
    return f"{row['difference']:+.1f}", f"{row['difference_low']:.1f} to {row['difference_high']:.1f}"


def _show_forecasts(found: Predictions) -> None:
    """The distributions: their scores where decisions are known, and the forecast of each issue where they are not."""
    where, known = console(), found.forecasts.dropna(subset="log_score")
    ahead = found.forecasts[found.forecasts.log_score.isna()].to_dict("records")
    where.print()
    if len(known):
        where.print(
            f"As a distribution: mean log score {known.log_score.mean():.2f}, CRPS {known.crps.mean():.1f} points.",
            soft_wrap=True,
        )
    rows = [
        (
            r["issue"],
            f"{r['q50']:.0f}",
            f"{r['q05']:.0f} to {r['q95']:.0f}",
            f"{r['position']:.0f}",
            f"{r['probability']:.2f}",
        )
        for r in ahead[:MOST_ROWS]
    ]
    if rows:
        print_table(where, ("issue", "median", "90 %", "likeliest position", "probability"), rows, right=("median",))
    where.print(
        "The distribution's weights are fitted to decisions of the European Union on other proposals (the DEU data).",
        soft_wrap=True,
    )


def _show_left_out(found: Predictions) -> None:
    where = console()
    if found.share is not None:
        where.print(
            "Capability: Shapley-Shubik power under the Council's rule of the day; the Commission and the Parliament "
            f"each {found.share:g} of the states' total (assumed).",
            soft_wrap=True,
        )
    if found.unknown_actors:
        shown = ", ".join(found.unknown_actors[:MOST_NAMED])
        more = ", ..." if len(found.unknown_actors) > MOST_NAMED else ""
        where.print(
            f"Capability: all actors count the same on {counted(found.capability['equal'], 'issue')}, because these "
            f"actors are not known to vote in the Council: {shown}{more}. Use codes for states (EL, UK), COM for the "
            "Commission and EP for the Parliament.",
            soft_wrap=True,
        )
    for rows, what in ((found.rows_without_salience, "salience"), (found.rows_without_capability, "capability")):
        if rows:
            where.print(
                f"{counted(rows, 'position')} without a {what}: omitted by the weighted models.", soft_wrap=True
            )
    if found.issues_without_outcome:
        where.print(
            f"{counted(found.issues_without_outcome, 'issue')} without an outcome: not scored.",
            soft_wrap=True,
        )
    reasons: dict[tuple[str, int], list[str]] = {}
    for row in found.omitted.to_dict("records"):
        reasons.setdefault((row["reason"], row["issues"]), []).append(row["model"])
    for (reason, issues), models in reasons.items():
        where.print(f"{counted(issues, 'issue')} omitted by {', '.join(models)}: {reason}.", soft_wrap=True)
