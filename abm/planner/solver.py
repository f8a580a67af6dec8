"""Finds for every sum of money the planner's plan with the fewest expected years behind.

The planner orders early or late, at few sites or many, all at once or in two phases, and may leave money unspent. It
knows the distribution of delivery, not the draws. The set of candidate plans depends on the scenario's delivery, not on
the money. A plan that is affordable with some sum is a candidate for every larger sum, so more money is never worse.

Each phase orders at the next sites of one ranking. It orders the same amount at each, on a logarithmic grid, up to what
the site's power can use. A coarse set of candidates is searched with few draws; those close to the best are evaluated
with all draws.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.delivery.building import SiteDraws
from juste_retour.abm.planner.evaluation import Evaluation, Orders
from juste_retour.abm.planner.question import PlannerQuestion, delivery_of
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.arrays import Floats, Integers, power, total

DRAWS, FEW = 64, 8  # draws of delivery for the final choice, and for the search
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12)  # sites of a phase
WAITS = (0, 1, 2, 4, 8, 16, 32, 64)  # quarters before the first order
FINE = 32  # amounts per factor of ten on the grid
COARSE, REFINED = 4, (2, 1)  # the search uses every fourth amount, then those between
LATER = (2, 4, 8)  # quarters from the first phase to the second
BESIDE = (1, 3)  # further, smaller sites that are ordered in the first phase
SMALLER = (-36, -20, -8)  # by how many steps of the grid each of them is smaller
NEAR = 0.05  # years: the search keeps plans that are this close to the best for their cost
KEPT = 2  # plans that the search keeps for each step of cost
PLANNER_SEED = 0  # seed of the planner's own draws
CACHED = 4096  # solutions that are kept


@dataclass(frozen=True, eq=False)
class Solution:
    """The best plan for every sum of money, cheapest first; each is better than all that cost less.

    Attributes:
        spend: (plans,) cost, EUR bn; the first plan orders nothing.
        years_behind: (plans,) expected years behind.
        amounts: (plans, sites) orders at all sites of the union, EUR bn.
        quarters: (plans, sites) quarter of each order, since year 0.
    """

    spend: Floats
    years_behind: Floats
    amounts: Floats
    quarters: Integers

    def plan(self, budget: Floats) -> Integers:
        """The index of the best plan that each budget, EUR bn, can pay; same shape."""
        return np.searchsorted(self.spend, budget * (1 + 1e-9), side="right") - 1


_solved: OrderedDict[tuple[str, str, int, bytes, int, int], Solution] = OrderedDict()


def solve(question: PlannerQuestion) -> Solution:
    """The planner's plans for a question; solutions are cached."""
    key = question.key
    if key not in _solved:
        _solved[key] = _Search(question).solution()
        if len(_solved) > CACHED:
            _solved.popitem(last=False)
    return _solved[key]


def planned(
    scenarios: Sequence[Scenario], kinds: Integers, budget: Floats, ask: Callable[[Scenario], PlannerQuestion]
) -> tuple[Floats, Integers, Floats]:
    """The planner's orders in each world.

    Args:
        scenarios: the scenarios.
        kinds: (worlds,) the position of each world's scenario in that list.
        budget: (worlds,) EUR bn.
        ask: returns the planner's question under a scenario.

    Returns:
        (worlds, sites) orders, EUR bn; (worlds, sites) quarter of each order; (worlds,) expected years behind.
    """
    amounts: list[Floats] = []
    quarters: list[Integers] = []
    years = np.zeros(len(kinds))
    at = np.zeros(len(kinds), dtype=np.int64)
    for kind in np.unique(kinds):
        solution, mine = solve(ask(scenarios[kind])), kinds == kind
        best = solution.plan(budget[mine])
        at[mine], years[mine] = sum(len(x) for x in amounts) + best, solution.years_behind[best]
        amounts.append(solution.amounts)
        quarters.append(solution.quarters)
    return np.concatenate(amounts)[at], np.concatenate(quarters)[at], years


