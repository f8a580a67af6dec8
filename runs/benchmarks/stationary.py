"""Errors of stationary values against a reference with many draws, and whether their standard errors cover them.

    uv run python -m juste_retour.runs.benchmarks.stationary

For each test case it prints the largest difference of two references of 80 rounds with independent draws. For the solution
that runs use it prints the number of rounds, the largest and the median error against the references' mean, the share of
states within two standard errors, and its time as a multiple of 1,024 runs of the status quo. Errors are in mean stakes.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from juste_retour.abm.bargaining.mean_world import SEED, MeanWorld
from juste_retour.abm.bargaining.sampled import LONGEST, TOLERANCE, FixedPoint
from juste_retour.abm.base.members import union_of
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import Scenario, load

ROUNDS = 80
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


def solve(
    scenario: Scenario, seed: int = SEED, longest: int = LONGEST, tolerance: float = TOLERANCE
) -> FixedPoint:
    world = MeanWorld(scenario, union_of(None, scenario.members), seed)
    return world.search(longest=longest, tolerance=tolerance)


def main(named: list[str]) -> None:
    for name in named or CORNERS:
        scenario = load(
            {"agenda": "closed_rule", "expect": "stationary", "voting": "lisbon_qmv", **CORNERS[name]}
        )
        begun = time.process_time()
        found = solve(scenario)
        solved = time.process_time()
        run(load("eu-status-quo"), SEED, range(1024))
        ratio = (solved - begun) / (time.process_time() - solved)
        one, two = (solve(scenario, 1000 * k, ROUNDS, 0.0) for k in (1, 2))
        middle = (one.found + two.found) / 2
        stake = float(np.abs(middle).mean())
        off = np.abs(found.found - middle)
        print(
            f"{name:26} references differ by {np.abs(one.found - two.found).max() / stake:.3f} "
            f"({one.equilibria}, {two.equilibria}); {found.rounds} rounds, error {off.max() / stake:.3f}, "
            f"median {np.median(off) / stake:.3f}, stated {found.worst:.3f}, within two errors "
            f"{np.mean(off <= 2 * found.error):.0%}, {found.equilibria}; {ratio:.1f} times 1,024 runs",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
