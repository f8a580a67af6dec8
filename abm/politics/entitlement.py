"""Entitlement rules: what must come back to a state, whatever its bid was worth.

A rule is handed a plan, the money for each candidate site, and returns the plan that honors the claim within the
envelope. It sees each state's best free site and what that site can take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from juste_retour.abm.politics.funding import Split
from juste_retour.agents.arrays import (
    Booleans,
    Floats,
    Integers,
    by_rank,
    pick,
    ranks,
    running_total,
    take,
    total,
    total_by,
)
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import Sites, States
from juste_retour.agents.some_worlds import each_world

PASSES = 16  # in which what comes back and what is paid for it find together

entitlement = Family(
    "entitlement",
    decides="what must come back to a state",
    signature="rule(plan, claims) -> plan, EUR bn (worlds, sites). claims.payments(plan) is what each state would pay; "
    "claims.best and claims.room (worlds, states): each state's best free site (-1 none) and what it can take.",
    lift=each_world,
)


@dataclass(frozen=True, eq=False)
class Claims:
    """What an entitlement rule may see.

    `best` (worlds, states) index of each state's best free site, -1 for none; `room` (worlds, states) EUR bn that it
    can take; `smallest` (worlds, 1) EUR bn; `envelope` (worlds, 1) EUR bn left; `split` the funding rule's; `score`
    (worlds, sites) by which sites rank; `hosted`, `received` and
    `paid` (worlds, states) sites and EUR bn that each state has from earlier rounds; `applied` (worlds, states) who bid
    under a call for proposals, None under another agenda.
    """

    states: States
    sites: Sites
    best: Integers
    room: Floats
    smallest: Floats
    envelope: Floats
    split: Split
    score: Floats
    hosted: Integers
    received: Floats
    paid: Floats
    applied: Booleans | None = None

    def by_state(self, plan: Floats) -> Floats:
        """Money by host state, EUR bn; (worlds, sites) to (worlds, states)."""
        return total_by(plan, self.sites.state, self.states.count)

    def payments(self, plan: Floats) -> Floats:
        """What each state pays for the plan, EUR bn; (worlds, states)."""
        return self.split.payments(self.by_state(plan))

    def with_sites(self, plan: Floats, size: Floats) -> Floats:
        """Add money at each state's best free site, (worlds, states), and shrink the rest of the plan to pay for it.

        What is added has precedence; a site that would fall below the smallest facility is given up. Where what is added
        is more than the money, all of it shrinks, or, where that would leave sites too small, the largest claims come
        first and the others wait.
        """
        size = np.where(self.best >= 0, np.minimum(size, self.room), 0.0)
        size = np.where(size >= self.smallest, size, 0.0)
        most = self.envelope / np.maximum(total(size)[..., None], 1e-300)
        crowded = ((size > 0) & (size * np.minimum(1.0, most) < self.smallest)).any(-1)
        if crowded.any():
            size = np.where(crowded[..., None], self._largest_first(np.minimum(size, self.envelope)), size)
            size = np.where(size >= self.smallest, size, 0.0)
        added = spread(size, self.best, plan.shape[-1])
        owed = total(size)[..., None]
        scale = np.minimum(1.0, self.envelope / np.maximum(owed, 1e-300))
        added, owed = added * scale, owed * scale
        left = np.maximum(self.envelope - owed, 0.0)
        spent = total(plan)[..., None]
        plan = plan * np.minimum(1.0, left / np.maximum(spent, 1e-300))
        out = plan + added
        return np.where(out >= self.smallest, out, 0.0)

    def settled(self, plan: Floats, owed: Callable[[Floats], Floats]) -> Floats:
        """Add what is owed, EUR bn (worlds, states), given what states pay in all; what is added is paid for too."""
        out = plan
        for _ in range(PASSES):
            before, out = out, self.with_sites(plan, owed(self.paid + self.payments(out)))
            if np.array_equal(before, out):
                break
        return out

    def _largest_first(self, size: Floats) -> Floats:
        """What the envelope pays for of (worlds, states) EUR bn, largest first and then by the site's score."""
        score = pick(np.broadcast_to(self.score, (len(size), self.sites.count)), np.maximum(self.best, 0))
        order = np.lexsort((-score, -size), axis=-1)
        reached = np.empty(size.shape)
        np.put_along_axis(reached, order, running_total(np.take_along_axis(size, order, axis=-1)), axis=-1)
        return np.where(reached <= self.envelope * (1 + 1e-12), size, 0.0)


def spread(by_state: Floats, index: Integers, sites: int) -> Floats:
    """Write each state's amount (worlds, states) at its own site index (-1 none): (worlds, sites)."""
    out = np.zeros((len(index), sites + 1))
    np.put_along_axis(
        out, index, np.broadcast_to(by_state, index.shape), axis=-1
    )  # -1 falls into the spare last column
    return np.ascontiguousarray(out[:, :sites])


@entitlement(anonymous=True, deterministic=True)
def none(plan, claims):
    """Nothing must come back: the plan stands as it is.

    Source: excellence alone, as in the European Research Council.
    """
    return plan


