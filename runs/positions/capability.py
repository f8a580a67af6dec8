"""Who counts how much on an issue: the table's capabilities, or voting power under the Council's rule of the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juste_retour.abm.politics.council_history import CouncilRule, known_states, rule_in_force
from juste_retour.agents.arrays import Floats
from juste_retour.runs.positions.reading import Issue

COMMISSION, PARLIAMENT = "COM", "EP"
BODIES = (COMMISSION, PARLIAMENT)
TABLE, POWER, EQUAL = "table", "voting power", "equal"
SHARE = 0.33  # of the Council's total, for each of the two bodies; assumed


@dataclass(frozen=True, eq=False)
class Weighed:
    """An issue with the capability of each actor and the rule of the Council.

    Attributes:
        issue: as read.
        capability: (n,).
        source: where capabilities come from: `table`, `voting power`, or `equal` where an actor is not known.
        rule: how the Council decides on it; None where an actor is not a state that has been in the Council.
    """

    issue: Issue
    capability: Floats
    source: str
    rule: CouncilRule | None


def weighed(issue: Issue, share: float = SHARE) -> Weighed:
    """Add capabilities to an issue.

    Where the table has none, a state's capability is its exact Shapley-Shubik power under the rule in force when the
    proposal was made, which is equal under unanimity. The Commission and the Parliament each have `share` of the sum
    over all states. Where an actor is none of these, all have the same.
    """
    rule = _rule(issue)
    if issue.capability is not None:
        return Weighed(issue, issue.capability, TABLE, rule)
    if rule is None:
        return Weighed(issue, np.ones(len(issue.actors)), EQUAL, rule)
    power = dict.fromkeys(BODIES, share) | rule.shapley_shubik
    return Weighed(issue, np.array([power.get(actor, 0.0) for actor in issue.actors]), POWER, rule)


def unknown_actors(issue: Issue) -> list[str]:
    """Actors that are neither states that have been in the Council nor the Commission or the Parliament."""
    return [actor for actor in issue.actors if actor not in BODIES and actor not in known_states()]


def _rule(issue: Issue) -> CouncilRule | None:
    if unknown_actors(issue):
        return None
    rule = rule_in_force(issue.introduced, [actor for actor in issue.actors if actor not in BODIES])
    return rule.unanimity if issue.council_rule == "unanimity" else rule
