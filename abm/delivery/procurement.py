"""Procurement rules: the time from selection to contract and from contract to operation (E16).

A rule returns a `Procedure` with mean times and risks. The functions turn uniform numbers (worlds, sites) into each
site's own times, which are lognormal with the stated mean. Procurement time counts only here, not in operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Annotated
from zlib import crc32

import numpy as np

from juste_retour.abm.base.normal import quantile
from juste_retour.abm.delivery.operations import Practice
from juste_retour.agents.arrays import Booleans, Floats, Integers, Number, power, total
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import Sites, States
from juste_retour.agents.some_worlds import each_world
from juste_retour.agents.values import Values

REFERENCE_MW = 100.0  # the size to which `build_years` refers
EVEN = 64  # the number of evenly spaced values over which actors expect a random number


@dataclass(frozen=True, eq=False)
class Procedure:
    """How a selected site gets its machine; numbers, or arrays (worlds, 1) or (worlds, sites).

    Actors expect the mean over all sites at each of them.

    Attributes:
        award_years: mean years from selection to contract.
        award_cv: standard deviation of this time, as a share of its mean.
        build_years: mean years from contract to operation for 100 MW.
        refresh: date of the chips, from 0 (that of the specification) to 1 (that of delivery).
        litigation_hazard: probability that an award is taken to court.
        tender_failure: probability that a tender fails and starts again.
        behind_the_meter: factor on a site's power through generation on site.
        shell_years: mean years to build the shell for 100 MW if there is none.
        without_shell: probability that there is no shell.
        given_up: probability that a failed tender is not repeated, so that the site is lost.
    """

    award_years: Number
    award_cv: Number
    build_years: Number
    refresh: Number
    litigation_hazard: Number
    tender_failure: Number
    behind_the_meter: Number
    shell_years: Number = 0.0
    without_shell: Number = 0.0
    given_up: Number = 0.0

    @classmethod
    def mean(cls, procedures: Sequence[Procedure]) -> Procedure:
        """The mean of several procedures."""
        parts = {f.name: [getattr(x, f.name) for x in procedures] for f in fields(cls)}
        return cls(**{name: sum(values[1:], values[0]) / len(values) for name, values in parts.items()})

    def expected(self) -> Procedure:
        """The procedure with the mean over sites wherever sites differ."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        means = {k: total(x)[:, None] / x.shape[-1] for k, x in parts.items() if np.ndim(x) and np.shape(x)[-1] > 1}
        return replace(self, **means) if means else self


@dataclass(frozen=True, eq=False)
class Purchase:
    """The input of a procurement rule.

    Attributes:
        sites: the candidate sites.
        states: the states.
        year: decimal year of the order.
        worlds: number of worlds.
        draw: returns the random numbers of `uniform` and `lasting`, given name, slots and whether they last.
    """

    sites: Sites
    states: States
    year: float
    worlds: int
    draw: Callable[[str, int, bool], Floats]

    def uniform(self, name: str, slots: int = 1) -> Floats:
        """Uniform numbers of the rule's own random stream, (worlds, slots); new ones in each quarter with an order.

        A number belongs to no site, so that it can decide on a whole call. In expectations it takes all values evenly.
        """
        return self.draw(name, slots, False)

    def lasting(self, name: str, slots: int = 1) -> Floats:
        """Uniform numbers that stay the same for the whole run, (worlds, slots)."""
        return self.draw(name, slots, True)

    def some_worlds(self, index: Integers) -> Purchase:
        """The same order in some of the worlds."""
        return replace(self, worlds=len(index), draw=lambda *drawn: self.draw(*drawn)[index])


