"""Funding rules: who pays for a euro that is spent at a site.

Each rule splits the euro into the host's part, the Union's part and private money. A key divides the Union's part
among the states. The shipped rules are linear in the spending, so one function computes the bill for any plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from juste_retour.agents.arrays import Floats, Integers, Number, pick, total, total_by
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import States
from juste_retour.agents.some_worlds import each_world


@dataclass(frozen=True, eq=False)
class Split:
    """Who pays for a euro spent.

    A subclass may override `payments`, for example with a rebate that depends on all that is spent.

    Attributes:
        host: the host's share; a number or (worlds, 1).
        union: the Union's share; the three shares add up to 1.
        private: private investors' share.
        key: (states,) each state's share of the Union's part.
    """

    alike_in_all_worlds: ClassVar[tuple[str, ...]] = ("key",)
    host: Number
    union: Number
    private: Number
    key: Floats

    def payments(self, spend: Floats, pledged: Number = 0.0) -> Floats:
        """What each state pays, EUR bn (worlds, states); payments and private money add up to the spending.

        Args:
            spend: (worlds, states) EUR bn spent in each host state.
            pledged: (worlds, states) EUR bn of labs' money there; it reduces the host's part first, then the Union's.
        """
        host = np.maximum(self.host * spend - pledged, 0.0)
        union = self.union * spend - (pledged - (self.host * spend - host))
        return host + self.key * total(union)[..., None]

    def own_cost(self, sunk: Number) -> Floats:
        """What a euro spent at home costs the host state, as a share.

        Args:
            sunk: share of the Union's part that is spent in any case; a number or (worlds, 1).
        """
        return np.maximum(self.host + self.union * self.key * (1 - sunk), 1e-3)

    def room(self, limit: Floats, received: Floats) -> Floats:
        """What sites in each state may still receive before the host's payments reach their limit, EUR bn.

        Args:
            limit: the most that each state pays for sites on its territory; (worlds, states) or (states,).
            received: what sites there have received so far; (worlds, states).

        Returns:
            (worlds, states); at least 0, infinite if hosts pay nothing.
        """
        host = np.broadcast_to(self.host, received.shape)
        with np.errstate(divide="ignore"):
            left = np.where(host > 0, (limit - host * received) / np.maximum(host, 1e-12), np.inf)
        return np.maximum(left, 0.0)


def within_limits(plan: Floats, room: Floats, state: Integers, smallest: Number) -> Floats:
    """Reduce a plan to what its hosts can pay; in each state the largest sites are served first.

    Args:
        plan: (worlds, sites) EUR bn.
        room: (worlds, states) EUR bn that sites in each state may receive, from `Split.room`.
        state: (sites,) index of each site's state.
        smallest: EUR bn below which a site is not built; a number or (worlds, 1).

    Returns:
        (worlds, sites) EUR bn; the plan itself if no host exceeds its limit.
    """
    asked = total_by(plan, state, room.shape[-1])
    over = (asked > room).any(-1)
    if not over.any():
        return plan
    out, left = np.zeros(plan.shape), room.copy()
    order = np.argsort(-plan, axis=-1, kind="stable")
    for k in range(int((plan > 0).sum(-1).max())):
        at = order[:, k : k + 1]
        host = state[at]
        given = np.minimum(pick(plan, at), pick(left, host))
        given = np.where((given >= smallest) | (given == pick(plan, at)), given, 0.0)
        np.put_along_axis(left, host, pick(left, host) - given, axis=-1)
        np.put_along_axis(out, at, given, axis=-1)
    return np.where(over[:, None], out, plan)


funding = Family(
    "funding",
    decides="who pays",
    signature="rule(states, decider) -> Split(host, union, private, key): shares of a euro that add up to one, each a "
    "number or (worlds, 1), and the key (states,) by which states share the Union's part. decider is the index of the "
    "state that decides alone, -1 for none.",
    group="funding",
    lift=each_world,
)


def _share(high: float, span: tuple[float, float], about: str, source: str) -> Parameter:
    return Parameter(low=0, high=high, range=span, about=about, source=source)


UpToHalf = _share(1, (0.35, 0.5), "the Union's part", "Regulation (EU) 2021/1173, article 12a: up to 50 %")
_WHO = "the Union's part; the host pays the same, private investors the rest"
Sixth = _share(0.5, (0.1, 0.25), _WHO, "discussion of COM(2025) 414: 17 % of computing capital cost")
_CODES = "codes of the states that pay, separated by spaces or commas; empty: states with the euro"
Payers = Parameter(unit="codes", about=_CODES)


def gni_shares(states: States) -> Floats:
    """Each state's share of the Union's gross national income; (states,)."""
    return states.gni / total(states.gni)


@funding(anonymous=True, deterministic=True)
def gni_key(states, decider):
    """The Union pays everything, and the states pay the Union in proportion to their national income.

    Source: own resources of the EU budget, Council Decision 2020/2053.
    """
    return Split(0.0, 1.0, 0.0, gni_shares(states))


@funding(anonymous=True, deterministic=True)
def host_matches_half(states, decider, *, union_share: Annotated[float, UpToHalf] = 0.5):
    """The Union pays its share, the host the rest, as in EuroHPC.

    Source: Regulation (EU) 2021/1173 as amended, articles 11 to 14.
    """
    return Split(1 - union_share, union_share, 0.0, gni_shares(states))


@funding(anonymous=True, deterministic=True)
def national(states, decider):
    """The state that decides pays everything; if no state decides, all states pay in proportion to their GDP.

    Source: state direction; TCTF approvals as the European case of national money.
    """
    if decider >= 0:
        return Split(0.0, 1.0, 0.0, (np.arange(states.count) == decider).astype(np.float64))
    return Split(0.0, 1.0, 0.0, states.gdp / total(states.gdp))


@funding(anonymous=True, deterministic=True)
def private(states, decider):
    """Private investors pay everything; a single actor decides.

    Source: US practice; the essay, Krüger (2026).
    """
    return Split(0.0, 0.0, 1.0, gni_shares(states))


@funding(anonymous=True, deterministic=True)
def equal_shares(states, decider):
    """All states pay the same amount, whatever their size.

    Source: equal division, a limiting case: "one state, one vote" (CERN) applied to money.
    """
    return Split(0.0, 1.0, 0.0, np.full(states.count, 1 / states.count))


@funding(anonymous=True, deterministic=True)
def hosts_only(states, decider):
    """Each host pays for its own sites, and no state pays for another's.

    Source: IPCEI and the state-aid frameworks, article 107(3)(b) TFEU: states pay for their own projects.
    """
    return Split(1.0, 0.0, 0.0, gni_shares(states))


@funding(anonymous=True, deterministic=True)
def consortium(states, decider, *, union_share: Annotated[float, Sixth] = 0.17):
    """The Union pays a sixth, the host the same, and private investors the rest, as in the gigafactory plan.

    Source: Regulation (EU) 2026/150; COM(2025) 414.
    """
    return Split(union_share, union_share, 1 - 2 * union_share, gni_shares(states))


@funding(deterministic=True)
def contributors_club(states, decider, *, members: Annotated[str, Payers] = ""):
    """A group of states pays everything in proportion to national income; the others pay nothing.

    Source: enhanced cooperation, article 332 TFEU: participants bear the cost; ESA's optional programs.
    """
    named = members.replace(",", " ").split()
    for code in named:
        if code not in states.codes:
            raise BadInput(f"funding.members names {code!r}, which is not a state; {near(code, states.codes)}")
    pays = np.isin(states.codes, named) if named else states.euro
    if not pays.any():
        raise BadInput("funding.members is empty, and no state uses the euro; name the states that pay.")
    weight = np.where(pays, states.gni, 0.0)
    return Split(0.0, 1.0, 0.0, weight / total(weight))
