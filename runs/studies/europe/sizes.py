"""The number of runs of a verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Numbers of draws.

    Attributes:
        worlds: draws of all uncertain parameters, for the claims.
        few: how many of these are used for the curves; the robustness checks use half as many posterior draws.
        base: base points of the variance decomposition, a power of two.
        draws: prior draws of the calibration; None for the number in its file.
    """

    worlds: int = 96
    few: int = 36
    base: int = 32
    draws: int | None = None


FULL = Size()
QUICK = Size(worlds=20, few=2, base=2, draws=2048)
SECONDS, MEASURED = 1_700.0, Size(96, 36, 32)  # of processor time that a verdict of this size takes, about
