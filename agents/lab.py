"""How labs decide where they would train, what they offer for access, and when they leave.

Before a decision each lab may offer one letter of intent: money for access to a site of a minimum size. Lab and host
split the surplus by Nash bargaining. The lab's outside option is the accelerators that it has; the host's is the same
site without the lab. After delivery a lab trains at the best place open to it, or leaves for a cloud abroad.
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
    "where it is positive. market.usable (worlds, 1, places): effective accelerators open to a lab.",
    actor="lab",
    group="pooling",
    lift=each_actor(LAB),
)


@dataclass(frozen=True, eq=False)
class Market:
    """The places where labs could train: the candidate sites, or the Union's best pool.

    Attributes:
        usable: (worlds, 1, places) effective accelerators open to a lab.
        wait: (worlds, 1, places) years until they work.
        home: (labs, places) whether the place is in the lab's home state.
        outside: (worlds or 1, labs, 1) effective accelerators that the lab has or can hire.
        p: the parameters, each (worlds, 1).
        names: the labs' names.
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
        """The labs' names in capitals, by which a scenario refers to a lab."""
        return tuple(name.upper() for name in self.names)

    @property
    def gain(self) -> Floats:
        """Log ratio of usable compute to the outside option, discounted by the wait; (worlds, labs, places)."""
        with np.errstate(divide="ignore"):
            gain = np.log(self.usable) - np.log(self.outside)
            gain -= self.p.wait_discount[..., None] * self.wait
        return gain


@anchor(anonymous=True, deterministic=True)
def best_effective_compute(market):
    """Prefers the place with the most effective compute, discounted by the wait.

    Advantage ln(usable / outside) - wait_discount x wait.
    Source: assumed.
    """
    return market.gain


@anchor(anonymous=True, deterministic=True)
def home_bias(market):
    """Prefers home: gives up some compute to stay there, and wants more to go abroad.

    The advantage is raised by `home_value` at home and lowered by it elsewhere.
    Source: home bias in location choice; size assumed.
    """
    h = market.p.home_value[..., None]
    return market.gain + np.where(market.home, h, -h)


@anchor(anonymous=True, deterministic=True)
def exit_to_cloud(market):
    """Always hires compute abroad.

    Source: a concern of the essay, Krüger (2026), as a limiting case.
    """
    return np.full(market.gain.shape, -np.inf)


@dataclass(frozen=True, eq=False)
class Letters:
    """The labs' letters of intent; all (worlds, labs).

    `site` is the site, -1 for no letter; `money` is what the lab offers, EUR bn; `least` is the number of accelerators
    that the site must have.
    """

    site: Integers
    money: Floats
    least: Floats

    def at_sites(self, accelerators: Floats) -> Floats:
        """Money of the valid letters by site, EUR bn, (worlds, sites).

        Args:
            accelerators: (worlds, sites) of the proposed sites; a letter is valid if its site has at least `least`.
        """
        out = np.zeros(accelerators.shape)
        world = np.arange(len(out))
        for lab in range(self.site.shape[-1]):  # a dozen labs
            j = self.site[:, lab]
            valid = (j >= 0) & (accelerators[world, j] >= self.least[:, lab])
            out[world, j] += np.where(valid, self.money[:, lab], 0.0)
        return out


def letters(advantage: Floats, market: Market, accelerators: Floats, labs: Labs, share: Number) -> Letters:
    """The letters of intent that labs write for the proposed sites.

    A lab offers money at its best site if that site is better than what it has. The offer is the host's share of the
    surplus, valued at the cloud's price for the access, and at most the lab's capital. The letter is void if the site
    becomes too small to be better than what the lab has.

    Args:
        advantage: (worlds, labs, sites), from the anchor rule; -inf where the lab offers nothing.
        market: the market from which the advantage was computed.
        accelerators: (worlds, sites) of the proposed sites.
        labs: the labs.
        share: share of a site's hours that one project gets, a number or (worlds, 1).
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
