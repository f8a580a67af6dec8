"""A search for the cheapest winning coalition under any monotone voting rule, in many worlds at once.

1. States are sorted by price less a multiplier times their share of the population, for sixteen multipliers. Bisection
   finds the shortest winning prefix of each order.
2. From the cheapest prefixes, members that are not needed are dropped, most expensive first. One more candidate has the
   fewest members, after the best exchange of one member for an outsider.
3. In the best candidate up to two members are exchanged for up to two cheaper outsiders.
4. With unequal weights these steps can miss the cheapest set. Among at most ten states every set is therefore compared.

`exact` solves the same problem in one world, for one or several rules by conditions at once, as an integer program; the
tests compare the two. `MeetInTheMiddle` compares all coalitions under a double majority or a weighted vote of at most 36
members, which a solver of stationary values needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.conditions import Majority
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.agents.arrays import Booleans, Entry, Floats, Integers, ranks, total, whole_product
from juste_retour.agents.situation import States

MULTIPLIERS = np.concatenate([[0.0], np.geomspace(0.05, 8.0, 15)])
KEPT = 4  # cheapest prefixes from which unneeded members are dropped
MARGIN = 5  # members, and outsiders, considered in the last exchange
BLOCK = 32  # exchanges tried at a time, best first
DEAR = 1e9  # price of votes that cannot be bought
FEW = 10  # most states for which all sets are compared
MANY = 36  # most members whose coalitions are compared by halves
SETS = 64  # sets compared at a time
SLACK = 1e-5  # share of the weights by which the integer program relaxes a quota
SAVED = 1e-12  # smallest saving for which one set replaces another
BITS = 40  # of a price: the sums of prices are then exact, so that rounding decides between no equally cheap sets

Wins = Callable[[Booleans], Booleans]


def cheapest(
    price: Floats,
    wins: Wins,
    states: States,
    always: Booleans | None = None,
    ties: Floats | None = None,
    compared: int = FEW,
) -> tuple[Booleans, Booleans]:
    """The cheapest set of states that wins.

    Args:
        price: (worlds, states) what each state's yes costs, at least 0; inf if it cannot be bought.
        wins: whether sets of yes votes (..., worlds, states) pass, (..., worlds); it must be monotone.
        states: the member states.
        always: (worlds, states) members in any case, such as the proposer.
        ties: (worlds, states) numbers that order equal prices; None for the order of the states.
        compared: most states for which all sets are compared; each state more doubles them.

    Returns:
        members (worlds, states), bought or free of charge, and whether a winning set exists (worlds,).
    """
    price = _in_units(np.where(np.isfinite(price), np.maximum(price, 0.0), DEAR))
    if always is not None:
        price = np.where(always, 0.0, price)
    ties = np.broadcast_to(np.arange(price.shape[-1]) if ties is None else ties, price.shape)
    free, sold = price == 0, price < DEAR
    exists = wins(sold)
    if wins(free).all():
        return free, exists
    share = states.population / states.population.sum()
    scale = total(np.where(sold, price, 0.0))[:, None]  # the ratio of mean price to mean share
    key = np.where(free, -np.inf, np.where(sold, price - MULTIPLIERS[:, None, None] * (scale * share), DEAR))
    order = np.lexsort((np.broadcast_to(ties, key.shape), key), axis=-1)
    rank = ranks(order)
    found = _shortest(rank, free, sold, wins)  # (multipliers, worlds, states)
    few = np.argsort(_cost(price, found), axis=0, kind="stable")[:KEPT]
    kept = _pruned(np.take_along_axis(found, few[..., None], axis=0), price, free, ties, wins)
    small, order_of_small = _fewest(rank, found, key, price, free, sold, wins)
    kept, few = np.concatenate([kept, small[None]]), np.concatenate([few, order_of_small[None]])
    world = np.arange(len(price))
    choice = np.where(wins(kept), _cost(price, kept), np.inf).argmin(0)
    members, order_of = kept[choice, world], few[choice, world]
    members = _exchanged(members, price, key[order_of, world], free, sold, wins)
    if price.shape[-1] <= compared:
        members = _compared(members, price, free, sold, ties, wins)
    return members & exists[:, None], exists


def with_spare(price: Floats, members: Booleans, spare: int) -> Booleans:
    """The members, plus `spare` other states that can be bought, cheapest first; (worlds, states)."""
    wanted = np.where(members, np.inf, price)
    further = np.argsort(np.argsort(wanted, axis=-1, kind="stable"), axis=-1, kind="stable") < spare
    return members | (further & np.isfinite(wanted))


def _in_units(price: Floats) -> Floats:
    """The prices rounded to 40 bits of the highest one for sale in a world; those above zero stay so."""
    highest = np.where(price < DEAR, price, 0.0).max(-1, keepdims=True)
    unit = np.ldexp(1.0, np.frexp(highest)[1] - BITS)
    return np.where(price < DEAR, np.where(price > 0, np.maximum(np.rint(price / unit), 1.0) * unit, 0.0), price)


def _cost(price: Floats, members: Booleans) -> Floats:
    return total(np.where(members, price, 0.0))


def _shortest(rank: Integers, free: Booleans, sold: Booleans, wins: Wins) -> Booleans:
    """The shortest winning prefix of each order, found by bisection; (..., worlds, states)."""
    low = np.broadcast_to(np.maximum(free.sum(-1) - 1, 0), rank.shape[:-1])
    high = np.broadcast_to(sold.sum(-1), rank.shape[:-1])
    while np.any(low < high):
        middle = (low + high) // 2
        won = wins((rank < middle[..., None]) & sold | free)
        low, high = np.where(won, low, np.minimum(middle + 1, high)), np.where(won, middle, high)
    return (rank < high[..., None]) & sold | free


def _pruned(members: Booleans, price: Floats, free: Booleans, ties: Floats, wins: Wins) -> Booleans:
    """The coalitions without members that are not needed; the most expensive are dropped first."""
    bought = members & ~free
    n = members.shape[-1]
    without = np.broadcast_to(members, (n, *members.shape)).copy()
    each = np.arange(n)
    without[each, ..., each] = False
    spare = bought & np.moveaxis(wins(without), 0, -1)  # a member needed here is needed in every subset too
    dear = np.where(spare, -price, np.inf)
    order = np.lexsort((np.broadcast_to(-ties, dear.shape), dear), axis=-1)
    members = members.copy()
    flat, tried = members.reshape(-1), spare.reshape(-1)
    first = np.arange(0, members.size, n).reshape(members.shape[:-1])
    for k in range(int(spare.sum(-1).max(initial=0))):
        at = order[..., k] + first
        paid = tried[at]
        flat[at[paid]] = False
        flat[at[paid & ~wins(members)]] = True
    return members


def _fewest(
    rank: Integers, found: Booleans, key: Floats, price: Floats, free: Booleans, sold: Booleans, wins: Wins
) -> tuple[Booleans, Integers]:
    """A coalition as small as the smallest prefix, made to win by the cheapest exchange of one member.

    Returns:
        the coalition (worlds, states) and the index of the order that it comes from (worlds,).
    """
    world, n = np.arange(len(price)), price.shape[-1]
    sets = (rank < found.sum(-1).min(0)[:, None]) & sold | free
    won = wins(sets)
    at = np.maximum(np.where(won.any(0), won.argmax(0), len(rank)) - 1, 0)
    near, margin = sets[at, world], key[at, world]
    inside = np.argsort(np.where(near & ~free, -margin, np.inf), axis=-1, kind="stable")[:, : min(5, n)].T
    outside = np.argsort(np.where(near | ~sold, np.inf, margin), axis=-1, kind="stable")[:, : min(8, n)].T
    trial = np.broadcast_to(near, (len(inside), len(outside), *near.shape)).copy()
    a, b, w = np.ogrid[: len(inside), : len(outside), : len(world)]
    trial[a, b, w, inside[:, None]] = False
    trial[a, b, w, outside[None]] = True
    trial = (trial & sold | free).reshape(-1, *near.shape)
    best = np.where(wins(trial), _cost(price, trial), np.inf).argmin(0)
    return trial[best, world], at


@cache
def _exchanges(places: int) -> tuple[Integers, Integers]:
    """All exchanges of one or two of `places` members for at most two of `places` outsiders; two (exchanges, places)."""
    few = [c for size in (0, 1, 2) for c in combinations(range(places), size)]
    ones = [np.isin(np.arange(places), c).astype(np.int64) for c in few]
    pairs = [(a, b) for a in ones for b in ones if a.any()]
    return np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])


def _exchanged(
    members: Booleans, price: Floats, margin: Floats, free: Booleans, sold: Booleans, wins: Wins
) -> Booleans:
    """The coalitions after the best winning exchange of up to two members for up to two outsiders.

    It considers the members for whom price less the value of their population is highest, and the outsiders for whom it
    is lowest.
    """
    world, m = np.arange(len(members)), min(MARGIN, price.shape[-1])
    bought, outsider = members & ~free, sold & ~members
    inside = np.argsort(np.where(bought, -margin, np.inf), axis=-1, kind="stable")[:, :m]
    outside = np.argsort(np.where(outsider, margin, np.inf), axis=-1, kind="stable")[:, :m]
    leaving, entering = _exchanges(m)
    freed = np.take_along_axis(np.where(bought, price, -DEAR), inside, axis=-1)
    asked = np.take_along_axis(np.where(outsider, price, DEAR), outside, axis=-1)
    saved = total(freed[:, None, :] * leaving) - total(asked[:, None, :] * entering)  # (worlds, exchanges)
    best_first = np.argsort(-saved, axis=-1, kind="stable")
    places = np.concatenate([inside, outside], axis=-1)
    moves = np.concatenate([leaving, entering], axis=-1)
    one_of = places[..., None] == np.arange(members.shape[-1])  # (worlds, places, states)
    result, searching = members.copy(), np.ones(len(members), bool)
    for start in range(0, len(leaving), BLOCK):
        tried = best_first[:, start : start + BLOCK]
        valid = (np.take_along_axis(saved, tried, axis=-1) > SAVED).T & searching
        if not valid.any():
            break
        trial = members ^ np.moveaxis(whole_product(moves[tried], one_of) > 0, 1, 0)
        won = valid & wins(trial)
        first = won.argmax(0)
        found = won[first, world]
        result = np.where(found[:, None], trial[first, world], result)
        searching &= ~found
    return result


def _compared(members: Booleans, price: Floats, free: Booleans, sold: Booleans, ties: Floats, wins: Wins) -> Booleans:
    """The cheapest of all winning sets, or the given members if no set is cheaper; (worlds, states)."""
    world, n = np.arange(len(members)), price.shape[-1]
    place = ranks(np.argsort(ties, axis=-1, kind="stable"))  # decides between equally cheap sets
    least = _cost(price, members)
    for start in range(0, 2**n, SETS):
        number = np.arange(start, min(start + SETS, 2**n))[:, None, None]
        trial = ((number >> place & 1) > 0) & sold | free
        cost = np.where(wins(trial), _cost(price, trial), np.inf)
        first = (cost <= cost.min(0) + SAVED).argmax(0)
        cheaper = cost[first, world] < least - SAVED
        members = np.where(cheaper[:, None], trial[first, world], members)
        least = np.where(cheaper, cost[first, world], least)
    return members


def exact(price: Floats, majorities: Sequence[Majority], always: Booleans | None = None) -> Booleans:
    """The cheapest coalition that passes every one of some rules in one world, by integer programming (HiGHS).

    All other states vote no, and the Commission votes yes.

    Args:
        price: (states,) what each state's yes costs; inf if it cannot be bought.
        majorities: the rules; their weights are (states,).
        always: (states,) members in any case.

    Returns:
        (states,) members; none if no coalition passes.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # imported here because it is slow to load

    n = len(price)
    always = np.zeros(n, bool) if always is None else always
    bounds = Bounds(always.astype(float), (np.isfinite(price) | always).astype(float))
    cost = np.where(np.isfinite(price), price, 0.0)
    least, best = np.inf, np.zeros(n, bool)
    for ways in product(*(needed_of(majority) for majority in majorities)):
        # within the solver's tolerance the quotas are exact integers, so they are checked and, if missed, cut off
        needed: list[tuple[Floats, float]] = [
            (w / w.sum(), q / w.sum() - SLACK) for way in ways for w, q in way if 0 < q <= w.sum()
        ]
        if any(q > w.sum() for way in ways for w, q in way):
            continue
        while True:
            rows = [LinearConstraint(w[None], q, np.inf) for w, q in needed]
            answer = milp(
                cost,
                constraints=rows,
                integrality=np.ones(n, dtype=np.int64),
                bounds=bounds,
                options={"mip_rel_gap": 0.0},
            )
            if not answer.success:
                break
            members = np.asarray(answer.x > 0.5)
            if all((w * members).sum() >= q for way in ways for w, q in way):
                paid = float(_cost(cost, members))
                if paid < least:
                    least, best = paid, members
                break
            needed.append(((~members).astype(float), 0.75))  # some other state is needed
    return best


