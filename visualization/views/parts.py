"""Compare two scenarios over many runs: the lag of each, and the attribution of the difference to groups of rules.

The results for the pairs that the page offers first are stored in `parts.json`, because they take longer to compute than an
audience can wait.

    uv run python -m juste_retour.visualization.views.parts [all]

adds results that are missing or whose scenarios have changed; with `all` it computes all of them again. Tests compare the
file with new runs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats
from juste_retour.runs.base.chunked import Progress, run_worlds
from juste_retour.runs.base.numerals import plain
from juste_retour.runs.base.statistics import HIGH, LOW, quantile
from juste_retour.runs.results.windows import in_one_window

if TYPE_CHECKING:
    from juste_retour.runs.analysis.attribution import Attribution

PAIR = ("eu-status-quo", "essay-reform")
OTHERS = (
    "reform-with-access",
    "gigafactories",
    "federal-europe",
    "unanimous-europe",
    "juste-retour-strict",
    "us-private",
    "china-state",
)  # European scenarios; each is compared with the status quo and with the reform
PAIRS = (PAIR, *((PAIR[0], name) for name in OTHERS), *((name, PAIR[1]) for name in OTHERS))
WORLDS = 200
PRICES = ("price_of_politics", "price_where", "price_unspent")
STORED = Path(__file__).with_name("parts.json")


def parts(
    source: str | Scenario,
    target: str | Scenario,
    worlds: int = WORLDS,
    seed: int = 0,
    members: Members | None = None,
    progress: Progress | None = None,
) -> JsonObject:
    """The difference in years behind of two scenarios by group of institutions, and the price of politics of `source`.

    Args:
        source, target: the scenarios, or their names.
        worlds: number of runs of each mixture of rules.
        seed: random seed.
        members: the union; by default that of the scenarios.
        progress: called as in `attribute`; it may raise an exception to stop.

    Returns:
        A dictionary for JSON. All numbers are in years over `window`, which is that of `source`, at the scenarios' own
        envelopes. `a` and `b` have the mean lag and the range of 90 % of the runs. `difference`, each of `shares` and each
        of `prices` have a mean with its 95 % interval. `also` lists groups that can only change together with a share's group.

    Raises:
        BadInput: the difference of the two scenarios cannot be attributed.
    """
    from juste_retour.runs.analysis.attribution import (
        attribute,
    )  # not available in the browser, which reads stored results

    ends = in_one_window([load(source), load(target)])
    found = attribute(*ends, worlds=worlds, seed=seed, members=members, progress=progress)
    read = [run_worlds(end, seed, np.arange(worlds), members, price=k == 0).worlds for k, end in enumerate(ends)]
    prices = np.stack([read[0][name] for name in PRICES])
    return {
        "pair": [end.name for end in ends],
        "digests": [load(end).digest for end in (source, target)],
        "worlds": worlds,
        "seed": seed,
        "window": found.window,
        "a": _ranged(read[0]["years_behind"]),
        "b": _ranged(read[1]["years_behind"]),
        "difference": {"mean": plain(found.difference), "low": plain(found.low), "high": plain(found.high)},
        "shares": _shares(found),
        "prices": dict(zip(PRICES, _means(prices, seed), strict=True)),
    }


def _shares(found: Attribution) -> list[JsonObject]:
    """One row per group; groups that change together have one row."""
    also = {groups[0]: list(groups[1:]) for groups, _ in found.joined}
    follow = {group for groups in also.values() for group in groups}
    return [
        {
            "group": s.group,
            "also": also.get(s.group, []),
            "mean": plain(s.share),
            "low": plain(s.low),
            "high": plain(s.high),
        }
        for s in found.shares
        if s.group not in follow
    ]


def _ranged(values: Floats) -> JsonObject:
    return {
        "mean": plain(float(values.mean())),
        "low": plain(quantile(values, LOW)),
        "high": plain(quantile(values, HIGH)),
    }


def _means(rows: Floats, seed: int) -> list[JsonObject]:
    from juste_retour.runs.base.resampling import interval, resampled_means

    low, high = interval(resampled_means(rows, seed))
    return [
        {"mean": plain(float(row.mean())), "low": plain(float(low[k])), "high": plain(float(high[k]))}
        for k, row in enumerate(rows)
    ]


def stored() -> list[JsonObject]:
    """The results that are shipped with the page."""
    found: list[JsonObject] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


def main(anew: bool = False) -> None:
    """Compute and store results that are missing or about scenarios that have changed; with `anew`, all of them."""
    known = {} if anew else {tuple(found["pair"]): found for found in stored()}
    for pair in PAIRS:
        if pair not in known or known[pair]["digests"] != [load(name).digest for name in pair]:
            known[pair] = parts(*pair)
        kept = [known[pair] for pair in PAIRS if pair in known]
        STORED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] == ["all"])
