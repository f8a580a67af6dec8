"""The rules that govern some worlds: which rule each family uses, its parameters, and how it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.calendar import quarter, year
from juste_retour.abm.delivery.access import Regime
from juste_retour.abm.delivery.operations import Practice
from juste_retour.abm.delivery.procurement import Procedure, Purchase
from juste_retour.abm.members import Members
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.politics.funding import Split
from juste_retour.abm.scenario import Scenario
from juste_retour.abm.stacked import check_actors, settings
from juste_retour.agents.rules import FAMILIES, Rule, family

Rows = NDArray[np.int64] | None  # some worlds; None for all


class Cast(Protocol):
    """Agents that take decisions by themselves."""

    def decide(self, name: str, handed: tuple[Any, ...], rows: Rows, by_rule: Any) -> Any:
        """What the actors decide, given what the rules say."""
        ...


class Institutions:
    """The rules of some worlds.

    Args:
        scenarios: one per world; they may differ in real parameters only.
        members: the union.

    Raises:
        BadInput: a scenario names an actor whom the union does not have.
    """

    def __init__(self, scenarios: Sequence[Scenario], members: Members):
        self.scenarios, self.scenario = list(scenarios), scenarios[0]
        self.members = members
        self.states, self.labs, self.college = members.states, members.labs, members.college
        self.cast: Cast | None = None
        self._settings: dict[tuple[str, str], dict[str, Any]] = {}
        self._codes = {
            "state": list(self.states.codes),
            "lab": [name.upper() for name in self.labs.names],
            "commissioner": [self.states.codes[i] for i in self.college.state],
        }
        check_actors(self.scenario, self._codes | {"lab": self.labs.names})

    def choice(self, name: str) -> Rule:
        """The rule of a family."""
        return family(name)[self.scenario.rules[name].rule]

    def settings(self, name: str, rows: Rows = None, code: str = "") -> dict[str, Any]:
        """The parameters of a family's rule, or of the one that an actor has, for some worlds."""
        key = name, code
        if key not in self._settings:
            self._settings[key] = settings(self.scenarios, name, code)
        found = self._settings[key]
        if rows is None:
            return found
        return {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in found.items()}

    def decide(self, name: str, *handed: Any, rows: Rows = None) -> Any:
        """Ask a family's rule; for some worlds if `rows` says which."""
        return self.choice(name)(*handed, **self.settings(name, rows))

    def decide_by_actor(self, name: str, *handed: Any, rows: Rows = None) -> Any:
        """Ask an actor family: agents that decide by themselves, all others by the scenario's rule."""
        out = self.by_rule(name, *handed, rows=rows)
        return out if self.cast is None else self.cast.decide(name, handed, rows, out)

    def by_rule(self, name: str, *handed: Any, rows: Rows = None) -> Any:
        """Each actor by the rule that the scenario gives it; the actors' axis is the last, or the last but sites."""
        out = self.decide(name, *handed, rows=rows)
        actor = FAMILIES[name].actor
        for code, choice in self.scenario.rules[name].actors:
            own = family(name)[choice.rule](*handed, **self.settings(name, rows, code))
            mine = np.array(self._codes[actor or "state"]) == code
            out = np.where(mine[:, None] if actor == "lab" else mine, own, out)
        return out

    @cached_property
    def decider(self) -> int:
        """Index of the state that decides alone, -1 where it is the Commission or a lab."""
        name = self.scenario.decider
        return self.states.index(name) if name in self.states.codes else -1

    @cached_property
    def practice(self) -> Practice:
        """The operations rule's practice, all worlds."""
        return self.decide("operations")

    @cached_property
    def procedure(self) -> Procedure:
        """The procurement rule's procedure, all worlds."""
        return self.procedure_in(year(quarter(self.scenario.announcement, "announcement"))).expected()

    def procedure_in(self, date: float, rows: Rows = None) -> Procedure:
        """The procurement rule's procedure for an order in a decimal year, in some worlds."""
        return self.decide("procurement", Purchase(self.members.sites, self.states, date), rows=rows)

    @cached_property
    def split(self) -> Split:
        """The funding rule's split of a euro, all worlds."""
        return self.decide("funding", self.states, self.decider)

    def split_in(self, rows: Rows) -> Split:
        """The funding rule's split of a euro in some worlds."""
        return self.decide("funding", self.states, self.decider, rows=rows)

    def access_in(self, rows: Rows) -> Regime:
        """The regime of access to the program's machines in some worlds."""
        return self.decide("access", rows=rows)

    @cached_property
    def standing_access(self) -> Regime:
        """The regime of access to the machines that stood before, at its usual share."""
        rule = family("access")[str(self.settings("access").get("standing", "calls"))]
        return rule(**{name: default for name, (default, _) in rule.parameters.items()})

    @cached_property
    def commission_votes(self) -> bool:
        """Whether the Commission's own vote counts under the voting rule."""
        w = len(self.scenarios)
        everyone = np.ones((w, self.states.count), bool)
        without = Ballot(everyone, ~everyone, np.zeros(w, bool), None, self.decider)
        return not self.decide("voting", without, self.states).all()

    @cached_property
    def local_pooling(self) -> bool:
        """Whether the best run depends on single sites only."""
        joins = self.access_in(None).joins or self.standing_access.joins
        return bool(self.choice("pooling").marks.get("local")) or not joins

    @cached_property
    def distinct(self) -> NDArray[np.int64]:
        """(worlds,) the first world with the same scenario."""
        first: dict[str, int] = {}
        previous, kind, found = None, 0, []
        for k, scenario in enumerate(self.scenarios):
            if scenario is not previous:
                previous, kind = scenario, first.setdefault(scenario.digest, k)
            found.append(kind)
        return np.array(found)
