"""How commissioners vote in the College on a draft."""

import numpy as np

from juste_retour.agents.actors import COMMISSIONER
from juste_retour.agents.each import each_actor
from juste_retour.agents.rules import Family

endorse = Family(
    "endorse",
    decides="how a commissioner votes in the College",
    signature="rule(plans, college) -> booleans (worlds, plans, commissioners): would vote for that plan.",
    actor="commissioner",
    lift=each_actor(COMMISSIONER, np.bool_),
)


@endorse(deterministic=True)
def collegial(plans, college):
    """Backs a draft that the commissioner, all interests weighed, prefers to what stands.

    Source: article 250 TFEU, collegiality; Killermann (2016).
    """
    return plans.utility(college) >= 0


@endorse(deterministic=True)
def national(plans, college):
    """Backs a draft that the home state prefers to what stands.

    Source: Wonka (2008), the nationality hypothesis.
    """
    return plans.home >= 0


@endorse(anonymous=True, deterministic=True)
def principled(plans, college):
    """Backs a draft that the Union as a whole gains by.

    Source: the oath of office, article 245 TFEU: "in the general interest of the Union".
    """
    return np.broadcast_to(plans.union >= 0, plans.home.shape)
