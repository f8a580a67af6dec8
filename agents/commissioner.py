"""How commissioners weigh plans, and what the lead commissioner drafts.

A commissioner weighs the home state's payoff, the portfolio, the Union's welfare and the party. Every part is measured
against the status quo and in the same unit, EUR bn a state, so that weights compare like with like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.actors import COMMISSIONER
from juste_retour.agents.arrays import Floats, pick, total
from juste_retour.agents.each import each_actor
from juste_retour.agents.rules import Family
from juste_retour.agents.situation import College, States
from juste_retour.agents.values import Values

draft = Family(
    "draft",
    decides="which plan the Commission proposes",
    signature="rule(plans, college) -> scores (worlds, plans, commissioners); the lead commissioner's best is drafted. "
    "plans.home, plans.portfolio (worlds, plans, commissioners), plans.union (worlds, plans, 1): gains, EUR bn.",
    actor="commissioner",
    lift=each_actor(COMMISSIONER),
)


@dataclass(frozen=True, eq=False)
class DraftPlans:
    """Plans as the College sees them; gains over what stands, EUR bn a state.

    `home` (worlds, plans, commissioners) is the home state's gain; `union` (worlds, plans, 1) the mean gain of all
    states; `race` (worlds, plans, 1) the gain in V a state; `cohesion` (worlds, plans, 1) the money placed in states
    below the average GDP per head, a state; `spend` (worlds, plans, 1) the Union's money, a state; `private`
    (worlds, plans, 1) labs' money, a state; `party` (worlds, plans, commissioners) the mean gain of the states whose
    commissioners share the party; `p` the parameters, each (worlds, 1).
    """

    home: Floats
    union: Floats
    race: Floats
    cohesion: Floats
    spend: Floats
    private: Floats
    party: Floats
    p: Values

    def weight(self, name: str) -> Floats:
        """A parameter, shaped to weigh (worlds, plans, commissioners)."""
        return getattr(self.p, name)[..., None]

    def portfolio(self, college: College) -> Floats:
        """What each commissioner's portfolio gains; (worlds, plans, commissioners)."""
        shape = self.home.shape
        stakes = {
            "president": self.union,
            "external": self.union,
            "digital": self.race,
            "research": self.race,
            "industry": self.private,
            "cohesion": self.cohesion,
            "energy": -self.spend,
            "budget": -self.spend,
        }
        columns = [
            np.broadcast_to(stakes.get(i, self.home[..., k : k + 1]), (*shape[:-1], 1))
            for k, i in enumerate(college.interest)
        ]
        return np.concatenate(columns, axis=-1)

    def utility(self, college: College) -> Floats:
        """U_c = alpha home + beta portfolio + gamma Union + pi party; (worlds, plans, commissioners)."""
        a, b, c = self.weight("state_weight"), self.weight("portfolio_weight"), self.weight("party_weight")
        return (
            a * self.home
            + b * self.portfolio(college)
            + c * self.party
            + np.maximum(1 - a - b - c, 0.0) * self.union
        )


@draft(deterministic=True)
def national(plans, college):
    """Drafts what serves the lead commissioner's home state first, weighed with portfolio, Union and party.

    Source: Thomson (2008); Wonka (2008); weights after Gehring and Schneider (2018).
    """
    return plans.utility(college)


@draft(deterministic=True)
def portfolio(plans, college):
    """Drafts what the portfolio gains by.

    Source: Egeberg (2006): the portfolio role comes first.
    """
    return plans.portfolio(college)


@draft(anonymous=True, deterministic=True)
def union(plans, college):
    """Drafts what the Union as a whole gains by.

    Source: the planner in the Berlaymont; Napel and Widgren (2007) as the opposite case.
    """
    return np.broadcast_to(plans.union, plans.home.shape)


def ranked(scores: Floats, lead: int, adopted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The lead commissioner's best plan among those that the College adopts; (worlds,), -1 where it adopts none.

    Args:
        scores: (worlds, plans, commissioners).
        lead: index of the lead commissioner.
        adopted: (worlds, plans).
    """
    mine = np.where(adopted, scores[..., lead], -np.inf)
    best = mine.argmax(-1)
    return np.where(adopted.any(-1), best, -1)


def views(gain: Floats, college: College, states: States, p: Values, **terms: Floats) -> DraftPlans:
    """Plans as the College sees them, from each state's gain (worlds, plans, states)."""
    home = pick(gain, np.broadcast_to(college.state, (*gain.shape[:-1], college.count)))
    mean = (total(gain) / states.count)[..., None]
    party = np.repeat(mean, college.count, axis=-1)
    for name in set(college.party) - {"", "none"}:
        mine = np.array([own == name for own in college.party])
        party[..., mine] = (total(np.where(mine, home, 0.0)) / mine.sum())[..., None]
    return DraftPlans(home=home, union=mean, party=party, p=p, **terms)
