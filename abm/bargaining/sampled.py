"""A solver for the fixed point of an expected response that can only be estimated from random draws.

It seeks values v with v = F(v), where F(v) is the expected response of proposers to the values v. Each round draws
responses at the current values. The weighted mean over rounds estimates the gap between F and the values at which it
was evaluated. A Newton step on the pooled draws closes the gap: v = mean values + (mean response - mean values) /
(1 - slope). The slope of F comes from the same draws. A state's reservation value contains normal noise; by Stein's
identity the derivative of the expected response is the covariance of response and noise, divided by the noise's
variance.

Several searches run in parallel from different starting points. Searches that meet are pooled; each distinct end is a
solution of its own, and the result says which starts lead to it. After the first rounds proposers whose draws cause most
of the error get more rows (Neyman allocation). The search ends when every solution is known to the tolerance. At the most
rounds it ends anyway, and the solution is rough.

Source: Neyman (1934); Robbins and Monro (1951); Stein (1981), lemma 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np

from juste_retour.abm.bargaining.stationary_values import NotConverged
from juste_retour.abm.base.toml import JsonMapping, JsonObject
from juste_retour.agents.arrays import Booleans, Floats, Integers

SHORTEST, USUAL, LONGEST = 24, 60, 160  # fewest, usual and most rounds
EVERY = 4  # rounds between checks
MORE = 3  # further rows for proposers whose draws cause the error, in multiples of the first ones
BURN_IN = 4  # first rounds that are never used
TOLERANCE = 0.05  # largest standard error and remaining step of a good solution, in mean stakes
REFUSED = 0.25  # standard error, in mean stakes, above which values are refused, as if the remaining step is twice that
APART = 0.25  # mean stakes, beyond their errors, by which two searches must differ to count as two equilibria
PRIOR = 0.3  # standard deviation of the prior of a slope around `Draws.bought`
STEEPEST = 0.85  # largest slope, unless `Draws.bought` is larger
SMALLEST = 1e-6  # EUR bn: least stake, which avoids a division by zero


ARRAYS = ("solutions", "errors", "residuals", "steps")  # fields of a `FixedPoint`


@dataclass(frozen=True, eq=False)
class Draws:
    """The results of one round of draws; all arrays but the last are (searches, rows, states).

    Attributes:
        gain: utility above the disagreement point.
        slope: derivative of the gain by the state's own value if it is known exactly; used where `scored` is false.
        score: derivative of the log density of the noise by the values; used where `scored` is true.
        scored: whether the noise affects the draw.
        shift: what the noise adds to the value on which the state acts; its mean is zero.
        bought: the slope under the assumption that only offers at a state's reservation value move with its value.
        by: (rows,) index of the proposer; the first rows are those of earlier rounds, if there are more from now on.
    """

    gain: Floats
    slope: Floats
    score: Floats
    scored: Booleans
    shift: Floats
    bought: Floats
    by: Integers

    def weights(self, chances: Floats) -> Floats:
        """(rows,) weights of the rows in a mean over proposers with these recognition probabilities."""
        return (chances / np.maximum(np.bincount(self.by, minlength=len(chances)), 1))[self.by]

    def mean(self, x: Floats, chances: Floats) -> Floats:
        """(states,) mean of an array of these draws over searches and proposers."""
        return np.einsum("r,crn->n", self.weights(chances), x) / len(x)


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

    @classmethod
    def of(cls, plain: JsonMapping, states: int) -> FixedPoint:
        """The solutions of a search for this number of states, given what `plain` returned.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        listed = {name: np.array(plain[name], dtype=np.float64) for name in ARRAYS}
        found = cls(**{**plain, **listed, "leads": tuple(plain["leads"])})
        shapes = [listed[name].shape for name in ARRAYS]
        count = len(found.residuals)
        if shapes != [(count, states)] * 2 + [(count,)] * 2 or not 0 < found.number <= count:
            raise ValueError("arrays of other sizes")
        if not all(np.isfinite(x).all() for x in listed.values()):
            raise ValueError("values that are not finite")
        return found

    def plain(self) -> JsonObject:
        """The solutions as plain data, which JSON keeps to the last bit."""
        listed = {name: getattr(self, name).tolist() for name in ARRAYS}
        return {**asdict(self), **listed, "leads": list(self.leads)}

    def using(self, number: int) -> FixedPoint:
        """The same search with another solution in use: its number, 0 for the one that most starts lead to.

        If there are fewer solutions, it is the last one.
        """
        most = max(self.leads, key=self.leads.count)  # of equally frequent ones the first
        return replace(self, number=min(number, len(self.solutions)) or most)

    def moved(self, by: Floats) -> FixedPoint:
        """The same search with its values moved by this many of their standard errors, (states,), as if known exactly."""
        return replace(self, solutions=self.solutions + by * self.errors, errors=0 * self.errors)

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
        return self.uncertainty > TOLERANCE

    @property
    def uncertainty(self) -> float:
        """The larger of the largest standard error and the remaining step, in mean stakes."""
        return max(self.worst, self.to_go)

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


