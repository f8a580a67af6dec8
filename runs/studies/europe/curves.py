"""Curves of the verdict: the value of audit, the date of a reform, the envelope, and the growth of the frontier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from juste_retour.abm.base.calendar import label, quarter
from juste_retour.abm.base.parameters import defaults
from juste_retour.abm.delivery import chips as chip
from juste_retour.abm.delivery.frontier import frontier
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.runs.base.statistics import known_summary
from juste_retour.runs.results.paired import COMMITTED, at_equal_spending
from juste_retour.runs.results.switches import mixed
from juste_retour.runs.studies.europe.bench import REFORM, STATUS_QUO, Bench, BenchRuns
from juste_retour.runs.studies.europe.trials import NAMED, Numbers, pooled

OVERPRICING = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EXPONENTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.235533, 0.29, 0.4, 0.6, 0.9)
REFORMED = tuple(f"{year}Q3" for year in range(2024, 2032))
READ = "2034Q4"
LEAST_WITHIN = "the least within four years"
AFTER = 16  # quarters after its announcement in which the smallest lag of a reform is taken
ESSAY = 2026.04  # 14 January 2026
STRUCTURAL = (1.0, 2.0, 3.0)  # thresholds in years behind: the gap is structural if no reform gets below
STRUCTURAL_AT = 2.0  # the threshold for claim 4
MONEY = ("committed_eur_bn", "spend_eur_bn", "unspent_eur_bn")
ENVELOPES = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0)


def crossing(x: ArrayLike, y: Floats, level: ArrayLike) -> Floats:
    """The x at which each row of y first crosses a level, by linear interpolation; NaN if it never does.

    Args:
        x: (points,), increasing.
        y: (rows, points), or (points,) for one row.
        level: one number, or one per row.

    Returns:
        (rows,).

    >>> crossing([0.0, 1.0, 2.0], np.array([[0.0, 1.0, 3.0], [5.0, 5.0, 5.0]]), 2.0)
    array([1.5, nan])
    """
    x, y = np.asarray(x, dtype=float), np.atleast_2d(y) - np.reshape(level, (-1, 1))
    turned = np.signbit(y[:, 1:]) != np.signbit(y[:, :-1])
    k = turned.argmax(1)
    rows = np.arange(len(y))
    a, b = y[rows, k], y[rows, k + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        at = x[k] + (x[k + 1] - x[k]) * a / (a - b)
    return np.where(turned.any(1), at, np.nan)


def spread(values: ArrayLike) -> dict[str, float]:
    """Median and 90 % interval of the values that are not NaN, and their share as `known`."""
    values = np.asarray(values, dtype=float)
    known = values[~np.isnan(values)]
    return known_summary(values) | {"known": len(known) / len(values)}


def what_audit_buys(bench: Bench) -> tuple[pd.DataFrame, dict[str, float]]:
    """The reform's years behind by share of money lost to overpricing, compared with the reform under audit first.

    Returns:
        A table with a row per share and a last row for audit first; and the break-even, the share of money lost above which
        audit first does better.
    """
    reform = load(REFORM)
    audited = bench.outcomes(reform.changed({"operations": "audit_first"}), ["years_behind"])["years_behind"]
    lost = [
        bench.outcomes(reform.changed({"operations.overpricing": share}), ["years_behind"])["years_behind"]
        for share in OVERPRICING
    ]
    rows = [{"money_lost": s} | spread(v) for s, v in zip(OVERPRICING, lost, strict=True)]
    rows.append({"money_lost": np.nan} | spread(audited))
    return pd.DataFrame(rows), spread(crossing(OVERPRICING, np.stack(lost, 1), audited))


def where_geography_flips(bench: Bench) -> tuple[pd.DataFrame, dict[str, float]]:
    """The status quo's sites pooled, relative to one campus with the same chips, by exponent of the pooling penalty.

    Returns:
        A table with a row per exponent; and the exponent at which the ratio is 1.
    """
    found = pooled(bench, load(STATUS_QUO).changed({"operations": "operator_led"}), EXPONENTS)
    runs = [found[f"{exponent:g}"] for exponent in EXPONENTS]
    rows = [{"exponent": e} | spread(v) for e, v in zip(EXPONENTS, runs, strict=True)]
    return pd.DataFrame(rows), spread(crossing(EXPONENTS, np.stack(runs, 1), 1.0))


@dataclass(frozen=True, eq=False)
class Later:
    """Years behind of reforms announced at different dates. Each spends the same envelope, instead of the status quo's call.

    Attributes:
        late: (draws, announcements) years behind in 2034Q4; `before` the mean over the four years to then.
        soon: (draws, announcements) smallest years behind within four years of the announcement.
        quo: (draws,) years behind of the status quo in 2034Q4.
    """

    late: Floats
    before: Floats
    soon: Floats
    quo: Floats

    @property
    def lost_a_year(self) -> Floats:
        """(draws,) increase of a reform's smallest lag per year of waiting, in years, from 2026 to 2030."""
        a, b = REFORMED.index("2026Q3"), REFORMED.index("2030Q3")
        return (self.soon[:, b] - self.soon[:, a]) / (b - a)

    def ahead(self, lags: Floats, early: str = "2026Q3", late: str = "2030Q3") -> Floats:
        """(draws,) by how many years the reform of an early announcement is ahead of that of a late one."""
        return lags[:, REFORMED.index(late)] - lags[:, REFORMED.index(early)]

    def out_of_reach(self, least: float) -> Booleans:
        """(draws, announcements) whether neither this reform nor a later one gets below `least` years within four years."""
        after = self.soon > least
        return np.flip(np.logical_and.accumulate(np.flip(after, 1), axis=1), 1)

    def structural_from(self, least: float) -> Floats:
        """(draws,) decimal year from which the gap is structural, interpolated between announcements.

        From then on no reform gets below `least` years behind. NaN if the gap is not structural by the last announcement;
        the date of the first announcement if it is from the start.
        """
        years = np.array([quarter(a, "announcement") / 4 for a in REFORMED])
        lost = self.out_of_reach(least)
        k = lost.argmax(1)
        rows = np.arange(len(lost))
        before = np.maximum(k - 1, 0)
        low, high = self.soon[rows, before], self.soon[rows, k]
        part = np.where(k > 0, (least - low) / np.where(high > low, high - low, 1.0), 1.0)
        return np.where(lost.any(1), years[before] + part * (years[k] - years[before]), np.nan)


