"""Speed of a user's behavior, written as a rule over arrays, with `.each`, or as a Mesa subclass.

uv run python -m juste_retour.runs.benchmarks.user_behavior
"""

from __future__ import annotations

import statistics
from time import process_time

import numpy as np

from juste_retour.abm.model import AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.cast import Agents
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.member_state import bid, vote
from juste_retour.agents.mesa_agents import MemberState

WORLDS, ALONE, ROUNDS = 128, 16, 3


@vote(deterministic=True)
def over_arrays(offer, reservation, situation):
    return np.where(offer.utility >= reservation - situation.p.dissent_cost_eur_bn, 1, -1)


@vote.each(deterministic=True)
def for_one(offer, reservation, situation):
    return 1 if offer.utility >= reservation - situation.p.dissent_cost_eur_bn else -1


@bid.each(deterministic=True)
def bid_for_one(situation):
    return 0.1 if situation.alone(0.1).utility > situation.standing.utility else 0.0


class Voter(MemberState):
    def vote(self, offer):
        return offer.utility >= (self.reservation or 0.0) - self.situation.p.dissent_cost_eur_bn


class Bidder(Voter):
    def bid(self, situation):
        return 0.1 if situation.alone(0.1).utility > situation.standing.utility else 0.0


def ensemble(changes: dict[str, object], agents: Agents) -> float:
    scenario = load("eu-status-quo").changed(changes)
    start = process_time()
    run(scenario, 0, range(WORLDS), agents=agents)
    return WORLDS / (process_time() - start)


def stepped(changes: dict[str, object], agents: Agents) -> float:
    start = process_time()
    for k in range(ALONE):
        model = AllocationModel(changes, rng=0, replicate=k, agents=agents)
        while model.running:
            model.step()
    return ALONE / (process_time() - start)


CASTS: dict[str, tuple[dict[str, object], Agents]] = {
    "the scenario's rules": ({}, None),
    "all states vote by a user's rule over arrays": ({"vote": "over_arrays"}, None),
    "all states vote by .each": ({"vote": "for_one"}, None),
    "all states bid and vote by .each": ({"bid": "bid_for_one", "vote": "for_one"}, None),
    "one state votes by a subclass": ({}, {"HU": Voter}),
    "all states vote by a subclass": ({}, Voter),
    "all states bid and vote by a subclass": ({}, Bidder),
}


def main() -> None:
    for changes, agents in CASTS.values():
        run(load("eu-status-quo").changed(changes), 0, range(4), agents=agents)
    print(f"runs per second, status quo with the price of politics; ensembles of {WORLDS} worlds")
    for name, (changes, agents) in CASTS.items():
        many = statistics.median(ensemble(changes, agents) for _ in range(ROUNDS))
        one = statistics.median(stepped(changes, agents) for _ in range(ROUNDS))
        print(f"  {name:45} {many:7,.0f} in an ensemble {one:5,.0f} as AllocationModel")


if __name__ == "__main__":
    main()
