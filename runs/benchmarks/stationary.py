"""How far stationary values with different seeds of the search differ, and what error they state.

    uv run python -m juste_retour.runs.benchmarks.stationary

For each test case it prints a row:

- the most rounds, the largest and the median difference over states between any two of six seeds;
- the largest error that a solution states, and the largest median error;
- the largest difference between two seeds, over states and pairs of seeds, in standard errors of that difference; the bound
  below which it is in 95 % of cases if errors are normal and as large as stated (simulated); and the variance over seeds
  divided by the mean stated squared error, averaged over states, which is 1 if errors are as large as stated;
- how many of the six solutions are rough, how many searches found several equilibria, and processor seconds per solve.

Differences and errors are in mean stakes. Of each search the solution is compared that is nearest to the one of the first to which most of its starts lead.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from juste_retour.abm.bargaining.mean_world import MeanWorld
from juste_retour.abm.bargaining.sampled import FixedPoint
from juste_retour.abm.base.members import union_of
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats

SEEDS, SIMULATED = 6, 4000
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
    "hosts only": {"funding": "hosts_only"},
}


def solve(scenario: Scenario, seed: int) -> FixedPoint:
    return MeanWorld(scenario, union_of(None, scenario.members), seed).search()


def nearest(search: FixedPoint, to: Floats) -> FixedPoint:
    """The search with the solution in use that is nearest to some values."""
    return search.using(int(np.abs(search.solutions - to).max(1).argmin()) + 1)


def largest(values: Floats, errors: Floats) -> Floats:
    """The largest difference between two seeds in standard errors; `values` are (..., seeds, states)."""
    a, b = np.triu_indices(len(errors), 1)
    apart = np.abs(values[..., a, :] - values[..., b, :])
    return np.asarray((apart / np.maximum(np.hypot(errors[a], errors[b]), 1e-12)).max((-2, -1)))


def main(named: list[str]) -> None:
    for name in named or CORNERS:
        scenario = load({"agenda": "closed_rule", "expect": "stationary", "voting": "lisbon_qmv", **CORNERS[name]})
        begun = time.process_time()
        found = [solve(scenario, seed) for seed in range(SEEDS)]
        taken = (time.process_time() - begun) / SEEDS
        found = [nearest(one, found[0].using(0).found) for one in found]
        values, errors = (np.array([getattr(one, name) for one in found]) for name in ("found", "error"))
        apart = np.ptp(values, 0) / np.mean([one.stake for one in found])
        honest = np.random.default_rng(0).normal(size=(SIMULATED, *errors.shape)) * errors
        ratio = np.mean(values.var(0, ddof=1) / np.maximum((errors**2).mean(0), 1e-24))
        print(
            f"| {name} | {max(one.rounds for one in found)} | {apart.max():.2f} | {np.median(apart):.3f} | "
            f"{max(one.worst for one in found):.3f} | {max(np.median(one.error) / one.stake for one in found):.3f} | "
            f"{largest(values, errors):.1f} | {np.quantile(largest(honest, errors), 0.95):.1f} | {ratio:.1f} | "
            f"{sum(one.rough for one in found)} | {sum(one.equilibria == 'several' for one in found)} | {taken:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
