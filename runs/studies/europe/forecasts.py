"""Forecasts of which states host, wave by wave, scored together with forecasts that need no model.

Wave 1 is forecast from the prior, wave 2 from the posterior of wave 1, and so on: no forecast uses its own wave. Every draw
has runs with new random numbers. "Given each state's record" means: for each state only those runs count in which its
number of sites in the earlier waves is the observed one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.observed import Rows
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.runs.analysis.simple_forecasts import baselines, scored
from juste_retour.runs.base.chunked import Progress, chunks
from juste_retour.runs.results.parameter_ranges import changed
from juste_retour.runs.studies.europe.calibration import FRESH, Posterior, calibrate, prior
from juste_retour.runs.studies.europe.calibration_spec import CalibrationSpec

MODEL, GIVEN = "the model", "the model, given each state's record"
REPEATS = 8  # runs per draw


@dataclass(frozen=True, eq=False)
class Futures:
    """Simulated and observed numbers of sites.

    Attributes:
        members: the union.
        chosen: (runs, states, waves) sites selected.
        working: (runs, states, waves) of these, sites that work in the last quarter.
        seen: (states, waves) sites observed.
    """

    members: Members
    chosen: Integers
    working: Integers
    seen: Integers


def seen_in(rows: Rows, members: Members, waves: int) -> Integers:
    """The number of observed sites (states, waves)."""
    out = np.zeros((members.states.count, waves), dtype=np.int64)
    for row in rows:
        if int(row["wave"]) <= waves:
            out[members.states.index(row["state"]), int(row["wave"]) - 1] += 1
    return out


def futures(
    plan: CalibrationSpec,
    draws: pd.DataFrame,
    until: str,
    repeats: int = REPEATS,
    progress: Progress | None = None,
) -> Futures:
    """Simulate every draw in several runs with new random numbers.

    Args:
        plan: the calibration, with scenario, union, seed and observed table.
        draws: one row per draw, one column per parameter.
        until: the last quarter, as in "2027Q4".
        repeats: runs per draw.
        progress: called with the number of runs done and of all runs.
    """
    short = plan.scenario.until(until)
    records = [changed(short, {str(k): v for k, v in r.items()}) for r in draws.to_dict("records")]
    scenarios = [s for s in records for _ in range(repeats)]
    replicates = FRESH + np.arange(len(scenarios))
    chosen, working = [], []
    for part in chunks(len(scenarios), progress):
        world = Simulation(scenarios[part], plan.seed, replicates[part], plan.union).run().world
        waves = [world.program.wave == k + 1 for k in range(len(plan.decisions))]
        chosen.append(np.stack([_counted(world, (world.program.selected >= 0) & w) for w in waves], axis=-1))
        working.append(np.stack([_counted(world, world.working & w) for w in waves], axis=-1))
    seen = seen_in(plan.observed, plan.union, len(plan.decisions))
    return Futures(plan.union, np.concatenate(chosen), np.concatenate(working), seen)


def _counted(world: World, sites: Booleans) -> Integers:
    return np.rint(world.by_state(sites)).astype(np.int64)


def hosting(found: Futures, wave: int) -> dict[str, Floats]:
    """The probability (states,) that a state receives a site in a wave (from 0), unconditional and given its record.

    Each state has its own random numbers and competition for the money is weak, so runs can be selected separately for each
    state. Adding half a run to either outcome avoids probabilities of 0 and 1 for rare records.
    """
    hosts = found.chosen[..., wave] > 0
    same = (found.chosen[..., :wave] == found.seen[:, :wave]).all(-1)
    return {MODEL: hosts.mean(0), GIVEN: ((hosts & same).sum(0) + 0.5) / (same.sum(0) + 1)}


def wave_by_wave(
    plan: CalibrationSpec, posterior: Posterior | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """Score the forecasts of every observed wave, one row per wave and forecast.

    Args:
        plan: the calibration.
        posterior: the posterior for the waves of `plan`, if it is known already.
        progress: called with the number of runs done and of all runs; it starts again for each wave.
    """
    last = max(int(row["wave"]) for row in plan.observed)
    parts = []
    for wave in range(min(last, len(plan.decisions))):
        known = posterior if wave == plan.waves else None
        found = futures(plan, _draws_before(plan, wave, known, progress), plan.decisions[wave], REPEATS, progress)
        parts.append(scored_wave(found, wave).assign(wave=wave + 1))
    return pd.concat(parts, ignore_index=True)


def scored_wave(found: Futures, wave: int) -> pd.DataFrame:
    """Score the forecasts of one wave (from 0).

    The baselines use the mean size of the earlier waves; for the first wave, the size that the model expects.
    """
    earlier = found.seen[:, :wave]
    forecasts = hosting(found, wave)
    count = float(earlier.sum() / wave) if wave else float(found.chosen[..., 0].sum(-1).mean())
    return scored(forecasts | baselines(found.members, count, earlier), found.seen[:, wave] > 0, GIVEN)


def _draws_before(
    plan: CalibrationSpec, wave: int, posterior: Posterior | None, progress: Progress | None
) -> pd.DataFrame:
    if wave == 0:
        return prior(plan.names, plan.keep, plan.seed + 1)
    found = posterior or calibrate(replace(plan, waves=wave), progress)
    return found.sample(plan.keep, plan.seed)


def better_than_the_model(table: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """Names of baselines by Brier score: those better than the model, those significantly better, those significantly worse."""
    others = table[~table.forecast.str.startswith(MODEL)]
    ahead = others[others.model_less_this > 0]
    return list(ahead.forecast), list(ahead.forecast[ahead.low > 0]), list(others.forecast[others.high < 0])


def who_is_ahead(third_wave: pd.DataFrame, hosts: pd.DataFrame) -> str:
    """A sentence on which baselines are better than the model, and whether the difference is significant."""
    said = []
    for what, table in (("the next wave", third_wave), ("who hosts at all", hosts)):
        ahead, clear, behind = better_than_the_model(table)
        said.append(
            f"On {what}, by Brier score, the model is worse than: {_list(ahead)} (significantly: {_list(clear)}). "
            f"It is better than the others (significantly: {_list(behind)})."
        )
    return " ".join(said)


def _list(names: Collection[str]) -> str:
    return ", ".join(names) if len(names) else "none"
