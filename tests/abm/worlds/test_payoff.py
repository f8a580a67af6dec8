"""A state's payoff, compared with the formula written out for one state."""

import math

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.abm.worlds.stacked import values
from juste_retour.agents.payoff import local_good, local_scale, payoff, race, trophies, wanted_size
from juste_retour.agents.situation import Prospect

BASE = load("eu-status-quo").changed(
    {"local_value": 1.05, "local_scale": 1e-4, "local_size_exponent": 0.3, "first_trophy_eur_bn": 0.08}
    | {"further_trophies": 0.4, "host_cost_eur_bn": 0.04}
)
P = values([BASE])
STATES = load_members().states


@pytest.mark.parametrize("sites", [0, 1, 2, 5])
def test_trophies_are_a_geometric_sum_minus_host_costs(sites):
    tau, rho, c = (getattr(BASE, k) for k in ("first_trophy_eur_bn", "further_trophies", "host_cost_eur_bn"))
    assert trophies(np.array([[sites]]), P).item() == pytest.approx(sum(tau * rho**k for k in range(sites)) - c * sites)


def test_wanted_size_equates_marginal_value_and_cost():
    scale, cost = np.array([[0.05]]), 0.5
    size = wanted_size(scale, cost, P)

    def net(y):
        return (local_good(y, scale, P) - cost * y).item()

    assert net(size) > max(net(size * 0.99), net(size * 1.01))
    assert size.item() == pytest.approx(0.05 * (1.05 / 0.5 - 1))


def test_race_is_worth_half_its_value_at_the_frontier():
    assert race(np.array([[1.0]]), P).item() == pytest.approx(50.0)
    assert race(np.array([[0.0]]), P).item() == 0.0


def test_payoff_equals_the_formula_for_one_state():
    n = STATES.count
    ambition = np.full((1, n), 1.3)
    scale = local_scale(STATES, ambition, P)
    i = STATES.index("PL")
    gbar = sum(STATES.gdp) / n
    s = 1e-4 * gbar * (STATES.gdp[i] / gbar) ** 0.3 * 1.3
    assert scale[0, i] == pytest.approx(s)
    sites, received = np.zeros((1, n), int), np.zeros((1, n))
    sites[0, i], received[0, i] = 2, 0.3
    payment = np.full((1, n), 0.07)
    offer = payoff(STATES, scale, sites, received, Prospect(np.array([[5.0]]), np.array([[30_000.0]])), payment, P)
    expected = (
        0.08 * (1 - 0.4**2) / (1 - 0.4)
        - 0.04 * 2
        + 1.05 * s * math.log(1 + 0.3 / s)
        + STATES.gdp[i] / sum(STATES.gdp) * 5.0
        + STATES.population[i] / sum(STATES.population) * 2 * math.log(1 + 30_000 / 20_000)
        - 0.07
    )
    assert offer.utility[0, i] == pytest.approx(expected)
    assert sum(offer.terms().values())[0, i] == pytest.approx(expected)
