"""How labs decide: where they would train, what they offer for it, and when they leave.

Before a decision a lab may offer one letter of intent: money for access, on a condition (a least size). Lab and host
split the surplus by Nash bargaining, the lab's outside option being the accelerators that it has, the host's being the
same site without the lab. After delivery a lab trains at the best place open to it, or leaves for a cloud abroad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.actors import LAB
from juste_retour.agents.arrays import Floats, Integers, Number
from juste_retour.agents.each import each_actor
from juste_retour.agents.rules import Family
from juste_retour.agents.situation import Labs
from juste_retour.agents.values import Values

anchor = Family(
    "anchor",
    decides="where a lab would train, and so where it offers money",
    signature="rule(market) -> advantage over what the lab has, log units (worlds, labs, places); a lab offers money "
    "where it is positive. market.usable (worlds, 1, places): accelerators' worth of compute open to a lab.",
    actor="lab",
    group="pooling",
    lift=each_actor(LAB),
)


@dataclass(frozen=True, eq=False)
class Market:
    """Places to train as labs see them; the last axis is places (sites, or the Union's best pool).

    `usable` (worlds, 1, places) effective accelerators open to a lab; `wait` (worlds, 1, places) years until they
    work; `home` (labs, places) whether the place is at home; `outside` (worlds or 1, labs, 1) effective accelerators
    that the lab has or can hire; `p` parameters, each (worlds, 1); `names` and `codes` the labs', as a scenario has them.
    """

    alike_in_all_worlds: ClassVar[tuple[str, ...]] = ("home", "names")
    usable: Floats
    wait: Floats
    home: NDArray[np.bool_]
    outside: Floats
    p: Values
    names: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The labs' names in capitals, as a scenario names one of them."""
        return tuple(name.upper() for name in self.names)

    @property
    def gain(self) -> Floats:
        """Log of effective compute over the outside option, discounted by the wait; (worlds, labs, places)."""
        with np.errstate(divide="ignore"):
            gain = np.log(self.usable) - np.log(self.outside)
            gain -= self.p.wait_discount[..., None] * self.wait
        return gain


@anchor(anonymous=True, deterministic=True)
def best_effective_compute(market):
    """Goes where most effective compute is to be had soonest.

    Source: u = ln(effective compute) discounted by the wait; assumed.
    """
    return market.gain


@anchor(anonymous=True, deterministic=True)
def home_bias(market):
    """Goes home first: gives up some compute to stay, and asks for more to go abroad.

    Source: home bias in location choice; size assumed.
    """
    h = market.p.home_value[..., None]
    return market.gain + np.where(market.home, h, -h)


@anchor(anonymous=True, deterministic=True)
def exit_to_cloud(market):
    """Always hires abroad.

    Source: a fear of the essay, Krüger (2026), as a limit case.
    """
    return np.full(market.gain.shape, -np.inf)


@dataclass(frozen=True, eq=False)
class Letters:
    """Letters of intent: `site` (worlds, labs), -1 for none; `money` EUR bn; `least` accelerators (both likewise)."""

    site: Integers
    money: Floats
    least: Floats

    def at_sites(self, accelerators: Floats) -> Floats:
        """Money by site, EUR bn, (worlds, sites), of the letters whose condition the sizes (worlds, sites) keep."""
        out = np.zeros(accelerators.shape)
        world = np.arange(len(out))
        for lab in range(self.site.shape[-1]):  # a dozen labs
            j = self.site[:, lab]
            valid = (j >= 0) & (accelerators[world, j] >= self.least[:, lab])
            out[world, j] += np.where(valid, self.money[:, lab], 0.0)
        return out


def letters(advantage: Floats, market: Market, accelerators: Floats, labs: Labs, share: Number) -> Letters:
    """The letters that follow from what each lab would gain at each site.

    Args:
        advantage: (worlds, labs, sites), from the anchor rule; -inf where nothing is offered.
        market: as the labs saw it.
        accelerators: (worlds, sites) that the proposed sites would have.
        labs: the labs.
        share: of a site that one run may have, a number or (worlds, 1).

    A lab offers money at its best site if that beats what it has; the money is the host's part of the surplus, at the
    cloud's price for the access, and at most its capital. The letter is void where the site gets smaller than would
    still beat what the lab has.
    """
    p = market.p
    best = advantage.argmax(-1)
    top = np.take_along_axis(advantage, best[..., None], -1)[..., 0]
    offers = np.isfinite(top) & (top > 0)
    size = np.take_along_axis(accelerators, best, -1)
    wait = np.take_along_axis(np.broadcast_to(market.wait[:, 0], accelerators.shape), best, -1)
    safe = np.where(offers, top, 0.0)
    access = share * size * p.access_years * p.cloud_price_eur_year * 1e-9 * np.exp(-p.wait_discount * wait)
    money = np.minimum(p.host_bargaining_power * -np.expm1(-safe) * access, labs.capital * p.access_years)
    return Letters(
        site=np.where(offers, best, -1),
        money=np.where(offers, money, 0.0),
        least=np.where(offers, size * np.exp(-safe), np.inf),
    )
