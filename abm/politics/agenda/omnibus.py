"""The omnibus: everybody's wish in one bill."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.abm.politics.agenda.closed_rule import Recognition
from juste_retour.abm.politics.agenda.family import Sunk, agenda
from juste_retour.abm.politics.tables.table import mine, recognized
from juste_retour.agents.rules import Parameter


@agenda(repeated=True)
def omnibus(
    table,
    *,
    universalism: Annotated[
        float,
        Parameter(
            low=0,
            high=1,
            about="chance that all who wish are taken in, and not only a majority",
            source="assumed",
        ),
    ] = 1.0,
    recognition: Annotated[str, Recognition] = "equal",
    sunk: Annotated[float, Sunk] = 0.0,
):
    """States trade support, project for project, until the package has its majority, or until all are in.

    The state that opens the trade takes partners in by what their projects cost, cheapest first. Without the norm it
    stops at the first package that passes; with it, at the largest.
    Source: Weingast (1979), the norm of universalism; Shepsle and Weingast (1981); Buchanan and Tullock (1962).
    """
    n = table.states.count
    opener = recognized(table, recognition)
    norm = table.uniform("universalism", 1)[:, 0] < universalism_of(universalism, table.worlds)
    asked = table.asked()
    own = np.arange(n) == opener[:, None]
    cost = np.where(own, -np.inf, np.where(asked > 0, asked, np.inf))
    order = np.lexsort((table.uniform("partners", n), cost), axis=-1)
    rank = np.argsort(order, axis=-1, kind="stable")
    wishes = (asked > 0) | own
    offer = table.bundle(wishes)
    passes = (table.chance(offer, sunk) > 0) & (
        mine(table.utility(offer), opener) >= mine(table.reserve(offer, sunk), opener)
    )
    done = norm & passes
    for size in range(1, n):
        if done.all():
            break
        package = table.bundle((rank < size) & wishes)
        better = mine(table.utility(package), opener) >= mine(table.reserve(package, sunk), opener)
        works = (table.chance(package, sunk) > 0) & better & ~done
        offer = np.where(works[:, None], package, offer)
        done |= works & ~norm  # with the norm, go on to the largest that passes
    return table.conclude(offer, sunk)


def universalism_of(value: object, worlds: int) -> np.ndarray:
    """The chance in each world; (worlds,)."""
    return np.broadcast_to(np.asarray(value, dtype=np.float64).reshape(-1), (worlds,))
