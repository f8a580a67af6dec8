"""The payoff of a member state: trophies, the local good, the race, open capacity, and the payment.

It follows Volden and Wiseman (2007), in whose model legislators trade local against collective goods. Bids, votes and
drafts use the same function.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.agents.arrays import Floats, Integers, Number, power, total
from juste_retour.agents.situation import Offer, Prospect, States
from juste_retour.agents.values import Values


def trophies(sites: Number | Integers, p: Values, credit: ArrayLike | None = None) -> Floats:
    """Value of hosting n sites, EUR bn: tau (1 - rho^n) / (1 - rho) - c n.

    Args:
        sites: n, the sites hosted.
        p: the parameters.
        credit: n in the first term, if voters have withdrawn credit for sites that produce nothing.
    """
    rho = p.further_trophies
    credit = sites if credit is None else credit
    return p.first_trophy_eur_bn * (1 - power(rho, np.asarray(credit, dtype=np.float64))) / (1 - rho) - (
        p.host_cost_eur_bn * sites
    )


def local_scale(states: States, ambition: Floats, p: Values) -> Floats:
    """Scale of the local good, S_i = s gbar (g_i / gbar)^gamma a_i, EUR bn; (worlds, states).

    g_i is the state's GDP, gbar the mean GDP and a_i the state's ambition.
    """
    mean = total(states.gdp) / states.count
    return p.local_scale * mean * power(states.gdp / mean, p.local_size_exponent) * ambition


def local_good(received: Floats, scale: Floats, p: Values) -> Floats:
    """Value of y EUR bn spent at home, EUR bn: lambda S ln(1 + y / S)."""
    return p.local_value * scale * np.log1p(received / scale)


def wanted_size(scale: Floats, own_cost: Floats, p: Values) -> Floats:
    """Spending at home whose last euro is worth its cost to the state, EUR bn: S (lambda / c_own - 1)."""
    return scale * (p.local_value / own_cost - 1)


def race(share_of_frontier: Floats, p: Values) -> Floats:
    """Value of one year of the race, EUR bn: v k^eta / (1 + k^eta), where k = C / F is the share of the frontier."""
    k = power(share_of_frontier, p.race_curvature)
    return p.race_value_eur_bn * k / (1 + k)


def payoff(
    states: States,
    scale: Floats,
    sites: Number | Integers,
    received: Floats,
    prospect: Prospect,
    payment: Floats,
    p: Values,
    transfer: Number = 0.0,
    faded: Number = 0.0,
) -> Offer:
    """The terms of each state's payoff.

    Args:
        states: the member states.
        scale: (worlds, states) S, EUR bn, from `local_scale`.
        sites: (worlds, states) sites hosted.
        received: (worlds, states) EUR bn spent at home.
        prospect: the compute that is expected.
        payment: (worlds, states) EUR bn that the state pays.
        p: parameters, each (worlds, 1).
        transfer: (worlds, states) side payment received, EUR bn.
        faded: (worlds, states) credit that voters have withdrawn, in sites.
    """
    wealth = states.gdp / total(states.gdp)
    share = states.population / states.population.sum()
    shape = received.shape
    return Offer(
        trophies=trophies(sites, p, sites - faded),
        local=local_good(received, scale, p),
        race=np.broadcast_to(p.race_weight * wealth * prospect.race, shape),
        open=np.broadcast_to(share * p.open_value_eur_bn * np.log1p(prospect.accelerators / p.open_scale), shape),
        payment=np.broadcast_to(payment, shape),
        sites=np.broadcast_to(sites, shape),
        received=received,
        transfer=np.broadcast_to(np.asarray(transfer, dtype=np.float64), shape),
    )
