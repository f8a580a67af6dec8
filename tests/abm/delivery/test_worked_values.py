"""Values computed by hand or published, each with the tolerance to which it is stated."""

import math

import numpy as np
import pytest

from juste_retour.abm.base.parameters import LLAMA_INTERRUPTIONS, Parameters, defaults
from juste_retour.abm.delivery import chips, frontier, gradient_exchange, operations
from juste_retour.abm.delivery.pooling import Fleet, pooling
from juste_retour.abm.delivery.ring import plan_ring
from tests.abm.delivery import reference

P = defaults()
LED, AUDITED = operations.operator_led(), operations.audit_first()
H100 = 989e12

# The nineteen AI factories of 2024 and 2025: degrees north and east.
FACTORIES = (
    (64.23, 27.73), (48.74, 9.10), (44.52, 11.36), (49.79, 6.07), (58.40, 15.58), (41.39, 2.12), (37.71, 24.05),
    (48.20, 16.37), (42.67, 23.37), (48.60, 2.18), (50.91, 6.41), (52.41, 16.93), (46.56, 15.65), (49.84, 18.16),
    (54.69, 25.28), (53.22, 6.57), (50.07, 19.91), (44.47, 26.07), (42.88, -8.54),
)  # fmt: skip


def six(value):
    return pytest.approx(value, rel=5e-6)


def printed(value, digits):
    return pytest.approx(value, abs=0.5 * 10.0**-digits + 1e-12)


def test_interruptions_and_mean_time_between_failures():
    assert six(1.973282e-5) == LLAMA_INTERRUPTIONS == Parameters().interruptions
    assert operations.mtbf(16_384, P).item() == six(3.093079)


def test_mean_time_between_failures_of_rsc_1():
    p = defaults(interruptions=6.5 / (1000 * 8 * 24))
    assert operations.mtbf(16_384, p).item() == printed(1.803, 3)
    assert operations.mtbf(131_072, p).item() == printed(0.2254, 4)


def test_mean_wait_for_staff():
    assert operations.mean_wait(8, 5) == six(15.2381)
    assert operations.mean_wait(8, 7) == printed(5.333, 3)
    assert operations.mean_wait(24, 7) == 0
    calls = (np.arange(168 * 60) + 0.5) / 60  # a call in each minute of the week
    staffed = [d * 24 + h for d in range(5) for h in range(9, 17)]
    wait = [0 if int(c) in staffed else min((s - c) % 168 for s in staffed) for c in calls]
    assert np.mean(wait) == pytest.approx(operations.mean_wait(8, 5), rel=1e-4)


def test_replica_penalty_and_efficiency():
    assert P.replica_penalty.item() == six(0.235533)
    assert gradient_exchange.replica_efficiency(8, P).item() == printed(0.6128, 4)
    assert gradient_exchange.replica_efficiency(19, P).item() == printed(0.4998, 4)
    assert gradient_exchange.replica_efficiency(19, defaults(inner_steps=1)).item() == 1
    assert gradient_exchange.replica_efficiency(1, P).item() == 1
    assert 1 / gradient_exchange.replica_efficiency(8, P).item() == printed(
        1.63, 2
    )  # Charles et al. (2025); Epoch reads 1.5
    assert 1 / gradient_exchange.replica_efficiency(10_000, P).item() == pytest.approx(8.7, abs=0.1)


def test_synchronous_efficiency_values():
    assert [gradient_exchange.synchronous_efficiency(x).item() for x in np.array([0.0, 1.0, 0.01])] == [
        1,
        0.25,
        six(0.826446),
    ]


def test_synchronous_efficiency_is_the_maximum_over_batches():
    batches = np.geomspace(1e-3, 1e3, 200_001)
    for x in (0.01, 0.3, 2.0):
        found = (batches / (batches + x) / (1 + batches)).max()  # batch in units of the critical batch
        assert found == pytest.approx(gradient_exchange.synchronous_efficiency(x).item(), rel=1e-6)


def test_exchange_seconds():
    assert gradient_exchange.exchange_seconds(1, 1e12, 16, 500.0, P).item() == 0
    milliseconds = 1e3 / gradient_exchange.FIBRE_KM_S
    assert 2 * 1000 * milliseconds == printed(9.79, 2)
    assert 11_160 * 1.5 * milliseconds == pytest.approx(82, abs=0.5)
    epoch = defaults(bandwidth_bps=6e15, detour=1, straggler=0)
    assert gradient_exchange.exchange_seconds(23, 72e12, 16, 4800, epoch).item() == printed(0.207, 3)


