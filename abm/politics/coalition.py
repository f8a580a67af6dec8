"""The cheapest winning coalition, over many worlds at once, under any monotone voting rule.

States are sorted by price less a multiplier times their share of the population, for sixteen multipliers at a time;
the shortest winning prefix of each order is found by bisection; in the cheapest few of these, redundant members are
dropped, dearest first; then the best swaps of one member for a cheaper outsider are made. `exact` states the same
problem for the double majority as an integer programme, which is the search's test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from agents.arrays import Reals, Truths, Whole, total
from agents.situation import States

MULTIPLIERS = np.concatenate([[0.0], np.geomspace(0.05, 8.0, 15)])
KEPT = 4  # orders whose coalitions are cleaned up
MARGIN = 6  # members, and outsiders, that an exchange weighs
BLOCK = 32
PASSES = 2
DEAR = 1e9  # stands for "not for sale" in the search

Wins = Callable[[Truths], Truths]


def cheapest(
    price: Reals, wins: Wins, states: States, always: Truths | None = None, ties: Reals | None = None
) -> tuple[Truths, Truths]:
    """The cheapest set of states that wins.

    Args:
        price: (worlds, states) what each state's yes costs, at least 0; inf where it cannot be had.
        wins: whether sets of yes votes (..., worlds, states) pass, (..., worlds); more votes must never hurt.
        states: the member states.
        always: (worlds, states) who is in anyway, as the proposer is.
        ties: (worlds, states) by which equal prices are ordered; by the order of the states where it is None.

    Returns:
        members (worlds, states) and whether a winning set exists (worlds,). Members are those bought and those who
        come for nothing.
    """
    price = np.where(np.isfinite(price), np.maximum(price, 0.0), DEAR)
    if always is not None:
        price = np.where(always, 0.0, price)
    ties = np.broadcast_to(np.arange(price.shape[-1]) if ties is None else ties, price.shape)
    free, sold = price == 0, price < DEAR
    exists = wins(sold)
    if wins(free).all():
        return free, exists
    share = states.population / states.population.sum()
    scale = total(np.where(sold, price, 0.0))[:, None]  # mean price over mean share
    key = np.where(free, -np.inf, np.where(sold, price - MULTIPLIERS[:, None, None] * (scale * share), DEAR))
    order = np.lexsort((np.broadcast_to(ties, key.shape), key), axis=-1)
    found = _shortest(order, free, sold, wins)  # (multipliers, worlds, states)
    cost = _cost(price, found)
    few = np.argsort(cost, axis=0, kind="stable")[:KEPT]
    kept = np.take_along_axis(found, few[..., None], axis=0)
    kept = _pruned(kept, np.broadcast_to(price, kept.shape), free, ties, wins)
    choice = _cost(price, kept).argmin(0)
    members = np.take_along_axis(kept, choice[None, :, None], axis=0)[0]
    order_of = np.take_along_axis(few, choice[None], axis=0)[0]
    margin = key[order_of, np.arange(len(price))]
    for _ in range(PASSES):
        members = _exchanged(members, price, margin, free, sold, wins)
    return members & exists[:, None], exists


def _cost(price: Reals, members: Truths) -> Reals:
    return total(np.where(members, price, 0.0))


def _shortest(order: Whole, free: Truths, sold: Truths, wins: Wins) -> Truths:
    """Shortest prefix of each order (..., worlds, states) that wins, by bisection on its length."""
    n = order.shape[-1]
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(n), order.shape), axis=-1)
    low = np.broadcast_to(np.maximum(free.sum(-1) - 1, 0), order.shape[:-1])
    high = np.broadcast_to(sold.sum(-1), order.shape[:-1])
    while np.any(low < high):
        middle = (low + high) // 2
        won = wins((rank < middle[..., None]) & sold | free)
        low, high = np.where(won, low, np.minimum(middle + 1, high)), np.where(won, middle, high)
    return (rank < high[..., None]) & sold | free


def _pruned(members: Truths, price: Reals, free: Truths, ties: Reals, wins: Wins) -> Truths:
    """Members that are needed: each one bought is tried, dearest first."""
    bought = members & ~free
    order = np.lexsort((-np.broadcast_to(ties, price.shape), np.where(bought, -price, np.inf)), axis=-1)
    members = members.copy()
    for k in range(int(bought.sum(-1).max(initial=0))):
        at = order[..., k : k + 1]
        paid = np.take_along_axis(bought, at, axis=-1)
        np.put_along_axis(members, at, np.take_along_axis(members, at, axis=-1) & ~paid, axis=-1)
        needed = paid & ~wins(members)[..., None]
        np.put_along_axis(members, at, np.take_along_axis(members, at, axis=-1) | needed, axis=-1)
    return members


@cache
def _exchanges(inside: int, outside: int) -> tuple[Whole, Whole]:
    """Every exchange of at most two of the marginal members for at most two outsiders: (exchanges, places) of ones."""

    def groups(n: int) -> list[Whole]:
        few = [c for size in (0, 1, 2) for c in combinations(range(n), size)]
        return [np.isin(np.arange(n), c).astype(np.int64) for c in few]

    pairs = [(a, b) for a in groups(inside) for b in groups(outside) if a.any()]
    return np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])


def _exchanged(members: Truths, price: Reals, key: Reals, free: Truths, sold: Truths, wins: Wins) -> Truths:
    """The best exchange of up to two members for up to two outsiders that still wins, in each world.

    Those weighed are at the margin: the members whose price less their worth in people is highest, the outsiders for
    whom it is lowest.
    """
    world = np.arange(len(members))
    m = min(MARGIN, price.shape[-1])
    inside = np.argsort(np.where(members & ~free, -key, np.inf), axis=-1, kind="stable")[:, :m]
    outside = np.argsort(np.where(members | ~sold, np.inf, key), axis=-1, kind="stable")[:, :m]
    out, in_ = _exchanges(m, m)
    leaving = np.where(np.take_along_axis(members & ~free, inside, axis=-1), np.take_along_axis(price, inside, axis=-1), -DEAR)
    entering = np.where(np.take_along_axis(sold & ~members, outside, axis=-1), np.take_along_axis(price, outside, axis=-1), DEAR)
    saved = total(leaving[:, None, :] * out) - total(entering[:, None, :] * in_)  # (worlds, exchanges)
    best_first = np.argsort(-saved, axis=-1, kind="stable")
    result, open_ = members.copy(), np.ones(len(members), bool)
    for start in range(0, len(out), BLOCK):
        chosen = best_first[:, start : start + BLOCK].T  # (block, worlds)
        lawful = (np.take_along_axis(saved.T, chosen, axis=0) > 1e-12) & open_
        if not lawful.any():
            break
        trial = np.broadcast_to(members, (*chosen.shape, members.shape[-1])).copy()
        np.put_along_axis(trial, np.broadcast_to(inside, (*chosen.shape, m)), np.take_along_axis(trial, np.broadcast_to(inside, (*chosen.shape, m)), axis=-1) & (out[chosen] == 0), axis=-1)
        np.put_along_axis(trial, np.broadcast_to(outside, (*chosen.shape, m)), np.take_along_axis(trial, np.broadcast_to(outside, (*chosen.shape, m)), axis=-1) | (in_[chosen] == 1), axis=-1)
        won = lawful & wins(trial)
        first = won.argmax(0)
        found = won[first, world]
        result = np.where(found[:, None], trial[first, world], result)
        open_ &= ~found
    return result


def exact(price: Reals, states: States, always: Truths | None = None, blocking: bool = True) -> Truths:
    """The cheapest coalition of one world under 55 % of states and 65 % of people, by integer programming (HiGHS).

    With `blocking` a coalition of all but three members wins too (TEU, article 16(4)). States of infinite price are
    left out. (states,) to (states,); nobody where no coalition wins.
    """
    n = states.count
    always = np.zeros(n, bool) if always is None else always
    people = states.population.astype(np.float64)
    heads, persons = np.ones((1, n)), people[None] / people.sum()
    quota = -(-65 * int(states.population.sum()) // 100) / people.sum() - 1e-10  # half a person, at least
    ways = [[LinearConstraint(heads, -(-55 * n // 100), np.inf), LinearConstraint(persons, quota, np.inf)]]
    if blocking:
        ways.append([LinearConstraint(heads, max(1, n - 3), np.inf)])
    found = []
    for constraints in ways:
        answer = milp(
            np.where(np.isfinite(price), price, 0.0),
            constraints=constraints,
            integrality=np.ones(n),
            bounds=Bounds(always.astype(float), np.isfinite(price).astype(float)),
            options={"mip_rel_gap": 0.0},
        )
        if answer.success:
            found.append((float(answer.fun), answer.x > 0.5))
    return min(found, key=lambda x: x[0])[1] if found else np.zeros(n, bool)
