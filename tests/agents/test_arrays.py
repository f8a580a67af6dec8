"""Powers are the same bits for a world whoever stands beside it."""

import re
from pathlib import Path

import numpy as np
import pytest

from juste_retour.agents.arrays import power

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("exponent", [-1.0, 0.3, 0.5, 2.0])
def test_a_world_alone_has_the_power_it_has_among_others(exponent):
    base = np.random.default_rng(0).random((200, 27))
    own = np.full((200, 1), exponent)
    among = power(base, own)
    np.testing.assert_array_equal(
        np.concatenate([power(base[k : k + 1], own[k : k + 1]) for k in range(200)]), among
    )
    np.testing.assert_array_equal(power(base, exponent), among)
    np.testing.assert_allclose(among, [[x**exponent for x in row] for row in base.tolist()], rtol=1e-14)


def test_the_model_takes_powers_by_that_function_only():
    for room in ("agents", "abm"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name != "arrays.py":
                assert not re.search(r"\bnp\.(float_)?power\(", path.read_text(encoding="utf-8")), path
