"""The quantiles of the normal distribution, by SciPy if it is installed, which is faster, and otherwise by NumPy.

The rational approximations are those of Cephes (S. L. Moshier, 1989), which SciPy also uses and which are released
under the BSD license. The operations are in the same order as in SciPy. Logarithms are those of the C library, because
NumPy's depend on the processor's features. On x86-64 every result therefore equals `scipy.special.ndtri`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.agents.arrays import Floats, Number

_of_scipy: Any
try:
    from scipy.special import ndtri as _of_scipy
except ImportError:  # in the browser only NumPy is available
    _of_scipy = None

TAIL = 0.13533528323661269189  # exp(-2): the approximations of the tails apply below it and above 1 - exp(-2)
FAR = 8.0  # sqrt(-2 ln y) from which FAR_TAIL applies: y below exp(-32)
ROOT_2_PI = 2.50662827463100050242

# numerator and denominator, highest power first; the denominator's first coefficient is 1 and is omitted
CENTER = (
    (-59.9633501014107895267, 98.0010754185999661536, -56.6762857469070293439, 13.9312609387279679503,
     -1.23916583867381258016),
    (1.95448858338141759834, 4.67627912898881538453, 86.3602421390890590575, -225.462687854119370527,
     200.260212380060660359, -82.0372256168333339912, 15.9056225126211695515, -1.18331621121330003142),
)  # fmt: skip
NEAR_TAIL = (
    (4.05544892305962419923, 31.5251094599893866154, 57.1628192246421288162, 44.0805073893200834700,
     14.6849561928858024014, 2.18663306850790267539, -0.140256079171354495875, -3.50424626827848203418e-2,
     -8.57456785154685413611e-4),
    (15.7799883256466749731, 45.3907635128879210584, 41.3172038254672030440, 15.0425385692907503408,
     2.50464946208309415979, -0.142182922854787788574, -3.80806407691578277194e-2, -9.33259480895457427372e-4),
)  # fmt: skip
FAR_TAIL = (
    (3.23774891776946035970, 6.91522889068984211695, 3.93881025292474443415, 1.33303460815807542389,
     0.201485389549179081538, 1.23716634817820021358e-2, 3.01581553508235416007e-4, 2.65806974686737550832e-6,
     6.23974539184983293730e-9),
    (6.02427039364742014255, 3.67983563856160859403, 1.37702099489081330271, 0.216236993594496635890,
     1.34204006088543189037e-2, 3.28014464682127739104e-4, 2.89247864745380683936e-6, 6.79019408009981274425e-9),
)  # fmt: skip
Ratio = tuple[tuple[float, ...], tuple[float, ...]]


def ndtri(share: ArrayLike) -> Floats:
    """The quantile of the standard normal distribution at each share; same shape.

    Zero gives minus infinity, one gives infinity, and a number outside [0, 1] gives NaN.

    >>> float(ndtri(0.975))
    1.959963984540054
    """
    p = np.asarray(share, dtype=np.float64)
    y = p.reshape(-1)
    out = np.full(y.shape, np.nan)
    upper = y > 1.0 - TAIL
    y = np.where(upper, 1.0 - y, y)
    center = y > TAIL
    out[center] = _center(y[center])
    outer = (y > 0) & ~center
    found = _tail(y[outer])
    out[outer] = np.where(upper[outer], found, -found)
    out[y == 0] = np.where(upper, np.inf, -np.inf)[y == 0]
    return out.reshape(p.shape)


def quantile(share: Number) -> Floats:
    """The same as `ndtri`, computed by SciPy if it is installed."""
    return ndtri(share) if _of_scipy is None else _of_scipy(share)


def _center(y: Floats) -> Floats:
    y = y - 0.5
    square = y * y
    return (y + y * (square * _numerator(square, CENTER) / _denominator(square, CENTER))) * ROOT_2_PI


def _tail(y: Floats) -> Floats:
    x = np.sqrt(-2.0 * _log(y))
    z = 1.0 / x
    near = z * _numerator(z, NEAR_TAIL) / _denominator(z, NEAR_TAIL)
    far = x >= FAR
    if far.any():
        near[far] = z[far] * _numerator(z[far], FAR_TAIL) / _denominator(z[far], FAR_TAIL)
    return x - _log(x) / x - near


def _log(x: Floats) -> Floats:
    return np.fromiter(map(math.log, x.tolist()), dtype=np.float64, count=len(x))


def _numerator(x: Floats, ratio: Ratio) -> Floats:
    out = np.full(x.shape, ratio[0][0])
    for c in ratio[0][1:]:
        out *= x
        out += c
    return out


def _denominator(x: Floats, ratio: Ratio) -> Floats:
    out = x + ratio[1][0]
    for c in ratio[1][1:]:
        out *= x
        out += c
    return out
