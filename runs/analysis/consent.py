"""Adoption of institutions by those whom they bind: votes by expected utilities, the rules, and what consent costs.

A state votes for a change if its expected utility rises. The votes are counted by rules of the family `voting`, with the
Commission in favor.

Sources: Buchanan and Tullock (1962); Fernandez and Rodrik (1991); Barberà and Jackson (2004).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from juste_retour.abm.bargaining.coalition import cheapest, exact
from juste_retour.abm.base.csv_tables import read_rows
from juste_retour.abm.base.members import EUROPE, Members, load_members
from juste_retour.abm.politics.power.game import Game
from juste_retour.abm.politics.voting import voting
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import Choice, Scenario
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.situation import States

UNCHANGED = 1e-9  # EUR bn; smaller differences are rounding errors
UNDECIDED = 2.0  # standard errors within which the sign of a difference is unsure
READINGS = ("strict", "lenient")
OTHER = "other"  # the row of the table for all parts that it does not name


class Poll(NamedTuple):
    """The states' expected changes in utility and their standard errors, EUR bn (..., states)."""

    change: Floats
    error: Floats

    @classmethod
    def of(cls, differences: Floats) -> Poll:
        """The poll on changes in the utilities of single replications, (..., worlds, states)."""
        worlds = differences.shape[-2]
        error = differences.std(-2, ddof=1) / np.sqrt(worlds) if worlds > 1 else np.zeros_like(differences[..., 0, :])
        return cls(differences.mean(-2), error)

    @property
    def unchanged(self) -> Booleans:
        """Whether nothing changes for a state."""
        return np.abs(self.change) <= UNCHANGED

    @property
    def yes(self) -> Booleans:
        """Whether a state gains; a state for which nothing changes votes no."""
        return self.change > UNCHANGED

    @property
    def undecided(self) -> Booleans:
        """Whether a state's change is within two standard errors of zero."""
        return ~self.unchanged & (np.abs(self.change) <= UNDECIDED * self.error)


@cache
def legal_bases(reading: str) -> dict[str, str]:
    """The voting rule by which each part of the Union's institutions may be changed, by part."""
    if reading not in READINGS:
        raise BadInput(f"--reading is {reading!r}; give {' or '.join(READINGS)}.")
    return {row["part"]: row[reading] for row in read_rows(EUROPE / "legal_bases.csv")}


class Adoption:
    """The rules by which some states adopt a change of institutions.

    Args:
        scenario: today's institutions. Outside the European Union its voting rule is needed for every part.
        members: the union.
        by: one rule for all parts, or its name; None for those of the legal bases.
        reading: of the legal bases, "strict" or "lenient".

    Attributes:
        contributions: (states,) what each state pays today, for rules that count money; None for equal weights.
    """

    def __init__(
        self,
        scenario: Scenario,
        members: Members,
        by: str | Choice | None = None,
        reading: str = READINGS[0],
    ):
        self.states: States = members.states
        self.contributions: Floats | None = None
        self.decider = Institutions([scenario], members).decider
        bases = legal_bases(reading)
        european = members.digest == load_members().digest
        if isinstance(by, str):
            if by not in voting.rules:
                raise BadInput(f"--by is {by!r}, which is not a voting rule; {near(by, voting.rules)}")
            by = Choice(by)
        self._only = by or (None if european else scenario.rules["voting"])
        self._bases = bases
        self._games: dict[Choice, Game] = {}

    def rules(self, parts: Iterable[str]) -> list[Choice]:
        """The rules that a change of these parts must pass, by name."""
        if self._only is not None:
            return [self._only]
        return [Choice(rule) for rule in sorted({self._bases.get(p, self._bases[OTHER]) for p in parts})]

    def passes(self, yes: Booleans, rules: Sequence[Choice]) -> Booleans:
        """Whether ballots (..., states) pass every rule; all other states vote no, and the Commission votes yes."""
        flat = yes.reshape(-1, yes.shape[-1])
        passed = np.ones(len(flat), bool)
        for rule in rules:
            passed &= self._passes(self.game(rule), flat)
        return passed.reshape(yes.shape[:-1])

    def compensation(self, change: Floats, rules: Sequence[Choice]) -> float | None:
        """The least cash to states that lose for which the change passes every rule, EUR bn; None if no cash suffices.

        A state that is compensated in full votes yes. The cash is the least over all coalitions. For a rule that is not
        defined by conditions, it is the least that a search finds among more than ten states.
        """
        price = np.where(np.abs(change) <= UNCHANGED, 0.0, np.maximum(-change, 0.0))
        if not self.passes(np.ones(len(change), bool), rules):
            return None
        majorities = [m for m in (self.game(rule).majority for rule in rules) if m is not None]
        if len(majorities) == len(rules):
            return float(price @ exact(price, majorities))
        members, _ = cheapest(price[None], lambda sets: self.passes(sets, rules), self.states)
        return float(price @ members[0])

    def cost_borne(self, change: Floats, rules: Sequence[Choice]) -> float:
        """The largest cost of changing, EUR bn, divided by GDP, at which the change still passes; 0 if it does not pass."""
        share = self.states.gdp / self.states.gdp.sum()
        tried = np.sort(np.maximum(change / share, 0.0))
        costs = np.concatenate([[0.0], tried * (1 - 1e-9)])
        passed = self.passes((change > UNCHANGED) & (change > costs[:, None] * share), rules)
        return float(np.where(passed, costs, 0.0).max())

    def game(self, rule: Choice) -> Game:
        """The game of a rule among the states."""
        if rule not in self._games:
            weight = self.contributions
            self._games[rule] = Game.of(rule.rule, self.states, dict(rule.settings), weight, self.decider)
        return self._games[rule]

    @staticmethod
    def _passes(game: Game, yes: Booleans) -> Booleans:
        union = np.ones((len(yes), int(game.commission)), bool)
        return game.wins(np.concatenate([yes[:, game.voters], union], axis=1))


def frontier(gains: Floats, consent: Floats) -> Booleans:
    """Which options are not dominated: no other has at least as much of both, and more of one; (options,)."""
    more = (gains[None] >= gains[:, None]) & (consent[None] >= consent[:, None])
    better = (gains[None] > gains[:, None]) | (consent[None] > consent[:, None])
    return ~(more & better).any(1)


def cycle_of(replaces: Booleans) -> list[int]:
    """The shortest cycle of a relation (options, options) in which row i holds what would replace i; empty if none."""
    best: list[int] = []
    for start in range(len(replaces)):
        paths, seen = [[start]], {start}
        while paths and not (best and len(paths[0]) >= len(best)):
            path = paths.pop(0)
            for step in np.flatnonzero(replaces[path[-1]]).tolist():
                if step == start:
                    best, paths = path, []
                    break
                if step not in seen:
                    seen.add(step)
                    paths.append([*path, step])
    return best
