"""Access rules: how many of a machine's hours the largest grant to one project has.

A grant is a number of accelerator-hours on one machine in a year. Its year share is the grant divided by the hours that
the machine has in a year. One run may use the whole grant at once, so a run of `run_days` has the year share times
365 / `run_days` of the chips, and at most all of them. A run that lasts twice as long has half of the chips. The hours
that the grant does not take are open to all others.

A rule that takes the argument `capacity` is asked again in every quarter, for example an auction of computing time.
Decision makers expect the terms of the quarter in which they decide to last.

The family `access` holds for the program's sites, and `standing` for the machines that stood before. Both have the same
rules with the same parameters. If both choose the same rule, `standing` has the year share that `access` sets.

Source: the grants in `abm/data/grants.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from juste_retour.agents.arrays import Booleans, Floats, Number
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import Labs, States
from juste_retour.agents.some_worlds import each_world
from juste_retour.agents.values import Values

DAYS_A_YEAR = 365.0


@dataclass(frozen=True, eq=False)
class Regime:
    """The terms of access to a machine.

    Attributes:
        year_share: share of a machine's hours in a year that the largest grant has; a number or (worlds, 1).
    """

    year_share: Number

    def share(self, run_days: Number) -> Floats:
        """Share of a machine's chips for a run of so many days that uses the whole grant.

        >>> Regime(0.1).share(120.0).round(3).item(), Regime(0.1).share(240.0).round(3).item()
        (0.304, 0.152)
        >>> Regime(0.34).share(120.0).item()
        1.0
        """
        return np.minimum(1.0, self.year_share * DAYS_A_YEAR / np.asarray(run_days))


@dataclass(frozen=True, eq=False)
class Capacity:
    """The machines whose hours a rule divides in a quarter, and the labs that may want them.

    Attributes:
        year: decimal year.
        chips: (worlds, sites) accelerators that work; 0 everywhere before the first site opens, and for a planner.
        present: (worlds, labs) whether the lab trains in the Union; False once it has left for a cloud abroad.
        labs: the labs.
        states: the states.
        p: the parameters of the worlds.
    """

    year: float
    chips: Floats
    present: Booleans
    labs: Labs
    states: States
    p: Values


WHOLE = Regime(1.0)  # whole machines for the whole year
SIGNATURE = (
    "rule(capacity) -> Regime: the share of a machine's hours in a year, a number or (worlds, 1). capacity.year is the "
    "decimal year, capacity.chips the accelerators that work (worlds, sites), capacity.labs the labs, and "
    "capacity.present (worlds, labs) says which of them have not left. A rule may omit the argument; one that takes it is "
    "asked in every quarter."
)

access = Family(
    "access",
    decides="how many of the hours of the program's sites one project gets",
    signature=SIGNATURE,
    group="access",
    lift=each_world,
    may_omit=1,
)
standing = Family(
    "standing",
    decides="how many of the hours of machines that stood before one project gets",
    signature=SIGNATURE,
    group="standing",
    lift=each_world,
    may_omit=1,
)


def _year_share(low: float, high: float) -> Parameter:
    """Description and source are the same for all rules, so that a draw gives them the same place in their ranges."""
    return Parameter(
        unit="share of a year's hours",
        low=0,
        high=1,
        range=(low, high),
        scale="log",
        about="largest grant, as a share of a machine's hours in a year",
        source="abm/data/grants.csv; the ranges of reserves and of whole machines are assumed around one grant each",
    )


Calls = _year_share(0.018, 0.224)  # winners of the Large AI Grand Challenge; EuroLingua-GPT
Strategic = _year_share(0.04, 0.3)  # around 0.11 for Apertus; OpenEuroLLM has 0.021 of four machines together
Dedicated = _year_share(0.26, 0.33)  # around 0.3 for BLOOM, of its partition


@standing(anonymous=True, deterministic=True)
@access(anonymous=True, deterministic=True)
def calls(*, year_share: Annotated[float, Calls] = 0.064) -> Regime:
    """Peer-reviewed calls: a project gets the hours that the largest grant has.

    Source: EuroHPC access calls; EuroLingua-GPT, SYNNQ and the Large AI Grand Challenge.
    """
    return Regime(year_share)


@standing(anonymous=True, deterministic=True)
@access(anonymous=True, deterministic=True)
def strategic(*, year_share: Annotated[float, Strategic] = 0.11) -> Regime:
    """Hours are reserved for flagship models.

    Source: Apertus (2025) on Alps, from general knowledge; OpenEuroLLM.
    """
    return Regime(year_share)


@standing(anonymous=True, deterministic=True)
@access(anonymous=True, deterministic=True)
def dedicated(*, year_share: Annotated[float, Dedicated] = 0.29) -> Regime:
    """One lab has nearly the whole machine for a run of four months.

    Source: BigScience (2022), BLOOM on Jean Zay.
    """
    return Regime(year_share)
