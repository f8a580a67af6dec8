"""The answer for a pair of scenarios over many runs: how far behind each is, and which part of the rules explains it.

The answers for the pairs that the page offers first are stored in `parts.json`, because their mixtures take longer than
a room waits:

    uv run python -m juste_retour.visualization.views.parts [all]

adds those that are missing or whose scenarios have changed, or makes all of them anew; tests hold the file against a
rerun.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from juste_retour.abm.members import Members
from juste_retour.abm.scenario import Scenario, load
from juste_retour.agents.arrays import Floats
from juste_retour.runs.chunked import Progress, run_worlds
from juste_retour.runs.contrasts.windows import in_one_window
from juste_retour.runs.numerals import plain
from juste_retour.runs.statistics import HIGH, LOW, quantile

if TYPE_CHECKING:
    from juste_retour.runs.contrasts.attribution import Attribution

PAIR = ("eu-status-quo", "essay-reform")
OTHERS = (
    "gigafactories",
    "federal-europe",
    "unanimous-europe",
    "juste-retour-strict",
    "us-private",
    "china-state",
)  # European scenarios: stored are the answers about today's and each of them, and about each of them and the reform
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
) -> dict[str, Any]:
    """Return how the years behind of two scenarios differ, by group of institutions, and the price of politics of `source`.

    `a` and `b` hold the mean years behind and the range of 90 % of the runs. `difference`, each of `shares` and each
    price hold a mean with its 95 % interval; `also` names the groups that had to move with a share's own. All are in
    years, read over `window`, the one of `source`, at the scenarios' own envelopes. `progress` is called as by
    `attribute` and may raise to stop.

    Raises:
        BadInput: the two cannot be attributed, in one sentence.
    """
    from juste_retour.runs.contrasts.attribution import attribute  # a browser reads the stored answers alone

    ends = in_one_window([load(source), load(target)])
    found = attribute(*ends, worlds=worlds, seed=seed, members=members, progress=progress)
    read = [
        run_worlds(end, seed, np.arange(worlds), members, price=k == 0).worlds for k, end in enumerate(ends)
    ]
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


def _shares(found: Attribution) -> list[dict[str, Any]]:
    """A row each group; groups that move as one have one row."""
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


def _ranged(values: Floats) -> dict[str, Any]:
    return {
        "mean": plain(float(values.mean())),
        "low": plain(quantile(values, LOW)),
        "high": plain(quantile(values, HIGH)),
    }


def _means(rows: Floats, seed: int) -> list[dict[str, Any]]:
    from juste_retour.runs.contrasts.resampling import interval, resampled_means

    low, high = interval(resampled_means(rows, seed))
    return [
        {"mean": plain(float(row.mean())), "low": plain(float(low[k])), "high": plain(float(high[k]))}
        for k, row in enumerate(rows)
    ]


def stored() -> list[dict[str, Any]]:
    """The answers that ship with the page."""
    found: list[dict[str, Any]] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


def main(anew: bool = False) -> None:
    """Write the stored answers: those that are missing or about other rules than now, or all anew."""
    known = {} if anew else {tuple(found["pair"]): found for found in stored()}
    for pair in PAIRS:
        if pair not in known or known[pair]["digests"] != [load(name).digest for name in pair]:
            known[pair] = parts(*pair)
        kept = [known[pair] for pair in PAIRS if pair in known]
        STORED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] == ["all"])
