"""The mean absolute error of each model's predictions, with a bootstrap interval over proposals."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from juste_retour.runs.base.resampling import interval, resampled_means

PAIRED = {"n": "common", "difference": "difference", "low": "difference_low", "high": "difference_high"}
BY = {"rule": "council_rule", "procedure": "procedure", "period": "period"}


def scores(outcomes: pd.DataFrame, by: Iterable[str] = (), seed: int = 0) -> pd.DataFrame:
    """Mean absolute errors, in points of the scale from 0 to 100.

    Issues of one proposal are decided together, so the bootstrap draws whole proposals.

    Args:
        outcomes: columns model, proposal, outcome (predicted), actual, and those named by `by`. Rows in which outcome or
            actual is missing are omitted.
        by: grouping columns; each group has its own scores.
        seed: random seed of the bootstrap.

    Returns:
        A row per group and model: the columns `by`, model, n (issues), mean_absolute_error, low and high (95 %).
    """
    known = outcomes[outcomes.outcome.notna() & outcomes.actual.notna()]
    known = known.assign(error=(known.outcome - known.actual).abs())
    groups = [*by, "model"]
    rows = []
    for keys, group in known.groupby(groups, sort=False):
        errors = group.groupby("proposal", sort=False).error.agg(["sum", "count"]).to_numpy(dtype=np.float64)
        total, count = resampled_means(errors.T, seed)
        low, high = interval(total / count)
        rows.append((*keys, len(group), float(group.error.mean()), float(low), float(high)))
    return pd.DataFrame(rows, columns=[*groups, "n", "mean_absolute_error", "low", "high"])


def compared(found: pd.DataFrame, outcomes: pd.DataFrame, by: Iterable[str] = (), seed: int = 0) -> pd.DataFrame:
    """The scores with the differences from the first model in `outcomes`, in each group.

    Args:
        found: what `scores` returns for the other arguments.
        outcomes: as for `scores`, with a column issue.
        by: grouping columns.
        seed: random seed of the bootstrap.

    Returns:
        The scores with the columns of `differences` under the names in `PAIRED`; they are missing for the first model and
        where a model has no issue in common with it. The scores as they are when they have no row.
    """
    if found.empty:
        return found
    base, groups, paired = outcomes.model.iloc[0], list(by), []
    for keys, part in outcomes.groupby(groups, sort=False) if groups else [((), outcomes)]:
        gaps = differences(part, base, seed).rename(columns=PAIRED)
        for name, key in zip(groups, map(str, keys), strict=True):
            gaps[name] = key
        paired.append(gaps[gaps.model != base])
    return found.merge(pd.concat(paired), on=[*groups, "model"], how="left")


def in_common(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The rows of the issues that every model predicts."""
    missing = outcomes.loc[outcomes.outcome.isna(), "issue"]
    return outcomes[~outcomes.issue.isin(set(missing))]


def differences(outcomes: pd.DataFrame, base: str, seed: int = 0) -> pd.DataFrame:
    """Each model's mean absolute error minus that of the model `base`, on the issues that both predict.

    Returns:
        A row per model with a common issue: model, n (issues), difference (points), low and high (95 %). Below zero the
        model is better.
    """
    known = outcomes[outcomes.outcome.notna() & outcomes.actual.notna()]
    error = known.assign(error=(known.outcome - known.actual).abs()).pivot(
        index=["proposal", "issue"], columns="model", values="error"
    )
    rows = []
    for model in dict.fromkeys(known.model):
        gap = (error[model] - error[base]).dropna() if base in error else error[model][:0]
        if gap.empty:
            continue
        sums = gap.groupby("proposal").agg(["sum", "count"]).to_numpy(dtype=np.float64)
        total, count = resampled_means(sums.T, seed)
        low, high = interval(total / count)
        rows.append((model, len(gap), float(gap.mean()), float(low), float(high)))
    return pd.DataFrame(rows, columns=["model", "n", "difference", "low", "high"])
