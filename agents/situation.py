"""What a decision is handed: frozen arrays of what an actor may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.values import Values


@dataclass(frozen=True, eq=False)
class States:
    """The member states, one entry each on the last axis; what does not change during a run."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    population: Integers  # persons, whole, so that thresholds are exact
    gdp: Floats  # EUR bn a year
    gni: Floats  # EUR bn a year
    power_price: Floats  # EUR a kWh
    temperature: Floats  # degrees C, yearly mean
    specialists: Floats  # ICT specialists, share of employment, %
    existing_members: NDArray[np.bool_]  # joined before 2004
    euro: NDArray[np.bool_]
    nice_votes: Integers  # 0 where unknown
    more: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # further columns of a members file
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # its columns of text, as written
    borders: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((1, 1), bool))
    """(states, states) whether two states share a land border; False where the members file has no such column."""

    @property
    def count(self) -> int:
        """Number of states."""
        return len(self.codes)

    @property
    def below_mean_income(self) -> Booleans:
        """Whether a state's GDP per head is below that of the Union."""
        return self.gdp / self.population < total(self.gdp) / self.population.sum()

    def index(self, code: str) -> int:
        """Position of a state's code; ValueError where there is none."""
        return self.codes.index(code)


@dataclass(frozen=True, eq=False)
class Sites:
    """The candidate sites, one entry each on the last axis."""

    names: tuple[str, ...]
    cities: tuple[str, ...]
    state: Integers  # index of the state
    latitude: Floats
    longitude: Floats
    kind: tuple[str, ...]  # campus, capital or industrial
    headroom: Floats  # MW at the meter
    grid_years: Floats  # until power above the headroom comes
    centre: NDArray[np.bool_]  # a computing center stands or is planned there
    eurohpc: NDArray[np.bool_]  # EuroHPC had granted a machine before the call for AI factories
    power_price: Floats
    temperature: Floats
    specialists: Floats

    @property
    def count(self) -> int:
        """Number of candidate sites."""
        return len(self.names)

    def some(self, index: Integers) -> Sites:
        """Some of the sites, in the order of an index."""
        names, cities, kind = (
            tuple(x[j] for j in index.tolist()) for x in (self.names, self.cities, self.kind)
        )
        return Sites(
            names,
            cities,
            self.state[index],
            self.latitude[index],
            self.longitude[index],
            kind,
            self.headroom[index],
            self.grid_years[index],
            self.centre[index],
            self.eurohpc[index],
            self.power_price[index],
            self.temperature[index],
            self.specialists[index],
        )


@dataclass(frozen=True, eq=False)
class Labs:
    """The labs, one entry each on the last axis."""

    names: tuple[str, ...]
    kind: tuple[str, ...]  # company or consortium
    bloc: tuple[str, ...]
    home: Integers  # index of the state, -1 outside the union
    capital: Floats  # EUR bn a year
    accelerators: Floats  # today, H100 equivalents

    @property
    def count(self) -> int:
        """Number of labs."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class College:
    """The commissioners, one entry each on the last axis."""

    state: Integers  # index of the state
    names: tuple[str, ...]
    portfolio: tuple[str, ...]
    interest: tuple[str, ...]
    party: tuple[str, ...] = ()  # empty where unknown
    codes: tuple[str, ...] = ()  # of the home states

    @property
    def count(self) -> int:
        """Number of commissioners."""
        return len(self.names)

    @property
    def lead(self) -> int:
        """Index of the commissioner who drafts: the digital portfolio's, or else the first."""
        return self.interest.index("digital") if "digital" in self.interest else 0


@dataclass(frozen=True, eq=False)
class Machines:
    """The machines that stand already or are under way, one entry each on the last axis."""

    names: tuple[str, ...]
    site: Integers  # index of the candidate site
    operational: Floats  # calendar year, decimal
    chips: Floats  # accelerators of their date, as counted
    peak: Floats  # FLOP/s of one accelerator, dense BF16
    power_mw: Floats

    @property
    def count(self) -> int:
        """Number of machines."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Prospect:
    """What compute a plan leads to and when, in the terms of the payoff.

    `race` is V, EUR bn: the best single run of the coming years against the frontier. `accelerators` is A: what adds
    up. Both are (worlds, 1), or (worlds, states) where each state looks at a plan of its own.
    """

    race: Floats
    accelerators: Floats


@dataclass(frozen=True, eq=False)
class Offer:
    """A plan as each state sees it: the terms of its payoff, EUR bn, (worlds, states).

    `payment` is what the funding rule makes the state pay; `transfer` is cash received beside it.
    """

    trophies: Floats
    local: Floats
    race: Floats
    open: Floats
    payment: Floats
    sites: Integers
    received: Floats
    transfer: Floats

    @property
    def utility(self) -> Floats:
        """U, EUR bn, (worlds, states)."""
        return self.trophies + self.local + self.race + self.open - self.payment + self.transfer

    def gross_stake(self, failed: Offer) -> Floats:
        """EUR bn (worlds, states) that are at stake, gains and losses added up.

        Cash for a yes is left out: it would raise what it is meant to pay for.
        """
        return (
            np.abs(self.trophies - failed.trophies)
            + np.abs(self.local - failed.local)
            + np.abs(self.race - failed.race)
            + np.abs(self.open - failed.open)
            + np.abs(self.payment - failed.payment)
        )

    def terms(self) -> dict[str, Floats]:
        """The terms by name, for a trace."""
        return {
            "trophies": self.trophies,
            "local": self.local,
            "race": self.race,
            "open": self.open,
            "payment": -self.payment,
            "transfer": self.transfer,
        }


@dataclass(frozen=True, eq=False)
class Memory:
    """What a state remembers: `gain` EUR bn (worlds, states), of the offers seen so far over their reversion.

    `continued()` (worlds, states), EUR bn, is what bargaining on is worth in the stationary equilibrium, solved when
    it is first asked for; None where bargaining does not go on.
    """

    gain: Floats
    continued: Callable[[], Floats] | None = None


@dataclass(frozen=True, eq=False)
class Situation:
    """What a state knows when it decides; arrays are (worlds, states) unless said otherwise.

    `p` holds the scenario's parameters, each (worlds, 1). `value(sites, received, prospect, payment)` is the payoff of
    anything; `alone(size)` is the payoff if the state's own site of that size, EUR bn, is added to what stands.
    """

    states: States
    p: Values
    year: float  # of the decision, decimal
    hosted: Integers  # sites so far
    received: Floats  # EUR bn so far
    scale: Floats  # S, EUR bn: the local good's
    own_cost: Floats  # what a euro spent at home costs the state
    room: (
        Floats  # EUR bn: most that its best free site can take and the state can match; 0 where there is none
    )
    centre: NDArray[np.bool_]  # its best free site has a computing center
    standing: Offer  # what stands already
    alone: Callable[[Floats], Offer]
    lost: NDArray[np.bool_]  # its last bid failed
    uniforms: Floats | None = None  # uniform numbers, where a vote is drawn
    applied: NDArray[np.bool_] | None = None  # it applied in the last wave; None at a table without calls
    won: Integers | None = None  # bids won so far