def later(bench: Bench) -> Later:
    """Run the reform at each of the announcement dates."""
    reform, quo = load(REFORM), load(STATUS_QUO)
    last = quarter(READ, "read")
    at_read = {"window_start": label(last - AFTER), "window_years": AFTER / 4}
    late, before, soon = [], [], []
    for announced in REFORMED:
        then = reform.changed({"announcement": announced, **at_read})
        found = bench.outcomes(then, ["years_behind", "years_behind_at_end"])
        late.append(found["years_behind_at_end"])
        before.append(found["years_behind"])
        begun = quarter(announced, "announcement")
        end = min(begun + AFTER, last)
        near = {"announcement": announced, "end": label(end), "window_years": (end - begun) / 4}
        soon.append(bench.best_after(reform.changed(near)))
    return Later(
        np.stack(late, 1),
        np.stack(before, 1),
        np.stack(soon, 1),
        bench.outcomes(quo.changed(at_read), ["years_behind_at_end"])["years_behind_at_end"],
    )


def waiting(found: Later) -> Numbers:
    """The numbers for claim 4, each (draws,)."""
    return {
        "lost a year": found.lost_a_year,
        "structural from": found.structural_from(STRUCTURAL_AT),
        **{f"structural from at {least:g}": found.structural_from(least) for least in STRUCTURAL},
        "early ahead": found.ahead(found.before),
        "early ahead at the end": found.ahead(found.late),
    }


