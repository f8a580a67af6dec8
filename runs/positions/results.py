"""The page of results on the shipped decisions: `uv run python -m juste_retour.runs.positions.results` writes it anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.runs.positions.capability import SHARE, Weighed, weighed
from juste_retour.runs.positions.line_models import PATIENCE, Bargaining
from juste_retour.runs.positions.models import NotApplicable, compromise
from juste_retour.runs.positions.prediction import Predictions, positions
from juste_retour.runs.positions.reading import SHIPPED, read_positions
from juste_retour.runs.positions.scores import differences, in_common, scores

PAGE = Path(__file__).with_name("RESULTS.md")
COMMAND = "uv run python -m juste_retour.runs.positions.results"
REPLICATION = "https://github.com/hamzagul07/schelling/blob/{}/BACKTEST.md"
SHARES = (0.0, 0.17, 0.33, 1.0)
PATIENCES = (0.5, 0.9)
BOUND = ("nash", "kalai_smorodinsky", "setter", "closed_rule", "baron_ferejohn")
FEW = ("compromise", "mean", "exchange", "setter")

TEXT = """# Eleven models on real decisions of the Union

`{command}` writes this page; seed 0. The data are the DEU III set of Arregui and Perarnaud (2021) ([source and license](deu3/SOURCE.md)): {issues} issues of {proposals} proposals, {scored} with an outcome. Errors are mean absolute distances from the outcome, on a scale of 0 to 100. Brackets are 95 % bootstrap intervals over proposals.

**In short.** The mean of positions predicts decisions best, and weights hardly matter: the compromise model is off by {compromise:.1f} points and the plain mean by {mean:.1f}. {gap} Models that start from the reference point are off by {least:.0f} to {most:.0f} points. Trades within a proposal do not bring predictions nearer to the outcome.

