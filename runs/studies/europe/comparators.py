"""Compare the scenarios `us-observed` and `china-observed` with observations: dates, chips and largest training runs.

Sites, power, money and the machines at the start are input (`abm/unions`). The later sites and the largest training run
that the best site allows are outcomes, and nothing is fitted to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from juste_retour.abm.base.calendar import label, quarter, year
from juste_retour.abm.base.observed import comparators, largest_runs
from juste_retour.abm.delivery.building import NEVER
from juste_retour.abm.delivery.chips import h100_equivalents
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.cohorts import orders
from juste_retour.abm.worlds.scenario import load
from juste_retour.abm.worlds.training import run_flop
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Floats
from juste_retour.runs.studies.europe.patterns import CLOCKS, large_site, row, working

REGIONS = {"us-observed": "US", "china-observed": "CN"}
BEGUN = {
    "Colossus 2": "colossus_2",
    "Hyperion": "hyperion",
}  # sites begun after the announcement: comparators.csv, model
CHIPS_AS_OF = "2026Q2"


@dataclass(frozen=True, eq=False)
class SeenSites:
    """Simulated quantities that have observed counterparts.

    Attributes:
        sites: names of the sites.
        built: (worlds, sites) whether the site was selected.
        opened: (worlds, sites) decimal year of first operation; NaN for never.
        months: (worlds, sites) months from the first order to first operation; NaN for never.
        chips: (worlds, sites) H100 equivalents of new machines that work at `CHIPS_AS_OF`.
        runs: the largest training run by quarter, each (worlds,), FLOP.
    """

    sites: tuple[str, ...]
    built: NDArray[np.bool_]
    opened: Floats
    months: Floats
    chips: Floats
    runs: dict[str, Floats]


def beside(name: str, worlds: int, seed: int = 0) -> pd.DataFrame:
    """One row per quantity of a scenario: the observed value, and the median and 90 % interval of `worlds` simulated runs."""
    region, seen = REGIONS[name], seen_in(name, worlds, seed)
    rows = []
    for place in comparators():
        if place["region"] == region and place["site"] in BEGUN:
            at = seen.sites.index(BEGUN[place["site"]])
            opened = year(_quarter(place["first_operation"]))
            rows.append(
                row(
                    name,
                    f"{place['site']}, first operation",
                    opened,
                    seen.opened[:, at],
                    "dates are decimal years",
                )
            )
            if place["status_as_of"] != "planned":
                chips = float(place["h100_equivalents"])
                rows.append(row(name, f"{place['site']}, H100 equivalents in {CHIPS_AS_OF}", chips, seen.chips[:, at]))
    if not rows:  # no site of the region is known to have begun since, so compare with those begun before
        months = [
            float(r["months_start_to_first_operation"]) for r in working(region) if r["months_start_to_first_operation"]
        ]
        rows.append(row(name, "months to operation", float(np.median(months)), seen.months[seen.built], CLOCKS[region]))
        rows.append(
            row(
                name,
                f"H100 equivalents a site in {CHIPS_AS_OF}",
                large_site(region),
                seen.chips[seen.built],
                "observed: sites begun before",
            )
        )
    for run in largest_runs():
        if run["region"] == region:
            when = label(_quarter(run["published"]))
            says = "observed: the largest run known; simulated: what the best site could train"
            rows.append(
                row(
                    name,
                    f"largest run, FLOP, {run['model']} in {when}",
                    float(run["flop"]),
                    seen.runs[when],
                    says,
                )
            )
    return pd.DataFrame(rows)


def seen_in(name: str, worlds: int, seed: int = 0) -> SeenSites:
    """Run `worlds` worlds of a scenario and collect the quantities to compare."""
    simulation = Simulation(load(name), seed, range(worlds))
    env, world = simulation.env, simulation.world
    runs: dict[str, Floats] = {}
    chips = np.zeros((world.count, world.sites.count))
    while simulation.running:
        simulation.advance()
        runs[world.quarter] = run_flop(env).copy()
        if world.quarter == CHIPS_AS_OF:
            chips = at_work(world)
    ready = world.program.delivered.ready
    opens = world.contracted & (ready < NEVER)
    opened = np.where(opens, ready / 4 + 0.125, np.nan)
    ordered = year(orders(env.institutions.scenario, world.announced)[0][0])
    return SeenSites(world.sites.names, world.contracted, opened, 12 * (opened - ordered), chips, runs)


def at_work(world: World) -> Floats:
    """H100 equivalents (worlds, sites) of the machines that were bought and work in the current quarter."""
    program, every = world.program, np.arange(world.count)
    found = np.zeros(world.contracted.shape)
    for cohort in (program.delivered, *program.later):
        there = world.contracted & ~cohort.cancelled & (cohort.ready <= world.now)
        found += np.where(there, h100_equivalents(cohort.powered(every, world.now), cohort.peak), 0.0)
    return found


def _quarter(date: str) -> int:
    """The quarter of a date such as 2025-09, 2025-07-09 or 2028."""
    when, _, rest = date.partition("-")
    month = int(rest[:2]) if rest else 1
    return quarter(f"{when}Q{(month + 2) // 3}", "date")
