"""Plans: where money would go, what must come back, and the Commission's proposal."""

from __future__ import annotations

from typing import Any

import numpy as np

from juste_retour.abm.politics.entitlement import Claims, best_of, spread
from juste_retour.abm.records import Draft
from juste_retour.agents import commissioner
from juste_retour.agents.arrays import Reals, Truths, pick, ranks, total


class Drafting:
    """The part of the Council's table at which plans are drawn up, EUR bn (worlds, sites)."""

    def entitled(self: Any, plan: Reals, score: Reals | None = None) -> Reals:
        """The plan that honours what must come back; (worlds, sites)."""
        taken = pick(plan, np.maximum(self.best, 0)) > 0
        free = self.free & ~(plan > 0)
        best = (
            np.where(
                taken,
                best_of(self.merit, free, self.sites, self.states, self.world.lot[self.rows]),
                self.best,
            )
            if taken.any()
            else self.best
        )
        claims = Claims(
            states=self.states,
            sites=self.sites,
            best=best,
            room=np.where(best >= 0, pick(self.cap, np.maximum(best, 0)), 0.0),
            smallest=self.p.smallest_eur_bn,
            envelope=self.envelope,
            split=self.split,
            score=self.merit if score is None else score,
            hosted=self.hosted,
            received=self.received,
            paid=self.paid,
        )
        return self.world.decide("entitlement", plan, claims, rows=self.rows)

    def largest(self: Any, count: int, part: float = 1.0) -> Reals:
        """A part of the envelope over the `count` best-placed sites, each up to its power; (worlds, sites) EUR bn.

        Sites rank by the money that they can take, up to an equal share of the envelope, then by merit.
        """
        envelope = self.envelope * part
        share = envelope / count
        cap = np.where(self.free, self.cap, 0.0)
        order = np.lexsort((-self.merit, -np.minimum(cap, share)), axis=-1)
        chosen = (ranks(order) < count) & (cap > 0)
        plan = np.zeros(cap.shape)
        for _ in range(3):  # pour what does not fit into those that have power left
            open_ = chosen & (plan < cap)
            left = np.maximum(envelope - total(plan)[:, None], 0.0)
            plan = np.where(open_, np.minimum(plan + left / np.maximum(open_.sum(-1), 1)[:, None], cap), plan)
        return np.where(plan >= self.p.smallest_eur_bn, plan, 0.0)

    def rehearsed(self: Any) -> list[Reals]:
        """What every other agenda would place, EUR bn (worlds, sites)."""
        return self.world.rehearsed(self.rows)

    def drafts(self: Any) -> list[Reals]:
        """The plans that the Commission's services put before the College.

        From one site to one in each state, for a fifth, half and all of the envelope; (worlds, sites) EUR bn each.
        """
        n = self.states.count
        counts = sorted({c for c in (1, 2, 3, 5, 8, 13, 21, 34, 55) if c < n and c < self.sites.count} | {1})
        plans = [self.largest(c, share) for share in (0.2, 0.5, 1.0) for c in counts]
        return plans + [self.one_each(share) for share in (0.2, 0.5, 1.0)]

    def one_each(self: Any, share: float) -> Reals:
        """A share of the envelope in equal parts at every state's best free site; (worlds, sites) EUR bn."""
        amount = np.minimum(share * self.envelope / self.states.count, self.at_best(self.cap))
        plan = spread(np.where(self.best >= 0, amount, 0.0), self.best, self.sites.count)
        return np.where(plan >= self.p.smallest_eur_bn, plan, 0.0)

    def drafted(self: Any) -> tuple[Reals, Truths]:
        """The Commission's proposal: the lead's best draft among those that the College adopts.

        Returns:
            plan (worlds, sites) and whether the College adopted any (worlds,).
        """
        plans = self.drafts()
        gain = np.stack([self.offer(plan).utility - self.standing.utility for plan in plans], axis=1)
        poor = self.states.below_mean_income
        n = self.states.count
        views = commissioner.views(
            gain,
            self.college,
            self.states,
            race=np.stack(
                [(self.outlook.prospect(x).race - self.outlook.prospect(None).race) / n for x in plans],
                axis=1,
            ),
            cohesion=np.stack(
                [total(np.where(poor, self.world.by_state(x), 0.0))[:, None] / n for x in plans], axis=1
            ),
            spend=np.stack([total(x)[:, None] / n for x in plans], axis=1),
            private=np.stack([total(self.pledged(x, self.letters(x)))[:, None] / n for x in plans], axis=1),
            p=self.p,
        )
        scores = self.world.decide_by_actor("draft", views, self.college, rows=self.rows)
        yes = np.asarray(self.world.decide_by_actor("endorse", views, self.college, rows=self.rows))
        adopted = 2 * yes.sum(-1) > self.college.count
        choice = commissioner.ranked(scores, self.college.lead, adopted)
        if self.world.trace is not None:
            self.world.record(
                Draft,
                self.rows,
                scores=scores,
                endorsed=yes,
                choice=choice,
                sites=np.stack([(x > 0).sum(-1) for x in plans], axis=1),
                spend=np.stack([total(x) for x in plans], axis=1),
            )
        plan = np.zeros(plans[0].shape)
        for k, candidate in enumerate(plans):
            plan = np.where((choice == k)[:, None], candidate, plan)
        return plan, choice >= 0
