"""How far stationary values with different seeds of the search differ, and what error they state.

    uv run python -m juste_retour.runs.benchmarks.stationary

For each test case it prints a row: the most rounds, the largest and the median difference over states between any two of
six seeds, the largest error that a solution states and the largest median error, the largest difference in largest errors,
how many of the six solutions are rough, how many searches found several equilibria, and processor seconds per solve.
Differences and errors are in mean stakes.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from juste_retour.abm.bargaining.mean_world import MeanWorld
from juste_retour.abm.bargaining.sampled import FixedPoint
from juste_retour.abm.base.members import union_of
from juste_retour.abm.worlds.scenario import Scenario, load

SEEDS = 6
CORNERS: dict[str, dict[str, object]] = {
    "closed rule, Lisbon": {},
    "simple majority": {"voting": "simple_majority"},
    "reinforced majority": {"voting": "reinforced_qmv"},
    "unanimity": {"voting": "unanimity"},
    "patience 0.5": {"patience": 0.5},
    "patience 0.99": {"patience": 0.99},
    "EUR 20 bn": {"envelope_eur_bn": 20.0},
    "GNI key": {"funding": "gni_key"},
    "GNI key, simple majority": {"funding": "gni_key", "voting": "simple_majority"},
    "GNI key, patience 0.5": {"funding": "gni_key", "patience": 0.5},
    "side payments": {"side_payments": True},
    "open rule": {"agenda": "open_rule"},
    "omnibus": {"agenda": "omnibus"},
    "Nash bargaining": {"agenda": "nash_bargaining"},
    "Commission proposal": {"agenda": "commission_proposal"},
}


def solve(scenario: Scenario, seed: int) -> FixedPoint:
    return MeanWorld(scenario, union_of(None, scenario.members), seed).search()


def main(named: list[str]) -> None:
    for name in named or CORNERS:
        scenario = load(
            {"agenda": "closed_rule", "expect": "stationary", "voting": "lisbon_qmv", **CORNERS[name]}
        )
        begun = time.process_time()
        found = [solve(scenario, seed) for seed in range(SEEDS)]
        taken = (time.process_time() - begun) / SEEDS
        values = np.array([one.found for one in found])
        apart = np.ptp(values, 0) / np.mean([one.stake for one in found])
        worst = max(one.worst for one in found)
        print(
            f"| {name} | {max(one.rounds for one in found)} | {apart.max():.2f} | {np.median(apart):.3f} | {worst:.3f} | "
            f"{max(np.median(one.error) / one.stake for one in found):.3f} | {apart.max() / worst:.1f} | "
            f"{sum(one.rough for one in found)} | {sum(one.equilibria == 'several' for one in found)} | {taken:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
