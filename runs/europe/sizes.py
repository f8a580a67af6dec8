"""How much a verdict runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How much is run.

    Attributes:
        worlds: draws of all uncertain parameters, on which the claims are judged.
        few: of these, the first so many for the curves; as many draws of the politics alone for the alternatives.
        base: points of the sample behind the variance shares, a power of two.
        draws: prior draws of the calibration; its file's number where it is None.
    """

    worlds: int = 96
    few: int = 16
    base: int = 32
    draws: int | None = None


FULL = Size()
QUICK = Size(worlds=20, few=2, base=2, draws=2048)
