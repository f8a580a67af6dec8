"""The answer for a pair of scenarios over many runs: how far behind each is, and which part of the rules explains it.

The pair that the page opens with is stored in `parts.json`, because its 128 mixtures take longer than a room waits:

    uv run python -m juste_retour.visualization.views.parts

writes that file anew; a slow test holds it against a rerun.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from juste_retour.abm.scenario import load
from juste_retour.agents.arrays import Floats
from juste_retour.runs.contrasts.attribution import attribute
from juste_retour.runs.contrasts.resampling import interval, resampled_means
from juste_retour.runs.ensemble import simulate
from juste_retour.runs.numerals import plain
from juste_retour.runs.statistics import HIGH, LOW, quantile

PAIR = ("eu-status-quo", "essay-reform")
WORLDS = 200
PRICES = ("price_of_politics", "price_where", "price_unspent")
STORED = Path(__file__).with_name("parts.json")


def parts(source: str, target: str, worlds: int = WORLDS, seed: int = 0) -> dict[str, Any]:
    """Return how the years behind of two presets differ, by group of institutions, and the price of politics of `source`.

    `a` and `b` hold the mean years behind and the range of 90 % of the runs. `difference`, each of `shares` and each
    price hold a mean with its 95 % interval. All are in years, read over `window`, at the scenarios' own envelopes.

    Raises:
        BadInput: the two cannot be attributed, in one sentence.
    """
    found = attribute(source, target, worlds=worlds, seed=seed)
    tables = {name: simulate(name, worlds, seed, tables=("worlds",)).worlds for name in (source, target)}
    behind = [tables[name].years_behind.to_numpy() for name in (source, target)]
    prices = np.stack([tables[source][name].to_numpy() for name in PRICES])
    return {
        "pair": [source, target],
        "digests": [load(name).digest for name in (source, target)],
        "worlds": worlds,
        "seed": seed,
        "window": found.window,
        "a": _ranged(behind[0]),
        "b": _ranged(behind[1]),
        "difference": {"mean": plain(found.difference), "low": plain(found.low), "high": plain(found.high)},
        "shares": [
            {"group": s.group, "mean": plain(s.share), "low": plain(s.low), "high": plain(s.high)}
            for s in found.shares
        ],
        "prices": dict(zip(PRICES, _means(prices, seed), strict=True)),
    }


def _ranged(values: Floats) -> dict[str, Any]:
    return {
        "mean": plain(float(values.mean())),
        "low": plain(quantile(values, LOW)),
        "high": plain(quantile(values, HIGH)),
    }


def _means(rows: Floats, seed: int) -> list[dict[str, Any]]:
    low, high = interval(resampled_means(rows, seed))
    return [
        {"mean": plain(float(row.mean())), "low": plain(float(low[k])), "high": plain(float(high[k]))}
        for k, row in enumerate(rows)
    ]


def stored() -> list[dict[str, Any]]:
    """The answers that ship with the page."""
    found: list[dict[str, Any]] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    STORED.write_text(json.dumps([parts(*PAIR)], indent=1) + "\n", encoding="utf-8")