@entitlement(anonymous=True, deterministic=True)
def juste_retour(
    plan,
    claims,
    *,
    least_return: Annotated[
        float,
        Parameter(
            low=0,
            high=1,
            range=(0.45, 0.98),
            about="least return on what a state pays, R",
            source="ESA Convention, annex V: 0.8 at least; OCCAR: 0.66; least return in the Union's budget over a "
            "framework, 0.45: runs/europe/budget.py",
        ),
    ] = 0.8,
):
    """Every state gets back at least a share of what it pays.

    A state whose return R = received / paid falls short gets the difference at its best free site; what is too small
    for a site stays owing: sums run over all rounds.
    Source: ESA Convention, article VII and annex V.
    """
    returned = claims.received + claims.by_state(plan)
    return claims.settled(plan, lambda paid: np.maximum(least_return * paid - returned, 0.0))


@entitlement(anonymous=True, deterministic=True)
def one_each(plan, claims):
    """Every state gets at least one site, the smallest if need be.

    Source: universalism; Weingast (1979).
    """
    without = (claims.by_state(plan) <= 0) & (claims.hosted == 0)
    return claims.with_sites(plan, np.where(without, np.broadcast_to(claims.smallest, without.shape), 0.0))


@entitlement(anonymous=True, deterministic=True)
def cap_sites(
    plan,
    claims,
    *,
    sites: Annotated[int, Parameter(unit="sites", low=1, high=10_000, about="most sites that may stand")] = 3,
):
    """At most so many sites, the best-ranked first; their money is not raised.

    Source: the essay, Krüger (2026): "two or three facilities at genuinely European scale".
    """
    order = np.argsort(np.where(plan > 0, -claims.score, np.inf), axis=-1, kind="stable")
    return np.where(ranks(order) < sites - claims.hosted.sum(-1)[..., None], plan, 0.0)


@entitlement(anonymous=True, deterministic=True)
def cohesion(
    plan,
    claims,
    *,
    least_share: Annotated[
        float,
        Parameter(
            low=0,
            high=1,
            range=(0.2, 0.6),
            about="least share of the money that goes to states below the mean GDP per head",
            source="about a third of the EU budget of 2021-27 is cohesion policy",
        ),
    ] = 0.3,
):
    """States below the mean income per head get at least a share of the money, by population.

    What they lack is placed at the best free sites of those without one in the plan; the rest of the plan shrinks.
    Source: articles 174 and 175 TFEU.
    """
    s = claims.states
    poor = s.below_mean_income
    placed = claims.received + claims.by_state(plan)
    all_of_it = total(placed)[..., None]
    short = np.maximum(least_share * all_of_it - total(np.where(poor, placed, 0.0))[..., None], 0.0)
    open_to = poor & (claims.best >= 0) & (claims.by_state(plan) <= 0)
    weight = np.where(open_to, s.population.astype(np.float64), 0.0)
    share = weight / np.maximum(total(weight)[..., None], 1.0)
    wanted = np.maximum(short * share, np.where(open_to & (short > 0), claims.smallest, 0.0))
    return claims.with_sites(plan, np.where(short > 0, wanted, 0.0))


@entitlement(anonymous=True, deterministic=True)
def georeturn(
    plan,
    claims,
    *,
    floor: Annotated[
        float,
        Parameter(
            low=0,
            high=1,
            range=(0.45, 0.98),
            about="return on all that a state has paid so far, below which it is put right",
            source="ESA Convention, annex V: 0.8; OCCAR: 0.66; least return in the Union's budget over a framework, "
            "0.45: runs/europe/budget.py",
        ),
    ] = 0.8,
):
    """A running balance: a state whose return so far falls below the floor is brought back to what it paid.

    Between the floor and one nothing is done, so that small imbalances may even out over rounds.
    Source: ESA Convention, article VII and annex V; OCCAR's global balance.
    """
    returned = claims.received + claims.by_state(plan)
    below = returned < floor * (claims.paid + claims.payments(plan))
    return claims.settled(plan, lambda paid: np.where(below, np.maximum(paid - returned, 0.0), 0.0))


def best_of(score: Floats, free: Booleans, sites: Sites, states: States, lot: Floats) -> Integers:
    """Each state's best free site by score, -1 for none; (worlds, sites) to (worlds, states).

    Between equals the `lot` (worlds, sites) decides, so that the order of the table means nothing.
    """
    shape = np.broadcast_shapes(score.shape, free.shape, lot.shape)
    steps, place = by_rank(sites.state, states.count)
    out = np.full((*shape[:-1], states.count), -1)
    top, drawn = (np.full(out.shape, -np.inf) for _ in range(2))
    for members in steps:
        k = len(members)
        mine, uniforms = take(score, members), take(lot, members)
        better = (mine > top[..., :k]) | ((mine == top[..., :k]) & (uniforms > drawn[..., :k]))
        better &= take(free, members)
        np.copyto(out[..., :k], members, where=better)
        np.copyto(top[..., :k], mine, where=better)
        np.copyto(drawn[..., :k], uniforms, where=better)
    return take(out, place)
