"""Mixed strategies of proposers, found exactly where nothing is random but their own mixing.

In equilibrium a proposer may be indifferent between coalitions and mix between them just so that they stay equally dear;
best answers alone then cycle. Each proposer starts with its best coalition. For the coalitions known so far, values and
chances are solved for as a complementarity problem: a coalition has a chance only where none is better. Then every
proposer may answer the values with a coalition that is not known yet, until nobody can do better.

Sources: Eraslan (2002) and Eraslan and McLennan (2013) for existence and uniqueness of the values; Fischer (1992) for the
function that turns complementarity into equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.agents.arrays import Booleans, Floats, Integers

EXACT = 1e-10  # largest residual of a solution, in the table's unit
SMALLEST = 1e-13  # residual at which there is nothing to gain
STEP = 1e-4  # of the difference quotients; values enter almost everywhere linearly
NEWTON = 40  # steps from one start
STARTS = 6  # other starts where the first leads nowhere

PATH = (
    0.5,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.995,
    0.998,
    0.999,
    0.9995,
    1.0,
)  # of the patience, on the way to all of it

Gains = Callable[[Floats, "Coalitions"], Floats]
Answer = Callable[[Floats], tuple["Coalitions", Floats]]


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Coalitions that proposers may buy.

    Attributes:
        proposer: (k,) who proposes.
        bought: (k, states) who is bought.
        passed: (k,) whether there is a proposal at all; False where the proposer lets the round go by.
    """

    proposer: Integers
    bought: Booleans
    passed: Booleans

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.proposer)

    def times(self, n: int) -> Coalitions:
        """All of them n times, one after the other."""
        return Coalitions(np.tile(self.proposer, n), np.tile(self.bought, (n, 1)), np.tile(self.passed, n))

    def joined(self, more: Coalitions) -> tuple[Coalitions, int]:
        """These and those of `more` that are not among them, and how many those are."""
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
        coalitions: the coalitions known.
        chance: (coalitions,) how often each proposer buys each of its coalitions; adds up to one for every proposer.
        best: (states,) what the best of its coalitions brings each proposer.
        residual: largest error of the equations of equilibrium.
    """

    values: Floats
    coalitions: Coalitions
    chance: Floats
    best: Floats
    residual: float


class Restricted:
    """The game in which proposers may buy only known coalitions.

    Args:
        gains: (k, states) what coalitions bring all, given values (k, states).
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
        """The equilibrium reached from other starts, where the first led nowhere."""
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
        """Levenberg and Marquardt's steps on the equations of equilibrium, halved where they do not help."""
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
        """Errors of values, of the sums of chances, and of "a chance only where none is better"."""
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
        """The errors and their derivatives by values, chances and best gains."""
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
    """The equilibrium in which proposers mix.

    Args:
        gains: (k, states) what coalitions bring all over no deal, given values (k, states).
        answer: each proposer's best coalition given values (states,), and what it brings it (states,).
        chances: (states,) recognition probabilities.
        start: (states,) values to begin from; the recognition probabilities by default.
        tolerance: largest regret, as a share of the mean proposer's gain.
        rounds: most times that proposers are asked for better coalitions.

    Returns:
        the mixture, the regret or the error of the equations, whichever is larger, and the rounds.
    """
    values = np.array(chances if start is None else start, dtype=np.float64)
    known, best = answer(values)
    first = Mixture(values, known, np.ones(known.count), best, np.inf)
    found, regret, k = _search(gains, answer, chances, first, tolerance, rounds)
    if regret <= tolerance or k == rounds:
        return found, regret, k
    found = first
    for part in PATH:  # gains depend on values only through what these are worth a round later
        found, regret, more = _search(*_less_patient(gains, answer, part), chances, found, tolerance, rounds)
        k += more
    return found, regret, k


def _less_patient(gains: Gains, answer: Answer, part: float) -> tuple[Gains, Answer]:
    """The same game with a part of the patience."""

    def gains_then(values: Floats, coalitions: Coalitions) -> Floats:
        return gains(part * values, coalitions)

    def answer_then(values: Floats) -> tuple[Coalitions, Floats]:
        return answer(part * values)

    return gains_then, answer_then


def _search(
    gains: Gains, answer: Answer, chances: Floats, found: Mixture, tolerance: float, rounds: int
) -> tuple[Mixture, float, int]:
    """Solve for the known coalitions, ask for better ones, and so on."""
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
    """The regret, what best answers bring, and the coalitions with those that are new."""
    more, best = answer(found.values)
    values = np.broadcast_to(found.values, (found.coalitions.count, len(best)))
    own = gains(values, found.coalitions)[np.arange(found.coalitions.count), found.coalitions.proposer]
    kept = np.bincount(found.coalitions.proposer, found.chance * own, len(best))
    scale = max(float(best.mean()), 1e-300)
    regret = max(float(np.maximum(best - kept, 0.0).max()) / scale, found.residual)
    known, new = found.coalitions.joined(more)
    return regret, best, known, new
