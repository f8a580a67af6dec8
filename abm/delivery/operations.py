"""Operations rules: who hires, repairs, restarts, buys spares and audits; and the rate of a site under each rule.

The family `operations` holds for the program's sites, and for the machines that stood before unless the family
`standing_operations` has another rule for them. A rule returns a `Practice`. The functions compute a site's rate from its chips (E1, E2, E10 to E14b). Chips have shape
(worlds, sites); parameters and practices have shape (worlds, 1). A site without chips has goodput one and rate zero.
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
_SHARPNESS = 400.0  # numerical: smooths the kink at which spares run out (E14)


@dataclass(frozen=True, eq=False)
class Practice:
    """How a site is run; numbers or arrays of shape (worlds, 1).

    Attributes:
        restart_h: hours of an automatic restart.
        person_share: share of interruptions that need a person.
        person_wait_h: hours until that person may act.
        repair_h: hours until a failed node is back in service.
        mfu_factor: effect of the team's skill on utilization, a factor.
        build_factor: effect of the team's skill on building time, a factor.
        overpricing: share of the money lost to overpricing.
        lost_purchases_a_year: share of purchases that fail or are wrong, per year.
        scandal_a_year: hazard of a scandal that stops a site for a quarter, per year.
        found_after_years: years until an audit has found and corrected a wrong purchase.
    """

    restart_h: Number
    person_share: Number
    person_wait_h: Number
    repair_h: Number
    mfu_factor: Number
    build_factor: Number
    overpricing: Number
    lost_purchases_a_year: Number
    scandal_a_year: Number
    found_after_years: Number

    @property
    def downtime_h(self) -> Number:
        """Mean hours from an interruption until the job runs again, r (E12)."""
        return (1 - self.person_share) * self.restart_h + self.person_share * self.person_wait_h


operations = Family(
    "operations",
    decides="who hires, repairs, restarts, buys spares and audits",
    signature="rule() -> Practice: hours, shares and factors as numbers or arrays (worlds, 1).",
    group="operations",
    lift=each_world,
)
standing_operations = Family(
    "standing_operations",
    decides="how the machines that stood before are run",
    signature="rule() -> Practice as for operations, or None to run them as the program's sites.",
    group="standing_operations",
    lift=each_world,
)


def mean_wait(hours_a_day: Number, days_a_week: Number) -> Number:
    """Mean hours from a random time of the week to the next staffed hour (E13): sum of gap^2 / 2, divided by 168.

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
# Parameters that both rules have get a separate range for each. With one range for both, random draws would make the
# rules differ by chance alone.


def _person(low: float, high: float) -> Parameter:
    source = "Grattafiori et al. (2024): 3 of 419; high end assumed"
    return _share("share of interruptions that need a person", (low, high), source, scale="log")


def _repair(low: float, high: float) -> Parameter:
    source = "assumed: local spares 24, tender 720"
    return _hours(0.1, 20_000, "time until a failed node is back in service", (low, high), source)


def _skill(low: float, high: float) -> Parameter:
    source = "assumed: hired for it, or on the public pay scale"
    return _share("effect of the team's skill on utilization", (low, high), source, "1", 2)


def _build(low: float, high: float) -> Parameter:
    return Parameter(
        "1",
        0.1,
        10,
        "effect of the team's skill on building time",
        "assumed",
        (low, high),
        group="operations",
    )


def _overpricing(low: float, high: float) -> Parameter:
    return _share("share of money lost to overpricing without competition", (low, high), "assumed", high=0.9)


def _lost(low: float, high: float) -> Parameter:
    return _share("share of purchases that fail or are wrong", (low, high), "assumed", "share per year", 0.9)


def _scandal(low: float, high: float) -> Parameter:
    return _share("hazard of a scandal that stops a site for a quarter", (low, high), "assumed", "1 per year")


_FOUND = Parameter(
    "years",
    0,
    100,
    "time until an audit has found and corrected a wrong purchase",
    "assumed: an audit of outcomes finds it a year late",
    (0.5, 3),
    group="operations",
)


@standing_operations(anonymous=True, deterministic=True)
def as_operations() -> None:
    """The machines that stood before are run as the program's sites are.

    Source: assumed; the joint undertaking runs both.
    """


