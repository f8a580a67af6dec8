"""A solver for the fixed point of an expected response that can only be estimated from random draws.

It seeks values v with v = F(v), where F(v) is the expected response of proposers to the values v. Each round draws
responses at the current values. The weighted mean over rounds estimates the gap between F and the values at which it
was evaluated. A Newton step on the pooled draws closes the gap: v = mean values + (mean response - mean values) /
(1 - slope). The slope of F comes from the same draws. A state's reservation value contains normal noise; by Stein's
identity the derivative of the expected response is the covariance of response and noise, divided by the noise's
variance.

Two searches run in parallel from two starting points. If they meet, their draws are pooled. If not, there are several
equilibria; the solver returns that of the first search and reports the fact.

Source: Robbins and Monro (1951); Stein (1981), lemma 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.agents.arrays import Booleans, Floats

SHORTEST, LONGEST = 12, 30  # fewest and most rounds
LONGER = 4  # factor on the most rounds if the result has not converged by then
BURN_IN = 4  # first rounds that are never used
PRECISE = 0.025  # standard error, in mean stakes, at which the search ends
TOLERANCE = (
    0.25  # largest standard error of a converged result, in mean stakes; its remaining step may be twice that
)
APART = 0.25  # mean stakes, beyond their errors, by which two searches must differ to count as two equilibria
PRIOR = 0.3  # standard deviation of the prior of a slope around `Draws.bought`
STEEPEST = 0.85  # largest slope, unless `Draws.bought` is larger
SMALLEST = 1e-6  # EUR bn: least stake, which avoids a division by zero


@dataclass(frozen=True, eq=False)
class Draws:
    """The results of one round of draws; all arrays are (searches, draws, proposers, states).

    Attributes:
        gain: utility above the disagreement point.
        slope: derivative of the gain by the state's own value if it is known exactly; used where `scored` is false.
        score: derivative of the log density of the noise by the values; used where `scored` is true.
        scored: whether the noise affects the draw.
        shift: what the noise adds to the value on which the state acts; its mean is zero.
        bought: the slope under the assumption that only offers at a state's reservation value move with its value.
    """

    gain: Floats
    slope: Floats
    score: Floats
    scored: Booleans
    shift: Floats
    bought: Floats


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """The result of a search for values with v = F(v), whether it converged or not.

    Attributes:
        found: (states,) values at the end of the search; use `values`, which refuses those that did not converge.
        error: (states,) their standard errors.
        residual: distance between the mean response and the values at which it was evaluated, in mean stakes.
        rounds: rounds of the search.
        converged: whether the errors and the remaining step are small.
        second: (states,) values reached from the second starting point.
        equilibria: "one", or "several" if the two searches disagree.
    """

    found: Floats
    error: Floats
    residual: float
    rounds: int
    converged: bool
    second: Floats
    equilibria: str

    @property
    def stake(self) -> float:
        """The mean stake: the mean absolute value over states, EUR bn."""
        return max(float(np.abs(self.found).mean()), SMALLEST)

    @property
    def worst(self) -> float:
        """The largest standard error, in mean stakes."""
        return float(self.error.max()) / self.stake

    @property
    def values(self) -> Floats:
        """The values, (states,).

        Raises:
            NotConverged: the search did not converge.
        """
        if not self.converged:
            raise NotConverged(f"{self.summary} {REMEDY}")
        return self.found

    @property
    def summary(self) -> str:
        """One sentence on the outcome of the search, for messages."""
        went = "converged" if self.converged else "did not converge"
        return (
            f"The stationary values {went} in {self.rounds} rounds (residual {self.residual:.1%}, largest standard "
            f"error {self.worst:.1%} of the mean stake; {self.equilibria} equilibri{'um' if self.equilibria == 'one' else 'a'} found)."
        )


REMEDY = "Use expect = 'adaptive' or 'status_quo', or change the patience or the reservation noise slightly."


def fixed_point(
    respond: Callable[[Floats, int], Draws],
    starts: Floats,
    chances: Floats,
    longest: int = LONGEST,
    precise: float = PRECISE,
) -> FixedPoint:
    """Find values with v = F(v) from random draws of the response.

    Args:
        respond: function that draws every proposer's response, given values (searches, states) and the round's number.
        starts: (searches, states) starting points; the first one selects the equilibrium.
        chances: (proposers,) recognition probabilities.
        longest: number of rounds after which the search ends as soon as the result has converged.
        precise: standard error, in mean stakes, at which the search ends.
    """
    history, at = _History(chances), np.array(starts, dtype=np.float64)
    every, first = slice(None), slice(0, 1)
    for k in range(1, LONGER * longest + 1):
        history.add(at, respond(at, k))
        slope, unsure = history.slope()
        at = np.concatenate([history.root(slope, slice(c, c + 1)) for c in range(len(at))])
        found = history.estimate(slope, unsure, every)
        apart = bool((np.abs(at[0] - at[-1]) > APART * found.stake + 4 * found.error).any())
        if apart:
            found = history.estimate(slope, unsure, first)
        if (k >= SHORTEST and found.known_to(precise)) or (k >= longest and found.good):
            break
    number = "several" if apart else "one"
    return FixedPoint(found.values, found.error, found.residual, k, found.good, at[-1], number)


@dataclass(frozen=True, eq=False)
class _Estimate:
    """Values and standard errors (states,); the residual and the remaining step `to_go`, in mean stakes."""

    values: Floats
    error: Floats
    residual: float
    to_go: float
    stake: float

    def known_to(self, precise: float) -> bool:
        return float(self.error.max()) <= precise * self.stake and self.to_go <= 4 * precise

    @property
    def good(self) -> bool:
        return float(self.error.max()) <= TOLERANCE * self.stake and self.to_go <= 2 * TOLERANCE


class _History:
    """All rounds so far; later rounds have larger weights."""

    def __init__(self, chances: Floats):
        self.chances = chances
        self.values: list[Floats] = []
        self.rounds: list[Draws] = []

    def add(self, values: Floats, draws: Draws) -> None:
        self.values.append(values)
        self.rounds.append(draws)

    @property
    def weights(self) -> Floats:
        """Weights of the rounds, which add up to one; the first third gets none, as it reflects the starting point."""
        k = len(self.rounds)
        w = np.maximum(np.arange(1.0, k + 1) - max(min(BURN_IN, k - 1), k // 3), 0.0)
        return w / w.sum()

    def all(self, name: str) -> Floats:
        """A field of the draws of all rounds; (rounds, searches, draws, proposers, states)."""
        return np.array([getattr(draws, name) for draws in self.rounds])

    def mean(self, x: Floats) -> Floats:
        """Weighted mean over rounds, searches, draws and proposers; (states,)."""
        return np.einsum("k,p,kcdpn->n", self.weights, self.chances, x) / (x.shape[1] * x.shape[2])

    def variance(self, x: Floats) -> Floats:
        """Variance of that mean if x has mean zero; (states,)."""
        squares = np.einsum("k,p,kcdpn->n", self.weights**2, self.chances**2, x * x)
        return squares / (x.shape[1] * x.shape[2]) ** 2

    def slope(self) -> tuple[Floats, Floats]:
        """Derivative of the expected response by a state's own value, and its standard error; (states,) each."""
        expected, gain = self.mean(self.all("bought")), self.all("gain")
        centre = np.einsum("k,kcdpn->cpn", self.weights, gain)[:, None] / gain.shape[2]
        found = np.where(self.all("scored"), (gain - centre) * self.all("score"), self.all("slope"))
        mean = self.mean(found)
        noise = self.variance(found - mean)
        slope = (mean * PRIOR**2 + expected * noise) / (PRIOR**2 + noise)
        error = np.sqrt(PRIOR**2 * noise / (PRIOR**2 + noise))
        return np.minimum(slope, np.maximum(STEEPEST, expected)), error

    def root(self, slope: Floats, which: slice) -> Floats:
        """Newton step: the values at which the response would equal the values; (searches, states)."""
        gain = self.all("gain")[:, which]
        asked = np.einsum("k,kcn->cn", self.weights, np.array(self.values)[:, which])
        # remove what the noise added by chance in these draws
        moved = gain - slope * self.all("shift")[:, which]
        response = np.einsum("k,p,kcdpn->cn", self.weights, self.chances, moved) / gain.shape[2]
        return asked + (response - asked) / (1 - slope)

    def estimate(self, slope: Floats, unsure: Floats, which: slice) -> _Estimate:
        """The estimate from some searches together, given the slope and its standard error."""
        values = self.root(slope, which).mean(0)
        asked = np.array(self.values)[:, which, None, None, :]
        moved = self.all("gain")[:, which] - slope * (asked + self.all("shift")[:, which])
        centre = np.einsum("k,kcdpn->pn", self.weights, moved) / (moved.shape[1] * moved.shape[2])
        way = np.abs(values - np.einsum("k,kcn->n", self.weights, asked[:, :, 0, 0]) / asked.shape[1])
        error = np.sqrt(self.variance(moved - centre) + (unsure * way) ** 2) / (1 - slope)
        stake = max(float(np.abs(values).mean()), SMALLEST)
        residual = float((way * (1 - slope)).max()) / stake
        return _Estimate(values, error, residual, float(way.max()) / stake, stake)
