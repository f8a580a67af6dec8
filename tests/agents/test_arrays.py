"""Arithmetic over worlds: results do not depend on the other worlds of a batch, bit for bit."""

import re
from pathlib import Path

import numpy as np
import pytest

from juste_retour.agents.arrays import alike, by_rank, pick, power, total_by

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("exponent", [-1.0, 0.3, 0.5, 2.0])
def test_powers_do_not_depend_on_the_batch(exponent):
    base = np.random.default_rng(0).random((200, 27))
    own = np.full((200, 1), exponent)
    among = power(base, own)
    np.testing.assert_array_equal(np.concatenate([power(base[k : k + 1], own[k : k + 1]) for k in range(200)]), among)
    np.testing.assert_array_equal(power(base, exponent), among)
    np.testing.assert_allclose(among, [[x**exponent for x in row] for row in base.tolist()], rtol=1e-14)


def test_model_computes_powers_only_with_this_function():
    for package in ("agents", "abm"):
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "arrays.py":
                assert not re.search(r"\bnp\.(float_)?power\(", path.read_text(encoding="utf-8")), path


def test_by_rank_steps_through_groups_member_by_member():
    group = np.array([2, 0, 2, 1, 2, 0])
    steps, place = by_rank(group, 4)
    assert [step.tolist() for step in steps] == [[0, 1, 3], [2, 5], [4]]
    assert place.tolist() == [1, 2, 0, 3]  # the third group is the largest and the fourth is empty


def test_alike_groups_bitwise_equal_rows():
    x = np.array([[1.0, 2.0], [1.0, np.nextafter(2.0, 3.0)], [1.0, 2.0], [1.0, 2.0]])
    first, kind = alike(x, np.array([[0.0], [0.0], [1.0], [0.0]]))
    assert len(first) == 3
    assert kind[0] == kind[3]
    for row in range(4):
        assert x[first[kind[row]]].tobytes() == x[row].tobytes()


def test_sums_by_group_add_members_in_order():
    rng = np.random.default_rng(1)
    x, group = rng.normal(size=(5, 68)), rng.integers(0, 27, 68)
    expected = np.zeros((5, 30))
    for j, k in enumerate(group.tolist()):
        expected[:, k] += x[:, j]
    np.testing.assert_array_equal(total_by(x, group, 30), expected)


def test_pick_takes_each_worlds_own_index():
    rng = np.random.default_rng(2)
    x, index = rng.normal(size=(3, 5, 7)), rng.integers(0, 7, (3, 5, 2))
    np.testing.assert_array_equal(pick(x, index), np.take_along_axis(x, index, axis=-1))
    np.testing.assert_array_equal(pick(x[0, 0], index), x[0, 0][index])