def expected(buy: Callable[[Callable[[str, int, bool], Floats]], Procedure], worlds: int) -> Procedure:
    """The procedure that actors expect, before its random numbers are drawn: the mean over evenly spaced numbers.

    Args:
        buy: calls the rule with a source of random numbers, as `Purchase.draw`.
        worlds: number of worlds.
    """
    drawn: list[str] = []

    def number(k: int, name: str, slots: int, lasts: bool) -> Floats:
        drawn.append(name)
        shifts = [crc32(f"{name}:{slot}:{lasts}".encode()) % EVEN for slot in range(slots)]
        return np.broadcast_to((((2 * k + 1) * (np.array(shifts) | 1)) % (2 * EVEN)) / (2 * EVEN), (worlds, slots))

    first = buy(partial(number, 0))
    every = [first, *(buy(partial(number, k)) for k in range(1, EVEN))] if drawn else [first]
    return (Procedure.mean(every) if drawn else first).expected()


procurement = Family(
    "procurement",
    decides="how a site is bought: from selection to contract to delivery",
    signature="rule(purchase) -> Procedure: years, shares and chances as numbers, or arrays (worlds, 1) or (worlds, sites). "
    "purchase.sites and purchase.states are the tables, purchase.year is the decimal year of the order, and "
    "purchase.uniform(name) draws numbers (worlds, 1) that all sites share; a rule may omit the argument.",
    group="procurement",
    lift=each_world,
    may_omit=1,
)


def _p(
    unit: str, high: float, about: str, span: tuple[float, float], source: str = "assumed", low: float = 0
) -> Parameter:
    return Parameter(unit, low, high, about, source, span, "linear", "procurement")


# Rules that share a parameter have separate ranges. With one range for all, random draws would make the rules differ by
# chance alone.
def _award(low: float, high: float, source: str = "assumed") -> Parameter:
    return _p("years", 20, "mean time from selection to contract", (low, high), source, 0.01)


def _build(low: float, high: float, source: str = "assumed") -> Parameter:
    return _p("years", 20, "mean time from contract to operation of 100 MW", (low, high), source, 0.01)


def _refresh(low: float, high: float) -> Parameter:
    source = "by peak, JUPITER bought 0.1, Leonardo 0.3, LUMI 0.4; the others assumed"
    about = "date of the chips: 0 that of the specification, 1 that of delivery"
    return _p("1", 1, about, (low, high), source)


def _litigation(low: float, high: float) -> Parameter:
    about = "probability that an award is taken to court"
    return _p("chance", 1, about, (low, high), "assumed; Leonardo, T-717/20")


_HISTORY, _BUILDS = "abm/data/procurement_history.csv: ", "abm/data/comparators.csv: "
_ABOUT_CV = "standard deviation of the time to a contract, as a share of its mean"
_CV = _p("1", 2, _ABOUT_CV, (0.2, 0.7), _HISTORY + "mean 19.7 months, sd 7.4")
_ABOUT_FAILURE = "probability that a tender fails and starts again"
_FAILURE = _p("chance", 0.9, _ABOUT_FAILURE, (0, 0.15), _HISTORY + "MareNostrum 5's first, of 19")
_ABOUT_METER = "factor on a site's listed power through generation on site"
_METER = _p("1", 10, _ABOUT_METER, (1, 3), "xAI (2024), Colossus: turbines on site", 1)
_ABOUT_SHELL = "mean time to build the shell for 100 MW if there is none"
_SHELLS = "Abilene 13.5 months, New Carlisle and Prometheus 18, from ground-breaking, for 590 to 1,092 MW"
_SHELL = _p("years", 10, _ABOUT_SHELL, (0.6, 1.2), _BUILDS + _SHELLS)
_ABOUT_NO_SHELL = "probability that the site has no shell"
_NO_SHELL = _p("chance", 1, _ABOUT_NO_SHELL, (0, 1), _BUILDS + "three of six American builds")


