"""Who counts how much on an issue: the table's capabilities, or voting power under the Council's rule of the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juste_retour.abm.politics.council_history import CouncilRule, known_states, rule_in_force
from juste_retour.agents.arrays import Floats
from juste_retour.runs.positions.reading import Issue

COMMISSION, PARLIAMENT = "COM", "EP"
BODIES = (COMMISSION, PARLIAMENT)
SHARE = 0.33  # of the Council's total, for each of the two bodies; assumed


@dataclass(frozen=True, eq=False)
class Weighed:
    """An issue with the capability of each actor and the rule of the Council.

    Attributes:
        issue: as read.
        capability: (n,).
        rule: how the Council decides on it; None where an actor is not a state that has been in the Council.
    """

    issue: Issue
    capability: Floats
    rule: CouncilRule | None


def weighed(issue: Issue, share: float = SHARE) -> Weighed:
    """Add capabilities to an issue.

    Where the table has none, a state's capability is its exact Shapley-Shubik power under the rule in force when the
    proposal was made, which is equal under unanimity. The Commission and the Parliament each have `share` of the sum
    over all states. Where an actor is none of these, all have the same.
    """
    rule = _rule(issue)
    if issue.capability is not None:
        capability = issue.capability
    elif rule is None:
        capability = np.ones(len(issue.actors))
    else:
        power = dict.fromkeys(BODIES, share) | rule.shapley_shubik
        capability = np.array([power.get(actor, 0.0) for actor in issue.actors])
    return Weighed(issue, capability, rule)


def _rule(issue: Issue) -> CouncilRule | None:
    states = [actor for actor in issue.actors if actor not in BODIES]
    if not known_states().issuperset(states):
        return None
    rule = rule_in_force(issue.introduced, states)
    return rule.unanimity if issue.council_rule == "unanimity" else rule
