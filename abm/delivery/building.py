"""From selection to operation: what a selected site becomes, and when.

All luck of a site is drawn by its place on the tape, not by the quarter in which it is chosen, so that two rules that
choose the same site at different times meet the same contractor.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.calendar import year
from abm.delivery import chips as chip
from abm.delivery.operations import money_kept
from abm.delivery.procurement import award_time, build_time
from agents.arrays import Reals, Truths, Whole


@dataclass(eq=False)
class Delivered:
    """What selected sites become; all (worlds, sites), quarters as whole numbers since year 0.

    `contracted` and `ready` are the quarters of contract and of first operation; `chips` accelerators of the date
    `bought`, `peak` FLOP/s each, `spend` EUR bn, `power_mw` at the meter.
    """

    cancelled: Truths
    contracted: Whole
    ready: Whole
    bought: Reals
    chips: Reals
    peak: Reals
    spend: Reals
    power_mw: Reals

    @classmethod
    def nothing(cls, worlds: int, sites: int) -> Delivered:
        """No site selected."""
        never = np.full((worlds, sites), np.iinfo(np.int64).max // 2)
        zero = np.zeros((worlds, sites))
        return cls(zero > 0, never, never.copy(), *(zero.copy() for _ in range(5)))

    def write(self, rows: NDArray[np.int64], where: Truths, new: Delivered) -> None:
        """Enter what newly selected sites become, in the worlds `rows`."""
        for field in fields(self):
            mine = getattr(self, field.name)
            mine[rows] = np.where(where, getattr(new, field.name), mine[rows])


def capacity(world: Any, rows: Any, at: Any) -> Reals:
    """EUR bn that fill each site's power if spent on the chips of the decimal year `at`; (rows, sites)."""
    p = world.p.rows(rows)
    headroom = world.sites.headroom * _rows(world.procedure.power_factor, rows)
    pue = chip.pue(world.sites.temperature, p)
    chips = headroom / (chip.power_kw(at, p) * 1e-3 * pue)
    return np.broadcast_to(chips * chip.price(at, p) * 1e-9, (len(p.mfu_reference), world.sites.count))


def _rows(value: Any, rows: Any) -> Any:
    return value[rows] if isinstance(value, np.ndarray) and value.ndim == 2 and len(value) > 1 else value
