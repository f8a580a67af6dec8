"""Calibration of the politics on the first waves, by approximate Bayesian computation.

Parameters are drawn from their plausible ranges, and each draw plays one run up to the last wave that is fitted. The
draws whose moments are nearest to the observed ones are kept, adjusted by local linear regression, and weighted by their
distance (Beaumont, Zhang and Balding 2002). Later waves are not used. The mechanisms and the ranges, however, were
chosen by people who knew all nineteen sites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from juste_retour.abm.simulation import Simulation
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.chunked import Progress, chunks
from juste_retour.runs.drawn import about, at_share, changed, span
from juste_retour.runs.europe.calibration_spec import CalibrationSpec
from juste_retour.runs.europe.moments import moments_of, observed_moments
from juste_retour.runs.statistics import known_summary, weighted_summary

FRESH = 1_000_000  # replications from here on are fresh: no calibration has seen them


def prior(names: Sequence[str], draws: int, seed: int) -> pd.DataFrame:
    """Draws from the plausible ranges, a scrambled Sobol sequence; one row per draw."""
    points = qmc.Sobol(len(names), scramble=True, rng=np.random.default_rng(seed)).random_base2(
        int(np.ceil(np.log2(draws)))
    )
    return pd.DataFrame({name: at_share(name, points[:draws, k]) for k, name in enumerate(names)})


def simulated(
    plan: CalibrationSpec, points: pd.DataFrame, replicates: Integers, progress: Progress | None = None
) -> pd.DataFrame:
    """Moments of one run per point; one row per point."""
    short = plan.scenario.until(plan.decisions[plan.waves - 1])
    rows = []
    records = points.to_dict("records")
    for part in chunks(len(records), progress):
        scenarios = [changed(short, {str(k): v for k, v in r.items()}) for r in records[part]]
        world = Simulation(scenarios, plan.seed, replicates[part], plan.union).run().world
        rows.append(moments_of(world, plan.waves))
    return pd.concat(rows, ignore_index=True)


@dataclass(frozen=True, eq=False)
class Posterior:
    """What the waves say of the parameters.

    Attributes:
        draws: the kept draws, adjusted.
        weights: (draws,) of each, summing to one: the nearer its moments to the observed ones, the heavier.
        raw: the same draws as they were drawn.
        moments: the moments of the kept draws, which were selected for being near.
        observed: the moments observed.
        unused: moments that are unknown, or the same in every draw, and so fit nothing.
        replicates: the replication of each kept draw.
    """

    draws: pd.DataFrame
    weights: Floats
    raw: pd.DataFrame
    moments: pd.DataFrame
    observed: pd.Series
    unused: tuple[str, ...]
    replicates: Integers

    @cached_property
    def effective(self) -> float:
        """The number of equally weighted draws that are worth as much (Kish)."""
        return float(1 / np.square(self.weights).sum())

    def sample(self, count: int, seed: int) -> pd.DataFrame:
        """Some draws by their weights, by systematic resampling; one row per draw."""
        places = (np.random.default_rng(seed).random() + np.arange(count)) / count
        order = np.random.default_rng([seed, 1]).permutation(len(self.weights))
        at = np.searchsorted(np.cumsum(self.weights[order]), places)
        return self.draws.iloc[order[np.minimum(at, len(order) - 1)]].reset_index(drop=True)

    def summary(self) -> pd.DataFrame:
        """One row per parameter: prior range, weighted posterior median and 90 % interval, and how far it is narrowed.

        `narrowed` is one less the ratio of posterior to prior standard deviation, on the prior's own scale: near 0, the
        data leave the parameter open.
        """
        rows = []
        for name in map(str, self.draws):
            low, high, by_log = span(name)
            values = self.draws[name].to_numpy(dtype=float)
            scaled = np.log(values) if by_log else values
            width = float(np.log(high / low)) if by_log else high - low
            mean = float(self.weights @ scaled)
            deviation = float(np.sqrt(self.weights @ np.square(scaled - mean)))
            row = {"parameter": name, "unit": about(name).unit, "prior_low": low, "prior_high": high}
            narrowed = 1 - deviation / (width / np.sqrt(12))
            rows.append(row | weighted_summary(values, self.weights) | {"narrowed": narrowed})
        return pd.DataFrame(rows)


def calibrate(plan: CalibrationSpec, progress: Progress | None = None) -> Posterior:
    """Draw, simulate, keep the nearest, adjust and weight."""
    points = prior(plan.names, plan.draws, plan.seed)
    replicates = np.arange(plan.draws)
    moments = simulated(plan, points, replicates, progress)
    target = observed_moments(plan.union, plan.waves, plan.observed)
    return nearest(points, moments, target, plan.keep, replicates)


def nearest(
    points: pd.DataFrame, moments: pd.DataFrame, target: pd.Series, keep: int, replicates: Integers
) -> Posterior:
    """Keep the draws whose moments come nearest to a target, in units of the moments' spread, and adjust them."""
    found = moments.to_numpy(dtype=float)
    spread = _spread(found)
    used = (spread > 0) & np.isfinite(target.to_numpy(dtype=float))
    unused = tuple(str(name) for name, fits in zip(moments, used, strict=True) if not fits)
    if not used.any():
        raise BadInput("no moment differs between the draws; give wider ranges or more waves.")
    apart = (found[:, used] - target.to_numpy(dtype=float)[used]) / spread[used]
    whole = np.isfinite(apart).all(axis=1)
    if whole.sum() < keep:
        raise BadInput(
            f"sites are selected in {int(whole.sum())} of {len(whole)} draws, and {keep} are to be kept; lower `keep`, or "
            "give ranges that let states bid."
        )
    distance = np.where(whole, np.sqrt(np.square(apart).sum(axis=1)), np.inf)
    kept = np.argsort(distance, kind="stable")[:keep]
    raw = points.iloc[kept].reset_index(drop=True)
    weights = _epanechnikov(distance[kept])
    return Posterior(
        draws=_adjusted(raw, apart[kept], weights),
        weights=weights / weights.sum(),
        raw=raw,
        moments=moments.iloc[kept].reset_index(drop=True),
        observed=target,
        unused=unused,
        replicates=replicates[kept],
    )


