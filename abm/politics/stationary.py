"""Stationary continuation values: what bargaining on is worth, as a fixed point.

Where nothing is random but proposers' own mixing, the fixed point is found exactly (`mixing.py`), through whatever the
table's proposers offer. `Response`, `fixed_part` and `evaluated` are for solvers that average over random draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.abm.politics.mixing import Coalitions, Gains, Mixture, mixed
from juste_retour.abm.politics.tables.table import Table, best_proposal, mine, recognition
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.agents.values import Values

TOLERANCE = 1e-9  # of the mean proposer's gain
ROUNDS = 100  # most times that proposers are asked for better coalitions
DRAWS = 1000  # equally likely coalitions that stand for a mixed strategy
PAID = 1e-12  # the least share that counts as bought
NEVER_QUITE = 1 - 1e-9  # patience of one makes unanimity's system singular


class NotConverged(JusteRetourError):
    """The fixed point was not reached, so there is no number to give."""


@dataclass(frozen=True, eq=False)
class Response:
    """Each proposer's best offer, given what everybody expects.

    Attributes:
        gain: (proposers, states) over no deal.
        bought: (proposers, states) how often each gets just what it expects a round later, be it bought or because the
            round passes without a deal; in 0..1.
        transferable: whether what the bought get is the proposer's loss, one for one.
    """

    gain: Floats
    bought: Floats
    transferable: bool


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A stationary equilibrium, or the failure to find one.

    Attributes:
        found: continuation values (states,), as they were when the search ended; ask for `values`.
        inclusion: (proposers, states) how often each proposer buys each state.
        coalitions: (draws, proposers, states) equally likely sets of the bought: the mixed strategies.
        regret: the most that a proposer could still gain, as a share of the mean proposer's gain; where noise smooths
            choices, how far values are from what offers bring, as a share of the mean stake.
        rounds: rounds of the search.
        converged: whether the regret is below the tolerance.
    """

    found: Floats
    inclusion: Floats
    coalitions: Booleans
    regret: float
    rounds: int
    converged: bool

    @property
    def values(self) -> Floats:
        """Continuation values over no deal, (states,).

        Raises:
            NotConverged: the search ended before it got there.
        """
        if not self.converged:
            raise NotConverged(
                f"the stationary values did not converge in {self.rounds} rounds (they are still off by "
                f"{self.regret:.1%} of what is at stake); use expect = 'adaptive' or 'status_quo', or change the patience a little."
            )
        return self.found


def fixed_part(answer: Response, values: Floats, delta: float) -> Floats:
    """What of each gain does not move with the values."""
    moving = delta * answer.bought * values
    fixed = answer.gain - moving
    if answer.transferable:
        own = np.diag_indices(len(values))
        fixed[own] += moving.sum(-1) - moving[own]
    return fixed


def evaluated(fixed: Floats, inclusion: Floats, chances: Floats, delta: float, transferable: bool) -> Floats:
    """The values to which strategies lead: v = p (fixed + what moves with v), solved for v."""
    paid = chances @ fixed
    system = np.eye(len(paid)) - np.diag(delta * (chances @ inclusion))
    if transferable:
        others = inclusion - np.diag(np.diag(inclusion))
        system += delta * chances[:, None] * others
    return np.linalg.solve(system, paid)


def at_table(
    build: Callable[[Floats, int], Table],
    by: str = "equal",
    *,
    transferable: bool,
    start: Floats | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = ROUNDS,
) -> Equilibrium:
    """Solve a game at a table of theory, exactly.

    Args:
        build: the table of so many worlds, given what everybody expects, (states,) or (worlds, states).
        by: recognition, as in `closed_rule`.
        transferable: whether offers divide something, so that proposers choose whom to buy and may mix (a `Pie`).
        start: (states,) values to begin from; the recognition probabilities by default.
        tolerance: largest regret, as a share of the mean proposer's gain, and error of the equations.
        rounds: most times that proposers are asked for better coalitions.

    Raises:
        BadInput: votes or coalitions at the table are random, so that nothing can be solved exactly.
    """
    first = build(np.zeros(1), 1)
    _exact_or_refused(first)
    chances = recognition(first, by)[0]
    n = len(chances)

    def answer(values: Floats) -> tuple[Coalitions, Floats]:
        who = np.arange(n)
        gain, bought, passed = _offered(build, np.tile(values, (n, 1)), who)
        bought = bought & passed[:, None] & transferable
        return Coalitions(who, bought, passed), mine(gain, who)

    found, regret, k = mixed(
        _gains(build, transferable), answer, chances, start=start, tolerance=tolerance, rounds=rounds
    )
    inclusion, coalitions = _strategies(found, n)
    return Equilibrium(found.values, inclusion, coalitions, regret, k, regret <= tolerance)


def _exact_or_refused(table: Table) -> None:
    if np.any(table.p.consensus_norm > 0) or getattr(table, "votes_are_random", False):
        raise BadInput(
            "stationary values are solved exactly only where votes and coalitions are not random; "
            "set consensus_norm to 0 and vote_rule to 'self_interest'."
        )