def digest_of_solution(plain: object) -> str:
    """A hash of what `FixedPoint.plain` returned: all values, errors and the number in use."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


REMEDY = "Use expect = 'adaptive' or 'status_quo', or change the patience or the reservation noise slightly."


def fixed_point(
    respond: Callable[[Floats, int], Draws],
    starts: Floats,
    chances: Floats,
    longest: int = LONGEST,
    tolerance: float = TOLERANCE,
    widen: Callable[[Integers], None] | None = None,
) -> FixedPoint:
    """Find values with v = F(v) from random draws of the response.

    Args:
        respond: function that draws every proposer's response, given values (searches, states) and the round's number.
        starts: (searches, states) starting points; the first solution is that of the first one.
        chances: (proposers,) recognition probabilities.
        longest: most rounds.
        tolerance: standard error and remaining step, in mean stakes, at which the search ends.
        widen: adds rows to all later draws, given their proposers (rows,); None if draws cannot have more.
    """
    history, at = _History(chances, longest), np.array(starts, dtype=np.float64)
    for k in range(1, longest + 1):
        history.add(at, respond(at, k))
        due = k == longest or k % EVERY == 0
        if k < SHORTEST or due:
            slope, unsure = history.slope()
        at = history.root(slope)
        if k < min(SHORTEST, longest) or not due:
            continue
        every = np.arange(len(at))
        found = [history.estimate(slope, unsure, every)]
        leads = _met(at, APART * found[0].stake + 4 * found[0].error)
        if max(leads) > 1:
            groups = [np.flatnonzero(np.equal(leads, n)) for n in range(1, max(leads) + 1)]
            found = [history.estimate(slope, unsure, group) for group in groups]
        if all(one.known_to(tolerance) for one in found):
            break
        if widen is not None:
            widen(_allocated(np.sum([one.needs(tolerance) for one in found], axis=0), history.draws[-1].by))
            widen = None
    return FixedPoint(
        np.array([one.values for one in found]),
        np.array([one.error for one in found]),
        np.array([one.residual for one in found]),
        np.array([one.to_go for one in found]),
        leads,
        k,
    )


def _allocated(variance: Floats, by: Integers) -> Integers:
    """The proposers of more rows, given the part of the variance that each causes now (proposers,): Neyman allocation."""
    present = np.bincount(by, minlength=len(variance))
    optimal = (1 + MORE) * len(by) * np.sqrt(variance * present)
    short = np.maximum(optimal / max(np.sqrt(variance * present).sum(), SMALLEST) - present, 0.0)
    upto = np.rint(np.cumsum(short) / max(short.sum(), SMALLEST) * MORE * len(by)).astype(np.int64)
    return np.repeat(np.arange(len(variance)), np.diff(upto, prepend=0))


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
    """Values and standard errors (states,); the residual and the remaining step `to_go`, in mean stakes.

    `parts` are the squared errors that the draws of each proposer cause; (proposers, states).
    """

    values: Floats
    error: Floats
    residual: float
    to_go: float
    stake: float
    parts: Floats

    def known_to(self, tolerance: float) -> bool:
        return max(float(self.error.max()) / self.stake, self.to_go) <= tolerance

    def needs(self, tolerance: float) -> Floats:
        """(proposers,) squared errors, in squared stakes, that each causes in the states whose error is too large."""
        unsure = self.error >= min(0.5 * tolerance * self.stake, float(self.error.max()))
        return self.parts[:, unsure].sum(1) / self.stake**2


class _History:
    """All rounds so far; later rounds have larger weights."""

    def __init__(self, chances: Floats, longest: int):
        self.chances, self.longest = chances, longest
        self.values: list[Floats] = []
        self.draws: list[Draws] = []
        self.shares: list[Floats] = []  # weights of the rows of a round, (rows,)
        self.means: list[tuple[Floats, Floats]] = []  # of gain and shift; (searches, states) each
        self.kept: dict[str, Floats] = {}

    def add(self, values: Floats, draws: Draws) -> None:
        k, weights = len(self.values), draws.weights(self.chances)
        self.values.append(values)
        self.draws.append(draws)
        self.shares.append(weights)
        self.means.append(tuple(np.einsum("r,crn->cn", weights, x) for x in (draws.gain, draws.shift)))
        searches, rows, states = draws.gain.shape
        for name in ("gain", "slope", "score", "scored", "shift", "bought"):
            x, kept = getattr(draws, name), self.kept.get(name)
            if kept is None or kept.shape[2] < rows:
                self.kept[name] = np.zeros((self.longest, searches, rows, states), x.dtype)
                if kept is not None:
                    self.kept[name][:, :, : kept.shape[2]] = kept
            self.kept[name][k] = x

    @property
    def weights(self) -> Floats:
        """Weights of the rounds, which add up to one; the first third gets none, as it reflects the starting point."""
        k = len(self.draws)
        w = np.maximum(np.arange(1.0, k + 1) - max(min(BURN_IN, k - 1), k // 3), 0.0)
        w *= [len(draws.by) for draws in self.draws]
        return w / w.sum()

    def all(self, name: str) -> Floats:
        """A field of the draws of all rounds, zero in rows that a round lacks; (rounds, searches, rows, states)."""
        return self.kept[name][: len(self.draws)]

    def each(self) -> tuple[Floats, Floats]:
        """Weights of each row in a mean over rounds and proposers, and whether a round has it; (rounds, rows) each."""
        widest = len(self.draws[-1].by)
        share = np.zeros((len(self.draws), widest))
        for row, own in zip(share, self.shares, strict=True):
            row[: len(own)] = own
        present = np.arange(widest) < np.array([[len(draws.by)] for draws in self.draws])
        return self.weights[:, None] * share, self.weights[:, None] * present

    def centre(self, x: Floats) -> Floats:
        """Weighted mean over rounds and the rows of a proposer, (searches, rows, states); the same in all its rows."""
        present, by = self.each()[1], self.draws[-1].by
        own = (by[:, None] == by).astype(np.float64)
        mean = own @ np.einsum("kr,kcrn->crn", present, x)
        return mean / (own @ present.sum(0))[:, None]

    def mean(self, x: Floats) -> Floats:
        """Weighted mean over rounds, searches and proposers; (states,)."""
        return np.einsum("kr,kcrn->n", self.each()[0], x) / x.shape[1]

    def variance(self, x: Floats) -> Floats:
        """The part of each row in the variance of that mean if x has mean zero; (rows, states)."""
        return np.einsum("kr,kcrn->rn", self.each()[0] ** 2, x * x) / x.shape[1] ** 2

    def slope(self) -> tuple[Floats, Floats]:
        """Derivative of the expected response by a state's own value, and its standard error; (states,) each."""
        expected, gain = self.mean(self.all("bought")), self.all("gain")
        found = np.where(self.all("scored"), (gain - self.centre(gain)) * self.all("score"), self.all("slope"))
        mean = self.mean(found)
        noise = self.variance(found - mean).sum(0)
        slope = (mean * PRIOR**2 + expected * noise) / (PRIOR**2 + noise)
        error = np.sqrt(PRIOR**2 * noise / (PRIOR**2 + noise))
        return np.minimum(slope, np.maximum(STEEPEST, expected)), error

    def root(self, slope: Floats) -> Floats:
        """Newton step: the values at which the response would equal the values; (searches, states)."""
        asked = np.einsum("k,kcn->cn", self.weights, np.array(self.values))
        gain, shift = np.einsum("k,kxcn->xcn", self.weights, np.array(self.means))
        # remove what the noise added by chance in these draws
        return asked + (gain - slope * shift - asked) / (1 - slope)

    def estimate(self, slope: Floats, unsure: Floats, which: Integers) -> _Estimate:
        """The estimate from some searches together, given the slope and its standard error."""
        values = self.root(slope)[which].mean(0)
        asked = np.array(self.values)[:, which, None, :]
        moved = self.all("gain")[:, which] - slope * (asked + self.all("shift")[:, which])
        way = np.abs(values - np.einsum("k,kcn->n", self.weights, asked[:, :, 0]) / len(which))
        rows = self.variance(moved - self.centre(moved).mean(0)) / (1 - slope) ** 2
        parts = np.array([rows[self.draws[-1].by == p].sum(0) for p in range(len(self.chances))])
        error = np.sqrt(parts.sum(0) + (unsure * way / (1 - slope)) ** 2)
        stake = max(float(np.abs(values).mean()), SMALLEST)
        residual = float((way * (1 - slope)).max()) / stake
        return _Estimate(values, error, residual, float(way.max()) / stake, stake, parts)
