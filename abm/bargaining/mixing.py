"""Exact mixed strategies of proposers in games in which only these strategies are random.

In equilibrium a proposer may be indifferent between coalitions. It then mixes between them with probabilities that keep
their prices equal; best responses alone would cycle. The solver works by column generation. Each proposer starts with its
best coalition. Values and probabilities are solved as a complementarity problem over the coalitions found so far, by an
interior-point method: a coalition has a positive probability only if none is better. Then every proposer may add a better
coalition, until no proposer can gain.

Sources: Eraslan (2002) and Eraslan and McLennan (2013) for existence and uniqueness of the values; Wright (1997) for
primal-dual interior-point methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.agents.arrays import Booleans, Floats, Integers

SMALLEST = 1e-12  # residual at which Newton's method stops, in the table's unit
STEP = 1e-4  # step of the difference quotients; it may be large, since gains are almost everywhere linear in values
NEWTON = 100  # most steps in one game
FIRST = 1e-4  # product of probability and shortfall at the beginning of the central path, and least shortfall there
LAST = 1e-13  # product at the end of the path
INSIDE = 0.995  # share of the way to the nearest bound that a step may go
RARE = 1e-5  # least probability at the beginning
UNUSED = 1e-9  # largest probability of a coalition that may be left out
CORRECTIONS = 4  # Newton steps at the end of the path
WORSE = 3  # multiple of the largest regret by which a coalition must be worse than the best to be left out

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

    def some(self, which: Booleans) -> Coalitions:
        """These of the coalitions."""
        return Coalitions(self.proposer[which], self.bought[which], self.passed[which])

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
        # an unknown is a vector of values (n), best gains (n), probabilities (k) and shortfalls (k)
        self.parts = [self.n, 2 * self.n, 2 * self.n + self.k]

    def newton(self, start: Mixture) -> Mixture:
        """Newton steps along the central path, on which each probability times its shortfall is the same small number.

        A coalition's shortfall is by how much the proposer gains less than from its best one.
        """
        n, owner = self.n, self.coalitions.proposer
        gain, slope = self._gain(start.values), None
        short = np.maximum(start.best[owner] - gain[self.every, owner], FIRST)
        x = np.concatenate([start.values, start.best, np.maximum(start.chance, RARE), short])
        least = np.repeat([-SMALLEST, -np.inf, 0.0, 0.0], [n, n, self.k, self.k])
        if not self.coalitions.bought.any():  # nothing is divided, so that values may be negative
            least[:n] = -np.inf
        level = FIRST
        for _ in range(NEWTON):
            error = self._errors(x, gain, level)
            if level <= LAST and np.abs(error).max() <= SMALLEST:
                break
            slope = self._slope(x[:n], gain) if slope is None else slope
            try:
                step = self._step(x, error, gain, slope)
            except np.linalg.LinAlgError:
                break
            down = step < 0
            size = whole = float((INSIDE * (least - x)[down] / step[down]).min(initial=1.0))
            while True:  # halved until it reduces the error
                trial = x + size * step
                there = self._gain(trial[:n])
                now = self._errors(trial, there, level)
                if now @ now < error @ error * (1 - 1e-4 * size) or size < 1e-4 * whole:
                    break
                size /= 2
            bent = np.abs(there - gain - (trial[:n] - x[:n]) @ slope).max()
            x, gain, slope = trial, there, slope if bent <= SMALLEST else None
            if size > 0.3:
                _, _, chance, short = np.split(x, self.parts)
                shrunk = float((chance * short).mean()) * (0.02 if size > 0.9 else 0.1)
                level = max(min(level, shrunk), LAST)
        values, best, chance, _ = np.split(x, self.parts)
        return Mixture(values, self.coalitions, chance, best, float(np.abs(self._errors(x, gain, 0.0)).max()))

    def ended(self, found: Mixture) -> Mixture:
        """The end of the path: coalitions nearer to their bound of no shortfall have none, the others no probability.

        Where both bounds hold at once, steps along the path lose precision before they arrive.
        """
        n, owner = self.n, self.coalitions.proposer
        values, best, chance, gain = found.values, found.best, found.chance, self._gain(found.values)
        slope, blank = self._slope(values, gain), np.zeros((n, n))
        used = chance > best[owner] - gain[self.every, owner]
        for _ in range(CORRECTIONS):
            chance, gain = np.where(used, chance, 0.0), self._gain(values)
            off = self._errors(np.concatenate([values, best, chance, 0 * chance]), gain, 0.0)[: -self.k]
            own, paid = slope[self.every, :, owner][used], (self.weight[:, None] * gain)[used].T
            among = np.eye(n) - np.tensordot(self.weight * chance, slope, 1).T
            sums = self.belongs[:, used]
            system = np.block(
                [
                    [among, blank, -paid],
                    [blank, blank, sums],
                    [-own, sums.T, np.zeros((len(own), len(own)))],
                ]
            )
            right = -np.concatenate([off[: 2 * n], off[2 * n :][used]])
            step = np.linalg.lstsq(system, right, rcond=SMALLEST)[0]
            values, best = values + step[:n], best + step[n : 2 * n]
            chance[used] += step[2 * n :]
            used &= chance > -SMALLEST
        gain = self._gain(values)
        short = np.where(used, 0.0, best[owner] - gain[self.every, owner])
        residual = np.abs(self._errors(np.concatenate([values, best, chance, short]), gain, 0.0)).max()
        residual = max(float(residual), -float(min(chance.min(), short.min())))
        return Mixture(values, self.coalitions, chance, best, residual) if residual < found.residual else found

    def _slope(self, values: Floats, gain: Floats) -> Floats:
        """Derivatives of gains by values, (coalitions, by value, states)."""
        near = np.repeat(values + STEP * np.eye(self.n), self.k, axis=0)
        rise = self.gains(near, self.coalitions.times(self.n)).reshape(self.n, self.k, self.n) - gain
        return np.ascontiguousarray(rise.swapaxes(0, 1)) / STEP

    def _gain(self, values: Floats) -> Floats:
        return self.gains(np.broadcast_to(values, (self.k, self.n)), self.coalitions)

    def _errors(self, x: Floats, gain: Floats, level: float) -> Floats:
        """Errors of the values, of the sums of probabilities, of the shortfalls, and of their products."""
        values, best, chance, short = np.split(x, self.parts)
        owner = self.coalitions.proposer
        return np.concatenate(
            [
                values - (self.weight * chance) @ gain,
                self.belongs @ chance - 1,
                best[owner] - gain[self.every, owner] - short,
                chance * short - level,
            ]
        )

    def _step(self, x: Floats, error: Floats, gain: Floats, slope: Floats) -> Floats:
        """Newton's step; probabilities and shortfalls are eliminated from the linear system."""
        _, _, chance, short = np.split(x, self.parts)
        off_values, off_sums, off_short, off_product = np.split(error, self.parts)
        paid, own = self.weight[:, None] * gain, slope[self.every, :, self.coalitions.proposer]
        passed_on = (self.weight * chance) @ slope.reshape(self.k, -1)
        ratio, known = chance / short, -(off_product + chance * off_short) / short
        by_best, by_values = (ratio * self.belongs).T, ratio[:, None] * own
        among = np.eye(self.n) - passed_on.reshape(self.n, self.n).T - paid.T @ by_values
        system = np.block([[among, paid.T @ by_best], [self.belongs @ by_values, -np.diag(by_best.sum(0))]])
        right = np.concatenate([paid.T @ known - off_values, -off_sums - self.belongs @ known])
        step = np.linalg.solve(system, right)
        worse = off_short + step[self.n :][self.coalitions.proposer] - own @ step[: self.n]
        return np.concatenate([step, -(off_product + chance * worse) / short, worse])


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
    assert rounds >= 1
    for asked in range(1, rounds + 1):
        game = Restricted(gains, found.coalitions, chances)
        found = game.newton(found)
        regret, best, worse, more = _answered(gains, answer, found)
        if regret <= tolerance or asked == rounds or not found.coalitions.joined(more)[1]:
            break
        kept = (found.chance > UNUSED) | (worse < WORSE * regret * best.mean())
        few, count = found.coalitions.some(kept).joined(more)
        chance = np.concatenate([found.chance[kept], np.full(count, RARE)])
        found = Mixture(found.values, few, chance, best, np.inf)
    ended = game.ended(found)
    at_end = _answered(gains, answer, ended)[0]
    return (ended, at_end, asked) if at_end < regret else (found, regret, asked)


def _answered(gains: Gains, answer: Answer, found: Mixture) -> tuple[float, Floats, Floats, Coalitions]:
    """The regret, the best gains, by how much each coalition is worse than the best one, and the best coalitions."""
    owner = found.coalitions.proposer
    more, best = answer(found.values)
    values = np.broadcast_to(found.values, (len(owner), len(best)))
    own = gains(values, found.coalitions)[np.arange(len(owner)), owner]
    lost = np.maximum(best - np.bincount(owner, found.chance * own, len(best)), 0.0).max()
    return max(float(lost) / max(float(best.mean()), 1e-300), found.residual), best, best[owner] - own, more
