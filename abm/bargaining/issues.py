"""The Council's bargain reduced to two issues: the number of sites and the share of the money."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.bargaining.plans import Plans
from juste_retour.agents.arrays import Floats, power


class Issues:
    """The states' positions and saliences on the two issues, and the plan that matches an outcome."""

    def __init__(self, known: Payoffs, plans: Plans):
        self.known, self.plans = known, plans

    @cached_property
    def ladder(self) -> tuple[list[int], tuple[float, ...]]:
        """The numbers of sites, and the shares of the envelope, that positions are chosen from."""
        n = self.known.states.count
        return sorted({k for k in (1, 2, 3, 5, 8, 13) if k < n} | {n}), (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)

    def positions(self) -> tuple[Floats, Floats]:
        """Each state's positions and saliences, 0 to 100, on sites and money; (worlds, states, 2) each.

        A state's position is where its payoff is highest. Its salience on an issue is how much its payoff varies along
        that issue, relative to the issue along which it varies most.
        """
        counts, parts = self.ladder
        utility, spread_over = self.known.utility, self.plans.spread_over
        worth = np.stack(
            [np.stack([utility(spread_over(k, part)) for part in parts], -1) for k in counts], -2
        )  # (worlds, states, counts, parts)
        flat = worth.reshape(*worth.shape[:2], -1)
        k, m = np.divmod(flat.argmax(-1), len(parts))
        scale = np.log(np.array(counts, dtype=np.float64)) / np.log(max(counts[-1], 2)) * 100
        position = np.stack([scale[k], 100 * np.array(parts)[m]], axis=-1)
        best = np.take_along_axis(worth, k[..., None, None], axis=-2)[..., 0, :]
        other = np.take_along_axis(worth, m[..., None, None], axis=-1)[..., 0]
        varies = np.stack([np.ptp(other, axis=-1), np.ptp(best, axis=-1)], axis=-1)
        return position, 100 * varies / np.maximum(varies.max(-1, keepdims=True), 1e-300)

    def plan_near(self, outcome: Floats, retreat: float | Floats) -> Floats:
        """The plan nearest to an outcome on the two issues; EUR bn (worlds, sites).

        Args:
            outcome: (worlds, 2) positions on sites and money, 0 to 100.
            retreat: share of the money that the plan keeps for each earlier round; a number or (worlds, 1).
        """
        t = self.known
        counts, _ = self.ladder
        wanted = np.exp(outcome[:, :1] / 100 * np.log(max(counts[-1], 2)))
        part = np.clip(outcome[:, 1:] / 100, 0.0, 1.0)
        part = part * power(retreat, t.world.bargaining.rounds[t.rows][:, None])
        near = np.abs(np.log(np.array(counts)) - np.log(wanted)).argmin(-1)
        plan = np.zeros((t.worlds, t.sites.count))
        for k in np.unique(near):
            plan = np.where((near == k)[:, None], self.plans.spread_over(counts[k], part), plan)
        return plan
