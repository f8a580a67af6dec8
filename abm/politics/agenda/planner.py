"""Those who decide without a vote: a planner, a board, a ministry, or every owner for itself."""

from __future__ import annotations

from typing import Annotated

from juste_retour.abm.politics.agenda.family import agenda
from juste_retour.abm.politics.menu import by_capability, by_decider, by_power, by_welfare
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
            about="what the planner is after: few years behind over the window, or the sum of the states' payoffs, U",
        ),
    ] = "capability",
    min_sites: Annotated[int, Parameter(unit="sites", low=1, high=1000, about="fewest sites")] = 1,
    max_sites: Annotated[
        int, Parameter(unit="sites", low=0, high=1000, about="most sites; 0 leaves it free")
    ] = 0,
):
    """A planner spends the envelope at the best sites, and nobody is asked.

    Under `capability` it is as few years behind over the window as it can expect to be, may order in two phases and
    leave money unspent (`juste_retour.abm.planner`); under `welfare` it maximizes the sum of the states' payoffs, over a
    menu that holds every other agenda's offer and spending less.
    Source: the social planner; a planner of welfare does at least as well as any vote (tests/theory/test_statics.py).
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
    """One board or ministry decides alone: a lab by the compute that it gains, a state by its payoff.

    The Union decides as the planner of capability.

    Source: the essay, Krüger (2026): "decisions made in weeks"; the dictator of Shapley and Shubik (1954).
    """
    if council.institutions.scenario.decider == "EU":
        return by_capability(council, 1, max_sites)
    return council.conclude(by_decider(council, max_sites), vote=False)


@agenda(deterministic=True, own=True)
def uncoordinated(council):
    """Every owner builds at its own site: money goes to all sites in proportion to their power, and nobody is asked.

    It is how campuses come about that are observed and not decided on together.
    Source: abm/data/comparators.csv, in which nearly every site has an operator of its own; the key is assumed.
    """
    return council.conclude(by_power(council), vote=False)
