"""The rules that govern some worlds: the rule of each family, its parameters, and its application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.calendar import quarter, year
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.delivery.access import Capacity, Regime
from juste_retour.abm.delivery.operations import Practice
from juste_retour.abm.delivery.procurement import Procedure, Purchase, expected
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.politics.funding import Split
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.stacked import check_actors, settings
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import FAMILIES, Rule, family

Rows = NDArray[np.int64] | None  # some worlds; None for all
SHARED = {
    "standing": "access",
    "standing_operations": "operations",
}  # under the same rule they share parameters


class DecidingCast(Protocol):
    """Agents whose decisions replace those of the scenario's rules."""

    def decide(self, name: str, handed: tuple[Any, ...], rows: Rows, by_rule: Any) -> Any:
        """The decisions of all actors, given those under the rules; see `juste_retour.abm.schedule.cast.Cast`."""
        ...


class Institutions:
    """The rules of some worlds.

    Args:
        scenarios: one per world; they may differ only in parameters that are floats.
        members: the union.

    Raises:
        BadInput: a scenario names an actor whom the union does not have.
    """

    def __init__(self, scenarios: Sequence[Scenario], members: Members):
        self.scenarios, self.scenario = list(scenarios), scenarios[0]
        self.members = members
        self.states, self.labs, self.college = members.states, members.labs, members.college
        self.cast: DecidingCast | None = None
        self._settings: dict[tuple[str, str], dict[str, Any]] = {}
        self._codes = {
            "state": list(self.states.codes),
            "lab": [name.upper() for name in self.labs.names],
            "commissioner": [self.states.codes[i] for i in self.college.state],
        }
        check_actors(self.scenario, self._codes | {"lab": self.labs.names})

    def choice(self, name: str) -> Rule:
        """The rule of the family `name`."""
        return family(name)[self.scenario.rules[name].rule]

    def settings(self, name: str, rows: Rows = None, code: str = "") -> dict[str, Any]:
        """The parameters of a family's rule in some worlds, or of the rule of the actor `code`."""
        key = name, code
        if key not in self._settings:
            shared = self._shared_with(SHARED[name], name) if name in SHARED else {}
            self._settings[key] = settings(self.scenarios, name, code) | shared
        found = self._settings[key]
        if rows is None:
            return found
        return {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in found.items()}

    def decide(self, name: str, *handed: Any, rows: Rows = None) -> Any:
        """Apply the family's rule to these arguments, in the worlds `rows` or in all."""
        return self.choice(name)(*handed, **self.settings(name, rows))

    def decide_by_actor(self, name: str, *handed: Any, rows: Rows = None) -> Any:
        """The decisions of all actors: of agents that decide themselves, and of all others under their rules."""
        out = self.by_rule(name, *handed, rows=rows)
        return out if self.cast is None else self.cast.decide(name, handed, rows, out)

    def by_rule(self, name: str, *handed: Any, rows: Rows = None) -> Any:
        """The decisions of all actors under the rules that the scenario gives them.

        The axis of actors is the last, except for labs, whose last axis is places.
        """
        out = self.decide(name, *handed, rows=rows)
        actor = FAMILIES[name].actor
        for code, choice in self.scenario.rules[name].actors:
            own = family(name)[choice.rule](*handed, **self.settings(name, rows, code))
            mine = np.array(self._codes[actor or "state"]) == code
            out = np.where(mine[:, None] if actor == "lab" else mine, own, out)
        return out

    @cached_property
    def decider(self) -> int:
        """Index of the state that decides alone; -1 if the decider is the Commission or a lab."""
        name = self.scenario.decider
        return self.states.index(name) if name in self.states.codes else -1

    @cached_property
    def practice(self) -> Practice:
        """The practice of the operations rule, in all worlds."""
        return self.decide("operations")

    @cached_property
    def procedure(self) -> Procedure:
        """The expected procedure of the procurement rule at the announcement, in all worlds."""
        return self.expected_procedure(year(quarter(self.scenario.announcement, "announcement")))

    def procedure_in(self, date: float, rows: Rows, streams: RandomStreams) -> Procedure:
        """The procedure of the procurement rule for an order at a decimal year, in some worlds."""

        def draw(name: str, slots: int, lasts: bool) -> Floats:
            drawn = streams.uniform(f"procurement:{name}", slots, 0 if lasts else int(4 * date))
            return drawn if rows is None else drawn[rows]

        return self._bought(date, rows, draw)

    def expected_procedure(self, date: float, rows: Rows = None) -> Procedure:
        """What actors expect of the procurement rule for an order at a decimal year, in some worlds."""
        return expected(partial(self._bought, date, rows), self._count(rows))

    def _bought(self, date: float, rows: Rows, draw: Callable[[str, int, bool], Floats]) -> Procedure:
        order = Purchase(self.members.sites, self.states, date, self._count(rows), draw)
        return self.decide("procurement", order, rows=rows)

    def _count(self, rows: Rows) -> int:
        return len(self.scenarios) if rows is None else len(rows)

    @cached_property
    def split(self) -> Split:
        """The division of a euro under the funding rule, in all worlds."""
        return self.decide("funding", self.states, self.decider)

    def split_in(self, rows: Rows) -> Split:
        """The division of a euro under the funding rule, in some worlds."""
        return self.decide("funding", self.states, self.decider, rows=rows)

    def access_in(self, rows: Rows, capacity: Capacity) -> Regime:
        """The regime of access to the program's machines, in some worlds."""
        return self.decide("access", capacity, rows=rows)

    def standing_in(self, rows: Rows, capacity: Capacity) -> Regime:
        """The regime of access to machines that stood before, in some worlds."""
        return self.decide("standing", capacity, rows=rows)

    def renegotiated(self, name: str) -> bool:
        """Whether the regime of the family `name`, access or standing, may change from quarter to quarter."""
        return self.choice(name).takes_arguments

    def standing_practice_in(self, rows: Rows) -> Practice:
        """How machines that stood before are run, in some worlds."""
        own = self.decide("standing_operations", rows=rows)
        return self.decide("operations", rows=rows) if own is None else own

    def _shared_with(self, first: str, second: str) -> dict[str, Any]:
        """The parameters that one family has from another: if both have one rule, all that it does not set itself."""
        new, old = (self.scenario.rules[name] for name in (first, second))
        own = dict(old.settings)
        return {k: v for k, v in self.settings(first).items() if new.rule == old.rule and k not in own}

    @cached_property
    def commission_votes(self) -> bool:
        """Whether the Commission's own vote counts under the voting rule."""
        w = len(self.scenarios)
        everyone = np.ones((w, self.states.count), bool)
        without = Ballot(everyone, ~everyone, np.zeros(w, bool), None, self.decider)
        return not self.decide("voting", without, self.states).all()

    @cached_property
    def local_pooling(self) -> bool:
        """Whether the best run always uses a single site."""
        return bool(self.choice("pooling").marks.get("local")) or not self.settings("pooling").get("joins", True)

    @cached_property
    def distinct(self) -> NDArray[np.int64]:
        """(worlds,) position of the first world with the same scenario."""
        first: dict[str, int] = {}
        previous, kind, found = None, 0, []
        for k, scenario in enumerate(self.scenarios):
            if scenario is not previous:
                previous, kind = scenario, first.setdefault(scenario.digest, k)
            found.append(kind)
        return np.array(found)
