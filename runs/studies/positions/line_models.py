"""Models of bargaining over a point from 0 to 100, with the reference point as the status quo.

They use the library's agenda protocols. Actors with the same position have the same preferences, so one player represents
all of them and has their votes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.tables.line import Line
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.situation import States
from juste_retour.runs.studies.positions.capability import COMMISSION, Weighed
from juste_retour.runs.studies.positions.models import NotApplicable, model

SCALE = 100.0
CLOSE = 1e-3  # convergence tolerance, as a fraction of the scale
PLAIN, ROUNDS = 30, 400  # iterations before averaging begins, and the limit
PATIENCE = 0.9  # discount factor between proposals in baron_ferejohn; assumed


class _Compromises(Line):
    """A line on which a mediator also considers the extreme points that leave no player worse off."""

    def menu(self) -> list[Floats]:
        """The ideal points, the status quo, and its reflections in the outermost ideal points."""
        ends = [] if self.status_quo is None else [2 * end - self.status_quo for end in self._nearest()]
        return [*super().menu(), *([] if self.status_quo is None else [self.status_quo]), *ends]

    def _nearest(self) -> tuple[Floats, Floats]:
        return self.ideals.min(-1, keepdims=True), self.ideals.max(-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class LineBargaining:
    """An issue as a bargaining game on a line from 0 to 1.

    Attributes:
        points: the k distinct positions (k,), 0 to 1; each is a player.
        status_quo: the reference point, 0 to 1.
        point_of: index in `points` of each actor's position (n,).
        weighed: the issue with capabilities.
    """

    points: Floats
    status_quo: float
    point_of: Integers
    weighed: Weighed

    @classmethod
    def on(cls, weighed: Weighed) -> LineBargaining:
        """The game of an issue. Raises `NotApplicable` if it has no reference point."""
        if np.isnan(weighed.issue.reference_point):
            raise NotApplicable("no reference point")
        points, point_of = np.unique(weighed.issue.position / SCALE, return_inverse=True)
        return cls(points, weighed.issue.reference_point / SCALE, point_of, weighed)

    @cached_property
    def council(self) -> Booleans:
        """Booleans (n,): the actors that are members of the Council."""
        if self.weighed.rule is None:
            raise NotApplicable("an actor whose votes in the Council are not known")
        found = np.isin(self.weighed.issue.actors, self.weighed.rule.members)
        if not found.any():
            raise NotApplicable("no state with a position")
        return found

    @cached_property
    def seats(self) -> Integers:
        """The number of states at each point (k,)."""
        return np.bincount(self.point_of[self.council], minlength=len(self.points))

    def passes(self, ballot: Ballot, states: States) -> Booleans:
        """Whether the yes votes (worlds, k) pass under the Council's rule. States without a position are indifferent and vote yes."""
        rule, actors = self.weighed.rule, self.weighed.issue.actors
        assert rule is not None
        votes = np.array([rule.weight(a) if there else 0 for a, there in zip(actors, self.council, strict=True)])
        no = ~ballot.yes[..., self.point_of] & self.council
        everyone = len(rule.members), sum(rule.game.weights)
        return rule.game.passes(everyone[0] - no.sum(-1), everyone[1] - (no * votes).sum(-1))

    def table(self, worlds: int = 1, values: Floats | None = None, patience: float = 1.0) -> Line:
        """The Council's table, with a player per point."""
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
        """The outcome (k,), 0 to 1, for each point as the proposer under a closed rule."""
        k = len(self.points)
        table = self.table(k, values, patience)
        table.forced = np.arange(k)
        ballot = agenda["closed_rule"](table)
        return np.where(ballot.passed, ballot.plan[:, 0], self.status_quo)

    def stationary_values(self, patience: float = PATIENCE) -> Floats:
        """Each point's continuation value (k,): its expected gain over the reference point from the next proposal.

        Fixed-point iteration: after 30 steps the values of all steps are averaged, with more weight on the latest. It stops
        when a step changes no value by more than a tenth of a point on the scale from 0 to 100.

        Raises:
            NotApplicable: no convergence within the limit.
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
        """The mean proposal of the states in stationary equilibrium, 0 to 100."""
        proposed = self.proposed(self.stationary_values(patience), patience)
        return float(self.seats @ proposed / self.seats.sum()) * SCALE

    def mediated(self, solution: str, weight: Floats) -> float:
        """The mediator's point, 0 to 100; `weight` (k,) is the bargaining power of each point."""
        taking_part = weight > 0
        table = _Compromises(
            players(weight[taking_part]), self.points[taking_part], "unanimity", status_quo=self.status_quo
        )
        power = "population" if solution == "nash" else "equal"
        return float(agenda["nash_bargaining"](table, solution=solution, power=power).plan[0, 0]) * SCALE

    @cached_property
    def capability(self) -> Floats:
        """The share of total capability at each point (k,)."""
        found = np.bincount(self.point_of, self.weighed.capability, minlength=len(self.points))
        if not found.any():
            raise NotApplicable("no actor with capability")
        return found / found.sum()


@model
def nash(weighed: Weighed) -> float:
    """The point that maximizes the product of gains over the reference point, each to the power of the actor's capability.

    Salience has no effect: it only scales an actor's gains, and the solution does not depend on that scale.

    Source: Nash (1950); Kalai (1977) for unequal power.
    """
    game = LineBargaining.on(weighed)
    return game.mediated("nash", game.capability)


@model
def kalai_smorodinsky(weighed: Weighed) -> float:
    """The point that gives every actor the same share of its largest possible gain over the reference point.

    Salience has no effect, nor does capability as long as it is above zero.

    Source: Kalai and Smorodinsky (1975).
    """
    game = LineBargaining.on(weighed)
    return game.mediated("kalai_smorodinsky", game.capability)


@model
def setter(weighed: Weighed) -> float:
    """The Commission's best proposal that the Council prefers to the reference point, without amendments.

    Source: Romer and Rosenthal (1978).
    """
    game = LineBargaining.on(weighed)
    if COMMISSION not in weighed.issue.actors:
        raise NotApplicable("no position of the Commission")
    commission = game.point_of[weighed.issue.actors.index(COMMISSION)]
    return float(game.proposed()[commission]) * SCALE


@model
def closed_rule(weighed: Weighed) -> float:
    """The mean proposal of a state drawn at random, if a rejected proposal leaves the reference point in force.

    Source: Romer and Rosenthal (1978), with a randomly drawn setter.
    """
    game = LineBargaining.on(weighed)
    return float(game.seats @ game.proposed() / game.seats.sum()) * SCALE


@model
def baron_ferejohn(weighed: Weighed) -> float:
    """The mean proposal in stationary equilibrium, if another state drawn at random proposes after a rejection.

    Source: Baron and Ferejohn (1989), closed rule; Banks and Duggan (2000) on a line.
    """
    return LineBargaining.on(weighed).stationary()
