"""The planner's plan for every sum of money: the least years behind that it can expect.

The planner orders early or late, at few sites or many, all at once or in two phases, and may leave money unspent. It
knows how delivery is distributed and not what it will bring. The menu is fixed by the scenario's delivery, not by the
money: a plan that a sum can pay is on the menu of every larger sum, so more money is never worse.

Each phase orders at the next sites of one ranking, the same amount at each, on a logarithmic grid, as far as a site's
power can use it. A coarse menu is searched with few draws; what comes near the best is judged by all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from juste_retour.abm.delivery.building import SiteDraws
from juste_retour.abm.noise import RandomStreams
from juste_retour.abm.planner.evaluation import Evaluation, Orders
from juste_retour.abm.planner.question import Question, delivery_of
from juste_retour.abm.scenario import Scenario
from juste_retour.agents.arrays import Floats, Integers, power, total

DRAWS, FEW = 64, 8  # of delivery: for the choice, and for the search
COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12)  # sites of a phase
WAITS = (0, 1, 2, 4, 8, 16, 32, 64)  # quarters before the first order
FINE, COARSE, REFINED = (
    32,
    4,
    (2, 1),
)  # amounts per factor of ten; the search takes every fourth, then those between
LATER = (2, 4, 8)  # quarters from the first phase to the second
BESIDE, SMALLER = (
    (1, 3),
    (-36, -20, -8),
)  # further sites ordered at once, and by how many steps less each gets
NEAR = 0.05  # years behind the best plan for the money within which the search keeps a plan
KEPT = 2  # plans that the search keeps for each step of money
SOURCE = 0  # seed of the planner's own draws
REMEMBERED = 4096  # solutions


@dataclass(frozen=True, eq=False)
class Solution:
    """The best plan for every sum of money, cheapest first; each is better than all that cost less.

    Attributes:
        spend: (plans,) EUR bn; the first plan orders nothing.
        years_behind: (plans,) expected.
        amounts: (plans, sites) EUR bn over all sites of the union.
        quarters: (plans, sites) of the orders, since year 0.
    """

    spend: Floats
    years_behind: Floats
    amounts: Floats
    quarters: Integers

    def plan(self, budget: Floats) -> Integers:
        """The best plan that each budget, EUR bn, can pay."""
        return np.searchsorted(self.spend, budget * (1 + 1e-9), side="right") - 1


_solved: OrderedDict[tuple[str, str, int, bytes, int, int], Solution] = OrderedDict()


def solve(question: Question) -> Solution:
    """The planner's plans, from memory where they are known."""
    key = question.key
    if key not in _solved:
        _solved[key] = _Search(question).solution()
        if len(_solved) > REMEMBERED:
            _solved.popitem(last=False)
    return _solved[key]


def planned(
    scenarios: Sequence[Scenario], kinds: Integers, budget: Floats, ask: Callable[[Scenario], Question]
) -> tuple[Floats, Integers, Floats]:
    """What the planner orders in each world, EUR bn, and in which quarters, (worlds, sites), and years behind expected.

    Args:
        scenarios: a list that `kinds` points into.
        kinds: (worlds,) each world's scenario.
        budget: (worlds,) EUR bn.
        ask: the question under a scenario.
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
    """A search over menus: arrays (plans, 6) of sites, wait and amount of the first phase, and of the second."""

    def __init__(self, question: Question):
        self.question, scenario = question, delivery_of(question.scenario)
        self.evaluation = Evaluation(scenario, question.members)
        last = self.evaluation.window[-1] - self.evaluation.soonest() - question.first
        self.room = self.evaluation.host_room
        self.waits = [w for w in WAITS if w <= max(last, 0)]
        self.caps = np.stack(
            [self.evaluation.cap(question.first + w)[question.sites] for w in range(max(last, 0) + 1)]
        )
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

        Each site's draws are a Latin hypercube sample, so that no site of the ranking is luckier than another.
        """
        streams, slots = RandomStreams(SOURCE, np.arange(count)), max(self.most, 1)
        found = []
        for part in range(self.evaluation.cohorts):
            drawn = SiteDraws.of(streams, slots, np.arange(count), f":planner{part}")
            even = [(getattr(drawn, f.name).argsort(0).argsort(0) + 0.5) / count for f in fields(SiteDraws)]
            found.append(SiteDraws(*even))
        return found

    def solution(self) -> Solution:
        """Search, judge, and keep what no cheaper plan equals."""
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
        """All in one phase, on the coarse grid."""
        counts = sorted({k for k in (*COUNTS, self.fewest, self.most) if self.fewest <= k <= self.most and k})
        steps = sorted({n for n in self.steps if n % COARSE == 0} | {self.steps[0], self.steps[-1]})
        menu = [(k, w, n, 0, 0, 0) for k in counts for w in self.waits for n in steps]
        return np.array(menu, dtype=np.int64).reshape(-1, 6)

    def _pairs(self, menu: Integers) -> Integers:
        """Plans of a menu with more sites: smaller ones at once, which open early, or some later."""
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
        """The plans of a menu that are best for some sum, or nearly: a few for each step of money."""
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
        """EUR bn and expected years behind of plans; (plans,)."""
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
        """Plans with the same number of sites."""
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
        """Amounts (plans, sites) cut to what the sites' hosts can pay, in the order of the ranking."""
        out, left = np.zeros(amount.shape), np.tile(self.room, (len(amount), 1))
        for j, host in enumerate(state):
            given = np.minimum(amount[:, j], left[:, host])
            out[:, j] = np.where(given >= self.evaluation.scenario.smallest_eur_bn, given, 0.0)
            left[:, host] -= out[:, j]
        return out
