"""The tables of the European Union and the geometry of its map; `README.md` describes every column."""

import json
from pathlib import Path
from typing import Any


def map_geometry() -> dict[str, Any]:
    """Return the map: `w` and `h` (drawing units), `eu` (state code to SVG path), `other` (the land around), `centroid`."""
    return json.loads((Path(__file__).parent / "map.json").read_text(encoding="utf-8"))
