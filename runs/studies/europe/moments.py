"""The moments that a calibration fits, of simulated worlds and of an observed table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.base.csv_tables import InputTable
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.observed import Rows, observed
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput

OF_ALL_WAVES = {
    "hosts": "states that host",
    "two_site_states": "states with two sites or more",
    "hosts_with_centre": "share of the sites where a computing center stood or was planned",
    "size_of_hosts": "mean log GDP of the hosts less that of all states",
    "median_budget": "log of the median budget, EUR bn",
    "spread_of_budgets": "standard deviation of the log of the budgets",
    "old_members": "share of the hosts that joined before 2004",
}
OF_BUDGETS = ("median_budget", "spread_of_budgets")
REQUIRED, OPTIONAL = ("site", "state", "wave"), ("budget_eur_m", "budget_scope")


def moment_names(waves: int) -> list[str]:
    """Names of the moments: the number of sites in each wave, then moments of all waves together."""
    return [f"sites_wave_{k}" for k in range(1, waves + 1)] + list(OF_ALL_WAVES)


def read_observed(path: Path, members: Members) -> Rows:
    """Read a user's observed table, with one row per selected site.

    Args:
        path: a CSV file with the columns `site`, `state`, `wave` (1, 2, ...) and optionally `budget_eur_m` and `budget_scope`.
        members: the union that has these states and sites.

    Raises:
        BadInput: the file cannot be used; all invalid rows are listed.
    """
    table = InputTable(path, required=REQUIRED, optional=OPTIONAL)
    where = dict(zip(members.sites.names, members.sites.state, strict=True))
    faults = []
    for line, row in zip(table.lines, table.rows, strict=True):
        wave, budget, state = row["wave"], row.get("budget_eur_m", ""), row["state"]
        if state not in members.states.codes:
            faults.append(f"line {line}: state {state!r} is not a state of {members.name}")
        elif row["site"] not in where:
            faults.append(f"line {line}: site {row['site']!r} is not a site of {members.name}")
        elif members.states.codes[where[row["site"]]] != state:
            faults.append(f"line {line}: site {row['site']!r} is not in {state}")
        if not (wave.isascii() and wave.isdigit() and int(wave) >= 1):
            faults.append(f"line {line}: wave {wave!r} is not an integer of at least 1")
        if budget and not _positive(budget):
            faults.append(f"line {line}: budget_eur_m {budget!r} is not a number above 0")
    if faults:
        raise BadInput(f"{path}: {'; '.join(faults)}; correct these rows.")
    return [{"budget_eur_m": "", "budget_scope": "", **row} for row in table.rows]


def _positive(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return bool(np.isfinite(value) and value > 0)


def budget(row: dict[str, str]) -> float | None:
    """An observed site's budget in EUR bn; None if it is unknown or covers services without a machine."""
    scope = row["budget_scope"]
    if not row["budget_eur_m"] or "services only" in scope or scope.startswith("services"):
        return None
    return float(row["budget_eur_m"]) / 1000


def moments_of(world: World, waves: int) -> pd.DataFrame:
    """The moments of simulated worlds after the first `waves` waves; one row per world, NaN if no site was selected."""
    wave = world.program.wave
    chosen = (world.program.selected >= 0) & (wave <= waves)
    by_wave = {f"sites_wave_{k}": (chosen & (wave == k)).sum(-1) for k in range(1, waves + 1)}
    by_state = np.rint(world.by_state(chosen)).astype(np.int64)
    budgets = np.where(chosen, world.program.planned, np.nan)
    with np.errstate(all="ignore"):
        logs = np.log(budgets)
        centres = (chosen & world.sites.centre).sum(-1) / chosen.sum(-1)
        return pd.DataFrame(
            by_wave
            | _of_hosts(by_state, np.log(world.states.gdp), world.states.existing_members)
            | {
                "hosts_with_centre": centres,
                "median_budget": _quiet(np.nanmedian, logs),
                "spread_of_budgets": _quiet(np.nanstd, logs),
            }
        )[moment_names(waves)]


def _of_hosts(by_state: Integers, log_gdp: Floats, old: Booleans) -> dict[str, Floats]:
    hosts = by_state > 0
    return {
        "hosts": hosts.sum(-1).astype(float),
        "two_site_states": (by_state > 1).sum(-1).astype(float),
        "size_of_hosts": (hosts * (log_gdp - log_gdp.mean())).sum(-1) / hosts.sum(-1),
        "old_members": (hosts & old).sum(-1) / hosts.sum(-1),
    }


def _quiet(statistic: Callable[..., Floats], rows: Floats) -> Floats:
    out = np.full(len(rows), np.nan)
    some = ~np.isnan(rows).all(-1)
    out[some] = statistic(rows[some], axis=-1)
    return out


def observed_moments(members: Members, waves: int, rows: Rows | None = None) -> pd.Series:
    """The observed moments. Those of budgets are NaN if fewer than two budgets are known.

    Args:
        members: the union.
        waves: number of waves, from the first on.
        rows: the observed table; the AI factories by default.

    Raises:
        BadInput: the table has no site in these waves.
    """
    rows = [r for r in (observed() if rows is None else rows) if int(r["wave"]) <= waves]
    if not rows:
        raise BadInput(f"the observed table has no site in waves 1 to {waves}; increase waves.")
    states = members.states
    by_state = np.bincount([states.index(r["state"]) for r in rows], minlength=states.count)
    centre = dict(zip(members.sites.names, members.sites.centre, strict=True))
    known = [b for b in map(budget, rows) if b is not None]
    logs = np.log(known) if len(known) > 1 else np.array([np.nan])
    found = {f"sites_wave_{k}": float(sum(int(r["wave"]) == k for r in rows)) for k in range(1, waves + 1)}
    found |= {k: float(v) for k, v in _of_hosts(by_state, np.log(states.gdp), states.existing_members).items()}
    found["hosts_with_centre"] = float(np.mean([centre[r["site"]] for r in rows]))
    found |= {"median_budget": float(np.median(logs)), "spread_of_budgets": float(np.std(logs))}
    return pd.Series(found)[moment_names(waves)]
