"""Calibration of the politics on the first two waves, by approximate Bayesian computation.

Parameters are drawn from their plausible ranges; each draw plays one world up to the second wave; the draws whose
moments come nearest to the observed ones are kept and adjusted by local linear regression (Beaumont, Zhang and
Balding 2002). The third wave is never looked at here. What the race is worth is drawn along and stays a prior.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from juste_retour.abm.members import Members, load_members
from juste_retour.abm.observed import observed
from juste_retour.abm.scenario import Scenario, load, parameters
from juste_retour.abm.simulation import Simulation
from juste_retour.abm.toml import read_toml
from juste_retour.abm.world import World
from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import family
from juste_retour.runs.chunked import Progress, chunks
from juste_retour.runs.statistics import known_summary

MOMENTS = {
    "sites_wave_1": "facilities selected in the first wave",
    "sites_wave_2": "facilities selected in the second wave",
    "hosts": "states that host after two waves",
    "two_site_states": "states with two sites after two waves",
    "hosts_with_centre": "share of the sites where a computing centre stood or was planned",
    "size_of_hosts": "mean log GDP of the hosts less that of all states",
    "median_budget": "log of the median budget, EUR bn",
    "spread_of_budgets": "standard deviation of the log of the budgets",
    "old_members": "share of the hosts that joined before 2004",
}


@dataclass(frozen=True)
class CalibrationSpec:
    """A calibration as its file says: base scenario, seed, number of draws and of those kept, waves, parameters."""

    scenario: Scenario
    seed: int
    draws: int
    keep: int
    waves: int
    fitted: tuple[str, ...]
    carried: tuple[str, ...]


def read(path: Path) -> CalibrationSpec:
    """Read a calibration file, or raise `BadInput` in one sentence."""
    content = read_toml(path)
    known = {"scenario", "seed", "draws", "keep", "waves", "priors"}
    for key in content:
        if key not in known:
            raise BadInput(f"{path}: {key!r} is not known; {near(key, known)}")
    priors = content.get("priors", {})
    lists = [priors.get(key, []) if isinstance(priors, dict) else None for key in ("fitted", "carried")]
    if not all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in lists):
        raise BadInput(
            f"{path}: priors = {priors!r} holds no lists of names; write fitted and carried in brackets."
        )
    fitted, carried = (tuple(names or ()) for names in lists)
    for name in (*fitted, *carried):
        if name not in parameters() or parameters()[name][1].range is None:
            ranged = [k for k, (_, about) in parameters().items() if about.range is not None]
            raise BadInput(
                f"{path}: priors name {name!r}, which has no plausible range; {near(name, ranged)}"
            )
    if not fitted:
        raise BadInput(f"{path}: priors.fitted is empty; name at least one parameter.")
    numbers = {
        k: content.get(k, default)
        for k, default in (("seed", 0), ("draws", 20_000), ("keep", 200), ("waves", 2))
    }
    for key, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < (0 if key == "seed" else 1):
            raise BadInput(f"{path}: {key} = {value!r} is not a positive whole number; give one.")
    if numbers["keep"] < 2 * (len(fitted) + 1) or numbers["keep"] > numbers["draws"]:
        raise BadInput(
            f"{path}: keep = {numbers['keep']} must lie between {2 * (len(fitted) + 1)} and draws = {numbers['draws']}."
        )
    return CalibrationSpec(
        load(content.get("scenario", "eu-status-quo")), fitted=fitted, carried=carried, **numbers
    )


def prior(names: Sequence[str], draws: int, seed: int) -> pd.DataFrame:
    """Draws from the plausible ranges, a scrambled Sobol sequence; a row a draw."""
    points = qmc.Sobol(len(names), scramble=True, rng=np.random.default_rng(seed)).random_base2(
        int(np.ceil(np.log2(draws)))
    )
    out = {}
    for k, name in enumerate(names):
        low, high, by_log = span(name)
        u = points[:draws, k]
        out[name] = low * (high / low) ** u if by_log else low + (high - low) * u
    return pd.DataFrame(out)


def span(name: str) -> tuple[float, float, bool]:
    """A parameter's plausible range, and whether it is drawn by its logarithm."""
    about = parameters()[name][1]
    if about.range is None:
        raise BadInput(f"{name} has no plausible range to draw from; name another parameter.")
    return (*about.range, about.scale == "log")


