"""Entitlement rules: what a state must get back, whatever its bid is worth.

A rule takes a plan, the money for each candidate site, and returns a plan that meets the claims within the envelope.
Its input includes each state's best free site and the money that this site can use.
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

PASSES = 16  # most iterations: what is added to a plan must also be paid for, which changes what is owed

entitlement = Family(
    "entitlement",
    decides="what a state must get back",
    signature="rule(plan, claims) -> plan, EUR bn (worlds, sites). claims.payments(plan) is what each state would pay; "
    "claims.best and claims.room (worlds, states): each state's best free site (-1: none) and the EUR bn it can use.",
    lift=each_world,
)


@dataclass(frozen=True, eq=False)
class Claims:
    """The input of an entitlement rule, in addition to the plan.

    Attributes:
        states: the states.
        sites: the candidate sites.
        best: (worlds, states) index of each state's best free site, -1 for none.
        room: (worlds, states) EUR bn that this site can use.
        smallest: (worlds, 1) EUR bn of the smallest site.
        envelope: (worlds, 1) EUR bn left.
        split: who pays, from the funding rule.
        score: (worlds, sites) ranking of the sites.
        hosted: (worlds, states) sites from earlier rounds.
        received: (worlds, states) EUR bn received in earlier rounds.
        paid: (worlds, states) EUR bn paid in earlier rounds.
        applied: (worlds, states) whether each state applied under a call for proposals; None under other agendas.
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
        """The plan with EUR bn `size` (worlds, states) added at best free sites; the rest shrinks to pay for it.

        The added sites have priority. Sites that fall below the smallest size are dropped. If the additions exceed the
        envelope, all of them shrink in proportion. If that would make some too small, the largest are paid in full and
        the others dropped.
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
        """The plan with everything added that states are owed; iterates, since additions change what states pay.

        Args:
            plan: EUR bn (worlds, sites).
            owed: what each state is owed, EUR bn (worlds, states), as a function of its total payments (worlds, states).
        """
        out = plan
        for _ in range(PASSES):
            before, out = out, self.with_sites(plan, owed(self.paid + self.payments(out)))
            if np.array_equal(before, out):
                break
        return out

    def _largest_first(self, size: Floats) -> Floats:
        """The claims (worlds, states) that the envelope pays in full, largest first; ties by the site's score."""
        score = pick(np.broadcast_to(self.score, (len(size), self.sites.count)), np.maximum(self.best, 0))
        order = np.lexsort((-score, -size), axis=-1)
        reached = np.empty(size.shape)
        np.put_along_axis(reached, order, running_total(np.take_along_axis(size, order, axis=-1)), axis=-1)
        return np.where(reached <= self.envelope * (1 + 1e-12), size, 0.0)


def spread(by_state: Floats, index: Integers, sites: int) -> Floats:
    """The plan (worlds, sites) with each state's amount (worlds, states) at its site `index`, -1 for none."""
    out = np.zeros((len(index), sites + 1))  # index -1 writes into the last column, which is dropped
    np.put_along_axis(out, index, np.broadcast_to(by_state, index.shape), axis=-1)
    return np.ascontiguousarray(out[:, :sites])


@entitlement(anonymous=True, deterministic=True)
def none(plan, claims):
    """No state has a claim; the plan is unchanged.

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
            about="least share of its payments that a state gets back, R",
            source="ESA Convention, annex V: 0.8 at least; OCCAR: 0.66; least return in the Union's budget over a "
            "framework, 0.45: runs/studies/europe/budget.py",
        ),
    ] = 0.8,
):
    """Every state gets back at least a share of what it pays.

    A state whose return R = received / paid is too low gets the difference at its best free site. A difference that is
    too small for a site remains owed, since sums run over all rounds.
    Source: ESA Convention, article VII and annex V.
    """
    returned = claims.received + claims.by_state(plan)
    return claims.settled(plan, lambda paid: np.maximum(least_return * paid - returned, 0.0))


@entitlement(anonymous=True, deterministic=True)
def one_each(plan, claims):
    """Every state gets at least one site, of the smallest size if necessary.

    Source: universalism; Weingast (1979).
    """
    without = (claims.by_state(plan) <= 0) & (claims.hosted == 0)
    return claims.with_sites(plan, np.where(without, np.broadcast_to(claims.smallest, without.shape), 0.0))


@entitlement(anonymous=True, deterministic=True)
def cap_sites(
    plan,
    claims,
    *,
    sites: Annotated[int, Parameter(unit="sites", low=1, high=10_000, about="most sites in total")] = 3,
):
    """The number of sites is capped, best-ranked first; the remaining sites get no more money.

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
            about="least share of the money that goes to states below the mean GDP per capita",
            source="about a third of the EU budget of 2021-27 is cohesion policy",
        ),
    ] = 0.3,
):
    """States with a GDP per capita below the mean get at least a share of the money.

    What they lack is divided by population among those without a site in the plan, at their best free sites. The rest
    of the plan shrinks.
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
            about="return on all payments so far below which a state is compensated",
            source="ESA Convention, annex V: 0.8; OCCAR: 0.66; least return in the Union's budget over a framework, "
            "0.45: runs/studies/europe/budget.py",
        ),
    ] = 0.8,
):
    """A running balance: a state whose return so far is below the floor gets back all that it has paid.

    Between the floor and 1 nothing is done, so that small imbalances may even out over rounds.
    Source: ESA Convention, article VII and annex V; OCCAR's global balance.
    """
    returned = claims.received + claims.by_state(plan)
    below = returned < floor * (claims.paid + claims.payments(plan))
    return claims.settled(plan, lambda paid: np.where(below, np.maximum(paid - returned, 0.0), 0.0))


def best_of(score: Floats, free: Booleans, sites: Sites, states: States, lot: Floats) -> Integers:
    """Index of each state's best free site, -1 for none; (worlds, states).

    Args:
        score: (worlds, sites) ranking of the sites.
        free: (worlds, sites) whether a site may be chosen.
        sites: the sites.
        states: the states.
        lot: (worlds, sites) random numbers that break ties, so that the order of sites in the table has no effect.
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
