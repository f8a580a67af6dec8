"""A mediator who divides the gains: Nash's solution, or Kalai and Smorodinsky's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np

from juste_retour.abm.politics.agenda.family import Sunk, agenda
from juste_retour.abm.politics.tables.table import Table, better, recognition
from juste_retour.agents.arrays import Floats, total
from juste_retour.agents.rules import Parameter

SMALLEST = 1e-6  # gain, in the table's unit, below which the logarithm goes on as a straight line
SHARPNESS = 1e4  # of the smooth minimum that stands for Kalai and Smorodinsky's
PASSES = 200  # over the menu, where utilities are smooth
HALVINGS = 45
PARTS = (0.25, 0.5, 0.75)  # of the way to another plan, where they are not


@agenda(deterministic=True, repeated=True)
def nash_bargaining(
    table,
    *,
    solution: Annotated[
        str,
        Parameter(
            choices=("nash", "kalai_smorodinsky"),
            about="what the mediator maximizes: the product of gains, or the least share of what each could hope for",
        ),
    ] = "nash",
    power: Annotated[
        str,
        Parameter(
            choices=("equal", "population", "contribution"), about="by what the states' bargaining power goes"
        ),
    ] = "equal",
    sunk: Annotated[float, Sunk] = 0.0,
):
    """A mediator proposes the plan that divides the gains over the status quo as Nash's axioms want, and all vote.

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
    """Weighted sum of the logarithms of gains, drawn on as a straight line where a gain is below zero; (worlds,)."""
    inside = np.log(np.maximum(gain, SMALLEST)) + np.minimum(gain - SMALLEST, 0.0) / SMALLEST
    return total(weight * inside)


def least_share(gain: Floats, hope: Floats) -> Floats:
    """The least of gain over hope, smoothed a little; (worlds,)."""
    share = gain / np.maximum(hope, 1e-300)
    least = share.min(-1)
    return least - np.log(total(np.exp(-SHARPNESS * (share - least[:, None])))) / SHARPNESS


def ideal(table: Table, menu: list[Floats], stake: Floats) -> Floats:
    """The most that each state could gain by an offer of the menu that leaves nobody worse off; (worlds, states)."""
    best = np.zeros(stake.shape)
    for offer in menu:
        gain = table.utility(offer) - stake
        fair = (gain >= -1e-9).all(-1)[:, None]
        best = np.where(fair, np.maximum(best, gain), best)
    none = ~(best > 0).all(-1)[:, None]  # no such offer: hopes are what anything on the menu brings
    for offer in menu:
        best = np.where(none, np.maximum(best, table.utility(offer) - stake), best)
    return np.maximum(best, SMALLEST)


def mediated(table: Table, menu: list[Floats], worth: Callable[[Floats], Floats]) -> Floats:
    """The best offer that can be mixed from the menu."""
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
    """The best mixture of two offers, by halving where the slope changes sign."""
    low, high = np.zeros((len(here), 1)), np.ones((len(here), 1))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        step = np.minimum(1e-6, np.minimum(middle, 1 - middle))
        up, down = (table.valid(here + (middle + s) * (there - here)) for s in (step, -step))
        rising = (worth(up) > worth(down))[:, None]
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return table.valid(here + low * (there - here))