@standing_operations(deterministic=True)
@operations(deterministic=True)
def audit_first(
    *,
    restart_h: Annotated[float, _RESTART] = 5 / 60,
    person_share: Annotated[float, _person(0.01, 0.2)] = 0.05,
    staffed_hours: Annotated[float, _staffed("staffed hours", "h per day", 24, (8, 24))] = 8.0,
    staffed_days: Annotated[float, _staffed("staffed days", "days a week", 7, (5, 7))] = 5.0,
    sign_off_h: Annotated[
        float, _hours(0, 2000, "time of the sign-off before any change", (0.1, 57), "assumed: a working day")
    ] = 8.0,
    repair_h: Annotated[float, _repair(168, 4000)] = 720.0,
    mfu_factor: Annotated[float, _skill(0.7, 1)] = 0.85,
    build_factor: Annotated[float, _build(1, 1.5)] = 1.2,
    overpricing: Annotated[float, _overpricing(0, 0.05)] = 0.01,
    lost_purchases_a_year: Annotated[float, _lost(0, 0.02)] = 0.005,
    scandal_a_year: Annotated[float, _scandal(0, 0.01)] = 0.001,
    found_after_years: Annotated[float, _FOUND] = 1.0,
) -> Practice:
    """Every purchase, repair and manual restart needs a sign-off first, in office hours.

    A person acts after the mean wait for staffed hours and the sign-off. Spares are bought by tender, and the team is on
    the public pay scale. In return little money is lost.

    >>> round(audit_first().person_wait_h, 2)
    23.24

    Source: the essay, Krüger (2026); values assumed, except the wait, which follows from the staffed hours.
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


@standing_operations(deterministic=True)
@operations(deterministic=True)
def operator_led(
    *,
    restart_h: Annotated[float, _RESTART] = 5 / 60,
    person_share: Annotated[float, _person(0.003, 0.05)] = 3 / 419,
    person_wait_h: Annotated[
        float,
        _hours(0, 2000, "time until a person on call may act", (0.25, 72), "assumed: on site day and night"),
    ] = 0.5,
    repair_h: Annotated[float, _repair(6, 168)] = 24.0,
    mfu_factor: Annotated[float, _skill(0.85, 1)] = 1.0,
    build_factor: Annotated[float, _build(1, 1.2)] = 1.0,
    overpricing: Annotated[float, _overpricing(0, 0.3)] = 0.05,
    lost_purchases_a_year: Annotated[float, _lost(0, 0.1)] = 0.02,
    scandal_a_year: Annotated[float, _scandal(0, 0.05)] = 0.01,
    found_after_years: Annotated[float, _FOUND] = 1.0,
) -> Practice:
    """The site's operators decide day and night; an independent audit judges outcomes only.

    Restarts are quick, spares are local, and the team is hired for the work. Some money is lost, and found late.

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
    """Share of the money spent that is still effective `years` after delivery, after overpricing and wrong purchases.

    Wrong purchases occur at an annual rate and are corrected once an audit has found them. At most those of the last
    `found_after_years` are uncorrected.
    """
    out = np.minimum(years, practice.found_after_years)
    return (1 - practice.overpricing) * np.exp(out * np.log1p(-np.asarray(practice.lost_purchases_a_year)))


def mtbf(n: Number, p: Values) -> Floats:
    """Mean hours between interruptions of a job on n accelerators (E10); infinite for n = 0."""
    with np.errstate(divide="ignore"):
        return 1.0 / (p.interruptions * n)


def checkpoint_interval(n: Number, p: Values) -> Floats:
    """Hours between checkpoints: `checkpoint_hours` if it is set, else the optimal interval (E11; Young (1974))."""
    return np.where(p.checkpoint_hours > 0, p.checkpoint_hours, np.sqrt(2 * p.checkpoint_s / 3600 * mtbf(n, p)))


def losses(n: Number, practice: Practice, p: Values, jobs: int | Integers = 1) -> tuple[Floats, Floats, Floats]:
    """Losses of each of `jobs` equal jobs on n accelerators in total, as shares of the time in which it makes progress.

    Returns:
        writing checkpoints, delta_c / tau; repeating work since the last one, tau / 2 MTBF; waiting, r / MTBF (E12).
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


def goodput(n: Number, practice: Practice, p: Values, jobs: int | Integers = 1, rejoin: bool = False) -> Floats:
    """Share of time in which each of `jobs` equal jobs on n accelerators in total makes progress (E12); 1 for n = 0.

    A job that can `rejoin` the others takes its state from them. It writes no checkpoints and loses no work, and only
    waits.
    """
    writing, lost, waiting = losses(n, practice, p, jobs)
    if rejoin and jobs > 1:
        return 1 / (1 + waiting)
    return 1 / ((1 + writing) * (1 + lost + waiting))


def in_service(practice: Practice, p: Values) -> Floats:
    """Share of a site's accelerators that are in service, given nodes under repair and spares (E14)."""
    out = p.hardware_failures * p.node_accelerators * practice.repair_h / HOURS_A_YEAR
    short = out / (1 + out) - p.spares
    return 1 - np.logaddexp(0.0, _SHARPNESS * short) / _SHARPNESS


def site_availability(p: Values) -> Floats:
    """Share of time in which the site as a whole is up, U (E14b)."""
    return 1 / (1 + p.site_outages * p.outage_hours / HOURS_A_YEAR)


def mfu(n: Number, p: Values) -> Floats:
    """Model FLOP utilization of a job on n accelerators (E1); n below 1 counts as 1."""
    return p.mfu_reference * power(np.maximum(n, 1.0) / REFERENCE_ACCELERATORS, np.negative(p.mfu_decay))


def site_rate(n: Number, chip_peak: Number, practice: Practice, p: Values, talent: Number = 1.0) -> Floats:
    """Effective rate of a site that runs one job on all its n chips, FLOP/s, while the site is up (E2)."""
    yielded = in_service(practice, p) * practice.mfu_factor * mfu(n, p) * goodput(n, practice, p)
    return n * chip_peak * talent * yielded


def talent_factor(researchers: Number, reference: Number, p: Values) -> Floats:
    """Factor of nearby researchers on a site's rate (E24); 1 by default, since the elasticity is contested."""
    return power(np.divide(researchers, reference), np.asarray(p.talent_elasticity))
