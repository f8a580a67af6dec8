"""Forecasts of the next wave and of the machines that work at the end of 2027, from draws fitted to earlier waves only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from juste_retour.abm.base.calendar import quarter
from juste_retour.abm.base.observed import observed, procurement_history
from juste_retour.runs.analysis.simple_forecasts import baselines, scored
from juste_retour.runs.base.forecast_scores import (
    brier,
    log_score,
    log_score_of_count,
    log_score_of_poisson,
)
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.studies.europe import delays
from juste_retour.runs.studies.europe.forecasts import MODEL, Futures, hosting

STANDING = "2027Q4"
OVERALL = (
    "uniform",
    "proportional to GDP",
    "proportional to population",
    "existing machine first",
    "best quality first",
)
ORDINALS = ("first", "second", "third")
CARDINALS = ("no", "one", "two", "three")


@dataclass(frozen=True, eq=False)
class Prediction:
    """Forecasts and their scores, as tables. Forecasts by wave are scored in `forecasts.py`.

    Attributes:
        hosts: scores of forecasts of which states host at least one site.
        counts: forecasts of numbers of sites and hosts.
        states: each state's probabilities.
        standing: for each factory, the probability that it works at the end of 2027.
        past: scores of the same delays on earlier machines whose delays are known.
    """

    hosts: pd.DataFrame
    counts: pd.DataFrame
    states: pd.DataFrame
    standing: pd.DataFrame
    past: pd.DataFrame


def predict(found: Futures, fitted: int, facilities: pd.DataFrame, last: float) -> Prediction:
    """Forecast and score.

    Args:
        found: runs of the posterior draws.
        fitted: number of waves to which the posterior was fitted.
        facilities: table of the scenario's facilities, run until `last`, for the delays.
        last: the last quarter of these runs, as an integer since year 0.
    """
    members, seen = found.members, found.seen
    waves = seen.shape[1]
    per_wave = float(seen[:, :fitted].sum()) / fitted
    ever = {MODEL: (found.chosen.sum(-1) > 0).mean(0)}
    nothing = np.zeros(members.states.count, dtype=np.int64)
    by_rule = baselines(members, waves * per_wave, seen[:, :fitted], nothing)
    ever |= {name: by_rule[name] for name in OVERALL}
    return Prediction(
        hosts=scored(ever, seen.sum(-1) > 0, MODEL),
        counts=_counts(found, fitted, per_wave),
        states=pd.DataFrame(
            {
                "state": members.states.codes,
                "earlier_waves": seen[:, :fitted].sum(-1),
                "next_wave": seen[:, fitted],
                **hosting(found, fitted),
                "hosts at all, the model": ever[MODEL],
            }
        ),
        standing=_standing(found),
        past=_past(facilities, last),
    )


def _counts(found: Futures, fitted: int, per_wave: float) -> pd.DataFrame:
    chosen, seen, waves = found.chosen, found.seen, found.seen.shape[1]
    model = {
        f"sites in the {ORDINALS[fitted]} wave": (
            chosen[..., fitted].sum(-1),
            seen[:, fitted].sum(),
            per_wave,
        ),
        f"sites after {CARDINALS[waves]} waves": (chosen.sum((-1, -2)), seen.sum(), waves * per_wave),
        f"hosts after {CARDINALS[waves]} waves": (
            (chosen.sum(-1) > 0).sum(-1),
            (seen.sum(-1) > 0).sum(),
            np.nan,
        ),
        "states with two sites": ((chosen.sum(-1) > 1).sum(-1), (seen.sum(-1) > 1).sum(), np.nan),
    }
    rows = []
    for name, (draws, happened, mean) in model.items():
        rows.append(
            {
                "count": name,
                "observed": int(happened),
                **known_summary(draws),
                "log_score": log_score_of_count(draws, int(happened)),
                "as_many_as_before": log_score_of_poisson(mean, int(happened)) if np.isfinite(mean) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _standing(found: Futures) -> pd.DataFrame:
    """One row per real factory: the probability that it works at the end of 2027.

    Three forecasts: the model, the distribution of earlier machines' delays, and the announced date.
    """
    law = delays.fit("selection to operation")
    end = (quarter(STANDING, "standing") + 1) / 4
    share = [
        found.working[..., k].sum() / max(int(found.chosen[..., k].sum()), 1) for k in range(found.chosen.shape[-1])
    ]
    rows = []
    for row in observed():
        selected = delays.decimal(row["selected"])
        target = row["target_operation"].split("-")[-1] if row["target_operation"].count("-") else ""
        plan = target if len(target) == 4 and target.isdigit() else row["target_operation"][:4]
        rows.append(
            {
                "factory": row["factory"],
                "state": row["state"],
                "wave": int(row["wave"]),
                "has_a_machine_already": row["system_type"].startswith("existing"),
                "announced_by": plan or None,
                "the model": float(share[int(row["wave"]) - 1]),
                "earlier machines": float(law.share_done(12 * (end - (selected or end)))),
                "as announced": float(plan <= STANDING[:4]) if plan else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _past(facilities: pd.DataFrame, last: float) -> pd.DataFrame:
    """Scores of forecasts that machines selected in 2019 and 2022 work by their announced date, and a year later.

    The forecast "as announced" gives both a probability of 1.
    """
    months, happened, rows = [], [], []
    for row in procurement_history():
        begun, done = delays.decimal(row["selected"]), delays.decimal(row["operation"])
        target = _target(row["original_target"])
        if begun is None or target is None or row["status"] == "cancelled" or row["system_class"] == "AI factory":
            continue
        for later in (0.0, 1.0):
            if target + later > delays.KNOWN_UNTIL:
                continue
            months.append(12 * (target + later - begun))
            happened.append(row["status"] == "operational" and done is not None and done <= target + later)
    model = delays.shares_standing(facilities, last, months)
    for name, probability in (("the model", model), ("as announced", np.ones(len(months)))):
        rows.append(
            {
                "forecast": name,
                "questions": len(months),
                "happened": int(np.sum(happened)),
                "expected": float(probability.sum()),
                "brier": brier(probability, happened),
                "log_score": log_score(probability, happened),
            }
        )
    return pd.DataFrame(rows)


def _target(text: str) -> float | None:
    """The end of an announced half-year, month or year as a decimal year; None if the text is not a date."""
    if "H" in text:
        year, _, half = text.partition("-H")
        return int(year) + int(half) / 2
    parts = text.split("-")
    if not parts[0].isdigit():
        return None
    return int(parts[0]) + (int(parts[1]) / 12 if len(parts) > 1 else 1.0)
