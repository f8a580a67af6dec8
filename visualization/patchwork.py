"""A schematic map for a union without outlines: the land of a state is what is closer to its sites than to others'."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.base.members import Members
from juste_retour.abm.data import equal_area
from juste_retour.agents.arrays import Floats

MARGIN = 0.12  # margin around the sites, as a share of the window
APART = 9.0  # drawing units between sites at the same place
COAST = (40.0, 75.0)  # smallest and largest distance from a site to the sea, in drawing units
TURN = np.pi * (3 - np.sqrt(5))  # the golden angle, at which the points of a spiral do not overlap


def patchwork(members: Members, window: tuple[float, float, float, float]) -> tuple[Floats, list[str]]:
    """Draw the map of a union in a window.

    Sites are placed by Lambert's equal-area projection about their center. If all sites have the same coordinates, states
    are placed in rows.

    Args:
        members: the union.
        window: left, top, width and height, in drawing units.

    Returns:
        Positions of the sites (sites, 2), and each state's outline as an SVG path.
    """
    states, sites = members.states.count, members.sites
    at = _projected(sites.latitude, sites.longitude)
    if np.ptp(at, axis=0).max() < 1e-6:
        wide = int(np.ceil(np.sqrt(states)))
        at = np.column_stack(np.divmod(sites.state, wide)[::-1]).astype(np.float64)
    at = _apart(_fitted(at, window))
    return at, _outlines(at, sites.state, states, window)


def _projected(latitude: Floats, longitude: Floats) -> Floats:
    """Lambert's equal-area projection of places about their center (places, 2), with south at the bottom."""
    north, east = np.radians(latitude), np.radians(longitude)
    middle, around = north.mean(), np.arctan2(np.sin(east).mean(), np.cos(east).mean())
    at = [equal_area(*one, middle, around) for one in zip(north.tolist(), east.tolist(), strict=True)]
    return np.array(at) * (1, -1)


def _fitted(at: Floats, window: tuple[float, float, float, float]) -> Floats:
    """The places, scaled uniformly and centered in the window."""
    left, top, width, height = window
    low, high = at.min(axis=0), at.max(axis=0)
    room = (1 - 2 * MARGIN) * np.array([width, height])
    scale = (room / np.maximum(high - low, 1e-9)).min()
    return np.array([left + width / 2, top + height / 2]) + scale * (at - (low + high) / 2)


def _apart(at: Floats) -> Floats:
    """The places, with those at the same position spread on a spiral around it."""
    _, which = np.unique(np.round(at, 1), axis=0, return_inverse=True)
    out, met = at.copy(), defaultdict[int, int](int)
    for k, spot in enumerate(which.reshape(-1).tolist()):
        n = met[spot]
        met[spot] += 1
        out[k] += APART * np.sqrt(n) * np.array([np.cos(n * TURN), np.sin(n * TURN)])
    return out


def _outlines(at: Floats, owner: NDArray[np.int64], count: int, window: tuple[float, float, float, float]) -> list[str]:
    """The outline of each owner's Voronoi cells as an SVG path; points at sea limit them."""
    from scipy.spatial import Voronoi  # not imported at the top, because the European map does not need it

    sea = _sea(at, owner, window)
    cells = Voronoi(np.concatenate([at, sea]))
    whose = np.concatenate([owner, np.full(len(sea), -1)])
    borders: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (p, q), (a, b) in zip(cells.ridge_points, cells.ridge_vertices, strict=True):
        if whose[p] != whose[q]:
            for side in {int(whose[p]), int(whose[q])} - {-1}:
                borders[side].append((a, b))
    return ["".join(_ring(ring, cells.vertices) for ring in _rings(borders[i])) for i in range(count)]


def _sea(at: Floats, owner: NDArray[np.int64], window: tuple[float, float, float, float]) -> Floats:
    """Points at sea (points, 2): a grid over the window and beyond, without the points near a site.

    The coast is half way between sites and these points. Its distance from a site depends on the distance between states.
    """
    from scipy.spatial.distance import cdist

    middles = np.array([at[owner == i].mean(axis=0) for i in np.unique(owner)])
    distances = cdist(middles, middles)
    np.fill_diagonal(distances, np.inf)
    coast = float(np.clip(0.75 * np.median(distances.min(axis=1)), *COAST))
    axes = (
        np.arange(low - 2 * coast, low + size + 3 * coast, coast / 4)
        for low, size in zip(window[:2], window[2:], strict=True)
    )
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    return grid[cdist(grid, at).min(axis=1) > 2 * coast]


def _rings(borders: list[tuple[int, int]]) -> list[list[int]]:
    """The corners of each piece of land, in order around it."""
    beside: dict[int, list[int]] = defaultdict(list)
    for a, b in borders:
        beside[a].append(b)
        beside[b].append(a)
    rings = []
    for start in list(beside):
        here, ring = start, []
        while beside[here]:
            there = beside[here].pop()
            beside[there].remove(here)
            ring.append(here)
            here = there
        if ring:
            rings.append(ring)
    return rings


def _ring(corners: list[int], places: Floats) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in places[corners]) + "Z"
