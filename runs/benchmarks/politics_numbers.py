"""Numbers of abm/politics/README.md: the cost of coalitions against the optimum, and power against money."""

from __future__ import annotations

import numpy as np

from juste_retour.abm.bargaining.coalition import cheapest, exact
from juste_retour.abm.bargaining.stationary_values import at_table
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.base.members import load_members
from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.power import voting_power
from juste_retour.abm.politics.power.game import Game
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.arrays import Floats, total

RULE = "lisbon_qmv"
COUNCIL: dict[str, object] = {"agenda": "closed_rule", "funding": "gni_key", "voting": RULE}


def coalition_gaps(vectors: int, seed: int) -> tuple[Floats, bool]:
    """Relative extra cost of the coalition found over the integer optimum, (vectors,), and whether all coalitions win."""
    states = load_members().states
    price = np.random.default_rng(seed).random((vectors, states.count))
    game = Game.of(RULE, states)
    wins, majority = game.wins, game.majority
    assert majority is not None
    members, _ = cheapest(price, wins, states)
    best = np.array([(p * exact(p, [majority])).sum() for p in price])
    return total(np.where(members, price, 0.0)) / best - 1, bool(wins(members).all())


def explained(values: Floats) -> float:
    """R² of the states' values with their Shapley–Shubik indices."""
    power = [float(x) for x in voting_power(RULE, load_members().states).shapley_shubik]
    return float(np.corrcoef(values, power)[0, 1]) ** 2


def pie_shares(patience: float) -> Floats:
    """Stationary shares of a pie with equal recognition, (states,)."""
    states = load_members().states
    found = at_table(
        lambda values, worlds: Pie(states, RULE, worlds=worlds, patience=patience, values=values),
        transferable=True,
    )
    return np.asarray(found.values)


def receipts(expect: str, worlds: int, seed: int) -> tuple[Floats, Floats]:
    """Mean EUR bn that states receive in the Council, and that less what they pay, (states,) each."""
    found = run(load("eu-status-quo").changed({**COUNCIL, "expect": expect}), seed, range(worlds), price=False)
    got, paid = (np.asarray(found.states[key]).mean(0) for key in ("received_eur_bn", "paid_eur_bn"))
    return got, got - paid