def simulated(
    base: Scenario,
    points: pd.DataFrame,
    seed: int,
    replicates: Integers,
    members: Members,
    waves: int,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Moments of one world a point; a row a point."""
    choice = base.rules["agenda"]
    if "decisions" not in family("agenda")[choice.rule].parameters:
        raise BadInput(
            f"agenda = {choice.rule!r} holds no call in waves; calibrate a scenario with open_call."
        )
    settings = family("agenda")[choice.rule].settings(dict(choice.settings), "agenda")
    decisions = str(settings["decisions"]).split()
    short = base.until(decisions[waves - 1])
    rows = []
    records: list[dict[str, float]] = [
        dict(zip(map(str, points), map(float, row), strict=True)) for row in points.to_numpy()
    ]
    for part in chunks(len(records), progress):
        scenarios = [short.changed(r) for r in records[part]]
        rows.append(moments_of(Simulation(scenarios, seed, replicates[part], members).run().world))
    return pd.concat(rows, ignore_index=True)


def moments_of(world: World) -> pd.DataFrame:
    """The moments of worlds as they stand; a row a world, NaN where nothing was selected."""
    chosen, states, sites = world.programme.selected >= 0, world.states, world.sites
    by_state = np.rint(world.by_state(chosen)).astype(int)
    hosts = by_state > 0
    count = chosen.sum(-1)
    budgets = np.where(chosen, world.programme.planned, np.nan)
    with np.errstate(all="ignore"):
        logs = np.log(budgets)
        size = np.log(states.gdp) - np.log(states.gdp).mean()
        return pd.DataFrame(
            {
                "sites_wave_1": (chosen & (world.programme.wave == 1)).sum(-1),
                "sites_wave_2": (chosen & (world.programme.wave == 2)).sum(-1),
                "hosts": hosts.sum(-1),
                "two_site_states": (by_state > 1).sum(-1),
                "hosts_with_centre": (chosen & sites.centre).sum(-1) / count,
                "size_of_hosts": (hosts * size).sum(-1) / hosts.sum(-1),
                "median_budget": _quiet(np.nanmedian, logs),
                "spread_of_budgets": _quiet(np.nanstd, logs),
                "old_members": (hosts & states.existing_members).sum(-1) / hosts.sum(-1),
            }
        )


def _quiet(statistic: Callable[..., Floats], rows: Floats) -> Floats:
    out = np.full(len(rows), np.nan)
    some = ~np.isnan(rows).all(-1)
    out[some] = statistic(rows[some], axis=-1)
    return out


def observed_moments(members: Members, waves: int) -> pd.Series:
    """The same moments of the real waves; budgets of services alone are left out."""
    rows = [r for r in observed() if int(r["wave"]) <= waves]
    states = members.states
    hosts = [states.index(r["state"]) for r in rows]
    distinct = sorted(set(hosts))
    centre = dict(zip(members.sites.names, members.sites.centre, strict=True))
    budgets = np.array(
        [
            float(r["budget_eur_m"]) / 1000
            for r in rows
            if r["budget_eur_m"]
            and "services only" not in r["budget_scope"]
            and not r["budget_scope"].startswith("services")
        ]
    )
    size = np.log(states.gdp) - np.log(states.gdp).mean()
    at_centre = [centre[r["site"]] for r in rows]
    return pd.Series(
        {
            "sites_wave_1": sum(int(r["wave"]) == 1 for r in rows),
            "sites_wave_2": sum(int(r["wave"]) == 2 for r in rows),
            "hosts": len(distinct),
            "two_site_states": sum(hosts.count(i) > 1 for i in distinct),
            "hosts_with_centre": float(np.mean(at_centre)),
            "size_of_hosts": float(size[distinct].mean()),
            "median_budget": float(np.median(np.log(budgets))),
            "spread_of_budgets": float(np.std(np.log(budgets))),
            "old_members": float(states.existing_members[distinct].mean()),
        }
    )


@dataclass(frozen=True)
class Posterior:
    """What the waves say: `draws` adjusted, `raw` as drawn, `moments` of the kept draws, `observed`, `prior` ranges."""

    draws: pd.DataFrame
    raw: pd.DataFrame
    moments: pd.DataFrame
    observed: pd.Series
    seed: int
    replicates: Integers

    def summary(self) -> pd.DataFrame:
        """A row a parameter: prior range, posterior median and 90 % interval, and how far the data narrow it.

        `narrowed` is one less the ratio of posterior to prior standard deviation, on the prior's own scale: near 0,
        the data leave the parameter open.
        """
        rows = []
        for name in map(str, self.draws):
            low, high, by_log = span(name)
            unit = parameters()[name][1].unit
            scale = np.log if by_log else np.asarray
            spread = float(np.std(scale(self.draws[name]))) / (float(scale(high) - scale(low)) / np.sqrt(12))
            row = {"parameter": name, "unit": unit, "prior_low": low, "prior_high": high}
            rows.append(row | known_summary(self.draws[name]) | {"narrowed": 1 - spread})
        return pd.DataFrame(rows)

    def fit(self) -> pd.DataFrame:
        """A row a moment: observed, and median and 90 % interval of the kept draws."""
        return pd.DataFrame(
            {"moment": name, "observed": self.observed[name], **known_summary(self.moments[name])}
            for name in MOMENTS
        )


def calibrate(
    plan: CalibrationSpec, members: Members | None = None, progress: Progress | None = None
) -> Posterior:
    """Draw, simulate, keep the nearest, adjust."""
    members = members or load_members()
    points = prior([*plan.fitted, *plan.carried], plan.draws, plan.seed)
    replicates = np.arange(plan.draws)
    moments = simulated(plan.scenario, points, plan.seed, replicates, members, plan.waves, progress)
    return nearest(points, moments, observed_moments(members, plan.waves), plan.keep, plan.seed, replicates)


def nearest(
    points: pd.DataFrame,
    moments: pd.DataFrame,
    target: pd.Series,
    keep: int,
    seed: int,
    replicates: Integers,
) -> Posterior:
    """Keep the draws whose moments come nearest to a target, in units of the moments' spread, and adjust them."""
    columns = list(MOMENTS)
    found = moments[columns].to_numpy(dtype=float)
    scale = np.nanmedian(np.abs(found - np.nanmedian(found, axis=0)), axis=0)
    scale = np.where(scale > 0, scale, np.nanstd(found, axis=0))
    apart = (found - target[columns].to_numpy(dtype=float)) / scale
    distance = np.sqrt(np.nansum(apart**2, axis=1))
    distance[np.isnan(found).any(axis=1)] = np.inf
    kept = np.argsort(distance, kind="stable")[:keep]
    raw = points.iloc[kept].reset_index(drop=True)
    adjusted = _adjusted(raw, apart[kept], distance[kept])
    return Posterior(adjusted, raw, moments.iloc[kept].reset_index(drop=True), target, seed, replicates[kept])


def _adjusted(raw: pd.DataFrame, moments: Floats, distance: Floats) -> pd.DataFrame:
    """Local linear regression on the moments, on the normal scale of the prior so that no draw leaves its range."""
    weight = np.sqrt(np.maximum(1 - (distance / distance.max()) ** 2, 0.0))
    design = np.column_stack([np.ones(len(moments)), moments])
    out = {}
    for name in map(str, raw):
        low, high, by_log = span(name)
        value = np.log(raw[name]) if by_log else raw[name].to_numpy()
        if by_log:
            low, high = float(np.log(low)), float(np.log(high))
        z = norm.ppf(np.clip((value - low) / (high - low), 1e-6, 1 - 1e-6))
        slope = np.linalg.lstsq(design * weight[:, None], z * weight, rcond=None)[0]
        moved = z - moments @ slope[1:]
        back = low + (high - low) * norm.cdf(moved)
        out[name] = np.exp(back) if by_log else back
    return pd.DataFrame(out)
