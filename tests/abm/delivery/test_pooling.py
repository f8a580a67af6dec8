from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.parameters import defaults, parameters
from juste_retour.abm.delivery.operations import Practice, audit_first, operations, operator_led
from juste_retour.abm.delivery.pooling import Fleet, pooling, run_flop
from juste_retour.abm.delivery.ring import great_circle, plan_ring
from tests.abm.delivery import reference

RULES = [rule.name for rule in pooling]
SHIPPED = ["single_site", "independent", "synchronous", "low_communication", "best_of"]
ABOUT = {name: about for name, (_, about) in parameters().items()}


def drawn_parameters(uniforms, worlds):
    """Parameters of several worlds, each drawn from its plausible range."""
    values = {}
    for name, (default, _) in parameters().items():
        if ABOUT[name].range is None:
            continue
        low, high = ABOUT[name].range
        u = uniforms.random((worlds, 1))
        values[name] = low * (high / low) ** u if ABOUT[name].scale == "log" else low + (high - low) * u
        assert default <= high * (1 + 1e-12), name
    return SimpleNamespace(**values)


def drawn_practice(uniforms, worlds):
    """Practices of several worlds, about half operator-led and half audit-first."""
    led = uniforms.random((worlds, 1)) < 0.5
    return Practice(**{f.name: np.where(led, getattr(operator_led(), f.name), getattr(audit_first(), f.name)) for f in fields(Practice)})  # fmt: skip


def drawn(seed, worlds, sites):
    """Several worlds, each with its own parameters, practice, locations and machines; some sites and worlds are empty."""
    uniforms = np.random.default_rng(seed)
    ring = plan_ring(uniforms.uniform(36, 66, sites), uniforms.uniform(-9, 30, sites))
    working = uniforms.random((worlds, sites)) < uniforms.random((worlds, 1)) * 1.2
    chips = np.where(working, 10 ** uniforms.uniform(1.5, 5.7, (worlds, sites)), 0.0)
    peak = 989e12 * uniforms.uniform(0.3, 5, (worlds, sites))
    return Fleet(chips, peak, drawn_practice(uniforms, worlds), drawn_parameters(uniforms, worlds), ring)


def rows(fleet, index):
    """The fleet of working of the worlds."""
    p = SimpleNamespace(**{name: value[index] for name, value in vars(fleet.p).items()})
    practice = Practice(**{f.name: getattr(fleet.practice, f.name)[index] for f in fields(Practice)})
    return Fleet(fleet.chips[index], fleet.peak[index], practice, p, fleet.ring, fleet.talent)


def plain(fleet, world):
    """One world's parameters and practice as floats."""
    one = rows(fleet, slice(world, world + 1))
    p = {name: value.item() for name, value in vars(one.p).items()}
    return p, Practice(**{f.name: getattr(one.practice, f.name).item() for f in fields(Practice)})


def test_pooling_rules_are_registered():
    assert set(SHIPPED) <= set(RULES)
    assert {r.name for r in pooling if r.marks.get("local")} >= {"single_site", "independent"}
    assert {r.name for r in operations} >= {"audit_first", "operator_led"}


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", range(4))
def test_rates_agree_with_plain_python(name, seed):
    worlds, sites = 12, (3, 7, 12, 19)[seed]
    fleet = drawn(seed, worlds, sites)
    uniforms = np.random.default_rng(seed + 100)
    north_east = np.random.default_rng(seed)
    km = great_circle(north_east.uniform(36, 66, sites), north_east.uniform(-9, 30, sites))
    for before in (None, uniforms.random((worlds, sites)) < 0.4):
        pool = pooling[name](fleet, before)
        for w in range(worlds):
            p, practice = plain(fleet, w)
            seen = [] if before is None else np.flatnonzero(before[w]).tolist()
            slow = reference.best(name, fleet.chips[w].tolist(), fleet.peak[w].tolist(), fleet.ring.order.tolist(), km, practice, p, seen)  # fmt: skip
            assert pool.rate[w] == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("name", ["low_communication", "best_of"])