def test_critical_batch():
    assert gradient_exchange.critical_batch(32e12, P).item() == pytest.approx(167e6, rel=0.01)
    batch = gradient_exchange.critical_batch(32e12, P)
    assert gradient_exchange.tokens_needed(32e12, batch, P).item() == pytest.approx(64e12)


def test_capital_recovery_and_annual_cost():
    assert chips.capital_recovery(5, 0.07) == six(0.243891)
    for years, cost, epoch in ((5, 8.55, 8.5), (3, 12.05, 12), (7, 7.06, 7)):
        found = chips.annual_cost(38, defaults(write_off_years=years)).item()  # USD bn per GW
        assert found == printed(cost, 2)
        assert found == pytest.approx(epoch, abs=0.1)


def test_losses_of_chinchilla_and_llama():
    assert frontier.loss(70e9, 1.4e12) == printed(1.97388, 5)
    assert frontier.loss(405e9, 15.6e12) == printed(1.89259, 5)


def test_model_size():
    size, tokens = frontier.model_size(5.88e23, P)
    assert (size.item(), tokens.item()) == (pytest.approx(70e9), pytest.approx(1.4e12))


def test_longest_run():
    assert frontier.longest_run(4.0) == pytest.approx(1 / math.log(4))


def test_frontier_and_lag_values():
    assert frontier.frontier(2025.5, P).item() == 5e26
    assert frontier.frontier(2023.2, P).item() == pytest.approx(2.06e25, rel=5e-3)
    assert frontier.compute_lag(frontier.frontier(2028.75, P), 2028.75, P).item() == pytest.approx(0, abs=1e-12)
    assert frontier.compute_lag(5e26 / 4, 2025.5, P).item() == pytest.approx(1)
    assert frontier.capability_lag(5e25, 2025.5, P).item() * 12 == printed(11.1, 1)
    late = frontier.capability_lag(5e26, 2025.5, defaults(algorithm_delay=0.5)).item()
    assert late == pytest.approx(0.5 * math.log(3) / math.log(12))
    assert frontier.compute_lag(np.zeros(2), 2028.0, P).tolist() == [np.inf, np.inf]
    assert frontier.capability_lag(0.0, 2028.0, P).item() == np.inf


def test_lags_broadcast_over_worlds():
    p = defaults()
    p.frontier_growth_later = np.array([[2.5], [4.0]])
    flop = np.array([1e26, 1e26])
    one = frontier.compute_lag(flop, 2028.0, p)
    assert one.shape == (2,)
    quarters = frontier.compute_lag(np.repeat(flop[:, None], 3, 1), np.array([2027.0, 2028.0, 2029.0]), p)
    assert quarters.shape == (2, 3)
    assert quarters[:, 1].tolist() == one.tolist()
    assert np.diff(quarters, axis=1) == pytest.approx(1)
    assert frontier.frontier(np.array([[2027.0, 2028.0]]), p).shape == (2, 2)


@pytest.mark.parametrize(
    ("n", "hours", "led", "audited"),
    [
        (1_000, 50.7, 0.991, 0.969),
        (5_300, 9.56, 0.974, 0.871),
        (16_384, 3.09, 0.945, 0.696),
        (50_000, 1.01, 0.877, 0.433),
        (100_000, 0.507, 0.799, 0.277),
        (200_000, 0.253, 0.682, 0.160),
    ],
)
def test_goodput_table(n, hours, led, audited):
    assert float(f"{operations.mtbf(n, P).item():.3g}") == hours
    assert operations.goodput(n, LED, P).item() == printed(led, 3)
    assert operations.goodput(n, AUDITED, P).item() == printed(audited, 3)


def test_goodput_follows_youngs_formula():
    n, checkpoint = 16_384, 5 / 3600
    mtbf, interval = operations.mtbf(n, P).item(), operations.checkpoint_interval(n, P).item()
    assert interval == pytest.approx(math.sqrt(2 * checkpoint * mtbf))
    by_hand = 1 / ((1 + checkpoint / interval) * (1 + (interval / 2 + LED.downtime_h) / mtbf))
    assert operations.goodput(n, LED, P).item() == pytest.approx(by_hand, rel=1e-14)


