"""What a planner is asked: whose delivery, from when on, at which sites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from juste_retour.abm.calendar import quarter
from juste_retour.abm.members import Members
from juste_retour.abm.scenario import Scenario, parameters
from juste_retour.agents.arrays import Integers
from juste_retour.agents.rules import family

BY_DELIVERY = ("runs", "reliability", "pooling", "chips", "sites", "frontier", "time and actors")
RULES = ("procurement", "operations", "access", "pooling", "funding")
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
}  # rules that a planner sets aside


@dataclass(frozen=True, eq=False)
class Question:
    """What a solution depends on.

    Attributes:
        scenario: its delivery and window count; the envelope does not.
        members: the union.
        first: the first quarter in which the planner may order, since year 0.
        sites: (candidates,) indices of sites that it may use.
        fewest: sites, where it orders at all.
        most: sites; 0 for any number.
    """

    scenario: Scenario
    members: Members
    first: int
    sites: Integers
    fewest: int = 1
    most: int = 0

    @property
    def key(self) -> tuple[str, str, int, bytes, int, int]:
        """Equal for questions with the same answer."""
        scenario, sites = delivery_of(self.scenario), self.sites.tobytes()
        return scenario.digest, self.members.digest, self.first, sites, self.fewest, self.most


@lru_cache(maxsize=65_536)
def delivery_of(scenario: Scenario) -> Scenario:
    """The scenario with all that a planner sets aside at its default: scenarios that share it share a solution."""
    plain, kept = scenario.plain(), {"tranches", "schedule", *RULES}
    if scenario.rules["funding"].rule != "gni_key":  # it is the host's match that may fail or be too much
        kept |= {"cancellation", "match_share_of_gdp"}
    if scenario.schedule:  # adds up to the envelope; only its shares count
        kept |= {"envelope_eur_bn"}
    kept |= {k for k, (_, about) in parameters().items() if about.group in BY_DELIVERY}
    content = {k: plain[k] for k in kept} | POLITICS
    if scenario.rules["funding"].rule == "private":  # goes with no other agenda
        content["agenda"] = "single_decider"
    return Scenario.of(content, "planner")


def asked_by(scenario: Scenario, members: Members, *, all_sites: bool = False) -> Question:
    """What the planner is asked that a scenario's politics is held against: its first decision and its sites.

    Where the scenario holds a call for proposals, only the sites that the call admits count, unless `all_sites`.
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
    return Question(scenario, members, first, sites)
