"""Patterns of sites, money and delays: observed values compared with simulated runs.

They can be computed from the tables of any result. This shows which patterns a user's rule no longer reproduces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.base.observed import Rows, antennas, comparators, observed
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.studies.europe import delays
from juste_retour.runs.studies.europe.hosting import PatternTable, real, simulated

CLOCKS = {
    "US": "their clocks start with the building, the model's with the decision",
    "CN": "their clocks start with the program of hubs, the model's with the decision for the site",
}
ELSEWHERE = {"us-private": "US", "china-state": "CN", "gigafactories": "US"}


def herfindahl(money: Floats) -> Floats:
    """The Herfindahl index: the sum of squared shares over the last axis; 1 if one has everything.

    >>> herfindahl(np.array([[1.0, 1.0, 0.0, 0.0]]))
    array([0.5])
    """
    share = _shares(money)
    return (share * share).sum(-1)


def gini(money: Floats) -> Floats:
    """The Gini coefficient over the last axis; 0 if all have the same.

    >>> gini(np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]]))
    array([0.  , 0.75])
    """
    n = money.shape[-1]
    ranked = np.sort(_shares(money), axis=-1)
    return (2 * ranked * np.arange(1, n + 1)).sum(-1) / n - (n + 1) / n


def _shares(money: Floats) -> Floats:
    whole = money.sum(-1, keepdims=True)
    return np.where(whole > 0, money / np.where(whole > 0, whole, 1.0), np.nan)


def rank_correlation(sites: Floats, what: Floats) -> Floats:
    """Spearman's rank correlation of `sites` and `what` over the last axis; NaN if one of them is constant.

    >>> rank_correlation(np.array([[0.0, 1.0, 2.0]]), np.array([3.0, 5.0, 9.0]))
    array([1.])
    """
    a, b = rankdata(sites, axis=-1), rankdata(np.broadcast_to(what, sites.shape), axis=-1)
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    spread = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return np.where(spread > 0, (a * b).sum(-1) / np.where(spread > 0, spread, 1.0), np.nan)


def point_biserial(hosts: Booleans, what: Floats) -> Floats:
    """The correlation of `hosts` with `what` over the last axis; NaN if all states host or none.

    >>> point_biserial(np.array([[False, True]]), np.array([1.0, 2.0]))
    array([1.])
    """
    a = hosts - hosts.mean(-1, keepdims=True)
    b = np.asarray(what, dtype=float) - np.mean(what)
    spread = np.sqrt((a * a).sum(-1) * (b * b).sum())
    return np.where(spread > 0, (a * b).sum(-1) / np.where(spread > 0, spread, 1.0), np.nan)


def _old_among_new_hosts(wave: int) -> Callable[[PatternTable], Floats]:
    def share(t: PatternTable) -> Floats:
        new = t.wave == wave
        count = new.sum(-1)
        old = (new & t.members.states.existing_members).sum(-1)
        return np.where(count > 0, old / np.maximum(count, 1), np.nan)

    return share


def _centres(members: Members) -> Floats:
    open_to_the_call = np.array([kind != "industrial" for kind in members.sites.kind])
    at = members.sites.state[members.sites.centre & open_to_the_call]
    return np.minimum(np.bincount(at, minlength=members.states.count), 1).astype(float)


@dataclass(frozen=True)
class Pattern:
    """A statistic of a `PatternTable`, real or simulated.

    Attributes:
        name: its name.
        group: its group in the table.
        value: computes it (worlds,).
        says: a note on how to read it.
        restates: the fitted moments that measure nearly the same, if any.
    """

    name: str
    group: str
    value: Callable[[PatternTable], Floats]
    says: str = ""
    restates: str = ""


MONEY = (
    "first two waves; real budgets, of unlike scope, are known of {known} states, fewer than host, by which the money "
    "looks more concentrated than it is"
)
CHANCE = "beyond plus or minus 0.32 nine of ten times it is no chance, with 27 states"
PATTERNS = (
    Pattern("sites", "counts", lambda t: t.sites.sum(-1), restates="sites_wave_1, sites_wave_2"),
    Pattern("hosts", "counts", lambda t: t.hosts.sum(-1).astype(float), restates="hosts"),
    Pattern(
        "states with two sites",
        "counts",
        lambda t: (t.sites > 1).sum(-1).astype(float),
        restates="two_site_states",
    ),
    Pattern(
        "size of two-site states, log GDP less mean",
        "counts",
        lambda t: _mean_where(t.sites > 1, _log_size(t.members)),
    ),
    Pattern(
        "Herfindahl index of money",
        "money",
        lambda t: herfindahl(t.money),
        MONEY,
        "spread_of_budgets",
    ),
    Pattern("Gini coefficient of money", "money", lambda t: gini(t.money), MONEY, "spread_of_budgets"),
    Pattern(
        "three largest hosts' share of money",
        "money",
        lambda t: np.sort(_shares(t.money), axis=-1)[..., -3:].sum(-1),
        MONEY,
        "spread_of_budgets",
    ),
    Pattern(
        "sites and GDP, rank correlation",
        "goes with",
        lambda t: rank_correlation(t.sites, t.members.states.gdp),
        CHANCE,
        "size_of_hosts",
    ),
    Pattern(
        "hosting and log GDP",
        "goes with",
        lambda t: point_biserial(t.hosts, np.log(t.members.states.gdp)),
        CHANCE,
        "size_of_hosts",
    ),
    Pattern(
        "hosting and an existing center",
        "goes with",
        lambda t: point_biserial(t.hosts, _centres(t.members)),
        CHANCE,
        "hosts_with_centre",
    ),
    Pattern(
        "hosting and log GNI, to match with",
        "goes with",
        lambda t: point_biserial(t.hosts, np.log(t.members.states.gni)),
        CHANCE,
        "size_of_hosts",
    ),
    Pattern(
        "hosting and GNI per head",
        "does not go with",
        lambda t: point_biserial(t.hosts, t.members.states.gni / t.members.states.population),
        CHANCE,
    ),
    Pattern(
        "hosting and power price",
        "does not go with",
        lambda t: point_biserial(t.hosts, t.members.states.power_price),
        CHANCE,
    ),
    Pattern(
        "hosting and mean temperature",
        "does not go with",
        lambda t: point_biserial(t.hosts, t.members.states.temperature),
        CHANCE,
    ),
    Pattern(
        "hosting and ICT specialists",
        "does not go with",
        lambda t: point_biserial(t.hosts, t.members.states.specialists),
        CHANCE,
    ),
    *(
        Pattern(
            f"old members among new hosts, wave {k}",
            "old and new",
            _old_among_new_hosts(k),
            "old: joined before 2004",
            "old_members" if k < 3 else "",
        )
        for k in (1, 2, 3)
    ),
)


def _log_size(members: Members) -> Floats:
    size = np.log(members.states.gdp)
    return np.asarray(size - size.mean(), dtype=float)


def _mean_where(which: Booleans, what: Floats) -> Floats:
    count = which.sum(-1)
    return np.where(count > 0, (which * what).sum(-1) / np.maximum(count, 1), np.nan)


def compared(tables: Mapping[str, pd.DataFrame], members: Members | None = None) -> pd.DataFrame:
    """One row per pattern: the observed value, and median and 90 % interval of the simulated runs.

    `inside` is whether the interval contains the observed value; None if either is unknown.
    """
    seen, worlds = real(members), simulated(tables, members)
    known = int((seen.money > 0).sum())
    rows = []
    for pattern in PATTERNS:
        was = float(pattern.value(seen)[0])
        says = pattern.says.format(known=known)
        found = row(pattern.group, pattern.name, was, pattern.value(worlds), says)
        rows.append(found | {"restates": pattern.restates})
    rows += _service(seen, worlds)
    if "facilities" in tables:
        rows += _times(tables["facilities"])
    return pd.DataFrame(rows)


def row(group: str, name: str, observed: float | None, values: ArrayLike, says: str = "") -> dict[str, object]:
    """A table row for a quantity: its observed value (None: unknown), and a summary of simulated `values` (worlds,)."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    found = known_summary(values)
    low, high = found["low"], found["high"]
    known = observed is not None and np.isfinite(observed) and np.isfinite(low)
    return {
        "group": group,
        "pattern": name,
        "observed": np.nan if observed is None else observed,
        **found,
        "inside": bool(low - 1e-12 <= observed <= high + 1e-12) if known and observed is not None else None,
        "worlds": len(values),
        "note": says,
        "restates": "",
    }


