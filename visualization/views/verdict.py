"""The verdict's numbers for the page: today's lag, the reform's gain and its parts, over all uncertain numbers.

The page computes at the default numbers. This is the one source of how far the same numbers range when all uncertain
numbers are drawn: for the opening, the answer, talks, the page in a frame and the single file.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from juste_retour.abm.base.toml import JsonObject
from juste_retour.visualization.views.parts import PAIR

YEARS = 5  # of the window that the page shows
NAMED = "what the three named parts gain"


@cache
def ranges() -> JsonObject:
    """The stored verdict on the first pair of scenarios.

    Returns:
        A dictionary for JSON: `pair`, `draws`, and `a`, `b`, `gain` and each of `parts` (the largest first, with its
        `group`) with `median`, `low` and `high` in years, 90 % of the draws, at equal envelopes. `lags` has the same for
        each scenario by its name, with `read`, the quarter in which its window ends. `named` is the gain of the parts that
        the essay names, and `named_spending` the same at equal spending.
    """
    found = json.loads(
        (resources.files("juste_retour.runs") / "studies" / "europe" / "results.json").read_text("utf-8")
    )
    lags = {row["scenario"]: _range(row) | {"read": row["read"]} for row in found["presets"]}
    shares = {
        row["part"]: _range(row)
        for row in found["shares"]
        if row["equal"] == "envelopes" and row["window_years"] == YEARS
    }
    gain = shares.pop("total")
    (named,) = (f for f in found["findings"] if f["question"] == NAMED)
    parts = [{"group": name} | row for name, row in shares.items() if row["median"]]
    return {
        "pair": PAIR,
        "draws": found["worlds"],
        "a": lags[PAIR[0]],
        "b": lags[PAIR[1]],
        "gain": gain,
        "named": _range(named["variants"][f"equal envelopes, {YEARS} years"]),
        "named_spending": _range(named["answer"]),
        "lags": lags,
        "parts": sorted(parts, key=lambda row: -row["median"]),
    }


def _range(row: JsonObject) -> JsonObject:
    return {name: row[name] for name in ("median", "low", "high")}