class _Search:
    """A search over menus of plans.

    A menu is an array (plans, 6): number of sites, quarters of wait and step of the amount in the first phase, and the
    same for the second.
    """

    def __init__(self, question: PlannerQuestion):
        self.question, scenario = question, delivery_of(question.scenario)
        self.evaluation = Evaluation(scenario, question.members)
        last = self.evaluation.window[-1] - self.evaluation.soonest() - question.first
        self.room = self.evaluation.host_room
        self.waits = [w for w in WAITS if w <= max(last, 0)]
        self.caps = np.stack([self.evaluation.cap(question.first + w)[question.sites] for w in range(max(last, 0) + 1)])
        scale = np.minimum(self.caps[0], self.room[question.members.sites.state[question.sites]])
        large = np.argsort(-scale * self.evaluation.talent[0, question.sites], kind="stable")
        large = large[self.caps[0, large] >= scenario.smallest_eur_bn]
        self.ranked, self.caps = question.sites[large], self.caps[:, large]
        self.most = min(question.most or max(COUNTS[-1], question.fewest), len(large))
        self.fewest = min(question.fewest, self.most)
        least, top = scenario.smallest_eur_bn, self.caps.max(initial=scenario.smallest_eur_bn)
        self.steps = range(int(np.floor(FINE * np.log10(least))), int(np.ceil(FINE * np.log10(top))) + 1)
        self.uniforms = {count: self._draws(count) for count in (FEW, DRAWS)}

    def _draws(self, count: int) -> list[SiteDraws]:
        """Draws of delivery for the sites in order of the ranking, for each part of the payment.

        The draws of each site are a Latin hypercube sample, so that no site has better draws than another.
        """
        streams, slots = RandomStreams(PLANNER_SEED, np.arange(count)), max(self.most, 1)
        found = []
        for part in range(self.evaluation.cohorts):
            drawn = SiteDraws.of(streams, slots, np.arange(count), f":planner{part}")
            even = [(getattr(drawn, f.name).argsort(0).argsort(0) + 0.5) / count for f in fields(SiteDraws)]
            found.append(SiteDraws(*even))
        return found

    def solution(self) -> Solution:
        """Search, evaluate with all draws, and keep each plan that is better than all cheaper ones."""
        menu = self._near(self._singles(), FEW)
        for step in REFINED:
            finer = np.concatenate([menu + np.array([0, 0, by, 0, 0, 0]) for by in (-step, 0, step)])
            finer[:, 2] = np.clip(finer[:, 2], self.steps[0], self.steps[-1])
            menu = self._near(np.unique(finer, axis=0), FEW)
        menu = self._near(np.unique(np.concatenate((menu, self._pairs(menu))), axis=0), FEW)
        spend, worth = self._judged(menu, DRAWS)
        order = np.lexsort((worth, spend))
        best = np.minimum.accumulate(np.concatenate(([self.evaluation.nothing], worth[order])))
        kept = order[worth[order] < best[:-1]]
        count = self.question.members.sites.count
        amounts, quarters = np.zeros((len(kept) + 1, count)), np.zeros((len(kept) + 1, count), dtype=np.int64)
        for k, one in enumerate(kept, 1):
            orders = self._orders(menu[one : one + 1])
            amounts[k, orders.sites], quarters[k, orders.sites] = orders.amounts[0], orders.quarters[0]
        years = np.concatenate(([self.evaluation.nothing], worth[kept]))
        return Solution(np.concatenate(([0.0], spend[kept])), years, amounts, quarters)

    # -- menus --------------------------------------------------------------------------------------------------------
    def _singles(self) -> Integers:
        """The plans with one phase, on the coarse grid."""
        counts = sorted({k for k in (*COUNTS, self.fewest, self.most) if self.fewest <= k <= self.most and k})
        steps = sorted({n for n in self.steps if n % COARSE == 0} | {self.steps[0], self.steps[-1]})
        menu = [(k, w, n, 0, 0, 0) for k in counts for w in self.waits for n in steps]
        return np.array(menu, dtype=np.int64).reshape(-1, 6)

    def _pairs(self, menu: Integers) -> Integers:
        """The plans of a menu with further sites: smaller ones in the same quarter, which open early, or some later."""
        at_once = [
            (k, w, n, more, w, max(n + step, self.steps[0]))
            for k, w, n, _, _, _ in menu.tolist()
            for more in BESIDE
            for step in SMALLER
        ]
        later = [
            (k, w, n, more, w + wait, max(n + step, self.steps[0]))
            for k, w, n, _, _, _ in menu[:: max(len(menu) // 12, 1)].tolist()
            for more in (1, 2, 4)
            for wait in LATER
            for step in (-8, 0, 8, 16)
        ]
        pairs = np.array(at_once + later, dtype=np.int64).reshape(-1, 6)
        return pairs[(pairs[:, 0] + pairs[:, 3] <= self.most) & (pairs[:, 4] < len(self.caps))]

    def _near(self, menu: Integers, draws: int) -> Integers:
        """The plans of a menu that are best or nearly best for their cost, a few for each step of cost."""
        spend, worth = self._judged(menu, draws)
        order = np.lexsort((worth, spend))
        best = np.minimum.accumulate(worth[order])
        good = (worth[order] <= best + NEAR) & (worth[order] < self.evaluation.nothing)
        order = order[good]
        order = order[np.lexsort((worth[order], np.floor(FINE * np.log10(spend[order]))))]
        step = np.floor(FINE * np.log10(spend[order]))
        place = np.arange(len(order)) - np.searchsorted(step, step)
        return menu[order[place < KEPT]]

    def _judged(self, menu: Integers, draws: int) -> tuple[Floats, Floats]:
        """Cost, EUR bn, and expected years behind of each plan of a menu; both (plans,)."""
        spend, worth = np.zeros(len(menu)), np.full(len(menu), np.inf)
        sites = menu[:, 0] + menu[:, 3]
        for count in np.unique(sites):
            some = np.flatnonzero(sites == count)
            orders = self._orders(menu[some])
            uniforms = [
                SiteDraws(*(getattr(drawn, f.name)[:, :count] for f in fields(SiteDraws)))
                for drawn in self.uniforms[draws]
            ]
            spend[some] = total(orders.amounts)
            worth[some] = total(self.evaluation.years_behind(orders, uniforms)) / draws
        return spend, worth

    def _orders(self, menu: Integers) -> Orders:
        """The orders of plans that all have the same number of sites."""
        first, wait, step, second, later, more = (menu[:, k : k + 1] for k in range(6))
        count = int(first[0, 0] + second[0, 0])
        sites = np.arange(count)
        wait = np.where(sites < first, wait, later)
        amount = power(10.0, np.where(sites < first, step, more) / FINE)
        amount = np.clip(amount, self.evaluation.scenario.smallest_eur_bn, self.caps[wait, sites])
        ranked = self.ranked[:count]
        if np.isfinite(self.room).any():
            amount = self._within(amount, self.question.members.sites.state[ranked])
        return Orders(ranked, amount, self.question.first + wait)

    def _within(self, amount: Floats, state: Integers) -> Floats:
        """Reduce amounts (plans, sites), in order of the ranking, to what the host states can pay."""
        out, left = np.zeros(amount.shape), np.tile(self.room, (len(amount), 1))
        for j, host in enumerate(state):
            given = np.minimum(amount[:, j], left[:, host])
            out[:, j] = np.where(given >= self.evaluation.scenario.smallest_eur_bn, given, 0.0)
            left[:, host] -= out[:, j]
        return out
