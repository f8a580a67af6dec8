"""The tables of the European Union and the geometry of its map; `README.md` describes each column."""

import json
import math
from pathlib import Path

from juste_retour.abm.base.toml import JsonObject


def map_geometry() -> JsonObject:
    """Return the map as a dictionary.

    `w` and `h` are its size in drawing units, `eu` the SVG path of each state by code, `other` the land around them,
    and `centroid` the center of each state.
    """
    return json.loads((Path(__file__).parent / "map.json").read_text(encoding="utf-8"))


CENTRE = (math.radians(52.0), math.radians(10.0))
SCALE, EAST, NORTH = 1265.32, 512.08, 436.65  # drawing units, fitted to the outlines of fifteen states


def equal_area(latitude: float, longitude: float, middle: float, around: float) -> tuple[float, float]:
    """Lambert's azimuthal equal-area projection.

    Args:
        latitude: of the place, like all angles in radians.
        longitude: of the place.
        middle: latitude of the projection's center.
        around: longitude of the projection's center.

    Returns:
        The distances east and north of the center, in Earth radii.
    """
    north, east = latitude, longitude - around
    k = math.sqrt(2 / (1 + math.sin(middle) * math.sin(north) + math.cos(middle) * math.cos(north) * math.cos(east)))
    x = k * math.cos(north) * math.sin(east)
    y = k * (math.cos(middle) * math.sin(north) - math.sin(middle) * math.cos(north) * math.cos(east))
    return x, y


def place(latitude: float, longitude: float) -> tuple[float, float]:
    """The position of a place on the map, in drawing units; latitude and longitude are in degrees.

    It is Lambert's azimuthal equal-area projection about 52 N 10 E, as in EPSG:3035.

    >>> [round(x) for x in place(52.0, 10.0)]
    [512, 437]
    """
    x, y = equal_area(math.radians(latitude), math.radians(longitude), *CENTRE)
    return EAST + SCALE * x, NORTH - SCALE * y
