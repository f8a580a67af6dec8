"""Generate RESULTS.md for the shipped data: `uv run python -m juste_retour.runs.studies.positions.positions_page`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.runs.base.pages import page_of
from juste_retour.runs.base.printing import table
from juste_retour.runs.studies.positions import distributions
from juste_retour.runs.studies.positions.capability import SHARE, Weighed, weighed
from juste_retour.runs.studies.positions.line_models import PATIENCE, LineBargaining
from juste_retour.runs.studies.positions.models import NotApplicable, compromise
from juste_retour.runs.studies.positions.position_tables import SHIPPED, read_positions
from juste_retour.runs.studies.positions.prediction import Predictions, positions
from juste_retour.runs.studies.positions.scores import PAIRED, differences, in_common, scores

TEMPLATE = Path(__file__).parent / "templates" / "results.jinja"
PAGE = Path(__file__).with_name("RESULTS.md")
COMMAND = "uv run python -m juste_retour.runs.studies.positions.positions_page"
REPLICATION = "https://github.com/hamzagul07/schelling/blob/{}/BACKTEST.md"
SHARES = (0.0, 0.17, 0.33, 1.0)
PATIENCES = (0.5, 0.9)
BOUND = ("nash", "kalai_smorodinsky", "setter", "closed_rule", "baron_ferejohn")
FEW = ("compromise", "mean", "exchange", "setter")


def page() -> str:
    """The text of RESULTS.md, with all numbers computed."""
    found = positions(SHIPPED)
    outcomes, error = found.outcomes, found.scores.set_index("model").mean_absolute_error
    gaps = differences(outcomes, "mean").set_index("model")
    issues = [weighed(issue) for issue in read_positions(SHIPPED)]
    common = in_common(outcomes)
    shares = _shares(issues)
    by_share = shares.set_index("model").mean_absolute_error
    return page_of(
        TEMPLATE,
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
        **_distributions(),
    )


def _distributions() -> dict[str, object]:
    """The values of the section on distributions: scores of the family, fitted weights, and a forecast out of time."""
    known, family, mixture = distributions.decided(), distributions.FAMILY, distributions.MIXTURE
    every = pd.concat([distributions.table(known, name) for name in family])
    every = every.rename(columns={"distribution": "model"}).assign(actual=0.0)
    own = every[every.model == mixture]
    gains = [
        differences(every.assign(outcome=loss), mixture).set_index("model") for loss in (-every.log_score, every.crps)
    ]
    means = every.groupby("model")[["log_score", "crps"]].mean()
    lines = [
        [name, f"{means.log_score[name]:.2f}", f"{means.crps[name]:.1f}"]
        + [_within(gain.loc[[name]].to_dict("records")[0], "difference", 2) for gain in gains]
        for name in family
    ]
    old = np.array([w.issue.introduced is not None and w.issue.introduced.year < 2004 for w in known.issues])
    to, later = known.of(~old), []
    for name in (mixture, "normal"):
        p = distributions.fit(family[name], known.of(old)).of(to)
        logs, errors = (
            np.log(p[np.arange(len(p)), to.seen]),
            distributions.crps(p, distributions.GRID[to.seen]),
        )
        later.append(f"{logs.mean():.2f} and {errors.mean():.1f} points")
    whole = distributions.fit(family[mixture], known)
    shares = zip(distributions.COMPONENTS, whole.weight, strict=True)
    return {
        "on_positions": float((known.mass[np.arange(len(known.seen)), known.seen] > 0).mean()),
        "grid": len(distributions.GRID),
        "folds": distributions.FOLDS,
        "cases": len(known.seen),
        "family": table(["distribution", "log score", "CRPS", "gain in log score", "gain in CRPS"], lines),
        "weights": ", ".join(f"{name} {share:.2f}" for name, share in shares),
        "width": whole.width,
        "median_error": float((own.q50 - distributions.GRID[known.seen]).abs().mean()),
        "early": int(old.sum()),
        "late": int((~old).sum()),
        "later": later[0],
        "later_normal": later[1],
    }


def _gap(gaps: pd.DataFrame) -> str:
    row = gaps.loc[["compromise"]].to_dict("records")[0]
    beyond = row["low"] > 0 or row["high"] < 0
    return f"The difference, {_within(row, 'difference')}, is {'' if beyond else 'not '}statistically significant."


def _within(row: Mapping[Hashable, Any], value: str, digits: int = 1) -> str:
    found, low, high = (f"{row[key]:.{digits}f}" for key in (value, "low", "high"))
    return f"{found} ({low} to {high})"


def _table(rows: pd.DataFrame, value: str = "mean_absolute_error") -> str:
    names = [name for name in rows.columns if name not in ("n", value, "low", "high", *PAIRED.values())]
    cells = [
        [*(str(row[name]) for name in names), str(row["n"]), _within(row, value)] for row in rows.to_dict("records")
    ]
    return table([*names, "issues", value.replace("_", " ")], cells)


def _scored(issues: Sequence[Weighed], rule: Callable[[Weighed], float], name: str) -> pd.DataFrame:
    """The score of a function of one issue, with `name` as the model."""
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
        return lambda w: LineBargaining.on(w).stationary(patience)

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
