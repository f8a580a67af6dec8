"""A map for a union whose outlines nobody has drawn: a state is the land around its sites, up to those of others."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.data import equal_area
from juste_retour.abm.members import Members
from juste_retour.agents.arrays import Floats

MARGIN = 0.12  # of the window, between its edge and the outermost site
APART = 9.0  # drawing units between sites that share a place
COAST = (40.0, 75.0)  # least and most drawing units from a site to the sea
TURN = np.pi * (3 - np.sqrt(5))  # the golden angle: a spiral that never runs into itself


def patchwork(members: Members, window: tuple[float, float, float, float]) -> tuple[Floats, list[str]]:
    """Lay a union out in a window.

    Args:
        members: the union; its sites stand in Lambert's equal-area projection about their middle, or, where the tables
            say of no two of them that they lie apart, its states stand in rows.
        window: left, top, width and height.

    Returns:
        places of the sites (sites, 2), and each state's outline as an SVG path.
    """
    states, sites = members.states.count, members.sites
    at = _projected(sites.latitude, sites.longitude)
    if np.ptp(at, axis=0).max() < 1e-6:
        wide = int(np.ceil(np.sqrt(states)))
        at = np.column_stack(np.divmod(sites.state, wide)[::-1]).astype(np.float64)
    at = _apart(_fitted(at, window))
    return at, _outlines(at, sites.state, states, window)


def _projected(latitude: Floats, longitude: Floats) -> Floats:
    """Lambert's equal-area projection about the middle of some places, (places, 2), south downwards."""
    north, east = np.radians(latitude), np.radians(longitude)
    middle, around = north.mean(), np.arctan2(np.sin(east).mean(), np.cos(east).mean())
    at = [equal_area(*one, middle, around) for one in zip(north.tolist(), east.tolist(), strict=True)]
    return np.array(at) * (1, -1)


def _fitted(at: Floats, window: tuple[float, float, float, float]) -> Floats:
    """The places, all scaled alike, in the middle of the window."""
    left, top, width, height = window
    low, high = at.min(axis=0), at.max(axis=0)
    room = (1 - 2 * MARGIN) * np.array([width, height])
    scale = (room / np.maximum(high - low, 1e-9)).min()
    return np.array([left + width / 2, top + height / 2]) + scale * (at - (low + high) / 2)


def _apart(at: Floats) -> Floats:
    """The places, those at the same spot wound about it."""
    _, which = np.unique(np.round(at, 1), axis=0, return_inverse=True)
    out, met = at.copy(), defaultdict[int, int](int)
    for k, spot in enumerate(which.reshape(-1).tolist()):
        n = met[spot]
        met[spot] += 1
        out[k] += APART * np.sqrt(n) * np.array([np.cos(n * TURN), np.sin(n * TURN)])
    return out


def _outlines(
    at: Floats, owner: NDArray[np.int64], count: int, window: tuple[float, float, float, float]
) -> list[str]:
    """Each owner's Voronoi cells as one outline, among the cells of points at sea."""
    from scipy.spatial import Voronoi  # the European map does without

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
    """Points at sea, (points, 2): a grid around and beyond the window, without what is near a site.

    The coast lies half way to it, about as far from a site as states are from each other.
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
    """Corners in their order around each piece of land."""
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