@procurement(deterministic=True)
def public_tender(
    *,
    award_years: Annotated[
        float, _award(1.1, 3, "abm/data/procurement_history.csv, 14 machines: median 16 months, mean 20")
    ] = 1.5,
    award_cv: Annotated[float, _CV] = 0.38,
    build_years: Annotated[
        float,
        _build(
            1,
            3,
            "abm/data/procurement_history.csv, 18 machines, nine unfinished: median 42 months (34 to 55) with the award",
        ),
    ] = 2.0,
    refresh: Annotated[float, _refresh(0, 0.6)] = 0.3,
    litigation_hazard: Annotated[float, _litigation(0, 0.05)] = 0.01,
    tender_failure: Annotated[float, _FAILURE] = 0.05,
) -> Procedure:
    """A tender under public law: eighteen months from specification to contract.

    The machine follows its specification even if better chips have appeared since. Open competition leaves little to
    litigate. A tender may fail and start again.

    >>> public_tender().award_years
    1.5

    Source: abm/data/procurement_history.csv: nine EuroHPC machines, median 36 months from selection to operation;
    Directive 2014/24/EU.
    """
    return Procedure(award_years, award_cv, build_years, refresh, litigation_hazard, tender_failure, 1.0)


@procurement(deterministic=True)
def framework(
    *,
    award_years: Annotated[float, _award(0.4, 1.5)] = 0.8,
    award_cv: Annotated[float, _CV] = 0.38,
    build_years: Annotated[float, _build(0.8, 2.5)] = 1.5,
    refresh: Annotated[float, _refresh(0.2, 0.8)] = 0.5,
    litigation_hazard: Annotated[float, _litigation(0, 0.05)] = 0.01,
    tender_failure: Annotated[float, _FAILURE] = 0.02,
) -> Procedure:
    """A framework agreement is tendered once, and each site orders from it.

    >>> framework().award_years < public_tender().award_years
    True

    Source: Directive 2014/24/EU, article 33; times assumed.
    """
    return Procedure(award_years, award_cv, build_years, refresh, litigation_hazard, tender_failure, 1.0)


@procurement(deterministic=True)
def rapid(
    *,
    award_years: Annotated[float, _award(0.2, 0.75)] = 0.33,
    award_cv: Annotated[float, _CV] = 0.38,
    build_years: Annotated[float, _build(0.5, 2)] = 1.0,
    refresh: Annotated[float, _refresh(0.4, 1)] = 0.7,
    litigation_hazard: Annotated[float, _litigation(0, 0.2)] = 0.05,
) -> Procedure:
    """A direct award after a short negotiation, as in defense procurement.

    >>> rapid().litigation_hazard
    0.05

    Source: the essay, Krüger (2026); Directive 2009/81/EC, article 28; times assumed.
    """
    return Procedure(award_years, award_cv, build_years, refresh, litigation_hazard, 0.0, 1.0)


@procurement(deterministic=True)
def private(
    *,
    award_years: Annotated[float, _award(0.1, 0.4, "xAI (2024), Colossus: 122 days in all")] = 0.2,
    award_cv: Annotated[float, _CV] = 0.38,
    build_years: Annotated[
        float,
        _build(
            0.2,
            0.7,
            "abm/data/comparators.csv: Colossus 4 months, its expansion 3, Colossus 2 6; fitted to 0.33",
        ),
    ] = 0.33,
    shell_years: Annotated[float, _SHELL] = 0.8,
    without_shell: Annotated[float, _NO_SHELL] = 0.5,
    refresh: Annotated[float, _refresh(0.6, 1)] = 0.8,
    litigation_hazard: Annotated[float, _litigation(0, 0.2)] = 0.05,
    behind_the_meter: Annotated[float, _METER] = 1.0,
) -> Procedure:
    """A firm buys for itself with its own money, and may generate its own power.

    It equips an existing hall, or builds the shell first.

    >>> private(behind_the_meter=2.0).behind_the_meter
    2.0

    Source: xAI (2024), Colossus, 122 days in an existing shell; Huang (2024), reported: "normally 3 years of planning
    plus 1 to build".
    """
    return Procedure(
        award_years, award_cv, build_years, refresh, litigation_hazard, 0.0, behind_the_meter, shell_years, without_shell
    )  # fmt: skip


