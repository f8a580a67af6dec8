"""The compute frontier and the lag behind it, with a growth rate that changes in mid-2025."""

import numpy as np
import pytest

from juste_retour.abm.base.parameters import defaults
from juste_retour.abm.delivery.frontier import capability_lag, compute_lag, frontier

SLOWER = defaults(frontier_growth_later=2.0)
DATES = np.array([2024.5, 2026.0, 2028.0, 2029.5, 2033.0])


@pytest.mark.parametrize("p", [defaults(), SLOWER, defaults(frontier_growth_later=5.0)])
@pytest.mark.parametrize("lag", [0.0, 0.4, 1.5, 3.0, 9.0])
def test_compute_lag_is_the_time_since_the_frontier_had_the_compute(p, lag):
    flop = np.array([frontier(t - lag, p).item() for t in DATES])
    assert compute_lag(flop, DATES, p) == pytest.approx(np.full(len(DATES), lag), abs=1e-9)


def test_capability_lag_accounts_for_algorithmic_progress():
    for t in DATES:
        run = frontier(t - 2.0, SLOWER).item()
        lag = capability_lag(np.array([run]), t, SLOWER).item()
        assert 0 < lag < 2
        # the frontier at t - lag, with its algorithms, equals the run with today's algorithms
        gained = SLOWER.algorithm_growth.item() ** lag
        assert frontier(t - lag, SLOWER).item() == pytest.approx(run * gained)


def test_growth_after_mid_2025_affects_only_later_dates_and_its_own_world():
    steady = defaults()
    assert frontier(2025.4, SLOWER).item() == frontier(2025.4, steady).item()
    both = type(steady)(
        **{k: np.concatenate([v, getattr(SLOWER, k)]) for k, v in vars(steady).items() if not isinstance(v, bool)}
    )
    flop = np.array([1e29, 1e29])
    for measure in (compute_lag, capability_lag):
        alone = measure(flop[:1], 2031.0, steady).item()
        assert measure(flop, 2031.0, both)[0] == alone
        assert measure(flop, 2031.0, both)[1] != alone