def test_goodput_of_llama_and_byterobust():
    led = operations.goodput(16_384, LED, P).item()
    assert led > 0.90
    snapshot = 16_384 * H100 * 0.41 * led * 54 * 86_400  # part of the whole run, which took 3.8e25
    assert snapshot == pytest.approx(2.93e25, rel=2e-3)
    assert 3.8e25 / (snapshot / 54) == pytest.approx(70, abs=0.5)
    assert operations.goodput(9_600, LED, P).item() == printed(0.962, 3)  # published 0.97


def test_share_of_machines_in_service():
    audited = operations.audit_first
    assert operations.in_service(LED, P).item() == pytest.approx(1, abs=1e-5)
    assert operations.in_service(audited(), P).item() == printed(0.964, 3)
    assert operations.in_service(audited(), defaults(node_accelerators=72)).item() == printed(0.673, 3)
    eighteen = audited(repair_h=18 * 730)
    assert operations.in_service(eighteen, P).item() == printed(0.50, 2)


def test_site_availability():
    assert operations.site_availability(P).item() == pytest.approx(1 / (1 + 16 / 8766))


def test_ring_of_nineteen_factories():
    north, east = zip(*FACTORIES, strict=True)
    assert plan_ring(north, east).length == pytest.approx(11_160, rel=0.05)


NINETEEN = plan_ring(*zip(*FACTORIES, strict=True))
CAMPUS, SCATTERED = [1e5], [1e5 / 19] * 19


def share(rule, sizes, practice, **changes):
    """Rate relative to one operator-led campus of 100,000 H100 running one job."""
    p = defaults(**changes)
    ring = NINETEEN if len(sizes) == 19 else plan_ring([50.0], [10.0])
    fleet = Fleet(np.array([sizes]), np.full((1, len(sizes)), H100), practice, p, ring)
    one = Fleet(np.array([CAMPUS]), np.array([[H100]]), LED, p, plan_ring([50.0], [10.0]))
    return pooling[rule](fleet, None).rate.item() / pooling["single_site"](one, None).rate.item()


def everyone(rule, practice, **changes):
    """Relative rate when all nineteen equal sites pool, even if a smaller pool would be faster."""
    p = {k: v.item() for k, v in vars(defaults(**changes)).items() if not isinstance(v, bool)}
    one = reference.replicas(CAMPUS, [H100], 0.0, 1, LED, p)
    if rule == "synchronous":
        pool = reference.synchronous(SCATTERED, [H100] * 19, NINETEEN.length, practice, p)
    else:
        pool = reference.replicas(SCATTERED, [H100] * 19, NINETEEN.length, 1, practice, p)
    return pool / one


RELATIVE_RATES = [
    ("single_site", CAMPUS, 1.6e12, 1.00, 0.33),
    ("independent", CAMPUS, 1.6e12, 1.00, 0.55),
    ("synchronous", SCATTERED, 1.6e12, 0.49, 0.20),
    ("synchronous", SCATTERED, 30e12, 0.80, 0.28),
    ("low_communication", SCATTERED, 1.6e12, 0.61, 0.53),
    ("independent", SCATTERED, 1.6e12, 0.07, 0.06),
]


@pytest.mark.parametrize(("rule", "sizes", "link", "led", "audited"), RELATIVE_RATES)
def test_relative_rates_of_pooling_rules(rule, sizes, link, led, audited):
    skilled = operations.audit_first(mfu_factor=1.0)  # this table excludes the effect of who builds
    for practice, expected in ((LED, led), (skilled, audited)):
        assert share(rule, sizes, practice, bandwidth_bps=link) == pytest.approx(expected, abs=0.005)
        if sizes is SCATTERED and rule != "independent":
            assert everyone(rule, practice, bandwidth_bps=link) == pytest.approx(expected, abs=0.005)


def test_mfu_factor_of_audit_first_multiplies_the_rate():
    skilled = operations.audit_first(mfu_factor=1.0)
    assert share("single_site", CAMPUS, AUDITED) == pytest.approx(0.85 * share("single_site", CAMPUS, skilled))


def test_eight_islands_are_best_for_an_audited_campus():
    fleet = Fleet(np.array([CAMPUS]), np.array([[H100]]), AUDITED, P, plan_ring([50.0], [10.0]))
    assert pooling["independent"](fleet, None).islands.tolist() == [8]
