"""Calibration of political parameters to the first waves, by approximate Bayesian computation.

Parameters are drawn from their plausible ranges, with one run per draw up to the last fitted wave. The draws whose moments
are closest to the observed ones are kept, adjusted by local linear regression and weighted by distance (Beaumont, Zhang and
Balding 2002). Later waves are not used. However, the mechanisms and the ranges were chosen by people who knew all nineteen
sites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.chunked import Progress, chunks
from juste_retour.runs.base.statistics import known_summary, weighted_summary
from juste_retour.runs.results.parameter_ranges import about, at_share, changed, span
from juste_retour.runs.studies.europe.calibration_spec import CalibrationSpec
from juste_retour.runs.studies.europe.moments import moments_of, observed_moments

FRESH = 1_000_000  # replications from this number on are used in no calibration


def prior(names: Sequence[str], draws: int, seed: int) -> pd.DataFrame:
    """Draws from the plausible ranges by a scrambled Sobol sequence; one row per draw, one column per parameter."""
    points = qmc.Sobol(len(names), scramble=True, rng=np.random.default_rng(seed)).random_base2(
        int(np.ceil(np.log2(draws)))
    )
    return pd.DataFrame({name: at_share(name, points[:draws, k]) for k, name in enumerate(names)})


def simulated(
    plan: CalibrationSpec, points: pd.DataFrame, replicates: Integers, progress: Progress | None = None
) -> pd.DataFrame:
    """The moments of one run per point (row of `points`), with the given replications; one row per point."""
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
    """The posterior distribution of the parameters, given the fitted waves.

    Attributes:
        draws: the kept draws after the regression adjustment; one row per draw, one column per parameter.
        weights: weights (draws,) that sum to one, larger for moments closer to the observed ones.
        raw: the kept draws before the adjustment.
        moments: moments of the kept draws; they are close to the observed ones by selection.
        observed: the observed moments.
        unused: names of moments that are unknown or the same in every draw, and so are not fitted.
        replicates: replication number of each kept draw.
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
        """The effective sample size: the number of equally weighted draws with the same precision (Kish)."""
        return float(1 / np.square(self.weights).sum())

    def sample(self, count: int, seed: int) -> pd.DataFrame:
        """Draw `count` rows in proportion to the weights, by systematic resampling."""
        places = (np.random.default_rng(seed).random() + np.arange(count)) / count
        order = np.random.default_rng([seed, 1]).permutation(len(self.weights))
        at = np.searchsorted(np.cumsum(self.weights[order]), places)
        return self.draws.iloc[order[np.minimum(at, len(order) - 1)]].reset_index(drop=True)

    def summary(self) -> pd.DataFrame:
        """One row per parameter: prior range, weighted posterior median, 90 % interval, and `narrowed`.

        `narrowed` is one minus the ratio of posterior to prior standard deviation, on the scale of the prior. Near 0, the
        data say little about the parameter.
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
    """Run a calibration: draw, simulate, keep the closest draws, adjust and weight them."""
    points = prior(plan.names, plan.draws, plan.seed)
    replicates = np.arange(plan.draws)
    moments = simulated(plan, points, replicates, progress)
    target = observed_moments(plan.union, plan.waves, plan.observed)
    return nearest(points, moments, target, plan.keep, replicates)


def nearest(
    points: pd.DataFrame, moments: pd.DataFrame, target: pd.Series, keep: int, replicates: Integers
) -> Posterior:
    """Keep the `keep` draws whose moments are closest to `target`, in units of the moments' spread, and adjust them.

    Raises:
        BadInput: no moment varies, or too few draws select any site.

    Source: Beaumont, Zhang and Balding (2002).
    """
    found = moments.to_numpy(dtype=float)
    spread = _spread(found)
    used = (spread > 0) & np.isfinite(target.to_numpy(dtype=float))
    unused = tuple(str(name) for name, fits in zip(moments, used, strict=True) if not fits)
    if not used.any():
        raise BadInput("no moment differs between the draws; widen the ranges or fit more waves.")
    apart = (found[:, used] - target.to_numpy(dtype=float)[used]) / spread[used]
    whole = np.isfinite(apart).all(axis=1)
    if whole.sum() < keep:
        raise BadInput(
            f"keep is {keep}, but only {int(whole.sum())} of {len(whole)} draws select any site; lower keep, or choose "
            "ranges in which states bid."
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
    """The median absolute deviation of each moment, or its standard deviation if that is zero; (moments,)."""
    known = found[:, np.isfinite(found).any(axis=0)]
    spread = np.zeros(found.shape[1])
    deviation = np.nanmedian(np.abs(known - np.nanmedian(known, axis=0)), axis=0)
    spread[np.isfinite(found).any(axis=0)] = np.where(deviation > 0, deviation, np.nanstd(known, axis=0))
    return spread


def _epanechnikov(distance: Floats) -> Floats:
    """Weights 1 - (d / d_max)^2; equal weights if all distances are equal."""
    most = distance.max()
    if most == distance.min():
        return np.ones(len(distance))
    return 1 - (distance / most) ** 2


def _adjusted(raw: pd.DataFrame, moments: Floats, weights: Floats) -> pd.DataFrame:
    """Adjust draws by local linear regression on the moments. On the prior's normal scale no draw can leave its range."""
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
    """One row per moment: the observed value, and medians with 90 % intervals from new runs.

    `median`, `low`, `high` and `inside` are from the posterior, columns with `prior_` from the prior. Columns with `kept_`
    are from the kept draws; these were selected for their moments, so they are no test. `used`: the moment was fitted.
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
    """The summary `found` with prefixed names, and whether its interval contains the observed value (None if unknown)."""
    known = bool(np.isfinite(observed) and np.isfinite(found["low"]))
    lies = found["low"] - 1e-12 <= observed <= found["high"] + 1e-12 if known else None
    return {prefix + key: value for key, value in found.items()} | {f"{prefix}inside": lies}