class MeetInTheMiddle:
    """The cheapest coalition that wins a double majority game, by meeting in the middle.

    All coalitions of the first half of the members are sorted by weight. A coalition of the second half then needs the
    cheapest one among a prefix of them, for each number of members.

    Source: Horowitz and Sahni (1974), for the knapsack problem.
    """

    def __init__(self, game: DoubleMajority):
        n = len(game.weights)
        self.half, weights = n // 2, np.array(game.weights, dtype=np.int64)
        first, more = subset_sums(weights[: self.half]), subset_sums(weights[self.half :])
        self.order = np.argsort(-first, kind="stable")
        heads, others = (subset_sums(np.ones(m, dtype=np.int64)) for m in (self.half, n - self.half))
        # in the last row no coalition has enough members
        self.enough = np.arange(self.half + 2)[:, None] <= heads[self.order]
        prefix = np.searchsorted(-first[self.order], more - game.quota, side="right") - 1
        self.ways = [
            (np.where(prefix < 0, self.half + 1, np.clip(game.members - others, 0, self.half + 1)), prefix),
            (np.clip(game.sure - others, 0, self.half + 1), np.full(len(more), len(first) - 1)),
        ]

    def __call__(self, price: Floats) -> Booleans:
        """The cheapest winning coalition at finite prices of at least 0; (states,) to (states,)."""
        cost = np.where(self.enough, subset_sums(price[: self.half])[self.order], np.inf)
        least, rest = np.minimum.accumulate(cost, axis=1), subset_sums(price[self.half :])
        both = [rest + least[need, prefix] for need, prefix in self.ways]
        way, best = np.unravel_index(np.argmin(both), (2, len(rest)))
        need, prefix = (int(x[best]) for x in self.ways[way])
        one, n = self.order[cost[need, : prefix + 1].argmin()], len(price)
        return (int(one) | int(best) << self.half) >> np.arange(n) & 1 == 1


def subset_sums(x: NDArray[Entry]) -> NDArray[Entry]:
    """The sum of each subset, (n,) to (2**n,); entry i holds the sum over the bits of i."""
    sums = np.zeros(1, dtype=x.dtype)
    for each in x:
        sums = np.concatenate([sums, sums + each])
    return sums


@cache
def among_all(game: DoubleMajority) -> MeetInTheMiddle:
    """The search among all coalitions of a game."""
    return MeetInTheMiddle(game)


def needed_of(majority: Majority) -> list[list[tuple[Integers, int]]]:
    """The ways to pass a rule if all who do not vote yes vote no and the Commission votes yes.

    Each way is a list of weights (states,) and the weight of yes votes that is needed.
    """
    if not majority.reverse:
        return [[(c.weights, int(c.quota) - int(c.union)) for c in way] for way in majority.ways]
    # every way to reject must fail by one of its conditions
    blocked = [
        [(c.weights, int(c.weights.sum()) + 1 + int(c.union) - int(c.quota)) for c in way] for way in majority.ways
    ]
    return [list(choice) for choice in product(*blocked)]
