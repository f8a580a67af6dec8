"""Decisions without a vote: by a planner, by a single board or ministry, or by every owner for itself."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.bargaining.agenda.family import agenda
from juste_retour.abm.bargaining.menu import by_capability, by_decider, by_power, by_welfare
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Parameter


@agenda(deterministic=True)
def planner(
    council,
    *,
    objective: Annotated[
        str,
        Parameter(
            choices=("capability", "welfare"),
            about="what the planner optimizes: the fewest years behind over the window, or the largest sum of the states' "
            "payoffs U",
        ),
    ] = "capability",
    min_sites: Annotated[int, Parameter(unit="sites", low=1, high=1000, about="fewest sites")] = 1,
    max_sites: Annotated[int, Parameter(unit="sites", low=0, high=1000, about="most sites; 0: no limit")] = 0,
):
    """A planner spends the envelope at the best sites, without a vote.

    Under `capability` it minimizes the expected years behind over the window, may order in two phases and may leave
    money unspent (`juste_retour.abm.planner`). Under `welfare` it maximizes the sum of the states' payoffs over a menu
    of plans that includes every other agenda's offer and parts of the envelope.
    Source: the social planner; under `welfare` it does at least as well as any vote (tests/theory/test_statics.py).
    """
    if max_sites and max_sites < min_sites:
        raise BadInput(
            f"agenda.max_sites = {max_sites} is below agenda.min_sites = {min_sites}; raise it, or set it to 0."
        )
    if objective == "capability":
        return by_capability(council, min_sites, max_sites)
    return council.conclude(by_welfare(council, min_sites, max_sites), vote=False)


@agenda(deterministic=True, own=True)
def single_decider(
    council,
    *,
    max_sites: Annotated[
        int, Parameter(unit="sites", low=1, high=1000, about="most sites that one decider would run")
    ] = 4,
):
    """One actor decides alone: a lab by its compute, a state by its payoff, the Commission as the planner does.

    The scenario's `decider` names the actor. The Commission (EU) minimizes the years behind.

    Source: the essay, Krüger (2026): "decisions made in weeks"; the dictator of Shapley and Shubik (1954).
    """
    if council.institutions.scenario.decider == "EU":
        return by_capability(council, 1, max_sites)
    return council.conclude(by_decider(council, max_sites), vote=False)


@agenda(deterministic=True, own=True)
def uncoordinated(council):
    """Every owner builds at its own site, without a common decision; sites get money in proportion to their power.

    It represents observed campuses that no common decision placed.
    Source: abm/data/comparators.csv, where nearly every site has its own operator; the proportion is assumed.
    """
    return council.conclude(by_power(council), vote=False)
