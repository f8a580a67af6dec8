"""Runs per second of each shipped scenario, and the time of a single run stepped by Mesa; the best of several, in CPU time.

    uv run python -m juste_retour.runs.benchmarks.scenario_times

To compare two commits, alternate between a clone of each, so that changes in the machine's speed affect both.
"""

from __future__ import annotations

import argparse
from time import process_time

from juste_retour.abm.model import AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import Scenario, load, presets


def ensemble(scenario: Scenario, worlds: int, rounds: int, price: bool) -> float:
    run(scenario, 0, range(4), price=price)  # the planner solves its problem once
    times = []
    for _ in range(rounds):
        start = process_time()
        run(scenario, 0, range(worlds), price=price)
        times.append(process_time() - start)
    return worlds / min(times)


def alone(scenario: Scenario, rounds: int) -> float:
    times = []
    for k in range(4 * rounds):
        start = process_time()
        model = AllocationModel(scenario=scenario, rng=0, replicate=k)
        while model.running:
            model.step()
        model.outcomes()
        times.append(process_time() - start)
    return 1e3 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", default=presets(), help="all that ship by default")
    parser.add_argument("--worlds", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    a = parser.parse_args()
    print(f"{'runs per second':24} {'no price':>10} {'with price':>10} {'single, ms':>10}")
    for name in a.scenarios:
        scenario = load(name)
        rates = [ensemble(scenario, a.worlds, a.rounds, price) for price in (False, True)]
        print(f"{name:24} {rates[0]:10,.0f} {rates[1]:10,.0f} {alone(scenario, a.rounds):10.1f}")


if __name__ == "__main__":
    main()
