"""What it costs to write a behaviour as a Mesa subclass and not as a rule over arrays.

uv run python -m runs.benchmarks.own_minds
"""

from __future__ import annotations

import statistics
from time import process_time
from typing import Any

from abm.model import AllocationModel
from abm.outcomes import run
from abm.scenario import load
from agents.mesa_agents import MemberState

WORLDS, CHUNK, ROUNDS = 128, 128, 5


class Voter(MemberState):
    def vote(self, offer):
        return offer.utility >= self.reservation - self.situation.p.dissent_cost_eur_bn


class Bidder(Voter):
    def bid(self, situation):
        size = 0.1
        return size if situation.alone(size).utility > situation.standing.utility else 0.0


def ensemble(agents: Any) -> float:
    scenario = load("eu-status-quo")
    start = process_time()
    for first in range(0, WORLDS, CHUNK):
        run(scenario, 0, range(first, first + CHUNK), agents=agents)
    return WORLDS / (process_time() - start)


def stepped(agents: Any) -> float:
    start = process_time()
    for k in range(16):
        model = AllocationModel(rng=0, replicate=k, agents=agents)
        while model.running:
            model.step()
    return 16 / (process_time() - start)


def main() -> None:
    casts = {
        "the scenario's rules": None,
        "one state votes by itself": {"HU": Voter},
        "all states vote by themselves": Voter,
        "all states bid and vote by themselves": Bidder,
    }
    for agents in casts.values():
        run(load("eu-status-quo"), 0, range(4), agents=agents)
    print(f"runs a second, status quo with the price of politics; ensembles of {WORLDS} worlds")
    for name, agents in casts.items():
        many = statistics.median(ensemble(agents) for _ in range(ROUNDS))
        one = statistics.median(stepped(agents) for _ in range(ROUNDS))
        print(f"  {name:38} {many:7,.0f} in an ensemble {one:5,.0f} as AllocationModel")


if __name__ == "__main__":
    main()
