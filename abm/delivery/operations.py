"""Operations: who builds the team, repairs, restarts, buys spares and audits; and what a site yields under them.

A rule returns a `Practice`; the functions turn chips into a rate (E1, E2, E10 to E14b). Chips have shape
(worlds, sites), parameters and practices (worlds, 1); a site with no chips has goodput one and rate zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from juste_retour.agents.arrays import Floats, Integers, Number, power
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world
from juste_retour.agents.values import Values

HOURS_A_WEEK, HOURS_A_YEAR = 168.0, 8766.0
REFERENCE_ACCELERATORS = 16_384.0  # the size at which `mfu_reference` was measured
_SHARPNESS = 400.0  # numerical: keeps the bend smooth where spares run out (E14)


@dataclass(frozen=True, eq=False)
class Practice:
    """How a site is run; numbers or arrays of shape (worlds, 1)."""

    restart_h: Number  # automatic restart
    person_share: Number  # interruptions that need a person
    person_wait_h: Number  # until that person may act
    repair_h: Number  # until a failed node is back in service
    mfu_factor: Number  # skill, on utilization
    build_factor: Number  # skill, on building time
    overpricing: Number  # share of the money lost to it
    lost_purchases_a_year: Number  # share of what was bought that fails or is wrong
    scandal_a_year: Number  # hazard of one that stops a site for a quarter
    found_after_years: Number  # audit finds a wrong purchase and has it put right

    @property
    def downtime_h(self) -> Number:
        """Mean time from an interruption to running again, r (E12)."""
        return (1 - self.person_share) * self.restart_h + self.person_share * self.person_wait_h


operations = Family(
    "operations",
    decides="who builds the team, repairs, restarts, buys spares and audits",
    signature="rule() -> Practice: hours, shares and factors as numbers or arrays (worlds, 1).",
    group="operations",
    lift=each_world,
)


def mean_wait(hours_a_day: Number, days_a_week: Number) -> Number:
    """Mean wait in hours until staffed hours, for a call at any time of the week (E13): sum of gap^2 / 2 over 168.

    >>> round(mean_wait(8, 5), 4), round(mean_wait(8, 7), 4), mean_wait(24, 7)
    (15.2381, 5.3333, 0.0)
    """
    night = 24 - hours_a_day
    weekend = night + 24 * (7 - days_a_week)
    return ((days_a_week - 1) * night * night + weekend * weekend) / 2 / HOURS_A_WEEK


def _hours(
    low: float, high: float, about: str, span: tuple[float, float], source: str, scale: str = "log"
) -> Parameter:
    return Parameter("h", low, high, about, source, span, scale, "operations")


def _share(
    about: str,
    span: tuple[float, float],
    source: str,
    unit: str = "share",
    high: float = 1.0,
    scale: str = "linear",
) -> Parameter:
    return Parameter(unit, 0, high, about, source, span, scale, "operations")


def _staffed(about: str, unit: str, high: float, span: tuple[float, float]) -> Parameter:
    return Parameter(unit, 1, high, about, "a choice of operators: office hours", span, group="operations")


_RESTART = _hours(
    1e-3,
    72,
    "automatic restart",
    (0.5 / 60, 0.5),
    "fits 90 % of Grattafiori et al. (2024) and 97 % of Wan et al. (2025)",
)
# What the two rules share is known, or assumed, with a range for each: drawn from one range for both, they would differ
# by chance alone.


def _person(low: float, high: float) -> Parameter:
    source = "Grattafiori et al. (2024): 3 of 419; high end assumed"
    return _share("interruptions that need a person", (low, high), source, scale="log")


def _repair(low: float, high: float) -> Parameter:
    source = "assumed: local spares 24, tender 720"
    return _hours(0.1, 20_000, "until a failed node is back in service", (low, high), source)


def _skill(low: float, high: float) -> Parameter:
    source = "assumed: hired for it, or on the public pay scale"
    return _share("skill of the team, on utilization", (low, high), source, "1", 2)


def _build(low: float, high: float) -> Parameter:
    return Parameter(
        "1", 0.1, 10, "skill of the team, on building time", "assumed", (low, high), group="operations"
    )


def _overpricing(low: float, high: float) -> Parameter:
    return _share("money lost to overpricing without competition", (low, high), "assumed", high=0.9)


def _lost(low: float, high: float) -> Parameter:
    return _share("purchases that fail or are wrong", (low, high), "assumed", "share a year", 0.9)


def _scandal(low: float, high: float) -> Parameter:
    return _share("hazard of a scandal that stops a site for a quarter", (low, high), "assumed", "1 a year")


_FOUND = Parameter(
    "years",
    0,
    100,
    "until an audit has found and righted a wrong purchase",
    "assumed: outcome audit finds it a year late",
    (0.5, 3),
    group="operations",
)


@operations(deterministic=True)
def audit_first(
    *,
    restart_h: Annotated[float, _RESTART] = 5 / 60,
    person_share: Annotated[float, _person(0.01, 0.2)] = 0.05,
    staffed_hours: Annotated[float, _staffed("staffed hours", "h a day", 24, (8, 24))] = 8.0,
    staffed_days: Annotated[float, _staffed("staffed days", "days a week", 7, (5, 7))] = 5.0,
    sign_off_h: Annotated[
        float, _hours(0, 2000, "sign-off before anything is changed", (0.1, 57), "assumed: a working day")
    ] = 8.0,
    repair_h: Annotated[float, _repair(168, 4000)] = 720.0,
    mfu_factor: Annotated[float, _skill(0.7, 1)] = 0.85,
    build_factor: Annotated[float, _build(1, 1.5)] = 1.2,
    overpricing: Annotated[float, _overpricing(0, 0.05)] = 0.01,
    lost_purchases_a_year: Annotated[float, _lost(0, 0.02)] = 0.005,
    scandal_a_year: Annotated[float, _scandal(0, 0.01)] = 0.001,
    found_after_years: Annotated[float, _FOUND] = 1.0,
) -> Practice:
    """Nothing is bought, repaired or restarted by hand before it is signed off, in office hours.

    A person comes after the mean wait for staffed hours and the sign-off; spares come by tender; the team follows the
    public pay scale. In return little money is lost.

    >>> round(audit_first().person_wait_h, 2)
    23.24

    Source: the essay, Krüger (2026); values assumed but for the wait, which follows from the staffed hours.
    """
    return Practice(
        restart_h,
        person_share,
        mean_wait(staffed_hours, staffed_days) + sign_off_h,
        repair_h,
        mfu_factor,
        build_factor,
        overpricing,
        lost_purchases_a_year,
        scandal_a_year,
        found_after_years,
    )


@operations(deterministic=True)
def operator_led(
    *,
    restart_h: Annotated[float, _RESTART] = 5 / 60,
    person_share: Annotated[float, _person(0.003, 0.05)] = 3 / 419,
    person_wait_h: Annotated[
        float, _hours(0, 2000, "until a person on call may act", (0.25, 72), "assumed: on site day and night")
    ] = 0.5,
    repair_h: Annotated[float, _repair(6, 168)] = 24.0,
    mfu_factor: Annotated[float, _skill(0.85, 1)] = 1.0,
    build_factor: Annotated[float, _build(1, 1.2)] = 1.0,
    overpricing: Annotated[float, _overpricing(0, 0.3)] = 0.05,
    lost_purchases_a_year: Annotated[float, _lost(0, 0.1)] = 0.02,
    scandal_a_year: Annotated[float, _scandal(0, 0.05)] = 0.01,
    found_after_years: Annotated[float, _FOUND] = 1.0,
) -> Practice:
    """Those who run the site decide day and night; audit stands apart and judges outcomes only.

    Quick restarts, local spares and a team hired for the work; some money is lost and found late.

    >>> operator_led().repair_h
    24.0

    Source: Grattafiori et al. (2024) for restarts; the rest assumed.
    """
    return Practice(
        restart_h,
        person_share,
        person_wait_h,
        repair_h,
        mfu_factor,
        build_factor,
        overpricing,
        lost_purchases_a_year,
        scandal_a_year,
        found_after_years,
    )


def money_kept(practice: Practice, years: Number = 0.0) -> Floats:
    """Share of the money spent that works `years` after delivery: what overpricing and wrong purchases leave of it.

    Wrong purchases come at a yearly rate and are put right when an audit has found them, so that no more than
    `found_after_years` of them are out at once.
    """
    out = np.minimum(years, practice.found_after_years)
    return (1 - practice.overpricing) * np.exp(out * np.log1p(-np.asarray(practice.lost_purchases_a_year)))


def mtbf(n: Number, p: Values) -> Floats:
    """Mean hours between interruptions of a job on n accelerators (E10); infinite where n is 0."""
    with np.errstate(divide="ignore"):
        return 1.0 / (p.interruptions * n)


def checkpoint_interval(n: Number, p: Values) -> Floats:
    """Hours between checkpoints: `checkpoint_hours` if it is set, else the interval that loses the least (E11; Young (1974))."""
    return np.where(
        p.checkpoint_hours > 0, p.checkpoint_hours, np.sqrt(2 * p.checkpoint_s / 3600 * mtbf(n, p))
    )


def losses(
    n: Number, practice: Practice, p: Values, jobs: int | Integers = 1
) -> tuple[Floats, Floats, Floats]:
    """Return what one of `jobs` equal jobs on n accelerators in all loses, as shares of the time in which it makes progress.

    Writing checkpoints costs delta_c / tau, the work since the last one tau / 2 MTBF, and waiting r / MTBF (E12).
    """
    rate = p.interruptions * n
    young = np.sqrt(p.checkpoint_s / 7200 * rate) / np.sqrt(jobs)
    waiting = practice.downtime_h * rate / jobs
    if not np.any(p.checkpoint_hours > 0):
        return young, young, waiting
    fixed = p.checkpoint_hours > 0
    interval = np.where(fixed, p.checkpoint_hours, 1.0)
    writing = np.where(fixed, p.checkpoint_s / 3600 / interval, young)
    return writing, np.where(fixed, interval / 2 * rate / jobs, young), waiting


def goodput(
    n: Number, practice: Practice, p: Values, jobs: int | Integers = 1, rejoin: bool = False
) -> Floats:
    """Share of its time in which each of `jobs` equal jobs on n accelerators in all makes progress (E12).

    One where n is 0. A job that can `rejoin` the others takes its state from them: it writes no checkpoints and loses
    no work, and only waits.
    """
    writing, lost, waiting = losses(n, practice, p, jobs)
    if rejoin and jobs > 1:
        return 1 / (1 + waiting)
    return 1 / ((1 + writing) * (1 + lost + waiting))


def in_service(practice: Practice, p: Values) -> Floats:
    """Share of a site's accelerators in service while failed nodes are out for repair (E14)."""
    out = p.hardware_failures * p.node_accelerators * practice.repair_h / HOURS_A_YEAR
    short = out / (1 + out) - p.spares
    return 1 - np.logaddexp(0.0, _SHARPNESS * short) / _SHARPNESS


def site_availability(p: Values) -> Floats:
    """Share of the time in which a whole site is up, U (E14b)."""
    return 1 / (1 + p.site_outages * p.outage_hours / HOURS_A_YEAR)


def mfu(n: Number, p: Values) -> Floats:
    """Model FLOP utilization of a job on n accelerators (E1); that of one accelerator below one."""
    return p.mfu_reference * power(np.maximum(n, 1.0) / REFERENCE_ACCELERATORS, np.negative(p.mfu_decay))


def site_rate(n: Number, chip_peak: Number, practice: Practice, p: Values, talent: Number = 1.0) -> Floats:
    """Effective rate of a site that runs one job on its n chips, FLOP/s, while the site is up (E2)."""
    yielded = in_service(practice, p) * practice.mfu_factor * mfu(n, p) * goodput(n, practice, p)
    return n * chip_peak * talent * yielded


def talent_factor(researchers: Number, reference: Number, p: Values) -> Floats:
    """What researchers within reach do to a site's rate (E24); one by default, since the elasticity is contested."""
    return power(np.divide(researchers, reference), np.asarray(p.talent_elasticity))
