"""The rules by which a member state bids, votes and sets its reservation value."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from juste_retour.agents.actors import STATE
from juste_retour.agents.arrays import Floats
from juste_retour.agents.behavior import logistic_noise
from juste_retour.agents.each import each_actor
from juste_retour.agents.payoff import wanted_size
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.situation import Situation

bid = Family(
    "bid",
    decides="whether a state bids for a site, and of what size",
    signature="rule(situation) -> size of the bid, EUR bn (worlds, states); 0 is no bid. "
    "situation.alone(size) is the payoff with a site of its own, situation.standing the payoff without.",
    actor="state",
    lift=each_actor(STATE),
)
vote = Family(
    "vote",
    decides="whether a state votes yes or no on an offer, or abstains",
    signature="rule(offer, reservation, situation) -> integers (worlds, states): 1 yes, -1 no, 0 abstention. "
    "offer.utility and reservation are EUR bn (worlds, states).",
    actor="state",
    lift=each_actor(STATE, np.int64),
)
expect = Family(
    "expect",
    decides="a state's reservation value",
    signature="rule(reversion, memory, situation) -> reservation values, EUR bn (worlds, states). reversion.utility is "
    "the payoff if nothing is agreed; memory.gain the average gain from past offers.",
    actor="state",
    lift=each_actor(STATE),
)


def least_and_most(situation: Situation) -> tuple[Floats, Floats]:
    """The smallest and the largest valid bid, EUR bn; (worlds, 1) and (worlds, states)."""
    return situation.p.smallest_eur_bn, np.minimum(situation.p.ceiling_eur_bn, situation.room)


def sized(size: Floats, situation: Situation) -> Floats:
    """The valid bid closest to a wanted size, EUR bn, (worlds, states); 0 where no bid is valid."""
    least, most = least_and_most(situation)
    return np.where(most >= least, np.clip(size, least, np.maximum(most, least)), 0.0)


@bid(anonymous=True, deterministic=True)
def trophy_seeking(situation):
    """Bids whenever a site of its own is worth more than none, at the size that suits its own treasury best.

    The size is S (lambda / c_own - 1) less what is spent at home already, at least the smallest facility and at most
    what site, ceiling and match allow.
    Source: Volden and Wiseman (2007); Weingast, Shepsle and Johnsen (1981).
    """
    wanted = wanted_size(situation.scale, situation.own_cost, situation.p) - situation.received
    size = sized(wanted, situation)
    return np.where(situation.alone(size).utility > situation.standing.utility, size, 0.0)


@bid(anonymous=True, deterministic=True)
def capacity_driven(situation):
    """Bids only where a center can run the site, as large as site and treasury allow, and not for the trophy.

    The bid is the largest valid size if that yields a gain without the trophy term, else half of it on the same
    condition, else nothing.
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
    """Never bids.

    Source: the null behavior, for comparison.
    """
    return np.zeros(situation.received.shape)


@bid(anonymous=True, deterministic=True)
def free_rider(situation):
    """Free-rides on the common good: bids for the smallest site, and only if trophy and local spending pay for it.

    Source: Olson (1965); private provision of public goods, Bergstrom, Blume and Varian (1986).
    """
    size = sized(np.zeros(situation.received.shape), situation)
    own, now = situation.alone(size), situation.standing
    gain = own.trophies + own.local - own.payment - now.trophies - now.local + now.payment
    return np.where(gain > 0, size, 0.0)


@vote(anonymous=True, deterministic=True)
def self_interest(offer, reservation, situation):
    """Votes yes if the offer is worth at least the reservation value, less the small cost of dissent.

    Source: Romer and Rosenthal (1978); Baron and Ferejohn (1989).
    """
    return np.where(offer.utility >= reservation - situation.p.dissent_cost_eur_bn, 1, -1)


@vote(anonymous=True, deterministic=True)
def sincere_union(offer, reservation, situation):
    """Votes yes if the Union's race and open capacity do not lose, whatever the state itself receives.

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
            about="weight of the state's net balance from earlier rounds, chi",
            source="institutional ledger; assumed",
        ),
    ] = 0.3,
):
    """Returns favors: a state that received more than it paid accepts less, and one that received less wants more.

    Votes yes if U + chi (received - paid so far) is at least the reservation value less the cost of dissent.
    Source: diffuse reciprocity, Keohane (1986).
    """
    ledger = situation.standing.received - situation.standing.payment
    return np.where(offer.utility + gratitude * ledger >= reservation - situation.p.dissent_cost_eur_bn, 1, -1)


@vote(anonymous=True, deterministic=True)
def red_line(offer, reservation, situation):
    """Votes no unless it hosts a site.

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
            about="weight of a loss relative to a gain of the same size, lambda",
            source="Tversky and Kahneman (1992): 2.25",
        ),
    ] = 2.25,
):
    """Gives the terms of the payoff that the offer worsens more weight than those that it improves.

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
    """Votes yes with a probability that rises with the offer's value: 1 / (1 + exp(-(U - r) / sigma)).

    Source: quantal response, McKelvey and Palfrey (1995).
    """
    stake = offer.utility - situation.standing.utility
    moved = reservation - situation.p.dissent_cost_eur_bn + noise * logistic_noise(situation.uniforms, stake)
    return np.where(offer.utility >= moved, 1, -1)


@expect(anonymous=True, deterministic=True)
def status_quo(reversion, memory, situation):
    """Expects the payoff if nothing is agreed.

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
        float, Parameter(low=0, high=1, about="share of the gain from past offers that a state expects again")
    ] = 0.5,
):
    """Expects the payoff if nothing is agreed, plus part of the gain from past offers where there was one.

    r = max(U(reversion), U(reversion) + delta * trust * average gain).
    Source: adaptive learning, V <- V + alpha (payoff - V); Frechette, Kagel and Lehrer (2003) for the laboratory.
    """
    return reversion.utility + situation.p.patience * trust * np.maximum(memory.gain, 0.0)


@expect(anonymous=True, deterministic=True)
def stationary(
    reversion,
    memory,
    situation,
    *,
    solution: Annotated[
        int,
        Parameter(
            low=0,
            high=9,
            about="which equilibrium, if there are several: 1 is that from expecting nothing; 0 that of most starts",
        ),
    ] = 1,
    seed: Annotated[int, Parameter(low=0, high=2**31, about="random seed of the search")] = 0,
):
    """Expects the value of further bargaining in the stationary equilibrium, discounted by one round.

    r = U(reversion) + delta v, where v is the continuation value over the reversion. It is solved once for a scenario
    and seed, and is below zero for a state that expects to be outvoted.
    Source: Baron and Ferejohn (1989); Eraslan (2002), who shows that stationary payoffs are unique.
    """
    if memory.continued is None:
        return reversion.utility
    return reversion.utility + situation.p.patience * memory.continued()
