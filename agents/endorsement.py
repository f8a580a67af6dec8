"""How commissioners vote in the College on a draft."""

import numpy as np

from juste_retour.agents.actors import COMMISSIONER
from juste_retour.agents.each import each_actor
from juste_retour.agents.rules import Family

endorse = Family(
    "endorse",
    decides="how a commissioner votes in the College",
    signature="rule(plans, college) -> booleans (worlds, plans, commissioners): whether each would vote for each plan.",
    actor="commissioner",
    lift=each_actor(COMMISSIONER, np.bool_),
)


@endorse(deterministic=True)
def collegial(plans, college):
    """Backs a draft that the commissioner, weighing all interests, likes at least as well as the status quo.

    The commissioner's utility of the draft must be at least 0; see `DraftPlans.utility`.
    Source: article 250 TFEU, collegiality; Killermann (2016).
    """
    return plans.utility(college) >= 0


@endorse(deterministic=True)
def national(plans, college):
    """Backs a draft that does not make the home state worse off than the status quo.

    Source: Wonka (2008), the nationality hypothesis.
    """
    return plans.home >= 0


@endorse(anonymous=True, deterministic=True)
def principled(plans, college):
    """Backs a draft that does not make the Union as a whole worse off than the status quo.

    Source: the oath of office, article 245 TFEU: "in the general interest of the Union".
    """
    return np.broadcast_to(plans.union >= 0, plans.home.shape)