def _offered(
    build: Callable[[Floats, int], Table], values: Floats, who: Integers, partners: Booleans | None = None
) -> tuple[Floats, Booleans, Booleans]:
    """What proposers offer, given values and, perhaps, whom they buy: gains over no deal, the bought, whether it passes.

    Where nothing passes, all gain what they expect a round later.
    """
    table, own = build(values, len(who)), np.arange(values.shape[-1]) == who[:, None]
    table.forced = who
    table.p = Values(**{**vars(table.p), "patience": np.minimum(table.p.patience, NEVER_QUITE)})
    if partners is not None:
        table.partners = partners  # type: ignore[attr-defined]
    offer, worth = best_proposal(table, who, 0.0)
    gain = table.utility(offer) - table.disagreement()
    passed = worth & (table.chance(offer, 0.0) > 0)
    if partners is not None:
        return gain, partners, passed
    bought = (gain > PAID) & ~own
    content = table.utility(offer) >= table.reserve(offer, 0.0) - PAID  # for nothing, where values are zero
    bought |= content & ~own & ~table.wins(bought | own)[:, None]
    return np.where(passed[:, None], gain, table.p.patience * values), bought, passed


def _gains(build: Callable[[Floats, int], Table], transferable: bool) -> Gains:
    """What coalitions bring, whether or not they pass: one that does not is not in the long run the best."""

    def gains(values: Floats, coalitions: Coalitions) -> Floats:
        if not transferable:
            return _offered(build, values, coalitions.proposer)[0]
        bought = _offered(build, values, coalitions.proposer, coalitions.bought)[0]
        if coalitions.passed.all():
            return bought
        waited = build(values, coalitions.count).p.patience * values
        return np.where(coalitions.passed[:, None], bought, np.minimum(waited, NEVER_QUITE * values))

    return gains


def _strategies(found: Mixture, n: int) -> tuple[Floats, Booleans]:
    """How often each proposer buys each state, (proposers, states), and equally likely sets of the bought."""
    inclusion, coalitions = np.zeros((n, n)), np.zeros((DRAWS, n, n), bool)
    for i in range(n):
        its = found.coalitions.proposer == i
        bought, chance = found.coalitions.bought[its], np.maximum(found.chance[its], 0.0)
        chance = chance / chance.sum()
        inclusion[i] = chance @ np.where(found.coalitions.passed[its, None], bought, True)
        reached = np.cumsum(chance)
        draw = np.searchsorted(reached, (np.arange(DRAWS) + 0.5) / DRAWS, side="right")
        coalitions[:, i] = bought[np.minimum(draw, len(bought) - 1)]
    return inclusion, coalitions


def in_turn(build: Callable[[Floats, int], Table]) -> Floats:
    """Continuation values where players propose in turn, the first after the last, over no deal; (turns, states).

    Row k holds what everybody expects of a round in which player k proposes.

    Args:
        build: the table of so many worlds, given what everybody expects of the next round (worlds, states).

    Raises:
        NotConverged: no fixed point was found.

    Source: Rubinstein (1982), for two.
    """
    from scipy.optimize import root  # loaded where it is used, since it takes long

    n = build(np.zeros(1), 1).states.count
    who = np.arange(n)

    def error(flat: Floats) -> Floats:
        values = flat.reshape(n, n)
        return (_offered(build, np.roll(values, -1, axis=0), who)[0] - values).ravel()

    values, residual = np.full(n * n, 1 / n), np.inf
    for _ in range(ROUNDS):  # a few rounds backwards find the side of every kink, then one leap the rest
        for _ in range(2 * n):
            values = values + error(values)
        leap = root(error, values, tol=1e-14).x
        residual = float(np.abs(error(leap)).max())
        if residual <= TOLERANCE / 100:
            break
    else:
        raise NotConverged(
            f"the values of proposing in turn did not converge (they are still off by {residual:.1e}); change the patience."
        )
    return np.asarray(leap).reshape(n, n)


def floor_value(
    n: int, needed: int, patience: float, inequality_aversion: float = 0.0
) -> tuple[float, float, int]:
    """What the floor is worth under the open rule among n equal players.

    The holder gives so many others what the floor is worth to them a round later, so that they second; who is recognized
    next and was given nothing amends, leaves the last holder out, and takes the floor.

    Args:
        n: players, at least 3.
        needed: fewest others whose votes a motion needs.
        patience: delta.
        inequality_aversion: alpha of Fehr and Schmidt: who is paid asks for more, and to be left out is worse.

    Returns:
        the value of holding the floor, of having just lost it, and how many others are satisfied.

    With envy there are narrow ranges of alpha, where one more is satisfied, in which the number found is not a best answer
    to its own value (n = 5, patience 0.8: about 0.75).

    Source: Baron and Ferejohn (1989), the open rule; Fehr and Schmidt (1999), envy.
    """
    best = (-np.inf, 0.0, 0)
    for m in range(needed, n):
        second, others = m / (n - 1), n - 2
        # the paid get (patience x floor + envy) / asks each, so that envy of the holder leaves them what the floor is worth
        envy = inequality_aversion / (n - 1)
        asks = 1 + envy * (1 + m)
        # holder, paid, left out
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
