"""Values of two bargaining games of theory: players who propose in turn, and the floor under the open rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import root

from juste_retour.abm.bargaining.stationary_values import ROUNDS, TOLERANCE, NotConverged, _offered
from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.agents.arrays import Floats


def in_turn(build: Callable[[Floats, int], Table]) -> Floats:
    """Continuation values over no agreement if players propose in turn, cyclically; (turns, states).

    Row k is every player's value of a round in which player k proposes.

    Args:
        build: function that returns the table, given values of the next round (worlds, states) and a number of worlds.

    Raises:
        NotConverged: no fixed point was found.

    Source: Rubinstein (1982), for two players.
    """
    n = build(np.zeros(1), 1).states.count
    who = np.arange(n)

    def error(flat: Floats) -> Floats:
        values = flat.reshape(n, n)
        return (_offered(build, np.roll(values, -1, axis=0), who)[0] - values).ravel()

    values, residual = np.full(n * n, 1 / n), np.inf
    for _ in range(ROUNDS):  # backward induction finds the right side of every kink; the root finder does the rest
        for _ in range(2 * n):
            values = values + error(values)
        leap = root(error, values, tol=1e-14).x
        residual = float(np.abs(error(leap)).max())
        if residual <= TOLERANCE / 100:
            break
    else:
        raise NotConverged(
            f"the values of proposing in turn did not converge (the remaining error is {residual:.1e}); change the patience."
        )
    return np.asarray(leap).reshape(n, n)


def floor_value(n: int, needed: int, patience: float, inequality_aversion: float = 0.0) -> tuple[float, float, int]:
    """The value of the floor under the open rule among n equal players.

    The holder pays a number of other players the discounted value of the floor, so that they second. If the next
    recognized player was paid nothing, it amends, leaves the last holder out and takes the floor.

    Args:
        n: number of players, at least 3.
        needed: fewest other players whose votes a motion needs.
        patience: discount factor delta of a round.
        inequality_aversion: alpha of Fehr and Schmidt (1999): the paid ask for more, and being left out is worse.

    Returns:
        the value of holding the floor, the value of having just lost it, and the number of other players paid.

    With envy, in narrow ranges of alpha at which the number paid increases, that number is not a best response to its own
    value (n = 5, patience 0.8: about 0.75).

    Source: Baron and Ferejohn (1989), the open rule; Fehr and Schmidt (1999), envy.
    """
    best = (-np.inf, 0.0, 0)
    for m in range(needed, n):
        second, others = m / (n - 1), n - 2
        # each paid player gets (patience x floor + envy) / asks, which net of envy equals its discounted value of the floor
        envy = inequality_aversion / (n - 1)
        asks = 1 + envy * (1 + m)
        # rows and columns: holder, paid, left out
        system, known = np.eye(3), np.array([second * (1 - m * envy / asks), 0.0, -second * envy])
        system[0, 0] += second * m * patience / asks
        system[0, 2] -= (1 - second) * patience
        system[1, 0] -= second * patience
        system[1, 1] -= (1 - second) * patience * min(m / others, 1.0)
        system[1, 2] -= (1 - second) * patience * max(1 - m / others, 0.0)
        if m < n - 1:
            system[2, 0] -= patience / (n - 1)
            rest = (n - 2 - m) / (n - 1)
            system[2, 1] -= rest * patience * m / others
            system[2, 2] -= rest * patience * (1 - m / others)
        holder, _, out = np.linalg.solve(system, known)
        if 1 - m * (patience * holder + envy) / asks < -1e-12:
            continue
        if holder > best[0] + 1e-12:
            best = (float(holder), float(out), m)
    return best
