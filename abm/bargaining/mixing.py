"""Exact mixed strategies of proposers in games in which only these strategies are random.

In equilibrium a proposer may be indifferent between coalitions. It then mixes between them with probabilities that keep
their prices equal; best responses alone would cycle. The solver works by column generation. Each proposer starts with its
best coalition. Values and probabilities are solved as a complementarity problem over the coalitions found so far: a
coalition has a positive probability only if none is better. Then every proposer may add a better coalition, until no
proposer can gain.

Sources: Eraslan (2002) and Eraslan and McLennan (2013) for existence and uniqueness of the values; Fischer (1992) for the
function that turns complementarity into equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.agents.arrays import Booleans, Floats, Integers

EXACT = 1e-10  # largest residual of a solution, in the table's unit
SMALLEST = 1e-13  # residual at which Newton's method stops
STEP = 1e-4  # step of the difference quotients; it may be large, since gains are almost everywhere linear in values
NEWTON = 40  # most steps from one starting point
STARTS = 6  # other starting points tried if the first one fails

# shares of the patience that are solved one after the other if the direct search fails
PATH = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 1.0)

Gains = Callable[[Floats, "Coalitions"], Floats]
Answer = Callable[[Floats], tuple["Coalitions", Floats]]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Coalitions that proposers may buy.

    Attributes:
        proposer: (k,) index of the proposer.
        bought: (k, states) whether each state's vote is bought.
        passed: (k,) whether there is a proposal; False if the proposer makes none in this round.
    """

    proposer: Integers
    bought: Booleans
    passed: Booleans

    @property
    def count(self) -> int:
        """Number of coalitions."""
        return len(self.proposer)

    def times(self, n: int) -> Coalitions:
        """The list of coalitions repeated n times."""
        return Coalitions(np.tile(self.proposer, n), np.tile(self.bought, (n, 1)), np.tile(self.passed, n))

    def joined(self, more: Coalitions) -> tuple[Coalitions, int]:
        """These coalitions with the new ones of `more` added, and the number of new ones."""
        known = {self._key(i) for i in range(self.count)}
        new = [i for i in range(more.count) if more._key(i) not in known]
        return Coalitions(
            np.concatenate([self.proposer, more.proposer[new]]),
            np.concatenate([self.bought, more.bought[new]]),
            np.concatenate([self.passed, more.passed[new]]),
        ), len(new)

    def _key(self, i: int) -> tuple[int, bytes, bool]:
        return int(self.proposer[i]), self.bought[i].tobytes(), bool(self.passed[i])


@dataclass(frozen=True, eq=False)
class Mixture:
    """Values and mixed strategies.

    Attributes:
        values: (states,) continuation values.
        coalitions: the coalitions found so far.
        chance: (coalitions,) probability of each coalition; adds up to one for every proposer.
        best: (states,) each proposer's payoff from its best coalition.
        residual: largest error of the equations of equilibrium.
    """

    values: Floats
    coalitions: Coalitions
    chance: Floats
    best: Floats
    residual: float


class Restricted:
    """The game in which proposers may buy only given coalitions.

    Args:
        gains: function that returns all states' gains from coalitions (k, states), given values (k, states).
        coalitions: the coalitions.
        chances: (states,) recognition probabilities.
    """

    def __init__(self, gains: Gains, coalitions: Coalitions, chances: Floats):
        self.gains, self.coalitions, self.chances = gains, coalitions, chances
        self.n, self.k = len(chances), coalitions.count
        self.every = np.arange(self.k)
        self.belongs = (np.arange(self.n)[:, None] == coalitions.proposer).astype(np.float64)
        self.weight = chances[coalitions.proposer]

    def elsewhere(self, found: Mixture) -> Mixture:
        """The best solution from other, random starting points, if the first one failed."""
        rng = np.random.default_rng(self.k)
        for _ in range(STARTS):
            draw = rng.exponential(size=self.k)
            chance = draw / (self.belongs @ draw)[self.coalitions.proposer]
            values = rng.dirichlet(np.ones(self.n))
            other = self.newton(Mixture(values, self.coalitions, chance, found.best, np.inf))
            found = min(found, other, key=lambda x: x.residual)
            if found.residual <= EXACT:
                break
        return found

    def newton(self, start: Mixture) -> Mixture:
        """Levenberg-Marquardt steps on the equations of equilibrium, halved until they reduce the error."""
        from scipy.linalg import lstsq

        n, k = self.n, self.k
        x = np.concatenate([start.values, start.chance, start.best])
        error, slope = self.equations(x)
        for _ in range(NEWTON):
            square = float(error @ error)
            if np.abs(error).max() <= SMALLEST:
                break
            damped = np.concatenate([slope, np.sqrt(min(1e-6, square)) * np.eye(len(x))])
            step = lstsq(damped, np.concatenate([-error, 0 * x]), lapack_driver="gelsy", check_finite=False)[
                0
            ]
            size = 1.0
            while size > 1e-4:
                trial = self.errors(x + size * step)
                if trial @ trial < square * (1 - 1e-4 * size):
                    break
                size /= 2
            else:
                break
            x = x + size * step
            error, slope = self.equations(x)
        return Mixture(x[:n], self.coalitions, x[n : n + k], x[n + k :], float(np.abs(error).max()))

    def errors(self, x: Floats) -> Floats:
        """Errors of the values, of the sums of probabilities, and of the complementarity conditions."""
        values = np.broadcast_to(x[: self.n], (self.k, self.n))
        return self._errors(x, self.gains(values, self.coalitions))

    def _errors(self, x: Floats, gain: Floats) -> Floats:
        values, chance, best = np.split(x, [self.n, self.n + self.k])
        short = best[self.coalitions.proposer] - gain[self.every, self.coalitions.proposer]
        return np.concatenate(
            [
                values - (self.weight * chance) @ gain,
                self.belongs @ chance - 1,
                chance + short - np.hypot(chance, short),
            ]
        )

    def equations(self, x: Floats) -> tuple[Floats, Floats]:
        """The errors and their derivatives by values, probabilities and best gains."""
        n, k = self.n, self.k
        values, chance, best = np.split(x, [n, n + k])
        near = np.concatenate([values[None], values + STEP * np.eye(n)])
        gain = self.gains(np.repeat(near, k, axis=0), self.coalitions.times(n + 1)).reshape(n + 1, k, n)
        gain, rise = gain[0], (gain[1:] - gain[0]) / STEP  # rise: (by value, coalitions, states)
        own = gain[self.every, self.coalitions.proposer]
        short = best[self.coalitions.proposer] - own
        length = np.hypot(chance, short)
        kink = length <= 1e-15
        by_chance, by_short = (
            np.where(kink, 1 - np.sqrt(0.5), 1 - part / np.where(kink, 1.0, length))
            for part in (chance, short)
        )
        slope = np.zeros((n + n + k, n + k + n))
        slope[:n, :n] = np.eye(n) - np.tensordot(self.weight * chance, rise, (0, 1)).T
        slope[:n, n : n + k] = -(self.weight[:, None] * gain).T
        slope[n : 2 * n, n : n + k] = self.belongs
        slope[2 * n :, :n] = -by_short[:, None] * rise[:, self.every, self.coalitions.proposer].T
        slope[2 * n :, n : n + k] = np.diag(by_chance)
        slope[2 * n :, n + k :] = by_short[:, None] * self.belongs.T
        return self._errors(x, gain), slope