@pytest.mark.parametrize("how", [{"failure_domain": "run"}, {"rejoin": True}], ids=["run", "rejoin"])
def test_rates_by_failure_domain_agree_with_plain_python(name, how):
    fleet, sites = drawn(5, 12, 7), 7
    places = np.random.default_rng(5)
    km = great_circle(places.uniform(36, 66, sites), places.uniform(-9, 30, sites))
    pool = pooling[name](fleet, None, **how)
    slow_how = {"domain": how.get("failure_domain", "learner"), "rejoin": how.get("rejoin", False)}
    for w in range(12):
        p, practice = plain(fleet, w)
        slow = reference.best(name, fleet.chips[w].tolist(), fleet.peak[w].tolist(), fleet.ring.order.tolist(), km, practice, p, (), **slow_how)  # fmt: skip
        assert pool.rate[w] == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("name", ["low_communication", "best_of"])
def test_smaller_failure_domains_and_rejoining_never_reduce_the_rate(name):
    fleet = drawn(5, 40, 7)
    run, learner = (pooling[name](fleet, None, failure_domain=d).rate for d in ("run", "learner"))
    joined = pooling[name](fleet, None, rejoin=np.arange(40)[:, None] % 2 == 0).rate
    assert (run <= learner).all()
    assert (learner <= joined).all()
    assert np.array_equal(joined[1::2], learner[1::2])
    assert (joined[::2] > learner[::2]).any()


@pytest.mark.parametrize("name", SHIPPED)
def test_members_and_islands_reproduce_the_rate(name):
    """Computed for the pool's members and islands alone, the rate is the one that the rule reports."""
    fleet = drawn(11, 30, 9)
    places = np.random.default_rng(11)
    km = great_circle(places.uniform(36, 66, 9), places.uniform(-9, 30, 9))
    pool = pooling[name](fleet, None)
    for w in range(30):
        members = np.flatnonzero(pool.members[w])
        if pool.rate[w] == 0:
            assert len(members) == pool.islands[w] == 0
            continue
        p, practice = plain(fleet, w)
        chips, peaks = fleet.chips[w, members].tolist(), fleet.peak[w, members].tolist()
        length = reference.ring(set(members.tolist()), fleet.ring.order.tolist(), km)
        rates = [reference.replicas(chips, peaks, length, int(pool.islands[w]), practice, p)]
        rates.append(reference.synchronous(chips, peaks, length, practice, p))
        assert min(abs(pool.rate[w] / rate - 1) for rate in rates) < 1e-9


@pytest.mark.parametrize("name", RULES)
def test_rates_do_not_depend_on_the_chunk(name):
    worlds, sites = 600, 68
    fleet = drawn(3, worlds, sites)
    before = np.random.default_rng(4).random((worlds, sites)) < 0.3
    for seen in (None, before):
        whole = pooling[name](fleet, seen)
        for size in (1, 7, 512):
            starts = range(0, worlds, size) if size > 1 else range(0, worlds, 23)
            for start in starts:
                index = slice(start, start + size)
                part = pooling[name](rows(fleet, index), None if seen is None else seen[index])
                for field in fields(part):
                    assert np.array_equal(getattr(part, field.name), getattr(whole, field.name)[index]), field.name


@pytest.mark.parametrize("name", RULES)
def test_parameters_of_one_world_broadcast(name):
    fleet = drawn(6, 20, 10)
    one = rows(fleet, slice(0, 1))
    many = Fleet(fleet.chips, fleet.peak, one.practice, one.p, fleet.ring)
    spread = SimpleNamespace(**{k: np.repeat(v, 20, 0) for k, v in vars(one.p).items()})
    same = pooling[name](Fleet(fleet.chips, fleet.peak, one.practice, spread, fleet.ring), None)
    assert np.array_equal(pooling[name](many, None).rate, same.rate)


@given(st.integers(0, 100_000), st.integers(2, 12))
@settings(max_examples=60)
def test_opening_a_site_never_reduces_the_rate(seed, sites):
    fleet = drawn(seed, 6, sites)
    uniforms = np.random.default_rng(seed)
    order = np.argsort(uniforms.random((6, sites)), axis=-1)
    for name in RULES:
        before, rate = None, np.zeros(6)
        for opened in range(1, sites + 1):
            chips = np.where(np.argsort(order, axis=-1) < opened, fleet.chips, 0.0)
            pool = pooling[name](Fleet(chips, fleet.peak, fleet.practice, fleet.p, fleet.ring), before)
            assert (pool.rate >= rate * (1 - 1e-12)).all(), name
            before, rate = pool.members, pool.rate


