"""The performance, price and power of a chip by its date (E15, E17, E18), and how many chips money and power allow.

Arguments broadcast. Parameters `p` have shape (worlds, 1), dates are decimal years, money is EUR bn, power is MW.
"""

import numpy as np

from juste_retour.abm.base.parameters import H100_PEAK
from juste_retour.agents.arrays import Floats, Number, power
from juste_retour.agents.values import Values

CHIP_DATE = 2022.8  # the date of `chip_peak` and `chip_power_kw`: the H100
PRICE_DATE = 2024.9  # the date of `chip_price_eur`


def peak(t: Number, p: Values) -> Floats:
    """Peak of a chip of date t after export controls, FLOP/s (E15)."""
    return p.chip_peak * power(p.chip_peak_growth, np.subtract(t, CHIP_DATE)) * p.export_peak


def price(t: Number, p: Values) -> Floats:
    """Price of a chip of date t, EUR: machine, network, hall and grid connection, without running cost (E15)."""
    return p.chip_price_eur * power(p.chip_price_growth, np.subtract(t, PRICE_DATE))


def power_kw(t: Number, p: Values) -> Floats:
    """Power of a chip of date t, kW, with host and network, without cooling (E15)."""
    return p.chip_power_kw * power(p.chip_power_growth, np.subtract(t, CHIP_DATE))


def pue(temperature: Number, p: Values) -> Floats:
    """Power usage effectiveness at an annual mean temperature in degrees C (E17).

    >>> from juste_retour.abm.base.parameters import defaults
    >>> round(pue(19.0, defaults()).item(), 3)
    1.192
    """
    return p.pue_base + p.pue_slope * np.maximum(np.subtract(temperature, p.free_cooling_c), 0.0)


def chips_bought(spend_eur_bn: Number, t: Number, p: Values, kept: Number = 1.0) -> Floats:
    """Chips of date t that a sum buys; `kept` is the share of it that reaches them (`operations.money_kept`)."""
    return spend_eur_bn * 1e9 * kept / price(t, p)


def spend_for(chips: Number, t: Number, p: Values, kept: Number = 1.0) -> Floats:
    """EUR bn that chips of date t cost; the inverse of `chips_bought`."""
    return chips * price(t, p) / (1e9 * kept)


def power_mw(chips: Number, t: Number, temperature: Number, p: Values) -> Floats:
    """Power at the meter of chips of date t, MW (E17)."""
    return chips * power_kw(t, p) * pue(temperature, p) / 1e3


def chips_carried(headroom_mw: Number, t: Number, temperature: Number, p: Values) -> Floats:
    """Chips of date t that a site's power can supply; the inverse of `power_mw`."""
    return headroom_mw * 1e3 / (power_kw(t, p) * pue(temperature, p))


def spend_cap(headroom_mw: Number, t: Number, temperature: Number, p: Values, kept: Number = 1.0) -> Floats:
    """The most that a site can spend on chips of date t, given its power; EUR bn."""
    return spend_for(chips_carried(headroom_mw, t, temperature, p), t, p, kept) / p.export_supply


def h100_equivalents(chips: Number, chip_peak: Number) -> Number:
    """Number of H100s with the same total peak."""
    return chips * chip_peak / H100_PEAK


def capital_recovery(years: Number, interest: Number) -> Floats:
    """Capital recovery factor: annual payment on a capital of one that is written off over `years` (E19).

    >>> round(float(capital_recovery(5, 0.07)), 6)
    0.243891
    """
    return interest / -np.expm1(-years * np.log1p(interest))


def annual_cost(capital_eur_bn: Number, p: Values) -> Floats:
    """Total annual cost of ownership, EUR bn: machine, building and operation (E19)."""
    machine = (1 - p.facility_share) * capital_recovery(p.write_off_years, p.interest)
    building = p.facility_share * capital_recovery(p.facility_life_years, p.interest)
    return capital_eur_bn * (machine + building + p.running_cost)
