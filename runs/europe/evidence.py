"""What the real waves say: the calibration, what follows from it, and patterns that nothing was fitted to, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.calendar import quarter
from juste_retour.abm.outcomes import run
from juste_retour.abm.scenario import load, presets
from juste_retour.runs.chunked import Progress
from juste_retour.runs.ensemble import simulate, whole
from juste_retour.runs.europe import delays, patterns, prediction
from juste_retour.runs.europe.calibration import CalibrationSpec, Posterior, calibrate, read
from juste_retour.runs.europe.doubts import STATUS_QUO, Bench
from juste_retour.runs.frames import frames

LAST = "2040Q4"  # late enough that nearly every facility is finished when delays are read
WORLDS_FOR_DELAYS = 256


def plan_of(spec: Path | None = None, draws: int | None = None, least: int = 1) -> CalibrationSpec:
    """The published calibration or another one, with its own number of draws or fewer.

    Args:
        spec: a calibration file; the published one where none is named.
        draws: draws instead of the file's; as large a share is kept.
        least: fewest draws to keep.
    """
    if spec is None:
        with resources.as_file(resources.files("juste_retour.runs") / "specs" / "calibration.toml") as path:
            plan = read(path)
    else:
        plan = read(spec)
    if draws is None:
        return plan if plan.keep >= least else replace(plan, keep=least)
    fewest = max(2 * (len(plan.fitted) + 1), least)
    draws = whole(draws, "draws", 2 * fewest)
    return replace(plan, draws=draws, keep=max(round(draws * plan.keep / plan.draws), fewest))


def calibration(
    spec: Path | None = None, draws: int | None = None, progress: Progress | None = None
) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
    """All tables of a calibration by name, and what it rests on; arguments as of `plan_of`."""
    plan = plan_of(spec, draws)
    posterior = calibrate(plan, progress=progress)
    about = {
        "scenario": plan.scenario.name,
        "seed": plan.seed,
        "draws": plan.draws,
        "kept": plan.keep,
        "waves": plan.waves,
    }
    return {"posterior": posterior.draws} | tables(plan, posterior, progress), about


def tables(
    plan: CalibrationSpec, posterior: Posterior, progress: Progress | None = None
) -> dict[str, pd.DataFrame]:
    """Fit, identification, delays and predictions of a posterior."""
    ahead = prediction.futures(plan.scenario, posterior.draws, plan.seed, plan.draws, progress=progress)
    long = simulate(
        plan.scenario.changed({"end": LAST}), worlds=WORLDS_FOR_DELAYS, seed=plan.seed, tables=("facilities",)
    )
    last = quarter(LAST, "end")
    found = prediction.predict(ahead, long.facilities, last)
    return {
        "parameters": posterior.summary(),
        "moments": posterior.fit(),
        "delays": delays.compared(long.facilities, last),
        "counts": found.counts,
        "third_wave": found.third_wave,
        "hosts": found.hosts,
        "states": found.states,
        "standing": found.standing,
        "past": found.past,
    }


def unfitted(bench: Bench) -> pd.DataFrame:
    """Patterns of the status quo and of the comparators over the posterior's draws and luck, beside the real ones."""
    parts = [patterns.compared(_tables(bench, STATUS_QUO), bench.members)]
    parts += [
        patterns.elsewhere(_tables(bench, name), name) for name in patterns.ELSEWHERE if name in presets()
    ]
    return pd.concat(parts, ignore_index=True)


def _tables(bench: Bench, name: str) -> Mapping[str, pd.DataFrame]:
    found = run(bench.worlds(load(name)), bench.seed, np.arange(bench.count), bench.members, price=False)
    return frames(found, ("worlds", "states", "facilities"))
