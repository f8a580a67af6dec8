"""The cheapest winning coalition, over many worlds at once, under any monotone voting rule.

States are sorted by price less a multiplier times their share of the population, for sixteen multipliers; the
shortest winning prefix of each order is found by bisection; redundant members are dropped, dearest first; one best
swap is tried. `exact` states the same problem for the double majority as an integer programme, for comparison.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from agents.arrays import Reals, Truths, total
from agents.situation import States

MULTIPLIERS = np.concatenate([[0.0], np.geomspace(0.05, 8.0, 15)])
DEAR = 1e9  # stands for "not for sale" in the search

Wins = Callable[[Truths], Truths]


def cheapest(price: Reals, wins: Wins, states: States, always: Truths | None = None) -> tuple[Truths, Truths]:
    """The cheapest set of states that wins.

    Args:
        price: (worlds, states) what each state's yes costs, at least 0; inf where it cannot be had.
        wins: whether a set of yes votes (worlds, states) passes, (worlds,); more votes must never hurt.
        states: the member states.
        always: (worlds, states) who is in anyway, as the proposer is.

    Returns:
        members (worlds, states) and whether a winning set exists (worlds,). Members are those bought and those who
        come for nothing.
    """
    price = np.where(np.isfinite(price), np.maximum(price, 0.0), DEAR)
    always = np.zeros(price.shape, bool) if always is None else always
    price = np.where(always, 0.0, price)
    free = always | (price == 0)
    weight = states.population / states.population.sum()
    scale = total(np.where(price < DEAR, price, 0.0))[..., None]  # mean price over mean share
    best = np.broadcast_to(price < DEAR, price.shape).copy()
    exists = wins(best)
    cost = _cost(price, best)
    for multiplier in MULTIPLIERS:
        order = np.argsort(
            np.where(free, -np.inf, price - multiplier * scale * weight), axis=-1, kind="stable"
        )
        members = _prune(_shortest(order, free, price, wins), price, free, wins)
        now = _cost(price, members)
        better = wins(members) & (now < cost)
        best, cost = np.where(better[..., None], members, best), np.where(better, now, cost)
    best = _swap(best, price, free, cost, wins)
    return best & exists[..., None], exists


def _cost(price: Reals, members: Truths) -> Reals:
    return total(np.where(members, price, 0.0))


def _shortest(order, free: Truths, price: Reals, wins: Wins) -> Truths:
    """Shortest prefix of each world's order that wins, by bisection on its length."""
    n = price.shape[-1]
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(n), order.shape), axis=-1)
    low = np.zeros(price.shape[:-1], dtype=np.int64)
    high = np.full(price.shape[:-1], n)
    while np.any(low < high):
        middle = (low + high) // 2
        won = wins((rank < middle[..., None]) & (price < DEAR) | free)
        low, high = np.where(won, low, np.minimum(middle + 1, high)), np.where(won, middle, high)
    return (rank < high[..., None]) & (price < DEAR) | free


def _prune(members: Truths, price: Reals, free: Truths, wins: Wins) -> Truths:
    """Drop members that are not needed, dearest first."""
    dearest = np.argsort(np.where(members & ~free, -price, np.inf), axis=-1, kind="stable")
    bought = int((members & ~free).sum(-1).max(initial=0))
    world = np.arange(len(members))
    for k in range(bought):
        i = dearest[:, k]
        paid = members[world, i] & ~free[world, i]
        members[world, i] &= ~paid
        members[world, i] |= paid & ~wins(members)
    return members


def _swap(members: Truths, price: Reals, free: Truths, cost: Reals, wins: Wins) -> Truths:
    """Exchange one member for a cheaper outsider wherever that still wins: the best single swap of each world."""
    n = price.shape[-1]
    best = np.zeros(price.shape[:-1])
    out = members.copy()
    world = np.arange(len(members))
    inside = np.argsort(np.where(members & ~free, -price, np.inf), axis=-1, kind="stable")
    outside = np.argsort(np.where(members | (price >= DEAR), np.inf, price), axis=-1, kind="stable")
    for a in range(min(6, n)):  # the dearest members against the cheapest outsiders
        i = inside[:, a]
        for b in range(min(6, n)):
            j = outside[:, b]
            saved = price[world, i] - price[world, j]
            worth = (
                members[world, i]
                & ~free[world, i]
                & ~members[world, j]
                & (saved > best)
                & (price[world, j] < DEAR)
            )
            if not worth.any():
                continue
            trial = members.copy()
            trial[world, i] &= ~worth
            trial[world, j] |= worth
            won = worth & wins(trial)
            out = np.where(won[:, None], trial, out)
            best = np.where(won, saved, best)
    return out


def exact(price: Reals, states: States, always: Truths, blocking: bool = True) -> Truths:
    """The cheapest coalition of one world under 55 % of states and 65 % of people, by integer programming (HiGHS).

    With `blocking` a coalition of all but three members wins too (TEU, article 16(4)). (states,) to (states,).
    """
    n = states.count
    need = -(-11 * n // 20)
    persons = states.population / states.population.sum()
    rules = [LinearConstraint(np.vstack([np.ones(n), persons]), [need, 0.65], [np.inf, np.inf])]
    best: tuple[float, Truths] | None = None
    for constraints in (rules, [LinearConstraint(np.ones((1, n)), n - 3, np.inf)] if blocking else []):
        if not constraints:
            continue
        found = milp(
            price,
            constraints=constraints,
            integrality=np.ones(n),
            bounds=Bounds(always.astype(float), np.ones(n)),
        )
        if found.success and (best is None or found.fun < best[0] - 1e-12):
            best = (found.fun, found.x > 0.5)
    if best is None:
        return np.zeros(n, bool)
    return best[1]