def later_reforms(found: Later) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables: years behind by date of the reform, and the dates from which the gap is structural."""
    rows = []
    for k, announced in enumerate(REFORMED):
        for read, values in (
            (f"in {READ}", found.late[:, k]),
            ("gain on the status quo", found.quo - found.late[:, k]),
            (LEAST_WITHIN, found.soon[:, k]),
        ):
            rows.append({"announced": announced, "read": read, **spread(values)})
    dates = [
        {
            "years_behind": least,
            **spread(found.structural_from(least)),
            **{a: float(found.out_of_reach(least)[:, k].mean()) for k, a in enumerate(REFORMED)},
        }
        for least in STRUCTURAL
    ]
    return pd.DataFrame(rows), pd.DataFrame(dates)


def what_money_buys(bench: Bench) -> pd.DataFrame:
    """Years behind by envelope, and the gain on the status quo with the same envelope and with the same spending.

    Beside the reform stand its three named parts and a planner who also chooses the number of sites.
    """
    rows, (quo, reform) = [], (load(STATUS_QUO), load(REFORM))
    scenarios = {
        "the status quo": quo,
        "the three named parts": mixed(quo, reform, NAMED),
        "the reform": reform,
        "the reform, number of sites free": reform.changed({"agenda": "planner"}),
    }
    runs = BenchRuns(bench, ["years_behind", COMMITTED, "sites"])
    for envelope in ENVELOPES:
        there = {name: s.changed({"envelope_eur_bn": envelope}) for name, s in scenarios.items()}
        free = {name: runs.of(s, 0, bench.count) for name, s in there.items()}
        today = free["the status quo"]
        for name, s in there.items():
            ends = (there["the status quo"], s)
            a, b = at_equal_spending(runs, ends, 0, (today, free[name]))
            rows.append(
                {
                    "envelope_eur_bn": envelope,
                    "scenario": name,
                    "sites": float(np.median(free[name]["sites"])),
                    "committed_eur_bn": float(np.median(free[name][COMMITTED])),
                    "gain": float(np.median(today["years_behind"] - free[name]["years_behind"])),
                    "gain_at_equal_spending": float(np.median(a["years_behind"] - b["years_behind"])),
                    **spread(free[name]["years_behind"]),
                }
            )
    return pd.DataFrame(rows)


def side_by_side(bench: Bench) -> pd.DataFrame:
    """Outcomes of every preset of the European Union on the same draws, with common random numbers."""
    rows = []
    shipped = {p: load(p) for p in presets() if p not in (STATUS_QUO, REFORM)}
    others = [p for p, s in shipped.items() if s.trains and s.members == load(STATUS_QUO).members]
    for name in [STATUS_QUO, REFORM, *others]:
        found = bench.outcomes(load(name), ["sites", "hosts", *MONEY, "largest_site_accelerators", "years_behind"])
        rows.append(
            {
                "scenario": name,
                "read": load(name).window_end,
                **{k: float(np.median(v)) for k, v in found.items() if k != "years_behind"},
                **spread(found["years_behind"]),
            }
        )
    return pd.DataFrame(rows)


TRENDS = (2.0, 2.5, 3.3, 4.0, 5.0)  # growth of the frontier after mid-2025, a year
TREND_YEARS = (2026, 2028, 2030, 2032, 2034)


def implied(growth: float) -> list[dict[str, float]]:
    """Cost and power of a frontier training run by year, one row per year, at the default parameters.

    The chips are of the same year. The cost covers machines, halls and grid connection of a cluster that completes the run
    in `run_days`; the power includes cooling.

    Args:
        growth: growth factor of the frontier per year after mid-2025.
    """
    p = defaults(frontier_growth_later=growth)
    rows = []
    for year in TREND_YEARS:
        run = frontier(float(year), p).item()
        days = p.run_days.item() * 86_400
        chips = run / (chip.peak(float(year), p).item() * p.mfu_reference.item() * days)
        kw = chip.power_kw(float(year), p).item() * p.pue_base.item()
        rows.append(
            {
                "growth": growth,
                "year": year,
                "frontier_flop": run,
                "chips": chips,
                "cost_eur_bn": chips * chip.price(float(year), p).item() / 1e9,
                "power_gw": chips * kw / 1e6,
            }
        )
    return rows


def frontier_trends(bench: Bench) -> pd.DataFrame:
    """Years behind of status quo and reform by growth of the frontier, with the cost and power that this growth implies."""
    rows = []
    for growth in TRENDS:
        changes = {"frontier_growth_later": growth}
        found = {
            name: bench.outcomes(load(name).changed(changes), ["years_behind"])["years_behind"]
            for name in (STATUS_QUO, REFORM)
        }
        lags = {
            "status_quo": float(np.median(found[STATUS_QUO])),
            "reform": float(np.median(found[REFORM])),
            "gain": float(np.median(found[STATUS_QUO] - found[REFORM])),
        }
        rows += [row | lags for row in implied(growth)]
    return pd.DataFrame(rows)