@procurement(deterministic=True)
def state_directed(
    *,
    award_years: Annotated[float, _award(0.1, 0.75)] = 0.3,
    award_cv: Annotated[float, _CV] = 0.38,
    build_years: Annotated[float, _build(0.5, 2.5)] = 1.0,
    refresh: Annotated[float, _refresh(0.2, 0.8)] = 0.5,
    litigation_hazard: Annotated[float, _litigation(0, 0.2)] = 0.05,
) -> Procedure:
    """A ministry chooses the site and the builder, and state firms build.

    >>> state_directed().build_years
    1.0

    Source: the hubs of East Data West Computing; times assumed.
    """
    return Procedure(award_years, award_cv, build_years, refresh, litigation_hazard, 0.0, 1.0)


def _lognormal(uniform: Number, cv: Number) -> Floats:
    variance = np.log1p(np.square(cv))
    return np.exp(np.sqrt(variance) * quantile(uniform) - variance / 2)


def award_time(procedure: Procedure, uniform: Number) -> Floats:
    """Years from selection to contract, lognormal, from uniform numbers (worlds, sites)."""
    return procedure.award_years * _lognormal(uniform, procedure.award_cv)


def build_time(procedure: Procedure, mw: Number, practice: Practice, uniform: Number, p: Values) -> Floats:
    """Years to build sites of `mw` MW at the meter, without the wait for the grid; lognormal, (worlds, sites)."""
    size = power(np.divide(mw, REFERENCE_MW), np.asarray(p.build_exponent))
    return procedure.build_years * size * practice.build_factor * _lognormal(uniform, p.build_cv)


def shell_time(
    procedure: Procedure, mw: Number, practice: Practice, uniform: Floats | None, p: Values
) -> Floats | float:
    """Years to build the shells of sites of `mw` MW, 0 for sites that have one; (worlds, sites).

    One uniform number decides whether a site has a shell and, rescaled, how long it takes to build one.
    """
    if uniform is None or not np.any(np.asarray(procedure.without_shell) > 0):
        return 0.0
    missing = uniform < procedure.without_shell
    depth = np.where(missing, uniform / np.maximum(procedure.without_shell, 1e-300), 0.5)
    size = power(np.divide(mw, REFERENCE_MW), np.asarray(p.build_exponent))
    years = procedure.shell_years * size * practice.build_factor * _lognormal(depth, p.build_cv)
    return np.where(missing, years, 0.0)


def litigation_years(procedure: Procedure, uniform: Number, p: Values) -> Floats:
    """Years by which litigation delays each award: 0, or 1 to 4 x `longest_litigation_years` quarters, equally likely.

    One uniform number decides whether an award is taken to court and, rescaled, for how long.
    """
    hazard = np.asarray(procedure.litigation_hazard, dtype=float)
    sued = uniform < hazard
    depth = np.divide(uniform, hazard, out=np.zeros(np.broadcast_shapes(np.shape(uniform), hazard.shape)), where=sued)
    most = 4 * p.longest_litigation_years
    quarters = np.minimum(np.floor(most * depth) + 1, most)
    return np.where(sued, quarters / 4, 0.0)


def tender_fails(procedure: Procedure, uniform: Floats) -> Booleans:
    """Whether each site's tender fails, so that the time to a contract starts again; (worlds, sites)."""
    return uniform < procedure.tender_failure


def given_up(procedure: Procedure, uniform: Floats) -> Booleans:
    """Whether each site's tender fails and is not repeated, by the same draw as the failure; (worlds, sites)."""
    return uniform < procedure.tender_failure * procedure.given_up


def chip_date(procedure: Procedure, specified: Number, delivered: Floats) -> Floats:
    """Date of the chips that a contract buys, between its specification and its delivery (E15)."""
    return specified + procedure.refresh * (delivered - specified)