No parameter was fitted to an outcome. Two values are assumed and varied below: the capability of the Commission and of the Parliament (each {share:g} of all states' together), and the patience of the states in `baron_ferejohn` ({patience:g}).

## All models

Table 1. Mean absolute error of each model on all issues that it can predict: `juste-retour positions deu`.

{all}

The last five models need a reference point, which {without} issues lack; the setter needs a position of the Commission as well. So Table 2 is the fair comparison.

Table 2. The same on the {common} issues that every model predicts: `juste-retour positions deu --common`.

{in_common}

Table 3. Error of each model less the error of the plain mean, on the issues that both predict. An interval below zero: the model is better than the mean.

{differences}

## What was assumed

Table 4. Error of the compromise model by the capability of the Commission and of the Parliament, each as a share of all states' together (`--share`), and with equal capabilities.

{shares}

The default, {share:g}, is not the value with the smallest error; choosing that one would be fitting it.

Table 5. Error of `baron_ferejohn` by the discount factor between two proposals.

{patiences}

Nearer to 1 the search finds no equilibrium on some issues.

## By rule, procedure and period

Table 6. Four models under each rule of the Council (`--by rule`), procedure (`--by procedure`: COD codecision, CNS consultation) and Union at the time of the proposal (`--by period`).

{groups}

## Beside the literature

Table 7. Mean absolute errors that others report, on the same scale. The paper was not at hand: its numbers are quoted from the write-up of an open replication, whose own numbers are in the other rows.

| source and data | compromise or weighted mean | median | others | here |
|---|---|---|---|---|
| Bueno de Mesquita (2011), table 3, issues "without recursion point" | 19.4 | 19.8, weighted | 28.2, expected utility | {compromise:.1f} and {weighted_median:.1f}, all waves |
| the [replication with equal capabilities]({equal_write_up}): DEU III, 351 issues | 23.6 | 28.4 | 28.3, expected utility | {equal:.1f} and {median:.1f} |
| the [replication with the states' votes]({votes_write_up}) as capability, and as much as the largest state for each of the two bodies | 23.0 | 28.4 | 27.9, expected utility | {small_share:.1f} with a share of {small} for each |

The second and third rows are a check by a program that shares no code with this one: it finds the same errors on the same data. The first row is about fewer issues and cannot be compared number by number.

Table 8. What others report in words. Errors in The European Union Decides (Thomson et al. 2006; Achen 2006, and Schneider, Steunenberg and Widgrén in the same book) are not available to us as numbers; nor are those of the articles below, of which the abstracts were read.

| source | what it reports | here |
|---|---|---|
| Thomson et al. (2006), Achen (2006), on the first wave; as summarized by the notes that came with the data | the compromise model is about as good as any; errors of 20 to 30 points are normal; procedural models and models that start at the reference point do worse | the same, on three waves |
| Leinaweaver and Thomson (2014) | earlier studies found procedural models less accurate than the compromise model, and measurement error does not explain it | the setter's error exceeds the mean's by {setter} points |
| Slapin (2014) | with measurement error, the data cannot tell most models apart | weighted and plain mean, and mean and exchange, are close; models bound to the reference point are far off |
| Selck (2003) | a median model does better than a procedural one | the median is off by {median:.1f} points, the setter by {setter_error:.1f} |
| Schneider et al. (2010), 66 decisions | a model that weighs positions by salience predicts best; models with power resources do worse on average | neither salience nor power makes a difference beyond chance: {gap_alone} points |
| Franchino and Mariotto (2021), reforms of economic governance | the compromise model is accurate; so is a procedural model whose reference point is costly | the reference point is taken as coded, and costs nothing beyond its distance |
| Golub (2020), EU-15 | with formal voting weights even the compromise model makes very large errors | the compromise is off by {compromise:.1f} points, a quarter of the scale |

## How each model is applied

- Capability is exact Shapley–Shubik power under the rule in force when the proposal was made; under unanimity all states are equal. States that joined later bring the rule of their accession.
- The Nash and Kalai–Smorodinsky solutions give every actor with a position a veto, so that on most issues somebody near the reference point keeps it. That is why they do worst. Salience cannot matter to either.
- The setter and the closed rule need the Council's majority only, not the Parliament's. States without a position are indifferent and do not object.
- A model of this page sees where actors stood before the decision, as experts recalled it afterwards. That flatters all models, and none of them in particular.
"""


def page() -> str:
    """The page, all of its numbers computed."""
    found = positions(SHIPPED)
    outcomes, error = found.outcomes, found.scores.set_index("model").mean_absolute_error
    gaps = differences(outcomes, "mean").set_index("model")
    issues = [weighed(issue) for issue in read_positions(SHIPPED)]
    common = in_common(outcomes)
    shares = _shares(issues)
    by_share = shares.set_index("model").mean_absolute_error
    return TEXT.format(
        command=COMMAND,
        issues=found.issues,
        proposals=found.proposals,
        scored=found.issues - found.issues_without_outcome,
        compromise=error["compromise"],
        mean=error["mean"],
        gap=_gap(gaps),
        share=SHARE,
        patience=PATIENCE,
        least=error[list(BOUND)].min(),
        most=error[list(BOUND)].max(),
        all=_table(found.scores),
        without=int(sum(np.isnan(w.issue.reference_point) for w in issues)),
        common=common[common.actual.notna()].issue.nunique(),
        in_common=_table(scores(common)),
        differences=_table(gaps.reset_index(), "difference"),
        shares=_table(shares),
        equal_write_up=REPLICATION.format("0542468c50e2fcbcc682f84ebdf4980214a529fb"),
        votes_write_up=REPLICATION.format("6e1b0b77c132ee028ea7eba96372c380e93c003f"),
        equal=by_share["compromise, equal capabilities"],
        small=SHARES[1],
        small_share=by_share[f"compromise, share {SHARES[1]:g}"],
        weighted_median=error["weighted_median"],
        gap_alone=_within(gaps.loc[["compromise"]].to_dict("records")[0], "difference"),
        patiences=_table(_patiences(issues)),
        groups=_groups(found),
        setter=_within(gaps.loc[["setter"]].to_dict("records")[0], "difference"),
        median=error["median"],
        setter_error=error["setter"],
    )


def _gap(gaps: pd.DataFrame) -> str:
    row = gaps.loc[["compromise"]].to_dict("records")[0]
    beyond = row["low"] > 0 or row["high"] < 0
    return f"The difference, {_within(row, 'difference')}, is {'more than' if beyond else 'within'} chance."


def _within(row: Mapping[Hashable, Any], value: str) -> str:
    return f"{row[value]:.1f} ({row['low']:.1f} to {row['high']:.1f})"


def _table(rows: pd.DataFrame, value: str = "mean_absolute_error") -> str:
    names = [name for name in rows.columns if name not in ("n", value, "low", "high")]
    heading = f"| {' | '.join([*names, 'issues', value.replace('_', ' ')])} |"
    lines = [
        f"| {' | '.join(str(row[name]) for name in names)} | {row['n']} | {_within(row, value)} |"
        for row in rows.to_dict("records")
    ]
    return "\n".join([heading, "|" + "---|" * (len(names) + 2), *lines])


def _scored(issues: Sequence[Weighed], rule: Callable[[Weighed], float], name: str) -> pd.DataFrame:
    """The score of a model of one issue, under a name."""
    rows = []
    for w in issues:
        try:
            outcome = rule(w)
        except NotApplicable:
            outcome = np.nan
        rows.append((name, w.issue.proposal, outcome, w.issue.outcome))
    return scores(pd.DataFrame(rows, columns=["model", "proposal", "outcome", "actual"]))


def _shares(issues: Sequence[Weighed]) -> pd.DataFrame:
    parts = [
        _scored([weighed(w.issue, share) for w in issues], compromise, f"compromise, share {share:g}")
        for share in SHARES
    ]
    equal = [weighed(replace(w.issue, capability=np.ones(len(w.issue.actors)))) for w in issues]
    return pd.concat([*parts, _scored(equal, compromise, "compromise, equal capabilities")])


def _patiences(issues: Sequence[Weighed]) -> pd.DataFrame:
    def patient(patience: float) -> Callable[[Weighed], float]:
        return lambda w: Bargaining.on(w).stationary(patience)

    return pd.concat([_scored(issues, patient(p), f"baron_ferejohn, patience {p:g}") for p in PATIENCES])


def _groups(found: Predictions) -> str:
    few = found.outcomes[found.outcomes.model.isin(FEW)]
    parts = []
    for column in ("council_rule", "procedure", "period"):
        rows = scores(few, [column]).rename(columns={column: "decisions"})
        parts.append(rows.sort_values("decisions", kind="stable"))
    return _table(pd.concat(parts))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
