"""Models that bargain over a point between 0 and 100, against the reference point, by the protocols of the library.

Actors with the same position want the same, so a player of the table stands for all of them, with their votes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from juste_retour.abm.politics.agenda import agenda
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.politics.tables.line import Line
from juste_retour.abm.politics.tables.theory import players
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.situation import States
from juste_retour.runs.positions.capability import COMMISSION, Weighed
from juste_retour.runs.positions.models import NotApplicable, model

SCALE = 100.0
CLOSE = 1e-3  # of the scale
PLAIN, ROUNDS = 30, 400  # proposals before averaging, and most proposals
PATIENCE = 0.9  # of Baron and Ferejohn's players from one proposal to the next; assumed


class _Compromises(Line):
    """A line on which a mediator also weighs the furthest points that leave nobody worse off."""

    def menu(self) -> list[Floats]:
        """Everybody's ideal point, the status quo, and as far beyond the nearest ideal point as it is from there."""
        ends = [] if self.status_quo is None else [2 * end - self.status_quo for end in self._nearest()]
        return [*super().menu(), *([] if self.status_quo is None else [self.status_quo]), *ends]

    def _nearest(self) -> tuple[Floats, Floats]:
        return self.ideals.min(-1, keepdims=True), self.ideals.max(-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Bargaining:
    """An issue as a game on a line from 0 to 1.

    Attributes:
        points: (k,) the distinct positions.
        status_quo: the reference point.
        of: (n,) which of the points each actor has.
        weighed: the issue.
    """

    points: Floats
    status_quo: float
    of: Integers
    weighed: Weighed

    @classmethod
    def on(cls, weighed: Weighed) -> Bargaining:
        """The game of an issue, which must have a reference point."""
        if np.isnan(weighed.issue.reference_point):
            raise NotApplicable("no reference point")
        points, of = np.unique(weighed.issue.position / SCALE, return_inverse=True)
        return cls(points, weighed.issue.reference_point / SCALE, of, weighed)

    @cached_property
    def council(self) -> Booleans:
        """Which actors sit in the Council; (n,)."""
        if self.weighed.rule is None:
            raise NotApplicable("an actor whose votes in the Council are not known")
        found = np.isin(self.weighed.issue.actors, self.weighed.rule.members)
        if not found.any():
            raise NotApplicable("no state with a position")
        return found

    @cached_property
    def seats(self) -> Integers:
        """How many states stand at each point; (k,)."""
        return np.bincount(self.of[self.council], minlength=len(self.points))

    def passes(self, ballot: Ballot, states: States) -> Booleans:
        """Whether points that vote yes pass the Council's rule; states without a position are indifferent and do not object."""
        rule, actors = self.weighed.rule, self.weighed.issue.actors
        assert rule is not None
        votes = np.array(
            [rule.weight(a) if there else 0 for a, there in zip(actors, self.council, strict=True)]
        )
        no = ~ballot.yes[..., self.of] & self.council
        everyone = len(rule.members), sum(rule.game.weights)
        return rule.game.passes(everyone[0] - no.sum(-1), everyone[1] - (no * votes).sum(-1))

    def table(self, worlds: int = 1, values: Floats | None = None, patience: float = 1.0) -> Line:
        """The table of the Council; each point a player."""
        return Line(
            players(self.seats.astype(np.float64)),
            self.points,
            self.passes,
            status_quo=self.status_quo,
            worlds=worlds,
            values=values,
            patience=patience,
        )

    def proposed(self, values: Floats | None = None, patience: float = 1.0) -> Floats:
        """What comes of it where each of the points proposes; (k,)."""
        k = len(self.points)
        table = self.table(k, values, patience)
        table.forced = np.arange(k)
        ballot = agenda["closed_rule"](table)
        return np.where(ballot.passed, ballot.plan[:, 0], self.status_quo)

    def stationary_values(self, patience: float = PATIENCE) -> Floats:
        """What each point expects of the next proposal, over the reference point; (k,).

        The values of all proposals so far are averaged, with growing weight on the latest, until another proposal
        changes them by less than a tenth of a point.
        """
        k = len(self.points)
        values, chances = np.zeros(k), self.seats / self.seats.sum()
        for count in range(ROUNDS):
            table = self.table(k, values, patience)
            table.forced = np.arange(k)
            ballot = agenda["closed_rule"](table)
            reached = chances @ np.where(ballot.passed[:, None], ballot.gain, patience * values)
            if np.abs(reached - values).max() <= CLOSE:
                return np.asarray(reached)
            values = values + (1.0 if count < PLAIN else 2 / (count - PLAIN + 2)) * (reached - values)
        raise NotApplicable("no stationary equilibrium found")

    def stationary(self, patience: float = PATIENCE) -> float:
        """The mean of what the states would propose in stationary equilibrium."""
        proposed = self.proposed(self.stationary_values(patience), patience)
        return float(self.seats @ proposed / self.seats.sum()) * SCALE

    def mediated(self, solution: str, weight: Floats) -> float:
        """The mediator's point, bargaining power being the weights of the points (k,)."""
        taking_part = weight > 0
        table = _Compromises(
            players(weight[taking_part]), self.points[taking_part], "unanimity", status_quo=self.status_quo
        )
        power = "population" if solution == "nash" else "equal"
        return float(agenda["nash_bargaining"](table, solution=solution, power=power).plan[0, 0]) * SCALE

    @cached_property
    def capability(self) -> Floats:
        """Capability at each point, as a share; (k,)."""
        found = np.bincount(self.of, self.weighed.capability, minlength=len(self.points))
        if not found.any():
            raise NotApplicable("no actor with capability")
        return found / found.sum()


@model
def nash(weighed: Weighed) -> float:
    """The point that maximizes the product of gains over the reference point, to the power of capability.

    Salience drops out: it scales an actor's gains, and the solution does not depend on their scale.
    Source: Nash (1950); Kalai (1977) for unequal power.
    """
    game = Bargaining.on(weighed)
    return game.mediated("nash", game.capability)


@model
def kalai_smorodinsky(weighed: Weighed) -> float:
    """The point that gives all the same share of the most that each could gain over the reference point.

    Neither salience nor the size of a capability matters. Source: Kalai and Smorodinsky (1975).
    """
    game = Bargaining.on(weighed)
    return game.mediated("kalai_smorodinsky", game.capability)


@model
def setter(weighed: Weighed) -> float:
    """What the Commission proposes so that the Council takes it rather than the reference point, without amendments.

    Source: Romer and Rosenthal (1978).
    """
    game = Bargaining.on(weighed)
    if COMMISSION not in weighed.issue.actors:
        raise NotApplicable("no position of the Commission")
    commission = game.of[weighed.issue.actors.index(COMMISSION)]
    return float(game.proposed()[commission]) * SCALE


@model
def closed_rule(weighed: Weighed) -> float:
    """The mean of what the states would propose, each with the same chance, if a failure kept the reference point.

    Source: Romer and Rosenthal (1978), with a setter drawn at random.
    """
    game = Bargaining.on(weighed)
    return float(game.seats @ game.proposed() / game.seats.sum()) * SCALE


@model
def baron_ferejohn(weighed: Weighed) -> float:
    """The mean of what the states would propose in stationary equilibrium, if another proposes after a failure.

    Source: Baron and Ferejohn (1989), closed rule; Banks and Duggan (2000) on a line.
    """
    return Bargaining.on(weighed).stationary()
