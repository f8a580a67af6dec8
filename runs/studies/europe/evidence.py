"""Tables of the empirical evidence: calibration, forecasts, delays and patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pandas as pd

from juste_retour.abm.base.calendar import quarter
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.runs.base.chunked import Progress
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.results.ensemble import checked_integer, simulate
from juste_retour.runs.results.frames import frames
from juste_retour.runs.studies.europe import delays, forecasts, patterns
from juste_retour.runs.studies.europe import wave_prediction as prediction
from juste_retour.runs.studies.europe.bench import STATUS_QUO, Bench
from juste_retour.runs.studies.europe.calibration import Posterior, calibrate, predictive
from juste_retour.runs.studies.europe.calibration_spec import CalibrationSpec, read

LAST = "2040Q4"  # late enough that nearly every facility is finished when delays are read
WORLDS_FOR_DELAYS = 256
DOSSIERS = ("states", "sites", "hosting_entities")  # values of agenda.dossiers, the default first


def plan_of(spec: Path | None = None, draws: int | None = None, least: int = 1) -> CalibrationSpec:
    """The specification of a calibration, optionally with another number of draws.

    Args:
        spec: a calibration file; None for the published calibration.
        draws: number of draws instead of the file's; the same share is kept.
        least: smallest number of draws to keep.
    """
    if spec is None:
        with resources.as_file(resources.files("juste_retour.runs") / "specs" / "calibration.toml") as path:
            plan = read(path)
    else:
        plan = read(spec)
    if draws is None:
        return plan if plan.keep >= least else replace(plan, keep=least)
    fewest = max(plan.least, least)
    draws = checked_integer(draws, "draws", 2 * fewest)
    return replace(plan, draws=draws, keep=max(round(draws * plan.keep / plan.draws), fewest))


def calibration(
    spec: Path | None = None, draws: int | None = None, progress: Progress | None = None
) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
    """All tables of a calibration by name, and its settings. Arguments as in `plan_of`."""
    plan = plan_of(spec, draws)
    posterior = calibrate(plan, progress=progress)
    about = {
        "scenario": plan.scenario.name,
        "union": plan.union.name,
        "observed": str(plan.table or "abm/data/observed.csv"),
        "seed": plan.seed,
        "draws": plan.draws,
        "kept": plan.keep,
        "effective": posterior.effective,
        "waves": plan.waves,
        "unused": ", ".join(posterior.unused),
    }
    kept = posterior.draws.assign(weight=posterior.weights)
    return {"posterior": kept} | tables(plan, posterior, progress), about


def posterior_draws(count: int, seed: int, progress: Progress | None = None) -> pd.DataFrame:
    """Draw `count` rows from the posterior of the published calibration."""
    return calibrate(plan_of(least=count), progress=progress).sample(count, seed)


def tables(plan: CalibrationSpec, posterior: Posterior, progress: Progress | None = None) -> dict[str, pd.DataFrame]:
    """Tables of parameters, fit and forecasts from a posterior; for the AI factories also delays and machines by 2027."""
    found = {
        "parameters": posterior.summary(),
        "moments": predictive(plan, posterior),
        "waves": forecasts.wave_by_wave(plan, posterior, progress),
    }
    found["third_wave"] = found["waves"][found["waves"].wave == len(plan.decisions)].drop(columns="wave")
    return found | (_factories(plan, posterior, progress) if plan.factories else {})


def _factories(plan: CalibrationSpec, posterior: Posterior, progress: Progress | None) -> dict[str, pd.DataFrame]:
    """Further tables for Europe's AI factories: delays, counts, hosts, and machines that work at the end of 2027."""
    last = quarter(LAST, "end")
    long = simulate(
        plan.scenario.changed({"end": LAST}), worlds=WORLDS_FOR_DELAYS, seed=plan.seed, tables=("facilities",)
    )
    out = {"delays": delays.compared(long.facilities, last)}
    if plan.waves == len(plan.decisions):
        return out  # nothing is left to predict
    draws = posterior.sample(plan.keep, plan.seed)
    ahead = forecasts.futures(plan, draws, prediction.STANDING, progress=progress)
    found = prediction.predict(ahead, plan.waves, long.facilities, last)
    return out | {
        "counts": found.counts,
        "hosts": found.hosts,
        "states": found.states,
        "standing": found.standing,
        "past": found.past,
    }


def unfitted(bench: Bench, before: Bench) -> pd.DataFrame:
    """Observed patterns compared with new runs of the status quo and of the comparator scenarios.

    Args:
        bench: draws of the posterior.
        before: draws of the prior, for the columns `prior_median`, `prior_low`, `prior_high` and `prior_inside`.
    """
    found = patterns.compared(_tables(bench, STATUS_QUO), bench.members)
    by_prior = patterns.compared(_tables(before, STATUS_QUO), before.members)
    for name in ("median", "low", "high", "inside"):
        found[f"prior_{name}"] = by_prior[name]
    parts = [found]
    parts += [patterns.elsewhere(_tables(bench, name), name) for name in patterns.ELSEWHERE if name in presets()]
    return pd.concat(parts, ignore_index=True)


def _tables(bench: Bench, name: str) -> Mapping[str, pd.DataFrame]:
    found = run(bench.worlds(load(name)), bench.seed, bench.replicates, bench.members, price=False)
    return frames(found, ("worlds", "states", "facilities"))


def bidding(plan: CalibrationSpec, dossiers: str) -> pd.DataFrame:
    """The model's forecasts of each wave under a value of `agenda.dossiers`, recalibrated with a sixth of the draws."""
    draws = max(plan.draws // 6, 2 * plan.least)
    other = replace(
        plan,
        scenario=plan.scenario.changed({"agenda.dossiers": dossiers}),
        draws=draws,
        keep=max(round(draws * plan.keep / plan.draws), plan.least),
    )
    found = forecasts.wave_by_wave(other)
    return found[found.forecast == forecasts.GIVEN].assign(dossiers=dossiers)


def gigafactories(bench: Bench) -> pd.DataFrame:
    """Sites, hosts, money and lag of the gigafactory scenario, with a row per kind of bidder."""
    ways = {
        "states, one bid each": {"agenda.dossiers": "states", "agenda.bids": 1, "agenda.lead": "states"},
        "states, up to three bids": {"agenda.dossiers": "sites", "agenda.bids": 3, "agenda.lead": "states"},
        "firms, up to three bids per state": {},
    }
    rows = []
    for name, changes in ways.items():
        found = bench.outcomes(
            load("gigafactories").changed(changes), ["sites", "hosts", "committed_eur_bn", "years_behind"]
        )
        rows.append(
            {"bids": name}
            | {f"{key}_{k}": v for key, values in found.items() for k, v in known_summary(values).items()}
        )
    return pd.DataFrame(rows)
