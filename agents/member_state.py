"""How a member state decides: whether to bid, how to vote, what to expect."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.agents.actors import STATE
from juste_retour.agents.arrays import Floats
from juste_retour.agents.behavior import swayed
from juste_retour.agents.each import each_actor
from juste_retour.agents.payoff import wanted_size
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import Situation

bid = Family(
    "bid",
    decides="whether and how large a state applies",
    signature="rule(situation) -> size wanted, EUR bn (worlds, states); 0 is no bid. "
    "situation.alone(size) is the payoff with a site of its own, situation.standing the payoff without.",
    actor="state",
    lift=each_actor(STATE),
)
vote = Family(
    "vote",
    decides="whether a state says yes, no or nothing to an offer",
    signature="rule(offer, reservation, situation) -> integers (worlds, states): 1 yes, -1 no, 0 abstention. "
    "offer.utility and reservation are EUR bn (worlds, states).",
    actor="state",
    lift=each_actor(STATE, np.int64),
)
expect = Family(
    "expect",
    decides="a state's reservation value",
    signature="rule(reversion, memory, situation) -> reservation values, EUR bn (worlds, states). reversion.utility is "
    "what stands if nothing is agreed; memory.gain what offers have brought so far.",
    actor="state",
    lift=each_actor(STATE),
)


def least_and_most(situation: Situation) -> tuple[Floats, Floats]:
    """Smallest and largest valid bid, EUR bn, (worlds, 1) and (worlds, states)."""
    return situation.p.smallest_eur_bn, np.minimum(situation.p.ceiling_eur_bn, situation.room)


def sized(size: Floats, situation: Situation) -> Floats:
    """Bring a wanted size between the smallest and the largest valid bid; 0 where no valid bid exists."""
    least, most = least_and_most(situation)
    return np.where(most >= least, np.clip(size, least, np.maximum(most, least)), 0.0)


@bid(anonymous=True, deterministic=True)
def trophy_seeking(situation):
    """Applies wherever a site of its own is worth more than none, at the size its own treasury likes best.

    Size S (lambda / c_own - 1), between the smallest facility and what site, ceiling and match allow.
    Source: Volden and Wiseman (2007); Weingast, Shepsle and Johnsen (1981).
    """
    wanted = wanted_size(situation.scale, situation.own_cost, situation.p) - situation.received
    size = sized(wanted, situation)
    return np.where(situation.alone(size).utility > situation.standing.utility, size, 0.0)


@bid(anonymous=True, deterministic=True)
def capacity_driven(situation):
    """Applies only with a center that can run it, as large as site and treasury allow, and not for the trophy.

    Bids where the gain without the trophy term is positive, else with half of that size, else not at all.
    Source: the expert criteria of Regulation (EU) 2021/1173, article 9(5), taken as the motive; assumed.
    """
    most = least_and_most(situation)[1]
    out = np.zeros(most.shape)
    for size in (sized(most / 2, situation), sized(most, situation)):
        gain = situation.alone(size)
        without = gain.utility - gain.trophies - situation.standing.utility + situation.standing.trophies
        out = np.where(without > 0, size, out)
    return np.where(situation.centre, out, 0.0)


@bid(anonymous=True, deterministic=True)
def abstain(situation):
    """Never applies.

    Source: the null behavior, for contrasts.
    """
    return np.zeros(situation.received.shape)


@bid(anonymous=True, deterministic=True)
def free_rider(situation):
    """Leaves the common good to others: takes the smallest site, and only if trophy and local spending alone pay for it.

    Source: Olson (1965); private provision of public goods, Bergstrom, Blume and Varian (1986).
    """
    size = sized(np.zeros(situation.received.shape), situation)
    own, now = situation.alone(size), situation.standing
    gain = own.trophies + own.local - own.payment - now.trophies - now.local + now.payment
    return np.where(gain > 0, size, 0.0)


@vote(anonymous=True, deterministic=True)
def self_interest(offer, reservation, situation):
    """Says yes if the offer is worth at least what the state could have without it, less the small cost of dissent.

    Source: Romer and Rosenthal (1978); Baron and Ferejohn (1989).
    """
    return np.where(offer.utility >= reservation - situation.p.dissent_cost_eur_bn, 1, -1)


@vote(anonymous=True, deterministic=True)
def sincere_union(offer, reservation, situation):
    """Says yes if the Union's race and open capacity gain, whatever is placed at home.

    Source: the collective good alone; Volden and Wiseman (2007) with no particularistic weight.
    """
    now = situation.standing
    return np.where(offer.race + offer.open >= now.race + now.open, 1, -1)


@vote(anonymous=True, deterministic=True)
def reciprocal(
    offer,
    reservation,
    situation,
    *,
    gratitude: Annotated[
        float,
        Parameter(
            low=0,
            high=10,
            range=(0.1, 0.5),
            about="weight of what earlier rounds left in favor, chi",
            source="institutional ledger; assumed",
        ),
    ] = 0.3,
):
    """Returns favors: who has had more than it paid says yes to a little less, who has had less asks for more.

    Yes if U + chi (received - paid so far) is at least the reservation value.
    Source: diffuse reciprocity, Keohane (1986).
    """
    ledger = situation.standing.received - situation.standing.payment
    return np.where(
        offer.utility + gratitude * ledger >= reservation - situation.p.dissent_cost_eur_bn, 1, -1
    )


@vote(anonymous=True, deterministic=True)
def red_line(offer, reservation, situation):
    """Says no unless it hosts.

    Source: the red line of a national parliament; veto players, Tsebelis (2002).
    """
    return np.where(offer.sites > 0, 1, -1)


@vote(anonymous=True, deterministic=True)
def loss_averse(
    offer,
    reservation,
    situation,
    *,
    aversion: Annotated[
        float,
        Parameter(
            low=1,
            high=10,
            range=(1, 2.25),
            about="how much heavier a loss weighs than a gain, lambda",
            source="Tversky and Kahneman (1992): 2.25",
        ),
    ] = 2.25,
):
    """Weighs each term of the payoff that the offer worsens more heavily than those that it betters.

    Source: Tversky and Kahneman (1992).
    """
    now, then = situation.standing.terms(), offer.terms()
    felt = situation.standing.utility
    for name, value in then.items():
        change = value - now[name]
        felt = felt + np.where(change < 0, aversion * change, change)
    return np.where(felt >= reservation - situation.p.dissent_cost_eur_bn, 1, -1)


@vote(anonymous=True)
def probabilistic(
    offer,
    reservation,
    situation,
    *,
    noise: Annotated[
        float,
        Parameter(
            low=0.001,
            high=10,
            range=(0.01, 0.2),
            about="noise in units of the mean stake, sigma",
            source="agents err more where less is at stake; McKelvey and Palfrey (1995)",
        ),
    ] = 0.1,
):
    """Says yes with a chance that grows with what the offer is worth: 1 / (1 + exp(-(U - r) / sigma)).

    Source: quantal response, McKelvey and Palfrey (1995).
    """
    stake = offer.utility - situation.standing.utility
    moved = reservation - situation.p.dissent_cost_eur_bn + noise * swayed(situation.uniforms, stake)
    return np.where(offer.utility >= moved, 1, -1)


@expect(anonymous=True, deterministic=True)
def status_quo(reversion, memory, situation):
    """Expects what stands if nothing is agreed.

    Source: Romer and Rosenthal (1978).
    """
    return reversion.utility


@expect(anonymous=True, deterministic=True)
def adaptive(
    reversion,
    memory,
    situation,
    *,
    trust: Annotated[
        float, Parameter(low=0, high=1, about="weight of past offers against the reversion")
    ] = 0.5,
):
    """Expects part of the gain that past offers brought: the reversion, or more where offers were good.

    r = max(U(reversion), U(reversion) + delta * trust * remembered gain).
    Source: adaptive learning, V <- V + alpha (payoff - V); Frechette, Kagel and Lehrer (2003) for the laboratory.
    """
    return reversion.utility + situation.p.patience * trust * np.maximum(memory.gain, 0.0)


@expect(anonymous=True, deterministic=True)
def stationary(reversion, memory, situation):
    """Expects what bargaining on is worth in the stationary equilibrium, a round later.

    r = U(reversion) + delta v, where v, the continuation value over the reversion, is solved once for a scenario; it is
    below zero for a state that expects to be outvoted.
    Source: Baron and Ferejohn (1989); Eraslan (2002), who shows that stationary payoffs are unique.
    """
    if memory.continued is None:
        return reversion.utility
    return reversion.utility + situation.p.patience * memory.continued()
