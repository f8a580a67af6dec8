"""Cooperative bargaining solutions proposed by a mediator: Nash, and Kalai and Smorodinsky."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

from juste_retour.abm.bargaining.agenda.family import Sunk, agenda
from juste_retour.abm.bargaining.tables.bargaining_table import Table, better, recognition
from juste_retour.agents.arrays import Floats, total
from juste_retour.agents.rules import Parameter

SMALLEST = 1e-6  # gain, in the table's unit, below which the logarithm is continued as a straight line
SHARPNESS = 1e4  # of the smooth minimum that approximates the minimum of Kalai and Smorodinsky
PASSES = 200  # most passes over the menu if utilities are smooth
HALVINGS = 45
PARTS = (0.25, 0.5, 0.75)  # mixing weights tried if utilities have steps


@agenda(deterministic=True, repeated=True)
def nash_bargaining(
    table,
    *,
    solution: Annotated[
        str,
        Parameter(
            choices=("nash", "kalai_smorodinsky"),
            about="what the mediator maximizes: the product of gains, or the smallest gain as a share of the ideal gain",
        ),
    ] = "nash",
    power: Annotated[
        str,
        Parameter(
            choices=("equal", "population", "contribution"),
            about="what a state's bargaining power is proportional to; equal: all the same",
        ),
    ] = "equal",
    sunk: Annotated[float, Sunk] = 0.0,
):
    """A mediator proposes the Nash bargaining solution over the status quo, and all vote on it.

    Source: Nash (1950); Kalai (1977) for unequal power; Kalai and Smorodinsky (1975).
    """
    stake = table.disagreement(sunk)
    menu = table.menu()
    weight = recognition(table, power)
    if solution == "nash":
        worth = lambda offer: nash_product(table.utility(offer) - stake, weight)  # noqa: E731
    else:
        hope = ideal(table, menu, stake)
        worth = lambda offer: least_share(table.utility(offer) - stake, hope * weight)  # noqa: E731
    return table.conclude(mediated(table, menu, worth), sunk)


def nash_product(gain: Floats, weight: Floats) -> Floats:
    """Weighted sum of the logarithms of gains; (worlds,).

    Below a gain of `SMALLEST` the logarithm is continued as a straight line, so that negative gains are allowed.

    Args:
        gain: (worlds, states) utility above the disagreement point.
        weight: (worlds, states) bargaining power.
    """
    inside = np.log(np.maximum(gain, SMALLEST)) + np.minimum(gain - SMALLEST, 0.0) / SMALLEST
    return total(weight * inside)


def least_share(gain: Floats, hope: Floats) -> Floats:
    """The smallest ratio of gain to ideal gain, slightly smoothed; gain and `hope` (worlds, states) to (worlds,)."""
    share = gain / np.maximum(hope, 1e-300)
    least = share.min(-1)
    return least - np.log(total(np.exp(-SHARPNESS * (share - least[:, None])))) / SHARPNESS


def ideal(table: Table, menu: list[Floats], stake: Floats) -> Floats:
    """Each state's ideal gain: the most that it gains from an offer that leaves no state worse off; (worlds, states).

    Args:
        table: the table.
        menu: the offers compared, each (worlds, k).
        stake: (worlds, states) utility at the disagreement point.
    """
    best = np.zeros(stake.shape)
    for offer in menu:
        gain = table.utility(offer) - stake
        fair = (gain >= -1e-9).all(-1)[:, None]
        best = np.where(fair, np.maximum(best, gain), best)
    none = ~(best > 0).all(-1)[:, None]  # some state gains from no such offer: then all offers count
    for offer in menu:
        best = np.where(none, np.maximum(best, table.utility(offer) - stake), best)
    return np.maximum(best, SMALLEST)


def mediated(table: Table, menu: list[Floats], worth: Callable[[Floats], Floats]) -> Floats:
    """The best offer on the menu or mixed from it, by the value `worth` of an offer; (worlds, k)."""
    best, top = menu[0], worth(menu[0])
    middle = menu[0]
    for k, offer in enumerate(menu[1:], start=2):
        middle = middle + (offer - middle) / k
        best, top = better(best, top, offer, worth(offer))
    middle = table.valid(middle)
    best, top = better(best, top, middle, worth(middle))
    if not table.smooth:
        for offer in menu:
            for part in PARTS:
                mixed = table.valid(best + part * (offer - best))
                best, top = better(best, top, mixed, worth(mixed))
        return best
    for _ in range(PASSES):
        before = top
        for offer in menu:
            mixed = _along(table, best, offer, worth)
            best, top = better(best, top, mixed, worth(mixed))
        if not (top > before).any():
            break
    return best


def _along(table: Table, here: Floats, there: Floats, worth: Callable[[Floats], Floats]) -> Floats:
    """The best mixture of two offers, found by bisection on the sign of the slope."""
    low, high = np.zeros((len(here), 1)), np.ones((len(here), 1))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        step = np.minimum(1e-6, np.minimum(middle, 1 - middle))
        up, down = (table.valid(here + (middle + s) * (there - here)) for s in (step, -step))
        rising = (worth(up) > worth(down))[:, None]
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return table.valid(here + low * (there - here))
