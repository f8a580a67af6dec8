"""The mean world of a scenario, in which every possible proposer proposes repeatedly with new random draws.

In the mean world ambition is at its median and no site is placed yet. All proposers choose at once, each in its own
worlds. The noise of reservation values and the order of states with equal prices follow a Kronecker sequence, which
covers the range more evenly than independent draws. A few fixed sets of draws break ties between equal sites.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.bargaining.sampled import LONGEST, TOLERANCE, Draws, FixedPoint, fixed_point
from juste_retour.abm.bargaining.stationary_values import NEVER_QUITE
from juste_retour.abm.bargaining.tables.bargaining_table import recognition
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.politics.ballot_result import BallotResult
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import family

STARTS = ("nothing", "largest gains", "mean gains", "random")  # what states expect at first in each search
SEARCHES = len(STARTS)
ROWS = 27  # worlds per search and round, or the number of proposers if that is more
LOTS = 3  # sets of draws that break ties between equal sites, used in turn
SEED = 0  # random seed of the solver within a run
NOBODY = -1  # no state proposes
EVEN = ("reservation", "partners")  # streams that follow the Kronecker sequence


@dataclass
class Expecting:
    """The foresight of actors whose continuation values are given, for use by the solver.

    Attributes:
        values: EUR bn above the disagreement point; (states,) for every world, or (worlds, states).
    """

    values: Floats

    def rehearsed(self, rows: NDArray[np.int64]) -> list[Floats]:
        """No rehearsed plans: the solver needs none."""
        return []

    def continuation(self, rows: NDArray[np.int64]) -> Floats:
        """The given values in every world; (rows, states)."""
        if self.values.ndim == 2:
            return self.values[rows]
        return np.broadcast_to(self.values, (len(rows), self.values.shape[-1]))


class EvenStreams(RandomStreams):
    """Random streams, some of which return given numbers: `given` maps a stream's name to (worlds, slots)."""

    def __init__(self, seed: int, replicates: NDArray[np.int64], given: dict[str, Floats]):
        super().__init__(seed, replicates)
        self.given = given

    def uniform(self, channel: str, slots: int, quarter: int = 0) -> Floats:
        """Uniform numbers in (0, 1), given or drawn; (worlds, slots)."""
        if channel in self.given:
            return self.given[channel][:, :slots]
        return super().uniform(channel, slots, quarter)