@given(st.integers(0, 100_000), st.integers(1, 12))
@settings(max_examples=60)
def test_rates_stay_within_their_bounds(seed, sites):
    fleet = drawn(seed, 6, sites)
    pools = {name: pooling[name](fleet, None) for name in SHIPPED}
    working = fleet.chips.any(-1)
    for pool in pools.values():
        assert ((pool.rate > 0) == working).all()
        assert (pool.rate <= pool.own.sum(-1) * (1 + 1e-12)).all()
        assert not (pool.members & (fleet.chips == 0)).any()
        assert ((pool.islands > 0) == working).all()
    assert (pools["single_site"].rate <= pools["independent"].rate * (1 + 1e-12)).all()
    assert (pools["single_site"].rate <= pools["synchronous"].rate * (1 + 1e-12)).all()
    assert (pools["independent"].rate <= pools["low_communication"].rate * (1 + 1e-12)).all()
    best = np.maximum(pools["synchronous"].rate, pools["low_communication"].rate)
    assert pools["best_of"].rate == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_no_working_site_gives_no_run(name):
    fleet = drawn(1, 3, 5)
    empty = Fleet(np.zeros((3, 5)), fleet.peak, fleet.practice, fleet.p, fleet.ring)
    for before in (None, np.ones((3, 5), dtype=bool)):
        pool = pooling[name](empty, before)
        assert pool.rate.tolist() == [0, 0, 0]
        assert not pool.members.any()


@pytest.mark.parametrize("practice", [operator_led(), audit_first()])
@pytest.mark.parametrize("sites", [2, 4, 8, 16])
def test_one_campus_is_never_slower_than_the_same_chips_at_several_sites(practice, sites):
    """Anything that distant sites can do, one campus of their size can do with better links (E9b)."""
    uniforms = np.random.default_rng(sites)
    ring = plan_ring(uniforms.uniform(40, 60, sites), uniforms.uniform(0, 20, sites))
    p = defaults()
    for size in (500.0, 5_000.0, 50_000.0):
        spread = Fleet(np.full((1, sites), size), np.full((1, sites), 989e12), practice, p, ring)
        campus = Fleet(np.array([[sites * size]]), np.array([[989e12]]), practice, p, plan_ring([50.0], [10.0]))
        one = pooling["independent"](campus, None).rate.item()
        assert pooling["best_of"](spread, None).rate.item() <= one * (1 + 1e-12)


@pytest.mark.parametrize("sites", [2, 5, 19])
def test_gain_of_equal_sites_by_pooling(sites):
    """With equal sites and fast links, the gain is M ** (1 - delta) for M sites and replica penalty delta."""
    uniforms = np.random.default_rng(sites)
    ring = plan_ring(uniforms.uniform(40, 60, sites), uniforms.uniform(0, 20, sites))
    p = defaults(mfu_decay=0, bandwidth_bps=1e16)
    fleet = Fleet(np.full((1, sites), 5300.0), np.full((1, sites), 989e12), operator_led(), p, ring)
    alone, pooled = (pooling[n](fleet, None).rate.item() for n in ("independent", "low_communication"))
    assert pooled == pytest.approx(alone * sites ** (1 - p.replica_penalty.item()), rel=1e-4)


def test_small_site_that_would_slow_the_pool_is_left_out():
    p = defaults(bandwidth_bps=1e9)
    ring = plan_ring([50.0, 51.0, 52.0], [8.0, 9.0, 10.0])
    fleet = Fleet(np.array([[20_000.0, 100.0, 50.0]]), np.full((1, 3), 989e12), operator_led(), p, ring)
    assert pooling["synchronous"](fleet, None).members.tolist() == [[True, False, False]]


def test_single_site_is_the_fastest_not_the_one_with_most_chips():
    fleet = Fleet(np.array([[10_000.0, 6_000.0]]), np.array([[312e12, 989e12]]), operator_led(), defaults(), plan_ring([50.0, 51.0], [8.0, 9.0]))  # fmt: skip
    assert pooling["single_site"](fleet, None).members.tolist() == [[False, True]]


def test_talent_multiplies_the_rate_of_a_site():
    fleet = drawn(2, 4, 5)
    with_talent = Fleet(fleet.chips, fleet.peak, fleet.practice, fleet.p, fleet.ring, np.full((4, 5), 1.1))
    for name in ("single_site", "independent"):
        assert pooling[name](with_talent, None).rate == pytest.approx(1.1 * pooling[name](fleet, None).rate)


def test_run_flop_is_rate_times_duration():
    p = defaults(run_days=100)
    assert run_flop(np.array([2.0, 3.0]), p).tolist() == [2 * 100 * 86_400, 3 * 100 * 86_400]
    assert run_flop(np.ones((2, 3)), p).shape == (2, 3)
