"""The Commission's proposal: what its services put before the College, and what the lead commissioner proposes."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.politics.payoffs import Payoffs
from juste_retour.abm.politics.plans import Plans
from juste_retour.abm.records import Draft
from juste_retour.agents import commissioner
from juste_retour.agents.arrays import Booleans, Floats, total


class Drafting:
    """Draws up the Commission's proposal at a table."""

    def __init__(self, known: Payoffs, plans: Plans):
        self.known, self.plans = known, plans

    def drafts(self) -> list[Floats]:
        """The plans that the Commission's services put before the College.

        From one site to one in each state, for a fifth, half and all of the envelope; (worlds, sites) EUR bn each.
        """
        n, sites = self.known.states.count, self.known.sites.count
        counts = sorted({c for c in (1, 2, 3, 5, 8, 13, 21, 34, 55) if c < n and c < sites} | {1})
        plans = [self.plans.largest(c, part) for part in (0.2, 0.5, 1.0) for c in counts]
        return plans + [self.plans.one_each(part) for part in (0.2, 0.5, 1.0)]

    def proposal(self) -> tuple[Floats, Booleans]:
        """The lead commissioner's best draft among those that the College adopts.

        Returns:
            plan (worlds, sites) and whether the College adopted any (worlds,).
        """
        t, plans = self.known, self.drafts()
        views = self._views(plans)
        scores = t.institutions.decide_by_actor("draft", views, t.college, rows=t.rows)
        yes = np.asarray(t.institutions.decide_by_actor("endorse", views, t.college, rows=t.rows))
        adopted = 2 * yes.sum(-1) > t.college.count
        choice = commissioner.ranked(scores, t.college.lead, adopted)
        if t.env.trace is not None:
            t.env.record(
                Draft,
                t.rows,
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

    def _views(self, plans: list[Floats]) -> commissioner.DraftPlans:
        """The drafts as the commissioners see them."""
        t, n = self.known, self.known.states.count
        outlook, poor = t.outlook, t.states.below_mean_income
        nothing = outlook.prospect(None).race
        return commissioner.views(
            np.stack([t.offer(plan).utility - t.standing.utility for plan in plans], axis=1),
            t.college,
            t.states,
            race=np.stack([(outlook.prospect(x).race - nothing) / n for x in plans], axis=1),
            cohesion=np.stack(
                [total(np.where(poor, t.world.by_state(x), 0.0))[:, None] / n for x in plans], axis=1
            ),
            spend=np.stack([total(x)[:, None] / n for x in plans], axis=1),
            private=np.stack([total(t.pledged(x, t.letters(x)))[:, None] / n for x in plans], axis=1),
            p=t.p,
        )
