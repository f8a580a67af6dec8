"""A solver for the fixed point of an expected response that can only be estimated from random draws.

It seeks values v with v = F(v), where F(v) is the expected response of proposers to the values v. Each round draws
responses at the current values. The weighted mean over rounds estimates the gap between F and the values at which it
was evaluated. A Newton step on the pooled draws closes the gap: v = mean values + (mean response - mean values) /
(1 - slope). The slope of F comes from the same draws. A state's reservation value contains normal noise; by Stein's
identity the derivative of the expected response is the covariance of response and noise, divided by the noise's
variance.

Several searches run in parallel from different starting points. Searches that meet are pooled; each distinct end is a
solution of its own, and the result says which starts lead to it. The search ends when every solution is known to the
tolerance. At the most rounds it ends anyway, and the solution is rough.

Source: Robbins and Monro (1951); Stein (1981), lemma 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.agents.arrays import Booleans, Floats

SHORTEST, USUAL, LONGEST = 24, 60, 160  # fewest, usual and most rounds
BURN_IN = 4  # first rounds that are never used
TOLERANCE = 0.05  # largest standard error and remaining step of a good solution, in mean stakes
REFUSED = 0.25  # standard error, in mean stakes, above which values are refused, as if the remaining step is twice that
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
    """The solutions of a search for values with v = F(v), one of which is used, whether it converged or not.

    Attributes:
        solutions: (solutions, states) distinct values at the end of the search, in the order of the starts.
        errors: (solutions, states) their standard errors.
        residuals: (solutions,) distance between mean response and the values at which it was evaluated, in mean stakes.
        steps: (solutions,) distance between solution and the values at which responses were evaluated, in mean stakes.
        leads: the number of the solution, from 1, to which each start leads.
        rounds: rounds of the search.
        number: number of the solution in use.
    """

    solutions: Floats
    errors: Floats
    residuals: Floats
    steps: Floats
    leads: tuple[int, ...]
    rounds: int
    number: int = 1

    def using(self, number: int) -> FixedPoint:
        """The same search with another solution in use: its number, 0 for the one that most starts lead to.

        If there are fewer solutions, it is the last one.
        """
        most = max(self.leads, key=self.leads.count)  # of equally frequent ones the first
        return replace(self, number=min(number, len(self.solutions)) or most)

    @property
    def found(self) -> Floats:
        """(states,) values at the end of the search; `values` refuses those that did not converge."""
        return self.solutions[self.number - 1]

    @property
    def error(self) -> Floats:
        """(states,) standard errors of the values."""
        return self.errors[self.number - 1]

    @property
    def residual(self) -> float:
        """Distance between the mean response and the values at which it was evaluated, in mean stakes."""
        return float(self.residuals[self.number - 1])

    @property
    def to_go(self) -> float:
        """The remaining step, in mean stakes."""
        return float(self.steps[self.number - 1])

    @property
    def equilibria(self) -> str:
        """Whether the searches found "one" solution or "several"."""
        return "one" if len(self.solutions) == 1 else "several"

    @property
    def stake(self) -> float:
        """The mean stake: the mean absolute value over states, EUR bn."""
        return max(float(np.abs(self.found).mean()), SMALLEST)

    @property
    def worst(self) -> float:
        """The largest standard error, in mean stakes."""
        return float(self.error.max()) / self.stake

    @property
    def converged(self) -> bool:
        """Whether the values may be used, if only as rough ones."""
        return self.worst <= REFUSED and self.to_go <= 2 * REFUSED

    @property
    def rough(self) -> bool:
        """Whether the standard error or the remaining step exceeds the tolerance."""
        return max(self.worst, self.to_go) > TOLERANCE

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
        went = "did not converge" if not self.converged else "are rough" if self.rough else "converged"
        if self.equilibria == "one":
            number = "one equilibrium found"
        else:
            each = ", ".join(str(self.leads.count(k + 1)) for k in range(len(self.solutions)))
            number = f"several equilibria found, which {each} starts lead to; number {self.number} is used"
        return (
            f"The stationary values {went} after {self.rounds} rounds (remaining step {self.to_go:.1%}, largest standard "
            f"error {self.worst:.1%} of the mean stake; {number})."
        )


REMEDY = "Use expect = 'adaptive' or 'status_quo', or change the patience or the reservation noise slightly."


def fixed_point(
    respond: Callable[[Floats, int], Draws],
    starts: Floats,
    chances: Floats,
    longest: int = LONGEST,
    tolerance: float = TOLERANCE,
) -> FixedPoint:
    """Find values with v = F(v) from random draws of the response.

    Args:
        respond: function that draws every proposer's response, given values (searches, states) and the round's number.
        starts: (searches, states) starting points; the first solution is that of the first one.
        chances: (proposers,) recognition probabilities.
        longest: most rounds.
        tolerance: standard error and remaining step, in mean stakes, at which the search ends.
    """
    history, at = _History(chances), np.array(starts, dtype=np.float64)
    for k in range(1, longest + 1):
        history.add(at, respond(at, k))
        slope, unsure = history.slope()
        at = np.concatenate([history.root(slope, [c]) for c in range(len(at))])
        if k < min(SHORTEST, longest):
            continue
        found = [history.estimate(slope, unsure, list(range(len(at))))]
        leads = _met(at, APART * found[0].stake + 4 * found[0].error)
        if max(leads) > 1:
            members = [[c for c, to in enumerate(leads) if to == n] for n in range(1, max(leads) + 1)]
            found = [history.estimate(slope, unsure, which) for which in members]
        if all(one.known_to(tolerance) for one in found):
            break
    return FixedPoint(
        np.array([one.values for one in found]),
        np.array([one.error for one in found]),
        np.array([one.residual for one in found]),
        np.array([one.to_go for one in found]),
        leads,
        k,
    )


def _met(at: Floats, apart: Floats) -> tuple[int, ...]:
    """The number, from 1, of the solution to which each search leads, given ends (searches, states)."""
    first: list[Floats] = []
    leads = []
    for end in at:
        near = [n for n, other in enumerate(first, 1) if (np.abs(end - other) <= apart).all()]
        if not near:
            first.append(end)
        leads.append(near[0] if near else len(first))
    return tuple(leads)


@dataclass(frozen=True, eq=False)
class _Estimate:
    """Values and standard errors (states,); the residual and the remaining step `to_go`, in mean stakes."""

    values: Floats
    error: Floats
    residual: float
    to_go: float
    stake: float

    def known_to(self, tolerance: float) -> bool:
        return max(float(self.error.max()) / self.stake, self.to_go) <= tolerance


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

    def root(self, slope: Floats, which: list[int]) -> Floats:
        """Newton step: the values at which the response would equal the values; (searches, states)."""
        gain = self.all("gain")[:, which]
        asked = np.einsum("k,kcn->cn", self.weights, np.array(self.values)[:, which])
        # remove what the noise added by chance in these draws
        moved = gain - slope * self.all("shift")[:, which]
        response = np.einsum("k,p,kcdpn->cn", self.weights, self.chances, moved) / gain.shape[2]
        return asked + (response - asked) / (1 - slope)

    def estimate(self, slope: Floats, unsure: Floats, which: list[int]) -> _Estimate:
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
