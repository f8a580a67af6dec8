"""The omnibus: logrolling, in which states combine their projects in one package."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.abm.bargaining.agenda.closed_rule import Recognition
from juste_retour.abm.bargaining.agenda.family import Sunk, agenda
from juste_retour.abm.bargaining.tables.bargaining_table import mine, recognized
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
            about="chance that the package includes all states that want a project, not only a majority",
            source="assumed",
        ),
    ] = 1.0,
    recognition: Annotated[str, Recognition] = "equal",
    sunk: Annotated[float, Sunk] = 0.0,
):
    """States add their projects to one package, until it has a majority or includes them all.

    A recognized state opens the package and adds the projects of others, cheapest first. Without the norm of
    universalism it stops at the first package that passes; with the norm, it includes as many projects as fit.
    Source: Weingast (1979); Niou and Ordeshook (1985), universalism; Shepsle and Weingast (1981); Buchanan and Tullock
    (1962).
    """
    n = table.states.count
    opener = recognized(table, recognition)
    norm = table.uniform("universalism", 1)[:, 0] < np.reshape(universalism, -1)
    asked = table.asked()
    own = np.arange(n) == opener[:, None]
    cost = np.where(own, -np.inf, np.where(asked > 0, asked, np.inf))
    order = np.lexsort((table.uniform("partners", n), cost), axis=-1)
    rank = np.argsort(order, axis=-1, kind="stable")
    wishes = (asked > 0) | own
    whole = table.bundle(wishes)
    offer, most, done = np.zeros(whole.shape), np.zeros(table.worlds, np.int64), np.zeros(table.worlds, bool)
    for size in (n, *range(1, n)):
        package = whole if size == n else table.bundle((rank < size) & wishes)
        count = (package > 0).sum(-1)  # sites that the envelope leaves below the smallest size are dropped
        better = mine(table.utility(package), opener) >= mine(table.reserve(package, sunk), opener)
        works = (table.chance(package, sunk) > 0) & better & (count > most) & ~done & (norm | (size < n))
        offer, most = np.where(works[:, None], package, offer), np.where(works, count, most)
        done |= works & (~norm | (count == wishes.sum(-1)))
        if done.all():
            break
    offer = np.where((most > 0)[:, None], offer, whole)
    return table.conclude(offer, sunk)