def served(members: Members | None = None) -> list[str]:
    """Codes of the states that a factory serves: hosts, partners in a host's consortium, and states with an antenna."""
    codes = set((members or load_members()).states.codes)
    partners = {code for row in observed() for code in [row["state"], *row["consortium"].split(";")]}
    linked = {row["state"] for row in antennas() if row["in_union"] == "1"}
    return sorted(codes & (partners | linked))


def _service(seen: PatternTable, worlds: PatternTable) -> list[dict[str, object]]:
    reach = float(len(served(seen.members)))
    partners = {code for row in observed() for code in row["consortium"].split(";")}
    partners |= {row["state"] for row in observed()}
    taking_part = float(len(partners & set(seen.members.states.codes)))
    says = "the model has neither partners nor antennas: it can only count its hosts, so that nothing is compared"
    hosts = worlds.hosts.sum(-1)
    rows = [
        row("service", "states in a host's consortium", taking_part, hosts, says),
        row("service", "states served, antennas included", reach, hosts, says),
    ]
    return [row | {"inside": None} for row in rows]


def _times(facilities: pd.DataFrame) -> list[dict[str, object]]:
    scenario = str(facilities.scenario.iloc[0]) if len(facilities) else ""
    if scenario in ELSEWHERE:
        return []
    rows = []
    found = delays.simulated(facilities, np.nanmax(delays.quarters(facilities.operational), initial=0.0))
    for interval in delays.INTERVALS:
        done = found[interval]
        law = delays.fit(interval)
        found_row = row(
            "delays",
            f"months from {interval}",
            law.median,
            done.months[done.finished],
            "observed: median of EuroHPC machines, those unfinished as censored; simulated: single facilities",
        )
        rows.append(found_row | {"restates": "the tender's times, which were set from the same machines"})
    return rows


