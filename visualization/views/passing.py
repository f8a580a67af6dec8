"""Reforms that would pass, for the page: every package of the parts in which two scenarios differ, and each state's vote.

The result for the first pair of scenarios is stored in `passing.json`, for talks and the single file.

    uv run python -m juste_retour.visualization.views.passing

computes it again, with draws of the uncertain numbers. A test compares the file with new runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.explanations.reader import met
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Booleans
from juste_retour.runs.analysis.consent import Adoption
from juste_retour.runs.base.chunked import Progress
from juste_retour.visualization.views.parts import PAIR, WORLDS

if TYPE_CHECKING:
    from juste_retour.runs.analysis.reforms import Package, StateChange

DRAWS, EACH = 96, 8
STORED = Path(__file__).with_name("passing.json")


def passing(
    source: str | Scenario,
    target: str | Scenario,
    worlds: int = WORLDS,
    seed: int = 0,
    members: Members | None = None,
    progress: Progress | None = None,
    draws: int | None = None,
) -> JsonObject:
    """The packages of a reform as `reforms` finds them, with each state's change.

    Args:
        source, target: the scenarios, or their names.
        worlds: replications of each package.
        seed: random seed.
        members: the union; by default that of the scenarios.
        progress: called as in `reforms`; it may raise an exception to stop.
        draws: number of draws of the uncertain numbers; None for none.

    Returns:
        A dictionary for JSON. Each of `packages` has the fields of `Package`; `yes`, `no` and `unsure`, indices of states,
        where `unsure` are undecided; `conditions`, as in `reason_texts.ballot`; `change` and `terms`, EUR bn by state; and
        with draws `in_draws`, the share of them in which it passes.

    Raises:
        BadInput: the two scenarios do not differ in a number of parts that can be voted on.
    """
    from juste_retour.runs.analysis.reforms import reforms  # needs pandas, which a browser lacks

    found = reforms(
        source, target, worlds=worlds, seed=seed, members=members, draws=draws, each=EACH, progress=progress
    )
    best = found.best_that_passes
    shares = {one.parts: [one.passing, one.low, one.high] for one in found.in_draws}
    return {
        "pair": list(found.scenarios),
        "digests": [load(one).digest for one in (source, target)],
        "worlds": worlds,
        "seed": seed,
        "draws": draws,
        "units": [list(parts) for parts in found.units],
        "best": best and list(best.parts),
        "packages": [
            _package(package, states, found.vote) | {"in_draws": shares.get(package.parts)}
            for package, states in zip(found.packages, found.changes, strict=True)
        ],
    }


def _package(package: Package, states: Sequence[StateChange], vote: Adoption) -> JsonObject:
    yes = np.array([s.in_favor for s in states])
    unsure = np.array([s.undecided for s in states])
    return asdict(package) | {
        "yes": np.flatnonzero(yes & ~unsure).tolist(),
        "no": np.flatnonzero(~yes & ~unsure).tolist(),
        "unsure": np.flatnonzero(unsure).tolist(),
        "conditions": tested(vote, package.parts, yes)["conditions"],
        "change": [round(s.change_eur_bn, 6) for s in states],
        "terms": {name: [round(s.terms[name], 6) for s in states] for name in states[0].terms},
    }


def tested(vote: Adoption, parts: Sequence[str], yes: Booleans) -> JsonObject:
    """Whether a package of parts passes with these yes votes (states,), and the conditions that it must meet."""
    rules, conditions = vote.rules(parts), []
    for game in map(vote.game, rules):
        members = np.concatenate([yes[game.voters], np.ones(int(game.commission), bool)])  # the Commission agrees
        if game.majority is not None:
            conditions += [asdict(one) for one in met(game.ballot(members, ~members), game.majority, len(yes))]
    return {"conditions": conditions, "passed": bool(vote.passes(yes, rules))}


def stored_passing() -> JsonObject:
    """The result that is shipped with the page."""
    found: JsonObject = json.loads(STORED.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    STORED.write_text(
        json.dumps(passing(*PAIR, draws=DRAWS), separators=(",", ":")).replace('{"parts"', '\n{"parts"') + "\n",
        encoding="utf-8",
    )
