"""The numeric parameters of some worlds, by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from juste_retour.agents.arrays import Floats


class Values:
    """Parameters over worlds, each (worlds, 1): a rule never sees which of them differ between worlds.

    What is not a number (`decider`, `side_payments`) is the same in all worlds and stands as it is.
    """

    def __init__(self, **columns: Floats | bool | str):
        self.__dict__.update(columns)

    def __getattr__(self, name: str) -> Floats:
        """Only called for a name that is no parameter."""
        raise AttributeError(f"there is no parameter {name!r}")

    def rows(self, worlds: NDArray[np.int64]) -> Values:
        """The parameters of some of the worlds; these very ones where they are all, in order."""
        if np.array_equal(worlds, np.arange(len(self.envelope_eur_bn))):
            return self
        return Values(**{k: v[worlds] if isinstance(v, np.ndarray) else v for k, v in vars(self).items()})
