"""The planner's problem: under which scenario's delivery, from which quarter and at which sites it may order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from juste_retour.abm.base.calendar import quarter
from juste_retour.abm.base.members import Members
from juste_retour.abm.worlds.scenario import Scenario, parameters
from juste_retour.agents.arrays import Integers
from juste_retour.agents.rules import family

BY_DELIVERY = ("runs", "reliability", "pooling", "chips", "sites", "frontier", "time and actors")
RULES = ("procurement", "operations", "access", "standing", "standing_operations", "pooling", "funding")
POLITICS = {
    "agenda": "planner",
    "voting": "simple_majority",
    "entitlement": "none",
    "bid": "abstain",
    "vote": "self_interest",
    "expect": "status_quo",
    "draft": "union",
    "endorse": "principled",
    "reversion": "nothing",
    "decider": "EU",
    "trains": True,  # a planner places what trains
}  # the rules and parameters of politics, set to values without effect on a planner


@dataclass(frozen=True, eq=False)
class PlannerQuestion:
    """All that a planner's solution depends on.

    Attributes:
        scenario: the scenario, of which delivery and window matter, but not the envelope.
        members: the union.
        first: the first quarter in which the planner may order, since year 0.
        sites: (candidates,) indices of the sites that it may use.
        fewest: the smallest number of sites, if it orders at all.
        most: the largest number of sites; 0 for no limit.
    """

    scenario: Scenario
    members: Members
    first: int
    sites: Integers
    fewest: int = 1
    most: int = 0

    @property
    def key(self) -> tuple[str, str, int, bytes, int, int]:
        """A key that is equal for questions with the same solution."""
        scenario, sites = delivery_of(self.scenario), self.sites.tobytes()
        return scenario.digest, self.members.digest, self.first, sites, self.fewest, self.most


@lru_cache(maxsize=65_536)
def delivery_of(scenario: Scenario) -> Scenario:
    """The scenario with defaults for all that does not matter to a planner; scenarios with the same share a solution."""
    plain, kept = scenario.plain(), {"tranches", "schedule", *RULES}
    if scenario.rules["funding"].rule != "gni_key":  # only a host's match can fail or be too large
        kept |= {"cancellation", "match_share_of_gdp"}
    if scenario.schedule:  # must sum to the envelope, although only its shares matter
        kept |= {"envelope_eur_bn"}
    kept |= {k for k, (_, about) in parameters().items() if about.group in BY_DELIVERY}
    content = {k: plain[k] for k in kept} | POLITICS
    if scenario.rules["funding"].rule == "private":  # not allowed with the planner's agenda
        content["agenda"] = "single_decider"
    return Scenario.of(content, "planner")


def question_of(scenario: Scenario, members: Members, *, all_sites: bool = False) -> PlannerQuestion:
    """The problem of a planner who may order from the scenario's first possible decision, at the same sites.

    Args:
        scenario: the scenario.
        members: the union.
        all_sites: whether the planner may also use sites that the scenario's call for proposals excludes.
    """
    choice = scenario.rules["agenda"]
    rule = family("agenda")[choice.rule]
    given = {name: default for name, (default, _) in rule.parameters.items()} | dict(choice.settings)
    first = max(quarter(scenario.announcement, "announcement"), quarter(scenario.start, "start"))
    sites = np.arange(members.sites.count)
    if rule.marks.get("calls"):
        decisions = [quarter(text, "agenda.decisions") for text in str(given.get("decisions", "")).split()]
        first = min((q for q in decisions if q >= first), default=first)
        if not all_sites and not given.get("industrial", True):
            sites = np.flatnonzero([kind != "industrial" for kind in members.sites.kind])
    return PlannerQuestion(scenario, members, first, sites)
