"""A fixed point of what proposers do on average, found from random draws of what they do.

Values v are sought with v = F(v), where F is an expectation that only draws can tell. Each round evaluates draws at the
present values. The weighted mean of all rounds says how far F lies from the values at which it was asked, and the slope
of F says how far to go: v = mean values + (mean response - mean values) / (1 - slope), which is Newton's method on the
pooled draws. The slope comes from the same draws: a state's reservation value carries normal noise, so by Stein's
identity the derivative of the expected response is the covariance of the response with the noise, over its spread.

Two searches run side by side, from two starting points. Where they meet, their draws are pooled; where they do not,
there are several equilibria, the first search selects one, and the result says so.

Source: Robbins and Monro (1951); Stein (1981), lemma 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.abm.politics.stationary import NotConverged
from juste_retour.agents.arrays import Booleans, Floats

SHORTEST, LONGEST = 12, 30  # fewest and most rounds
LONGER = 4  # times as many rounds where the result would not count
FORGOTTEN = 4  # first rounds that never count
PRECISE = 0.025  # standard error, in mean stakes, at which the search ends
TOLERANCE = 0.25  # largest standard error, and distance still to go, in mean stakes, of a result that counts
APART = 0.25  # mean stakes that two searches must differ by, beside their errors, to be two equilibria
PRIOR = 0.3  # how far a slope may lie from that of offers of just what a state expects
STEEPEST = 0.85  # slope beyond which only those offers are believed
SMALLEST = 1e-6  # EUR bn, stake below which nothing is at stake


@dataclass(frozen=True, eq=False)
class Draws:
    """What proposals bring in one round of draws; all (searches, draws, proposers, states).

    Attributes:
        gain: over no deal.
        slope: derivative of the gain that needs no draws to know, where `scored` is false.
        score: derivative of the log density of the noise with respect to the values; used where `scored`.
        scored: whether the noise acts on the draw.
        shift: what the noise adds to the value that the state acts on; its mean is zero.
        bought: slope that the draw would have if only offers of just what a state expects moved with its value.
    """

    gain: Floats
    slope: Floats
    score: Floats
    scored: Booleans
    shift: Floats
    bought: Floats


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """Values with v = F(v), or the failure to find them.

    Attributes:
        found: values (states,) as they were when the search ended; ask for `values`.
        error: (states,) their standard errors.
        residual: distance between the mean response and the values at which it was asked, in mean stakes.
        rounds: rounds of the search.
        converged: whether errors and what was still to go are small.
        second: (states,) where a second starting point leads.
        equilibria: "one", or "several" where the two disagree.
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
        """The mean of the values' sizes, EUR bn."""
        return max(float(np.abs(self.found).mean()), SMALLEST)

    @property
    def worst(self) -> float:
        """The largest standard error, in mean stakes."""
        return float(self.error.max()) / self.stake

    @property
    def values(self) -> Floats:
        """The values, (states,).

        Raises:
            NotConverged: the search ended before it got there.
        """
        if not self.converged:
            raise NotConverged(f"{self.summary} {REMEDY}")
        return self.found

    @property
    def summary(self) -> str:
        """How the search went, in a sentence."""
        went = "converged" if self.converged else "did not converge"
        return (
            f"The stationary values {went} in {self.rounds} rounds (residual {self.residual:.1%}, largest standard "
            f"error {self.worst:.1%} of the mean stake; {self.equilibria} equilibri{'um' if self.equilibria == 'one' else 'a'} found)."
        )


REMEDY = "Use expect = 'adaptive' or 'status_quo', or change the patience or the reservation noise a little."


def fixed_point(
    respond: Callable[[Floats, int], Draws],
    starts: Floats,
    chances: Floats,
    longest: int = LONGEST,
    precise: float = PRECISE,
) -> FixedPoint:
    """Find v = F(v).

    Args:
        respond: draws of every proposer's offer, given values (searches, states) and the number of the round.
        starts: (searches, states) where the searches begin; the first selects the equilibrium.
        chances: (proposers,) of being recognized.
        longest: most rounds, where the result counts by then.
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
    """Values and standard errors (states,), the residual and the way still to go in mean stakes."""

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
    """All rounds so far, the latest with the largest weight."""

    def __init__(self, chances: Floats):
        self.chances = chances
        self.values: list[Floats] = []
        self.rounds: list[Draws] = []

    def add(self, values: Floats, draws: Draws) -> None:
        self.values.append(values)
        self.rounds.append(draws)

    @property
    def weights(self) -> Floats:
        """(rounds,) that add up to one; the first third says more of the starting point than of the equilibrium."""
        k = len(self.rounds)
        w = np.maximum(np.arange(1.0, k + 1) - max(min(FORGOTTEN, k - 1), k // 3), 0.0)
        return w / w.sum()

    def all(self, name: str) -> Floats:
        """(rounds, searches, draws, proposers, states) of a field of the draws."""
        return np.array([getattr(draws, name) for draws in self.rounds])

    def mean(self, x: Floats) -> Floats:
        """(states,) over rounds, searches, draws and proposers."""
        return np.einsum("k,p,kcdpn->n", self.weights, self.chances, x) / (x.shape[1] * x.shape[2])

    def variance(self, x: Floats) -> Floats:
        """(states,) of that mean, where x has mean zero."""
        squares = np.einsum("k,p,kcdpn->n", self.weights**2, self.chances**2, x * x)
        return squares / (x.shape[1] * x.shape[2]) ** 2

    def slope(self) -> tuple[Floats, Floats]:
        """Derivative of the expected response to a state's own value, and its standard error; (states,)."""
        expected, gain = self.mean(self.all("bought")), self.all("gain")
        centre = np.einsum("k,kcdpn->cpn", self.weights, gain)[:, None] / gain.shape[2]
        found = np.where(self.all("scored"), (gain - centre) * self.all("score"), self.all("slope"))
        mean = self.mean(found)
        noise = self.variance(found - mean)
        slope = (mean * PRIOR**2 + expected * noise) / (PRIOR**2 + noise)
        error = np.sqrt(PRIOR**2 * noise / (PRIOR**2 + noise))
        return np.minimum(slope, np.maximum(STEEPEST, expected)), error

    def root(self, slope: Floats, which: slice) -> Floats:
        """(searches, states) where the response would equal the values."""
        gain = self.all("gain")[:, which]
        asked = np.einsum("k,kcn->cn", self.weights, np.array(self.values)[:, which])
        moved = (
            gain - slope * self.all("shift")[:, which]
        )  # what the noise adds by chance is not the response's
        response = np.einsum("k,p,kcdpn->cn", self.weights, self.chances, moved) / gain.shape[2]
        return asked + (response - asked) / (1 - slope)

    def estimate(self, slope: Floats, unsure: Floats, which: slice) -> _Estimate:
        """What some searches together say, given the slope and its standard error."""
        values = self.root(slope, which).mean(0)
        asked = np.array(self.values)[:, which, None, None, :]
        moved = self.all("gain")[:, which] - slope * (asked + self.all("shift")[:, which])
        centre = np.einsum("k,kcdpn->pn", self.weights, moved) / (moved.shape[1] * moved.shape[2])
        way = np.abs(values - np.einsum("k,kcn->n", self.weights, asked[:, :, 0, 0]) / asked.shape[1])
        error = np.sqrt(self.variance(moved - centre) + (unsure * way) ** 2) / (1 - slope)
        stake = max(float(np.abs(values).mean()), SMALLEST)
        residual = float((way * (1 - slope)).max()) / stake
        return _Estimate(values, error, residual, float(way.max()) / stake, stake)
