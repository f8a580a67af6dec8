"""Stationary continuation values: what bargaining on is worth, as a fixed point.

Coalition choice in equilibrium is mixed, so that naive iteration cycles. Here every proposer's choices of the rounds so
far, averaged with growing weight on the latest, stand for its mixed strategy (fictitious play), and the values that
such strategies lead to are found exactly, by solving the linear system of what is paid to whom (policy evaluation),
which takes out the slow direction of plain value iteration. What remains is each proposer's regret: how much better its
best answer to the values is than its mixture. A solution is returned only where nobody's regret matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from juste_retour.abm.politics.tables.table import Table, best_proposal, recognition
from juste_retour.agents.arrays import Booleans, Floats
from juste_retour.agents.errors import JusteRetourError

TOLERANCE = 1e-3  # of the mean proposer's gain
ROUNDS = 1500
PURE = 60  # rounds of plain policy iteration before mixing, if it does not settle sooner
KEPT = 400  # rounds whose choices are kept as the mixed strategies
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
        regret: the most that a proposer could still gain, as a share of the mean proposer's gain; where luck smooths
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


def solve(
    respond: Callable[[Floats], Response],
    chances: Floats,
    patience: float,
    *,
    start: Floats | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = ROUNDS,
) -> Equilibrium:
    """Find the stationary continuation values.

    Args:
        respond: every proposer's best offer, given continuation values (states,).
        chances: (states,) recognition probabilities.
        patience: delta, from one round to the next.
        start: (states,) values to begin from; the recognition probabilities by default.
        tolerance: largest regret, as a share of the mean proposer's gain.
        rounds: most rounds.
    """
    delta = min(patience, NEVER_QUITE)
    values = np.array(chances if start is None else start, dtype=np.float64)
    kept: list[Booleans] = []
    fixed = inclusion = None
    mixing, last, transferable, regret, k = 0, np.inf, False, np.inf, 0
    for k in range(1, rounds + 1):
        answer = respond(values)
        now_fixed, now_bought = fixed_part(answer, values, delta), answer.bought
        scale = max(float(np.diag(answer.gain).mean()), 1e-300)
        if fixed is not None and inclusion is not None:
            kept_gain = np.diag(_gain(fixed, inclusion, values, delta, transferable))
            regret = float(np.maximum(np.diag(answer.gain) - kept_gain, 0.0).max()) / scale
            if regret <= tolerance * 0.999 and (mixing == 0 or len(kept) >= 40) and last <= tolerance * scale:
                break
        transferable = answer.transferable
        step = 1.0 if mixing == 0 else 2.0 / (mixing + 2)
        fixed = now_fixed if fixed is None else fixed + step * (now_fixed - fixed)
        inclusion = now_bought if inclusion is None else inclusion + step * (now_bought - inclusion)
        new = evaluated(fixed, inclusion, chances, delta, transferable)
        change = float(np.abs(new - values).max())
        values = new
        if mixing or (k > 3 and change > 0.95 * last and change > 1e-12) or k >= PURE:
            mixing += 1
            kept = [*kept, answer.bought > 0.5][-KEPT:]
        last = change
    assert inclusion is not None
    coalitions = np.array(kept or [answer.bought > 0.5])
    return Equilibrium(values, inclusion, _weighted(coalitions), regret, k, regret <= tolerance)


def fixed_part(answer: Response, values: Floats, delta: float) -> Floats:
    """What of each gain does not move with the values."""
    moving = delta * answer.bought * values
    fixed = answer.gain - moving
    if answer.transferable:
        own = np.diag_indices(len(values))
        fixed[own] += moving.sum(-1) - moving[own]
    return fixed


def _gain(fixed: Floats, inclusion: Floats, values: Floats, delta: float, transferable: bool) -> Floats:
    moving = delta * inclusion * values
    gain = fixed + moving
    if transferable:
        own = np.diag_indices(len(values))
        gain[own] -= moving.sum(-1) - moving[own]
    return gain


def evaluated(fixed: Floats, inclusion: Floats, chances: Floats, delta: float, transferable: bool) -> Floats:
    """The values to which strategies lead: v = p (fixed + what moves with v), solved for v."""
    paid = chances @ fixed
    system = np.eye(len(paid)) - np.diag(delta * (chances @ inclusion))
    if transferable:
        others = inclusion - np.diag(np.diag(inclusion))
        system += delta * chances[:, None] * others
    return np.linalg.solve(system, paid)


def _weighted(coalitions: Booleans) -> Booleans:
    """Repeat the draws by their weight, which grows with the round, so that all that are listed are equally likely."""
    m = len(coalitions)
    if m < 2:
        return coalitions
    return coalitions[np.sort((np.sqrt((np.arange(2 * m) + 0.5) / (2 * m)) * m).astype(np.int64))]


def at_table(
    build: Callable[[Floats, int], Table],
    by: str = "equal",
    *,
    transferable: bool,
    **more: Any,
) -> Equilibrium:
    """Solve a game at a table of theory.

    Args:
        build: the table of so many worlds, given what everybody expects (states,).
        by: recognition, as in `closed_rule`.
        transferable: whether offers divide something, so that what one gets another loses.
        more: see `solve`.
    """
    first = build(np.zeros(1), 1)
    n = first.states.count
    everyone = np.arange(n)

    def respond(values: Floats) -> Response:
        table = build(values, n)
        table.forced = everyone
        offer, worth = best_proposal(table, everyone, 0.0)
        gain = table.utility(offer) - table.disagreement()
        passes = worth & (table.chance(offer, 0.0) > 0)
        reached = float(first.p.patience[0, 0]) * values
        own = np.eye(n, dtype=bool)
        bought = (np.abs(gain - reached) <= 1e-9) & ~own if transferable else np.zeros((n, n), bool)
        gain = np.where(passes[:, None], gain, reached)
        return Response(gain, np.where(passes[:, None], bought, 1.0), transferable)

    chances = recognition(first, by)[0]
    return solve(respond, chances, float(first.p.patience[0, 0]), **more)


def floor_value(n: int, needed: int, patience: float) -> tuple[float, float, int]:
    """What the floor is worth under the open rule among n equal players.

    The holder gives so many others what the floor is worth to them a round later, so that they second; who is recognised
    next and was given nothing amends, leaves the last holder out, and takes the floor.

    Args:
        n: players, at least 3.
        needed: fewest others whose votes a motion needs.
        patience: delta.

    Returns:
        the value of holding the floor, of having just lost it, and how many others are satisfied.

    Source: Baron and Ferejohn (1989), the open rule.
    """
    best = (-np.inf, 0.0, 0)
    for m in range(needed, n):
        second, others = m / (n - 1), n - 2
        system, known = np.eye(3), np.array([second, 0.0, 0.0])  # holder, paid, left out
        system[0, 0] += second * m * patience
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
        if 1 - m * patience * holder < -1e-12:
            continue
        if holder > best[0] + 1e-12:
            best = (float(holder), float(out), m)
    return best
