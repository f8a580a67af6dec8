"""Stationary continuation values of the textbook games: the value of further bargaining, as a fixed point.

If nothing is random except proposers' mixed strategies, the fixed point is found exactly (`mixing.py`), from the offers
that the table's proposers make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from juste_retour.abm.bargaining.mixing import Coalitions, Gains, Mixture, mixed
from juste_retour.abm.bargaining.tables.bargaining_table import Table, best_proposal, mine, recognition
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.agents.values import Values

TOLERANCE = 1e-9  # largest regret, as a share of the mean proposer's gain
ROUNDS = 100  # most rounds in which proposers may add better coalitions
DRAWS = 1000  # number of equally likely coalitions that represent a mixed strategy
PAID = 1e-12  # smallest share that counts as bought
NEVER_QUITE = 1 - 1e-9  # largest patience: at 1 the equations of unanimity are singular


class NotConverged(JusteRetourError):
    """The solver did not reach the fixed point, so that there is no result."""


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """The result of a search for a stationary equilibrium, whether it converged or not.

    Attributes:
        found: (states,) values at the end of the search; use `values`, which refuses those that did not converge.
        inclusion: (proposers, states) how often each proposer buys each state.
        coalitions: (draws, proposers, states) equally likely sets of bought states, which represent mixed strategies.
        regret: the most that a proposer could gain by deviating, as a share of the mean proposer's gain; if noise smooths
            choices, the distance between values and the gains from offers, as a share of the mean stake.
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
        """Continuation values over no agreement, (states,).

        Raises:
            NotConverged: the search did not converge.
        """
        if not self.converged:
            raise NotConverged(
                f"the stationary values did not converge in {self.rounds} rounds (the remaining error is "
                f"{self.regret:.1%} of the stake); use expect = 'adaptive' or 'status_quo', or change the patience slightly."
            )
        return self.found


def at_table(
    build: Callable[[Floats, int], Table],
    by: str = "equal",
    *,
    transferable: bool,
    start: Floats | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = ROUNDS,
) -> Equilibrium:
    """Solve a textbook game exactly.

    Args:
        build: function that returns the table, given values (states,) or (worlds, states) and a number of worlds.
        by: recognition, as in `closed_rule`.
        transferable: whether offers divide something, so that proposers choose whom to buy and may mix (a `Pie`).
        start: (states,) initial values; the recognition probabilities by default.
        tolerance: largest regret, as a share of the mean proposer's gain, and largest error of the equations.
        rounds: most rounds in which proposers may add better coalitions.

    Returns:
        the equilibrium; check `converged` or use `values`.

    Raises:
        BadInput: votes or coalitions at the table are random, so that the game cannot be solved exactly.
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
            "stationary values can be solved exactly only if votes and coalitions are not random; "
            "set consensus_norm to 0 and vote_rule to 'self_interest'."
        )


def _offered(
    build: Callable[[Floats, int], Table], values: Floats, who: Integers, partners: Booleans | None = None
) -> tuple[Floats, Booleans, Booleans]:
    """The offers of proposers, given values and optionally the states that they buy.

    If no offer passes, each state gains its discounted value.

    Returns:
        gains over no agreement (k, states), the bought states (k, states), and whether the offer passes (k,).
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
    content = table.utility(offer) >= table.reserve(offer, 0.0) - PAID  # states with zero value accept zero
    bought |= content & ~own & ~table.wins(bought | own)[:, None]
    return np.where(passed[:, None], gain, table.p.patience * values), bought, passed


def _gains(build: Callable[[Floats, int], Table], transferable: bool) -> Gains:
    """The function that returns all states' gains from given coalitions."""

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
    """How often each proposer buys each state (proposers, states), and equally likely sets of bought states."""
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
