"""Decisions as distributions over the scale: mixtures of a spread around the compromise, of the actors' positions and of base rates.

Bargaining models name a point, but package deals end on somebody's position: Thomson et al. (2006) find it for most
decisions, and Bueno de Mesquita (1994) takes it for the rule. Weights and width are fitted by maximum likelihood (EM) to
decisions on other proposals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from juste_retour.agents.arrays import Booleans, Floats, Integers, total
from juste_retour.agents.errors import BadInput
from juste_retour.runs.studies.positions.capability import Weighed, weighed
from juste_retour.runs.studies.positions.models import NotApplicable, compromise, counted
from juste_retour.runs.studies.positions.position_tables import SHIPPED, read_positions

GRID = np.arange(0.0, 101.0, 5.0)  # where decisions are put
WIDTHS = np.arange(10.0, 61.0, 2.5)
COMPONENTS = ("normal", "normal x base rates", "positions", "base rates")
MIXTURE = "mixture"
FAMILY = {
    "normal": (0,),
    "base rates": (3,),
    MIXTURE: (0, 1, 2, 3),
    **{f"without {name}": tuple(j for j in range(4) if j != k) for k, name in enumerate(COMPONENTS)},
}
FOLDS, ROUNDS = 10, 200


@dataclass(frozen=True, eq=False)
class Cases:
    """Issues that a distribution can be given for.

    Attributes:
        issues: the issues with their capabilities.
        center: (issues,) the compromise.
        mass: (issues, grid) salience times capability of the actors with each position, as shares.
        seen: (issues,) place of the decision on the grid, -1 if unknown.
    """

    issues: tuple[Weighed, ...]
    center: Floats
    mass: Floats
    seen: Integers

    def of(self, chosen: Booleans) -> Cases:
        """Some of the cases."""
        at = np.flatnonzero(chosen)
        return Cases(tuple(self.issues[k] for k in at), self.center[at], self.mass[at], self.seen[at])


def place(value: Floats) -> Integers:
    """The place on the grid nearest to each value."""
    return np.rint(np.asarray(value) / (GRID[1] - GRID[0])).astype(np.int64)


def cases(found: Sequence[Weighed]) -> Cases:
    """The issues on which an actor has a salience and a capability."""
    kept, center, mass = [], [], []
    for each in found:
        try:
            who = counted(each)
        except NotApplicable:
            continue
        weight = each.issue.salience[who] * each.capability[who]
        weight = weight if weight.any() else np.ones(len(weight))
        kept.append(each)
        center.append(compromise(each))
        mass.append(np.bincount(place(each.issue.position[who]), weight / weight.sum(), len(GRID)))
    outcome = np.array([each.issue.outcome for each in kept])
    seen = np.where(np.isnan(outcome), -1, place(np.nan_to_num(outcome)))
    return Cases(tuple(kept), np.array(center), np.reshape(mass, (-1, len(GRID))), seen)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted mixture: its components, their weights, the width of the normal and the base rates."""

    parts: tuple[int, ...]
    weight: Floats
    width: float
    base: Floats

    def components(self, to: Cases) -> Floats:
        """The probabilities of each component; (issues, parts, grid)."""
        near = np.exp(-0.5 * ((GRID - to.center[:, None]) / self.width) ** 2)
        every = [near, near * self.base, to.mass, np.broadcast_to(self.base, near.shape)]
        return np.stack([every[k] / every[k].sum(-1, keepdims=True) for k in self.parts], axis=1)

    def of(self, to: Cases) -> Floats:
        """The probability of each place on the grid; (issues, grid)."""
        return np.einsum("k,ikg->ig", self.weight, self.components(to))


def fit(parts: tuple[int, ...], to: Cases) -> Fitted:
    """The mixture with the greatest likelihood on cases whose decision is known."""
    count = np.bincount(to.seen, minlength=len(GRID)) + 0.5
    base = np.array(count / total(count), dtype=np.float64)
    best, top = None, -np.inf
    for width in WIDTHS:
        mixed = Fitted(parts, np.full(len(parts), 1 / len(parts)), float(width), base)
        p = mixed.components(to)[np.arange(len(to.seen)), :, to.seen]
        weight = mixed.weight
        for _ in range(ROUNDS if len(parts) > 1 else 1):
            share = p * weight
            weight = (share / share.sum(-1, keepdims=True)).mean(0)
        likelihood = float(np.log(p @ weight).sum())
        if likelihood > top:
            best, top = Fitted(parts, weight, float(width), base), likelihood
    if best is None:
        raise BadInput("no decision is known to which a distribution can be fitted.")
    return best


@cache
def decided() -> Cases:
    """The shipped decisions, to which distributions are fitted."""
    found = cases([weighed(issue) for issue in read_positions(SHIPPED)])
    return found.of(found.seen >= 0)


def forecast(to: Cases, name: str = MIXTURE) -> Floats:
    """Probabilities (issues, grid), fitted to the shipped decisions on other proposals than the fold's own.

    Proposals that are among the shipped ones are divided into folds, so that no decision is fitted to itself.
    """
    known, p = decided(), np.zeros((len(to.center), len(GRID)))
    named = np.array([each.issue.proposal for each in known.issues])
    mine = np.array([each.issue.proposal for each in to.issues])
    fold = {proposal: k % FOLDS for k, proposal in enumerate(dict.fromkeys(mine[np.isin(mine, named)]))}
    of = np.array([fold.get(proposal, -1) for proposal in mine], dtype=np.int64)
    for k in np.unique(of):
        left_out = mine[of == k] if k >= 0 else []
        p[of == k] = fit(FAMILY[name], known.of(~np.isin(named, left_out))).of(to.of(of == k))
    return p


def crps(p: Floats, outcome: Floats) -> Floats:
    """The continuous ranked probability score in points; (issues,). The absolute error if `p` is certain.

    Source: Matheson and Winkler (1976); Gneiting and Raftery (2007).
    """
    below = np.cumsum(p, -1)[:, :-1]
    return (GRID[1] - GRID[0]) * ((below - (GRID[:-1] >= outcome[:, None])) ** 2).sum(-1)


def table(to: Cases, name: str = MIXTURE) -> pd.DataFrame:
    """A row per issue: quantiles, probability of the likeliest position, log score and CRPS where the decision is known."""
    p = forecast(to, name)
    q05, q50, q95 = (GRID[(np.cumsum(p, -1) < share - 1e-9).sum(-1)] for share in (0.05, 0.5, 0.95))
    likeliest = np.where(to.mass > 0, p, -1.0).argmax(-1)
    rows, known = np.arange(len(p)), to.seen >= 0
    issues = [each.issue for each in to.issues]
    return pd.DataFrame(
        {
            "issue": [issue.name for issue in issues],
            "proposal": [issue.proposal for issue in issues],
            "distribution": name,
            "q05": q05,
            "q50": q50,
            "q95": q95,
            "position": GRID[likeliest],
            "probability": p[rows, likeliest],
            "log_score": np.where(known, np.log(p[rows, to.seen]), np.nan),
            "crps": np.where(known, crps(p, GRID[to.seen]), np.nan),
        }
    )