class MeanWorld:
    """The mean world of a scenario in a union; the solver seeks a fixed point of `respond`.

    Args:
        scenario: the scenario.
        members: the union.
        seed: random seed of the solver. Runs use a fixed one, so that they all select the same equilibrium.

    Attributes:
        chances: (proposers,) recognition probabilities; a single 1 if the agenda draws no proposer.
    """

    def __init__(self, scenario: Scenario, members: Members, seed: int = SEED):
        self.mean, self.states, self.seed = _mean(scenario), members.states.count, seed
        drawn = "recognition" in family("agenda")[self.mean.rules["agenda"].rule].parameters
        self.members, self.drawn = members, drawn
        parts = self.states if drawn else 1
        random = np.random.default_rng(seed)
        self.step, self.shift = random.random((2, len(EVEN) * self.states))
        self._seat(np.tile(np.arange(parts), max(1, ROWS // parts)))
        self.chances = np.ones(1)
        if drawn:
            by = str(self.env.institutions.settings("agenda")["recognition"])
            self.chances = recognition(self.tables[0], by)[0]
        self.patience = min(float(self.env.world.p.patience[0, 0]), NEVER_QUITE)

    def _seat(self, by: NDArray[np.int64]) -> None:
        """Set up the worlds in which these proposers propose, (rows,), once in each search."""
        self.by, count = by, SEARCHES * len(by)
        self.shape = (SEARCHES, len(by), self.states)
        self.expecting = Expecting(np.zeros((LOTS * count, self.states)))
        institutions = Institutions([self.mean] * (LOTS * count), self.members)
        self.env = Environment(institutions, self.seed, np.arange(LOTS * count), self.members, self.expecting)
        self.env.world.now = self.env.world.announced
        self.proposers = np.tile(by if self.drawn else np.full(len(by), NOBODY), SEARCHES)
        forced = self.proposers if self.drawn else None
        lots = np.split(np.arange(LOTS * count), LOTS)
        self.tables = [Council(self.env, rows, forced=forced) for rows in lots]

    def widen(self, more: NDArray[np.int64]) -> None:
        """Add worlds in which these proposers propose, (rows,), to every later round."""
        self._seat(np.concatenate([self.by, more]))

    def search(self, starts: Floats | None = None, longest: int = LONGEST, tolerance: float = TOLERANCE) -> FixedPoint:
        """Search for a fixed point from these starting values (searches, states), by default those of `starts`."""
        begin = self.starts() if starts is None else starts
        return fixed_point(self.respond, begin, self.chances, longest, tolerance, self.widen)

    def respond(self, values: Floats, draw: int) -> Draws:
        """What every proposer's offers bring to each state, given continuation values.

        Args:
            values: (searches, states) continuation values, EUR bn above the disagreement point.
            draw: number of the solver's round; each round has new random draws.
        """
        env, table = self.env, self.tables[draw % LOTS]
        rows = table.rows
        env.streams = self._streams(draw, rows)
        env.world.resolve = env.streams.normal("reservation", self.states)
        self.expecting.values[rows] = np.repeat(values, len(rows) // SEARCHES, axis=0)
        result: BallotResult = env.institutions.decide("agenda", table.redrawn(), rows=rows)
        reached = self.patience * self.expecting.values[rows]
        gross = 0.0 if result.terms is None else result.terms.offer.gross_stake(result.terms.failed)
        noise = np.broadcast_to(self.mean.reservation_noise * gross, reached.shape)
        passed = np.broadcast_to(result.passed[:, None], reached.shape)
        close = np.abs(result.gain - reached) <= 2 * (self.mean.dissent_cost_eur_bn + noise)
        bought = close & (self.proposers[:, None] != np.arange(self.states)) & (reached > 0)
        drawn, scored = env.world.resolve[rows], passed & (noise > 0)
        score = np.where(scored, drawn * self.patience / np.where(scored, noise, 1.0), 0.0)
        return Draws(
            gain=np.where(passed, result.gain, reached).reshape(self.shape),
            slope=np.where(passed, 0.0, self.patience).reshape(self.shape),
            score=score.reshape(self.shape),
            scored=scored.reshape(self.shape),
            shift=np.where(scored, drawn * noise / self.patience, 0.0).reshape(self.shape),
            bought=(self.patience * np.where(passed, bought, 1.0)).reshape(self.shape),
            by=self.by,
        )

    def starts(self) -> Floats:
        """Starting values of the searches, (searches, states), in the order of `STARTS`.

        They are zero, each state's largest and mean gain if all expect the status quo, and random parts of the largest.
        """
        nothing = np.zeros((SEARCHES, self.states))
        draws = self.respond(nothing, 0)
        most = draws.gain.max((0, 1))
        mean = draws.mean(draws.gain, self.chances)
        part = np.random.default_rng([self.seed, SEARCHES]).random(self.states)
        return np.stack([nothing[0], most, mean, part * most])

    def _streams(self, draw: int, rows: NDArray[np.int64]) -> EvenStreams:
        count = len(rows)
        place = np.random.default_rng([self.seed, draw]).permutation(count) + draw * count
        points = (self.shift + place[:, None] * self.step) % 1.0
        given = {}
        for k, channel in enumerate(EVEN):
            given[channel] = np.full((len(self.env.world.replicates), self.states), 0.5)
            block = points[:, k * self.states : (k + 1) * self.states]
            given[channel][rows] = np.clip(block, 2.0**-40, 1 - 2.0**-40)
        return EvenStreams(self.seed + draw, self.env.world.replicates, given)


def _mean(scenario: Scenario) -> Scenario:
    mean = scenario.changed({"ambition_sd": 0.0, "consensus_norm": 0.0})
    if any("deterministic" not in family("vote")[r].properties for r in mean.rules["vote"].names):
        return mean.changed({"vote": "self_interest"})
    return mean