def working(region: str) -> Rows:
    """The observed sites of a region that work already."""
    return [r for r in comparators() if r["region"] == region and "planned" not in r["status_as_of"]]


def large_site(region: str) -> float:
    """The median size of a region's large sites that work, in H100 equivalents."""
    return float(np.median([float(r["h100_equivalents"]) for r in working(region) if r["h100_equivalents"]]))


def elsewhere(tables: Mapping[str, pd.DataFrame], scenario: str) -> pd.DataFrame:
    """Months to operation and size of sites under a comparator's institutions, compared with real sites elsewhere.

    Only real sites that work count. In the model, months count from the decision; `CLOCKS` has the starting point of the
    real ones.
    """
    region = ELSEWHERE[scenario]
    there = working(region)
    months = [float(r["months_start_to_first_operation"]) for r in there if r["months_start_to_first_operation"]]
    sizes = [float(r["h100_equivalents"]) for r in there if r["h100_equivalents"]]
    planned = {r["site"]: float(r["h100_equivalents"]) for r in comparators() if r["h100_equivalents"]}
    facilities, worlds = tables["facilities"], tables["worlds"]
    span = delays.simulated(facilities, np.nanmax(delays.quarters(facilities.operational), initial=0.0))
    taken = span["selection to operation"]
    per_site = worlds.h100_equivalents / worlds.sites.where(worlds.sites > 0)
    if scenario == "gigafactories":
        rows = [
            row(
                scenario,
                "H100 equivalents a site",
                planned["Gigafactory (each)"],
                per_site,
                "observed: the plan",
            ),
            row(scenario, "sites", 4.5, worlds.sites, "observed: the plan, four to five"),
            row(scenario, "months from selection to operation", None, taken.months[taken.finished]),
        ]
    else:
        rows = [
            row(
                scenario,
                "months to operation",
                float(np.median(months)),
                taken.months[taken.finished],
                f"observed: median of {len(months)} sites that work, {min(months):g} to {max(months):g}; {CLOCKS[region]}",
            ),
            row(
                scenario,
                "H100 equivalents a site",
                large_site(region),
                per_site,
                f"observed: median of {len(sizes)}, {min(sizes):,.0f} to {max(sizes):,.0f}; sums spent differ",
            ),
        ]
    return pd.DataFrame(rows)
