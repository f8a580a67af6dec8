"""Prediction of the third wave and of what stands at the end of 2027, from draws that saw the first two waves only.

Every draw plays worlds of its own luck. Who hosts in the third wave is predicted twice: from nothing but the draws,
and from the draws and each state's own record in the first two waves, which is what was known in March 2025. Both are
scored against forecasts that need no model.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from juste_retour.abm.calendar import quarter
from juste_retour.abm.members import Members, load_members
from juste_retour.abm.observed import observed, procurement_history
from juste_retour.abm.scenario import Scenario
from juste_retour.abm.simulation import Simulation
from juste_retour.abm.world import World
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.runs.chunked import Progress, chunks
from juste_retour.runs.europe import delays
from juste_retour.runs.europe.scores import (
    brier,
    difference,
    first_to,
    in_proportion,
    log_score,
    log_score_of_count,
    log_score_of_poisson,
)
from juste_retour.runs.statistics import known_summary

WAVES = 3
STANDING = "2027Q4"


@dataclass(frozen=True, eq=False)
class Futures:
    """What the draws lead to, a row a world.

    `chosen` (worlds, states, waves) sites selected; `working` (worlds, states, waves) of those that work at the end of
    2027; `replicates` the luck that each world had.
    """

    members: Members
    chosen: Integers
    working: Integers
    replicates: Integers

    @cached_property
    def seen(self) -> Integers:
        """(states, waves) what happened."""
        out = np.zeros(self.chosen.shape[1:], dtype=np.int64)
        for row in observed():
            out[self.members.states.index(row["state"]), int(row["wave"]) - 1] += 1
        return out


def futures(
    base: Scenario,
    draws: pd.DataFrame,
    seed: int,
    first: int,
    repeats: int = 8,
    members: Members | None = None,
    progress: Progress | None = None,
) -> Futures:
    """Play every draw in some worlds until the end of 2027.

    Args:
        base: the scenario whose parameters the draws are of.
        draws: a row a draw, a column a parameter.
        seed: of the worlds.
        first: first replicate; choose it beyond those that the calibration saw, so that luck is fresh.
        repeats: worlds a draw.
        members: the union.
        progress: called with worlds done and worlds to do.
    """
    members = members or load_members()
    short = base.until(STANDING)
    records = [short.changed({str(k): v for k, v in r.items()}) for r in draws.to_dict("records")]
    scenarios = [s for s in records for _ in range(repeats)]
    replicates = first + np.arange(len(scenarios))
    chosen, working = [], []
    for part in chunks(len(scenarios), progress):
        world = Simulation(scenarios[part], seed, replicates[part], members).run().world
        waves = [world.programme.wave == k + 1 for k in range(WAVES)]
        chosen.append(
            np.stack([_counted(world, (world.programme.selected >= 0) & w) for w in waves], axis=-1)
        )
        working.append(np.stack([_counted(world, world.working & w) for w in waves], axis=-1))
    return Futures(members, np.concatenate(chosen), np.concatenate(working), replicates)


def _counted(world: World, sites: Booleans) -> Integers:
    return np.rint(world.by_state(sites)).astype(np.int64)


def hosting(found: Futures) -> dict[str, Floats]:
    """Probability that each state is given a site in the third wave: by the draws alone, and given its own record.

    A state's luck is its own and rivalry for the money is low, so that of all worlds those count in which the state
    did in the first two waves what it really did; half a world more for each answer keeps rare records from certainty.
    """
    third = found.chosen[..., 2] > 0
    same = (found.chosen[..., :2] == found.seen[:, :2]).all(-1)
    return {
        "the model": third.mean(0),
        "the model, given each state's record": ((third & same).sum(0) + 0.5) / (same.sum(0) + 1),
    }


def baselines(members: Members, count: float, used: Integers) -> dict[str, Floats]:
    """Forecasts that need no model, from the first two waves' number of sites.

    Args:
        members: the union.
        count: sites to come.
        used: (states,) sites that each state has been given already.
    """
    states, sites = members.states, members.sites
    open_to_the_call = np.array([kind != "industrial" for kind in sites.kind])
    centres = np.bincount(sites.state[sites.centre & open_to_the_call], minlength=states.count)
    first_two = [row for row in observed() if int(row["wave"]) <= 2]
    place = dict(zip(sites.names, sites.centre, strict=True))
    at_centre = sum(bool(place[row["site"]]) for row in first_two)
    share = (at_centre + 1) / (len(first_two) + 2)
    return {
        "proportional to GDP": in_proportion(states.gdp, count),
        "proportional to population": in_proportion(states.population, count),
        "existing machine first": first_to(centres > used, count, share),
        "uniform": in_proportion(np.ones(states.count), count),
    }


def scored(forecasts: dict[str, Floats], happened: Booleans, model: str) -> pd.DataFrame:
    """A row a forecast: Brier and log score, and the Brier score of `model` less its own with a 90 % interval."""
    rows = []
    own = (forecasts[model] - happened) ** 2
    for name, probability in forecasts.items():
        gap, low, high = difference(own, (probability - happened) ** 2)
        rows.append(
            {
                "forecast": name,
                "expected": float(probability.sum()),
                "brier": brier(probability, happened),
                "log_score": log_score(probability, happened),
                "model_less_this": gap,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def better_than_the_model(table: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """Forecasts that need no model: which do better than the model, which of them beyond luck, which worse beyond luck."""
    others = table[~table.forecast.str.startswith("the model")]
    ahead = others[others.model_less_this > 0]
    return list(ahead.forecast), list(ahead.forecast[ahead.low > 0]), list(others.forecast[others.high < 0])


def who_is_ahead(third_wave: pd.DataFrame, hosts: pd.DataFrame) -> str:
    """Say which forecasts that need no model do better than the model, and whether the difference is more than luck."""
    said = []
    for what, table in (("the third wave", third_wave), ("who hosts", hosts)):
        ahead, clear, behind = better_than_the_model(table)
        said.append(
            f"On {what}, by Brier score the model is behind {_list(ahead)} (beyond luck: {_list(clear)}) and "
            f"ahead of the rest (beyond luck: {_list(behind)})."
        )
        own = table[table.forecast.str.startswith("the model")]
        if len(own) > 1:
            meant = own.forecast[own.model_less_this == 0].iloc[-1]
            said.append(
                f'Meant is "{meant}", whose own differences are 0; where one is below 0 it does better.'
            )
    return " ".join(said)


def _list(names: Collection[str]) -> str:
    return ", ".join(names) if len(names) else "none"


@dataclass(frozen=True, eq=False)
class Prediction:
    """Forecasts and their scores.

    `third_wave` and `hosts` score forecasts of who is given a site in the third wave and who hosts at all; `counts`
    compares whole numbers; `states` holds each state's probabilities; `standing` says, factory by factory, how likely
    it works at the end of 2027; `past` scores the same delays on machines whose end is known.
    """

    third_wave: pd.DataFrame
    hosts: pd.DataFrame
    counts: pd.DataFrame
    states: pd.DataFrame
    standing: pd.DataFrame
    past: pd.DataFrame


def predict(found: Futures, facilities: pd.DataFrame, last: float) -> Prediction:
    """Predict and score.

    Args:
        found: worlds of the posterior draws.
        facilities: facilities of the scenario, run to `last`, for delays.
        last: number of the last quarter that they were run to.
    """
    members, seen = found.members, found.seen
    used = seen[:, :2].sum(-1)
    per_wave = float(seen[:, :2].sum()) / 2
    third = hosting(found) | baselines(members, per_wave, used)
    ever = {"the model": (found.chosen.sum(-1) > 0).mean(0)}
    ever |= baselines(members, WAVES * per_wave, np.zeros_like(used))
    return Prediction(
        third_wave=scored(third, seen[:, 2] > 0, "the model, given each state's record"),
        hosts=scored(ever, seen.sum(-1) > 0, "the model"),
        counts=_counts(found, per_wave),
        states=pd.DataFrame(
            {
                "state": members.states.codes,
                "first_two_waves": used,
                "third_wave": seen[:, 2],
                **third,
                "hosts at all, the model": ever["the model"],
            }
        ),
        standing=_standing(found),
        past=_past(facilities, last),
    )


def _counts(found: Futures, per_wave: float) -> pd.DataFrame:
    model = {
        "sites in the third wave": (found.chosen[..., 2].sum(-1), found.seen[:, 2].sum(), per_wave),
        "sites after three waves": (found.chosen.sum((-1, -2)), found.seen.sum(), WAVES * per_wave),
        "hosts after three waves": (
            (found.chosen.sum(-1) > 0).sum(-1),
            (found.seen.sum(-1) > 0).sum(),
            np.nan,
        ),
        "states with two sites": ((found.chosen.sum(-1) > 1).sum(-1), (found.seen.sum(-1) > 1).sum(), np.nan),
    }
    rows = []
    for name, (draws, happened, mean) in model.items():
        rows.append(
            {
                "count": name,
                "observed": int(happened),
                **known_summary(draws),
                "log_score": log_score_of_count(draws, int(happened)),
                "as_many_as_before": log_score_of_poisson(mean, int(happened))
                if np.isfinite(mean)
                else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _standing(found: Futures) -> pd.DataFrame:
    """A row a real factory: how likely it works at the end of 2027, by the model, the history's law and its own plan."""
    law = delays.fit("selection to operation")
    end = (quarter(STANDING, "standing") + 1) / 4
    share = [
        found.working[..., k].sum() / max(int(found.chosen[..., k].sum()), 1)
        for k in range(found.chosen.shape[-1])
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
    """Scores on machines selected in 2019 and 2022 of a forecast that they stand by their announced date, and a year on.

    The announced date's own forecast is that each stands by then.
    """
    months, happened, rows = [], [], []
    for row in procurement_history():
        begun, done = delays.decimal(row["selected"]), delays.decimal(row["operation"])
        target = _target(row["original_target"])
        if (
            begun is None
            or target is None
            or row["status"] == "cancelled"
            or row["system_class"] == "AI factory"
        ):
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
    """The end of an announced quarter's half, month or year as a decimal year."""
    if "H" in text:
        year, _, half = text.partition("-H")
        return int(year) + int(half) / 2
    parts = text.split("-")
    if not parts[0].isdigit():
        return None
    return int(parts[0]) + (int(parts[1]) / 12 if len(parts) > 1 else 1.0)
