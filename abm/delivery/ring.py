"""Fiber rings: one closed tour over all candidate sites, and the ring that any subset forms along it.

A subset is visited in the order of the fixed tour. For five to eight of the Union's 68 sites this is 7 to 10 % longer
than a tour of their own, with hardly any effect on the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from juste_retour.agents.arrays import Booleans, Floats, Integers, take, total

EARTH_KM = 6371.0
STARTS = 12  # nearest-neighbor tours tried; more shorten the Union's tour by less than 1 %


def great_circle(latitude: ArrayLike, longitude: ArrayLike) -> Floats:
    """Great-circle distances in km by the haversine formula; latitude and longitude in degrees (sites,); (sites, sites)."""
    north, east = (
        np.radians(np.asarray(latitude, dtype=float)),
        np.radians(np.asarray(longitude, dtype=float)),
    )
    up = np.sin((north[:, None] - north) / 2) ** 2
    across = np.sin((east[:, None] - east) / 2) ** 2 * np.cos(north[:, None]) * np.cos(north)
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(up + across, 1.0)))


@dataclass(frozen=True, eq=False)
class Ring:
    """A closed tour over sites.

    Attributes:
        order: (sites,) indices of the sites in the order of the tour.
        place: (sites,) each site's place on the tour.
        between: (sites, sites) km between places on the tour.
    """

    order: Integers
    place: Integers
    between: Floats

    @property
    def length(self) -> float:
        """Length of the whole tour, km."""
        return float(ring_length(self, np.ones((1, len(self.order)), dtype=bool))[0])


def plan_ring(latitude: ArrayLike, longitude: ArrayLike) -> Ring:
    """A short closed tour over sites, by nearest neighbors and 2-opt; latitude and longitude in degrees (sites,).

    Results are cached.
    """
    return _plan(tuple(np.asarray(latitude, dtype=float).tolist()), tuple(np.asarray(longitude, dtype=float).tolist()))


@lru_cache(maxsize=32)
def _plan(latitude: tuple[float, ...], longitude: tuple[float, ...]) -> Ring:
    distance = great_circle(latitude, longitude)
    count = len(latitude)
    tours = [_uncross(_nearest(distance, s), distance) for s in range(0, count, max(count // STARTS, 1))]
    order = min(tours, key=lambda o: float(total(distance[o, np.roll(o, -1)])))
    place = np.empty_like(order)
    place[order] = np.arange(count)
    return Ring(order, place, np.ascontiguousarray(distance[np.ix_(order, order)]))


def _nearest(distance: Floats, start: int) -> Integers:
    order, left = [start], np.ones(len(distance), dtype=bool)
    left[start] = False
    while left.any():
        order.append(int(np.where(left, distance[order[-1]], np.inf).argmin()))
        left[order[-1]] = False
    return np.array(order, dtype=np.int64)


def _uncross(order: Integers, distance: Floats) -> Integers:
    """The tour after 2-opt: reverse the section that shortens the tour most, until none does."""
    while True:
        d = distance[np.ix_(order, order)]
        ahead = np.roll(order, -1)
        legs = distance[order, ahead]
        gain = legs[:, None] + legs - d - distance[np.ix_(ahead, ahead)]
        i, j = divmod(int(np.triu(gain, 1).argmax()), len(order))
        if i >= j or gain[i, j] < 1e-9:
            return order
        order = np.concatenate((order[: i + 1], order[i + 1 : j + 1][::-1], order[j + 1 :]))


def _neighbors(chosen: Booleans) -> tuple[Integers, Integers]:
    """The chosen places before and after each place along the tour; (worlds, sites), valid at chosen places only."""
    count = chosen.shape[-1]
    here = np.arange(count)
    last = np.maximum.accumulate(np.where(chosen, here, -1), axis=-1)
    next_ = np.minimum.accumulate(np.where(chosen, here, count)[..., ::-1], axis=-1)[..., ::-1]
    before, after = np.empty_like(last), np.empty_like(last)
    before[..., 1:], after[..., :-1] = last[..., :-1], next_[..., 1:]
    before[..., 0], after[..., -1] = -1, count
    return np.where(before < 0, last[..., -1:], before), np.where(after >= count, next_[..., :1], after)


def ring_length(ring: Ring, members: Booleans) -> Floats:
    """Length of the ring over the members, booleans (worlds, sites), km; (worlds,). For two sites it is there and back."""
    chosen = take(members, ring.order)
    before, _ = _neighbors(chosen)
    here = np.arange(chosen.shape[-1])
    return total(np.where(chosen, ring.between[before, here], 0.0))


def prefix_rings(ring: Ring, ranked: Integers, count: Integers) -> Floats:
    """Lengths of the rings over the first 1, 2, ..., K of each world's ranked sites, km (worlds, K).

    It starts from the ring over all of them, a linked list, and removes the last-ranked site one at a time.

    Args:
        ring: the tour over all sites.
        ranked: (worlds, K) indices of sites, best first.
        count: (worlds,) number of valid sites in `ranked`; beyond it the length is that of the first `count`.
    """
    worlds, longest = ranked.shape
    sites = len(ring.order)
    meant = np.arange(longest) < count[:, None]
    # ranks beyond the count point to an extra last place, whose removal changes nothing
    place = np.where(meant, ring.place[ranked], sites)
    chosen = np.zeros((worlds, sites + 1), dtype=bool)
    np.put_along_axis(chosen, place, True, axis=-1)
    chosen[:, sites] = False
    before, after = (np.ascontiguousarray(x).ravel() for x in _neighbors(chosen))
    offset = np.arange(worlds) * (sites + 1)
    before[offset + sites] = after[offset + sites] = sites
    between = np.zeros((sites + 1, sites + 1))
    between[:sites, :sites] = ring.between
    flat = between.ravel()
    now = total(np.where(chosen, between[before.reshape(chosen.shape), np.arange(sites + 1)], 0.0))
    rings = np.empty((longest, worlds))
    by_rank = np.ascontiguousarray(place.T)
    for rank in range(longest - 1, 0, -1):
        rings[rank] = now
        out = by_rank[rank]
        left, right = before[offset + out], after[offset + out]
        now = now - (
            flat[left * (sites + 1) + out] + flat[out * (sites + 1) + right] - flat[left * (sites + 1) + right]
        )
        after[offset + left] = right
        before[offset + right] = left
    rings[0] = 0.0
    return np.ascontiguousarray(rings.T)