def mixed(
    gains: Gains,
    answer: Answer,
    chances: Floats,
    *,
    start: Floats | None = None,
    tolerance: float = 1e-9,
    rounds: int = 100,
) -> tuple[Mixture, float, int]:
    """The equilibrium in mixed strategies.

    Args:
        gains: function that returns all states' gains over no agreement (k, states), given values (k, states) and
            coalitions.
        answer: function that returns each proposer's best coalition and its gain from it (states,), given values
            (states,).
        chances: (states,) recognition probabilities.
        start: (states,) initial values; the recognition probabilities by default.
        tolerance: largest regret, as a share of the mean proposer's gain.
        rounds: most rounds in which proposers may add better coalitions.

    Returns:
        the mixture; the larger of the regret and the error of the equations; the number of rounds.
    """
    values = np.array(chances if start is None else start, dtype=np.float64)
    known, best = answer(values)
    first = Mixture(values, known, np.ones(known.count), best, np.inf)
    found, regret, k = _search(gains, answer, chances, first, tolerance, rounds)
    if regret <= tolerance or k == rounds:
        return found, regret, k
    found = first
    for part in PATH:  # scaling the values scales the patience, since gains depend on their product only
        found, regret, more = _search(*_less_patient(gains, answer, part), chances, found, tolerance, rounds)
        k += more
    return found, regret, k


def _less_patient(gains: Gains, answer: Answer, part: float) -> tuple[Gains, Answer]:
    """The same game with the share `part` of the patience."""

    def gains_then(values: Floats, coalitions: Coalitions) -> Floats:
        return gains(part * values, coalitions)

    def answer_then(values: Floats) -> tuple[Coalitions, Floats]:
        return answer(part * values)

    return gains_then, answer_then


def _search(
    gains: Gains, answer: Answer, chances: Floats, found: Mixture, tolerance: float, rounds: int
) -> tuple[Mixture, float, int]:
    """Solve the game with the coalitions found so far and add better ones, in turn, until there are none."""
    regret, asked = np.inf, 0
    for asked in range(1, rounds + 1):  # noqa: B007
        game = Restricted(gains, found.coalitions, chances)
        found = game.newton(found)
        regret, best, known, new = _answered(gains, answer, found)
        if found.residual > EXACT and not new:
            found = game.elsewhere(found)
            regret, best, known, new = _answered(gains, answer, found)
        if regret <= tolerance or not new:
            break
        chance = np.concatenate([np.maximum(found.chance, 0.0), np.full(new, 0.01)])
        total = np.bincount(known.proposer, chance, len(chances))
        found = Mixture(found.values, known, chance / total[known.proposer], best, np.inf)
    return found, regret, asked


def _answered(gains: Gains, answer: Answer, found: Mixture) -> tuple[float, Floats, Coalitions, int]:
    """The regret, the gains from best responses, the coalitions with new ones added, and the number of new ones."""
    more, best = answer(found.values)
    values = np.broadcast_to(found.values, (found.coalitions.count, len(best)))
    own = gains(values, found.coalitions)[np.arange(found.coalitions.count), found.coalitions.proposer]
    kept = np.bincount(found.coalitions.proposer, found.chance * own, len(best))
    scale = max(float(best.mean()), 1e-300)
    regret = max(float(np.maximum(best - kept, 0.0).max()) / scale, found.residual)
    known, new = found.coalitions.joined(more)
    return regret, best, known, new
