"""The weight of each actor on an issue: capability from the table, or voting power under the Council's rule at that time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from juste_retour.abm.politics.council_history import CouncilRule, known_states, rule_in_force
from juste_retour.agents.arrays import Floats
from juste_retour.runs.studies.positions.position_tables import Issue

COMMISSION, PARLIAMENT = "COM", "EP"
BODIES = (COMMISSION, PARLIAMENT)
TABLE, POWER, EQUAL = "table", "voting power", "equal"
SHARE = 0.33  # capability of each body as a share of the Council's total; assumed


@dataclass(frozen=True, eq=False)
class Weighed:
    """An issue with the capability of each actor and the Council's voting rule.

    Attributes:
        issue: the issue as read.
        capability: weights (n,) of the n actors; only their ratios matter.
        source: origin of the capabilities: `table`, `voting power`, or `equal` if an actor is unknown.
        rule: the voting rule of the Council; None if an actor is unknown (see `unknown_actors`).
    """

    issue: Issue
    capability: Floats
    source: str
    rule: CouncilRule | None


def weighed(issue: Issue, share: float = SHARE) -> Weighed:
    """Add capabilities to an issue.

    Capabilities in the table are used as they are. Without them, a state's capability is its exact Shapley-Shubik power
    under the rule in force when the proposal was made; under unanimity it is equal for all states. The Commission and the
    Parliament each have `share` of the sum over all states. If an actor is unknown, all actors have the same capability.

    Source: Shapley and Shubik (1954).
    """
    rule = _rule(issue)
    if issue.capability is not None:
        return Weighed(issue, issue.capability, TABLE, rule)
    if rule is None:
        return Weighed(issue, np.ones(len(issue.actors)), EQUAL, rule)
    power = dict.fromkeys(BODIES, share) | rule.shapley_shubik
    return Weighed(issue, np.array([power.get(actor, 0.0) for actor in issue.actors]), POWER, rule)


def unknown_actors(issue: Issue) -> list[str]:
    """Codes of actors that are not the Commission, the Parliament or a present or former state of the Union."""
    return [actor for actor in issue.actors if actor not in BODIES and actor not in known_states()]


def _rule(issue: Issue) -> CouncilRule | None:
    if unknown_actors(issue):
        return None
    rule = rule_in_force(issue.introduced, [actor for actor in issue.actors if actor not in BODIES])
    return rule.unanimity if issue.council_rule == "unanimity" else rule
