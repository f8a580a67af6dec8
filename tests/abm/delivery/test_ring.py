import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.delivery.ring import great_circle, plan_ring, prefix_rings, ring_length
from tests.abm.delivery.reference import ring as slow_ring


def places(seed, count):
    uniforms = np.random.default_rng(seed)
    return uniforms.uniform(36, 66, count), uniforms.uniform(-9, 30, count)


def test_great_circle_distances():
    # a degree along a meridian; Paris to Berlin by the sphere
    assert great_circle([50, 51], [7, 7])[0, 1] == pytest.approx(6371 * math.pi / 180)
    assert great_circle([48.8566, 52.52], [2.3522, 13.405])[0, 1] == pytest.approx(877.5, abs=0.5)
    assert great_circle([0, 0], [0, 180])[0, 1] == pytest.approx(6371 * math.pi)


@given(st.integers(0, 10_000), st.integers(1, 8))
@settings(max_examples=40, derandomize=True)
def test_ring_visits_all_sites_and_is_within_5_percent_of_the_shortest(seed, count):
    north, east = places(seed, count)
    ring = plan_ring(north, east)
    assert sorted(ring.order) == list(range(count))
    assert (ring.order[ring.place] == np.arange(count)).all()
    km = great_circle(north, east)
    shortest = min(
        sum(km[a, b] for a, b in zip((0, *order), (*order, 0), strict=True))
        for order in itertools.permutations(range(1, count))
    )
    assert (
        shortest * (1 - 1e-9) <= ring.length <= shortest * 1.05 + 1e-9
    )  # nearest neighbor and 2-opt occasionally exceed the shortest ring by more than 2 %


def test_tours_are_cached():
    assert plan_ring([50, 51, 52], [7, 8, 9]) is plan_ring([50, 51, 52], [7, 8, 9])


@given(st.integers(0, 10_000), st.integers(1, 12), st.data())
@settings(max_examples=60)
def test_prefix_rings_equal_brute_force(seed, count, data):
    north, east = places(seed, count)
    km, ring = great_circle(north, east), plan_ring(north, east)
    uniforms = np.random.default_rng(data.draw(st.integers(0, 1000)))
    worlds = 3
    ranked = np.argsort(uniforms.random((worlds, count)), axis=-1)
    found = uniforms.integers(0, count + 1, worlds)
    rings = prefix_rings(ring, ranked, found)
    for w in range(worlds):
        for k in range(1, found[w] + 1):
            members = {int(s) for s in ranked[w, :k]}
            slow = slow_ring(members, ring.order.tolist(), km)
            assert rings[w, k - 1] == pytest.approx(slow, abs=1e-6)
            mask = np.isin(np.arange(count), list(members))[None, :]
            assert ring_length(ring, mask)[0] == pytest.approx(slow, abs=1e-9)


def test_ring_length_of_zero_one_and_two_sites():
    ring = plan_ring([50, 50, 60], [7, 8, 9])
    km = great_circle([50, 50, 60], [7, 8, 9])
    chosen = np.array([[True, False, False], [True, True, False], [False, False, False]])
    assert ring_length(ring, chosen).tolist() == pytest.approx([0, 2 * km[0, 1], 0])
