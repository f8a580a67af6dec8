import numpy as np
import pytest
from scipy import special

from juste_retour.abm.base.normal import ndtri, quantile

DRAWS = 1_000_000
LOWEST = 5e-324  # the smallest subnormal number


def uniform_around(center, width, rng):
    return center * (1 + width * (rng.random(DRAWS // 4) - 0.5))


def inputs(rng):
    """Uniform draws, both tails down to subnormal numbers, borders between approximations, and random bit patterns."""
    yield rng.random(DRAWS)
    yield np.exp(-745 * rng.random(DRAWS))
    yield 1 - np.exp(-37 * rng.random(DRAWS))
    yield LOWEST * np.arange(DRAWS // 4)
    for border, width in ((np.exp(-2), 1e-13), (1 - np.exp(-2), 1e-13), (np.exp(-32), 1e-6), (0.5, 1e-12)):
        yield uniform_around(border, width, rng)
    yield rng.integers(0, 2**64, DRAWS // 4, dtype=np.uint64).view(np.float64)
    yield np.array([0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan, LOWEST, 2.0**-54, 1 - 2.0**-53])


def test_quantiles_equal_scipy_bit_for_bit():
    for x in inputs(np.random.default_rng(1)):
        with np.errstate(all="ignore"):
            theirs, ours = special.ndtri(x), ndtri(x)
        same = (theirs.view(np.int64) == ours.view(np.int64)) | (np.isnan(theirs) & np.isnan(ours))
        assert same.all(), x[~same][:5]


@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
def test_shape_is_kept(shape):
    x = np.full(shape, 0.3)
    assert ndtri(x).shape == shape
    assert np.array_equal(ndtri(x), quantile(x))
