"""The Commission's proposal: the services write drafts, and the lead commissioner chooses one that the College adopts."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.bargaining.plans import Plans
from juste_retour.abm.worlds.records import Draft
from juste_retour.agents import commissioner
from juste_retour.agents.arrays import Booleans, Entry, Floats, total

PARTS = (0.2, 0.5, 1.0)  # shares of the envelope that drafts spend


class Drafting:
    """The Commission's drafts and the vote of the College on them."""

    def __init__(self, known: Payoffs):
        self.known = known

    def proposal(self) -> tuple[Floats, Booleans]:
        """The lead commissioner's best draft among those that the College adopts by simple majority.

        Returns:
            the plan, EUR bn (worlds, sites), and whether the College adopted any draft (worlds,).
        """
        t, plans = self.known, self._plans
        views = self._views()
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
                sites=self._by_world((plans > 0).sum(-1)),
                spend=self._by_world(total(plans)),
            )
        first = np.maximum(choice, 0) * t.worlds + np.arange(t.worlds)
        return np.where((choice >= 0)[:, None], plans[first], 0.0), choice >= 0

    # -- all drafts at once, on the first axis: all worlds with the first draft, then all with the second, ... -------
    @cached_property
    def _counts(self) -> list[int]:
        n, sites = self.known.states.count, self.known.sites.count
        return sorted({c for c in (1, 2, 3, 5, 8, 13, 21, 34, 55) if c < n and c < sites} | {1})

    @cached_property
    def _table(self) -> Payoffs:
        """Payoffs with each world repeated once per draft."""
        t, drafts = self.known, len(PARTS) * (len(self._counts) + 1)
        return Payoffs(t.env, np.tile(t.rows, drafts), industrial=t.industrial)

    @cached_property
    def _plans(self) -> Floats:
        """The drafts of the Commission's services, EUR bn (drafts x worlds, sites).

        They range from one site to one site in each state, each with a fifth, half and all of the envelope.
        """
        t = self.known
        counts = np.repeat(np.tile(self._counts, len(PARTS)), t.worlds)[:, None]
        parts = np.repeat(PARTS, len(self._counts) * t.worlds)[:, None]
        largest, each = len(counts), len(PARTS) * t.worlds
        some = Payoffs(t.env, self._table.rows[:largest], industrial=t.industrial)
        few = Payoffs(t.env, self._table.rows[:each], industrial=t.industrial)
        return np.concatenate(
            [
                Plans(some).largest(counts, parts),
                Plans(few).one_each(np.repeat(PARTS, t.worlds)[:, None]),
            ]
        )

    def _by_world(self, x: NDArray[Entry]) -> NDArray[Entry]:
        """Reshape (drafts x worlds, ...) to (worlds, drafts, ...)."""
        return np.ascontiguousarray(x.reshape(-1, self.known.worlds, *x.shape[1:]).swapaxes(0, 1))

    def _views(self) -> commissioner.DraftPlans:
        """What each commissioner knows about each draft."""
        t, here, plans, n = self.known, self._table, self._plans, self.known.states.count
        gain = self._by_world(here.offer(plans).utility) - t.standing.utility[:, None]
        race = self._by_world(here.outlook.prospect(plans).race) - t.outlook.prospect(None).race[:, None]
        poor = np.where(t.states.below_mean_income, t.world.by_state(plans), 0.0)
        private = here.pledged(plans, here.letters(plans))
        return commissioner.views(
            gain,
            t.college,
            t.states,
            race=race / n,
            cohesion=self._by_world(total(poor)[:, None]) / n,
            spend=self._by_world(total(plans)[:, None]) / n,
            private=self._by_world(total(private)[:, None]) / n,
            p=t.p,
        )
