"""The numeric parameters of some worlds, by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.arrays import Floats


class Values:
    """The parameters of some worlds as attributes; a number is an array (worlds, 1), whether or not it varies.

    A string or boolean (`decider`, `side_payments`) is the same in all worlds and is stored as it is.
    """

    def __init__(self, **columns: Floats | bool | str):
        self.__dict__.update(columns)

    def __getattr__(self, name: str) -> Floats:
        """Called only for a name that is not a parameter, which raises AttributeError."""
        raise AttributeError(f"there is no parameter {name!r}")

    def rows(self, worlds: NDArray[np.int64]) -> Values:
        """The parameters of the worlds at these positions; the same object if they are all worlds in order."""
        if np.array_equal(worlds, np.arange(len(self.envelope_eur_bn))):
            return self
        return Values(**{k: v[worlds] if isinstance(v, np.ndarray) else v for k, v in vars(self).items()})
