"""The information on which actors decide, as frozen dataclasses of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.values import Values


@dataclass(frozen=True, eq=False)
class States:
    """The member states and their constant properties; arrays are (states,)."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    population: Integers  # persons, as integers so that voting thresholds are exact
    gdp: Floats  # EUR bn a year
    gni: Floats  # EUR bn a year
    power_price: Floats  # EUR per kWh
    temperature: Floats  # degrees C, yearly mean
    specialists: Floats  # ICT specialists, share of employment, %
    existing_members: NDArray[np.bool_]  # joined before 2004
    euro: NDArray[np.bool_]
    nice_votes: Integers  # 0 where unknown
    more: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # further numeric columns of the table
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # further text columns of the table
    borders: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((1, 1), bool))
    """(states, states) whether two states share a land border; False where the members file has no such column."""

    @property
    def count(self) -> int:
        """Number of states."""
        return len(self.codes)

    @property
    def below_mean_income(self) -> Booleans:
        """Whether a state's GDP per head is below that of the Union, (states,)."""
        return self.gdp / self.population < total(self.gdp) / self.population.sum()

    def index(self, code: str) -> int:
        """Position of the state with this code; ValueError if there is none."""
        return self.codes.index(code)


@dataclass(frozen=True, eq=False)
class Sites:
    """The candidate sites; arrays are (sites,)."""

    names: tuple[str, ...]
    cities: tuple[str, ...]
    state: Integers  # index of the state
    latitude: Floats
    longitude: Floats
    kind: tuple[str, ...]  # campus, capital or industrial
    headroom: Floats  # MW at the meter
    grid_years: Floats  # wait for power above the headroom
    centre: NDArray[np.bool_]  # a computing center exists or is planned there
    eurohpc: NDArray[np.bool_]  # EuroHPC had granted a machine before the call for AI factories
    power_price: Floats  # this and the following are the state's
    temperature: Floats
    specialists: Floats

    @property
    def count(self) -> int:
        """Number of candidate sites."""
        return len(self.names)

    def some(self, index: Integers) -> Sites:
        """Some of the sites, in the order of an index."""
        names, cities, kind = (tuple(x[j] for j in index.tolist()) for x in (self.names, self.cities, self.kind))
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
    """The labs; arrays are (labs,)."""

    names: tuple[str, ...]
    kind: tuple[str, ...]  # company or consortium
    bloc: tuple[str, ...]
    home: Integers  # index of the state, -1 outside the union
    capital: Floats  # EUR bn per year
    accelerators: Floats  # H100 equivalents that the lab has today

    @property
    def count(self) -> int:
        """Number of labs."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class College:
    """The College of Commissioners; arrays are (commissioners,)."""

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
        """Index of the commissioner who drafts: the one with the digital portfolio, or else the first."""
        return self.interest.index("digital") if "digital" in self.interest else 0


@dataclass(frozen=True, eq=False)
class Machines:
    """The machines that existed or were under way before the program; arrays are (machines,)."""

    names: tuple[str, ...]
    site: Integers  # index of the candidate site
    operational: Floats  # decimal year
    chips: Floats  # number of accelerators, not converted to H100 equivalents
    peak: Floats  # FLOP/s of one accelerator, dense BF16
    power_mw: Floats
    guessed: Booleans  # whether the peak is a guess

    @property
    def count(self) -> int:
        """Number of machines."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Prospect:
    """The compute that a plan is expected to bring, in the terms of the payoff.

    `race` is V, EUR bn, the value of the best single runs of the coming years relative to the frontier.
    `accelerators` is A, the number of accelerators open to all. Both are (worlds, 1), or (worlds, states) where each
    state considers a plan of its own.
    """

    race: Floats
    accelerators: Floats


@dataclass(frozen=True, eq=False)
class Offer:
    """The terms of each state's payoff from a plan, EUR bn, (worlds, states).

    `payment` is the state's payment under the funding rule, and `transfer` is a side payment that it receives.
    `sites` and `received` are the sites in the state and the money spent there.
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
        """The payoff U, EUR bn, (worlds, states)."""
        return self.trophies + self.local + self.race + self.open - self.payment + self.transfer

    def gross_stake(self, failed: Offer) -> Floats:
        """Sum of the absolute changes in all terms if this offer passes, EUR bn, (worlds, states).

        Side payments are omitted: paying for a yes must not raise its price.

        Args:
            failed: the offer if the ballot fails.
        """
        return (
            np.abs(self.trophies - failed.trophies)
            + np.abs(self.local - failed.local)
            + np.abs(self.race - failed.race)
            + np.abs(self.open - failed.open)
            + np.abs(self.payment - failed.payment)
        )

    def terms(self) -> dict[str, Floats]:
        """The terms by name, signed so that they sum to the utility."""
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
    """What a state has learned: `gain`, EUR bn, (worlds, states), is a moving average of past offers over the reversion.

    `continued()` returns the continuation value in the stationary equilibrium, EUR bn, (worlds, states). It is solved
    at the first call. It is None where bargaining does not continue.
    """

    gain: Floats
    continued: Callable[[], Floats] | None = None


@dataclass(frozen=True, eq=False)
class Situation:
    """What a state knows when it decides; arrays are (worlds, states) unless noted.

    `p` holds the scenario's parameters, each (worlds, 1). `alone(size)` returns the payoff if a site of that size,
    EUR bn, in the state is added to the status quo.
    """

    states: States
    p: Values
    year: float  # decimal year of the decision
    hosted: Integers  # sites so far
    received: Floats  # EUR bn so far
    scale: Floats  # S, scale of the local good, EUR bn
    own_cost: Floats  # cost to the state of a euro spent at home
    room: Floats  # EUR bn that its best free site can take and the state can match; 0 if it has no free site
    centre: NDArray[np.bool_]  # whether its best free site has a computing center
    standing: Offer  # the status quo
    alone: Callable[[Floats], Offer]
    lost: NDArray[np.bool_]  # whether its last bid failed
    uniforms: Floats | None = None  # uniform random numbers for votes that are drawn
    applied: NDArray[np.bool_] | None = None  # whether it applied in the last wave; None without calls
    won: Integers | None = None  # bids won so far