def _spread(found: Floats) -> Floats:
    """The median absolute deviation of each moment; its standard deviation where that is zero."""
    known = found[:, np.isfinite(found).any(axis=0)]
    spread = np.zeros(found.shape[1])
    deviation = np.nanmedian(np.abs(known - np.nanmedian(known, axis=0)), axis=0)
    spread[np.isfinite(found).any(axis=0)] = np.where(deviation > 0, deviation, np.nanstd(known, axis=0))
    return spread


def _epanechnikov(distance: Floats) -> Floats:
    """Weights 1 - (d / d_max)^2; all alike where all distances are."""
    most = distance.max()
    if most == distance.min():
        return np.ones(len(distance))
    return 1 - (distance / most) ** 2


def _adjusted(raw: pd.DataFrame, moments: Floats, weights: Floats) -> pd.DataFrame:
    """Local linear regression on the moments, on the normal scale of the prior so that no draw leaves its range."""
    root = np.sqrt(weights)
    design = np.column_stack([np.ones(len(moments)), moments])
    out = {}
    for name in map(str, raw):
        low, high, by_log = span(name)
        value = raw[name].to_numpy(dtype=float)
        share = np.log(value / low) / np.log(high / low) if by_log else (value - low) / (high - low)
        z = norm.ppf(np.clip(share, 1e-6, 1 - 1e-6))
        slope = np.linalg.lstsq(design * root[:, None], z * root, rcond=None)[0]
        out[name] = at_share(name, norm.cdf(z - moments @ slope[1:]))
    return pd.DataFrame(out)


def predictive(plan: CalibrationSpec, posterior: Posterior) -> pd.DataFrame:
    """One row per moment: what was observed, and what fresh draws of prior and posterior give, with 90 % intervals.

    `median`, `low`, `high` and `inside` are of the posterior; those with `prior_` of the prior; those with `kept_` of the
    draws that were kept because they are near, which is not a test. `used` says whether the moment was fitted.
    """
    ahead = FRESH + np.arange(plan.keep)
    fresh = {
        "": simulated(plan, posterior.sample(plan.keep, plan.seed), ahead),
        "prior_": simulated(plan, prior(plan.names, plan.keep, plan.seed + 1), ahead),
        "kept_": posterior.moments,
    }
    rows = []
    for name in map(str, posterior.moments):
        row: dict[str, object] = {"moment": name, "observed": posterior.observed[name]}
        for prefix, moments in fresh.items():
            row |= inside(float(posterior.observed[name]), known_summary(moments[name]), prefix)
        rows.append(row | {"used": name not in posterior.unused})
    return pd.DataFrame(rows)


def inside(observed: float, found: Mapping[str, float], prefix: str = "") -> dict[str, object]:
    """A summary with a prefix to its names, and whether the observed value lies in its interval; None if unknown."""
    known = bool(np.isfinite(observed) and np.isfinite(found["low"]))
    lies = found["low"] - 1e-12 <= observed <= found["high"] + 1e-12 if known else None
    return {prefix + key: value for key, value in found.items()} | {f"{prefix}inside": lies}
