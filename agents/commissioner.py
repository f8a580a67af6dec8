"""How commissioners weigh plans, and which plan the lead commissioner drafts.

A commissioner weighs the home state's payoff, the portfolio, the Union's welfare and the party. Each part is a gain
over the status quo in EUR bn per state, so that the weights are comparable.
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
    signature="rule(plans, college) -> scores (worlds, plans, commissioners); the plan with the lead commissioner's "
    "highest score is drafted. plans.home, plans.portfolio(college) (worlds, plans, commissioners), plans.union "
    "(worlds, plans, 1): gains, EUR bn.",
    actor="commissioner",
    lift=each_actor(COMMISSIONER),
)


@dataclass(frozen=True, eq=False)
class DraftPlans:
    """What each plan means to the College: gains over the status quo, EUR bn per state.

    Attributes:
        home: (worlds, plans, commissioners) the home state's gain.
        union: (worlds, plans, 1) the mean gain of all states.
        race: (worlds, plans, 1) the gain in V per state.
        cohesion: (worlds, plans, 1) the money placed in states with below-average GDP per head, per state.
        spend: (worlds, plans, 1) the Union's money, per state.
        private: (worlds, plans, 1) labs' money, per state.
        party: (worlds, plans, commissioners) the mean gain of the states whose commissioners belong to the same party.
        p: the parameters, each (worlds, 1).
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
        """The parameter of that name as (worlds, 1, 1), which broadcasts over plans and commissioners."""
        return getattr(self.p, name)[..., None]

    def portfolio(self, college: College) -> Floats:
        """The gain for each commissioner's portfolio; (worlds, plans, commissioners).

        The portfolio's interest decides which gain counts; an interest without one of its own counts the home gain.
        """
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
        """Utility alpha home + beta portfolio + pi party + gamma Union; (worlds, plans, commissioners).

        The weight of the Union is gamma = 1 - alpha - beta - pi, or 0 if that is negative.
        """
        a, b, c = self.weight("state_weight"), self.weight("portfolio_weight"), self.weight("party_weight")
        return (
            a * self.home + b * self.portfolio(college) + c * self.party + np.maximum(1 - a - b - c, 0.0) * self.union
        )


@draft(deterministic=True)
def national(plans, college):
    """Drafts the plan that the lead commissioner values most, weighing home state, portfolio, Union and party.

    Source: Thomson (2008); Wonka (2008); weights after Gehring and Schneider (2018).
    """
    return plans.utility(college)


@draft(deterministic=True)
def portfolio(plans, college):
    """Drafts the plan that benefits the lead commissioner's portfolio most.

    Source: Egeberg (2006): the portfolio role comes first.
    """
    return plans.portfolio(college)


@draft(anonymous=True, deterministic=True)
def union(plans, college):
    """Drafts the plan with the largest mean gain of all states.

    Source: a benevolent Commission; the opposite case of Napel and Widgren (2007).
    """
    return np.broadcast_to(plans.union, plans.home.shape)


def ranked(scores: Floats, lead: int, adopted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Index of the lead commissioner's best plan among those that the College adopts; (worlds,), -1 for none.

    Args:
        scores: (worlds, plans, commissioners).
        lead: index of the lead commissioner.
        adopted: (worlds, plans) whether the College adopts the plan.
    """
    mine = np.where(adopted, scores[..., lead], -np.inf)
    best = mine.argmax(-1)
    return np.where(adopted.any(-1), best, -1)


def views(gain: Floats, college: College, states: States, p: Values, **terms: Floats) -> DraftPlans:
    """What each plan means to the College.

    Args:
        gain: (worlds, plans, states) each state's gain over the status quo, EUR bn.
        college: the commissioners.
        states: the member states.
        p: parameters, each (worlds, 1).
        terms: `race`, `cohesion`, `spend` and `private` of `DraftPlans`.
    """
    home = pick(gain, np.broadcast_to(college.state, (*gain.shape[:-1], college.count)))
    mean = (total(gain) / states.count)[..., None]
    party = np.repeat(mean, college.count, axis=-1)
    for name in set(college.party) - {"", "none"}:
        mine = np.array([own == name for own in college.party])
        party[..., mine] = (total(np.where(mine, home, 0.0)) / mine.sum())[..., None]
    return DraftPlans(home=home, union=mean, party=party, p=p, **terms)
