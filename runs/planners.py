"""Planner twins computed once and shared: the years behind that a planner would leave, for the price of politics."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from juste_retour.abm.members import Members
from juste_retour.abm.outcomes import planned_years_behind, twin_of
from juste_retour.abm.scenario import Scenario, shape
from juste_retour.agents.arrays import Reals
from juste_retour.runs.chunked import chunks


class Planners:
    """Years behind of planner twins; scenarios that differ only in what the planner sets aside share one.

    Args:
        seed: seed of the worlds.
        members: the union.
        keep: how many blocks of replicates to remember.
    """

    def __init__(self, seed: int, members: Members, keep: int = 256):
        self.seed, self.members, self.keep = seed, members, keep
        self._known: OrderedDict[tuple[str, int, int], Reals] = OrderedDict()

    def years(self, cells: Sequence[tuple[Scenario, int, int]]) -> Reals:
        """(worlds,) for cells of (scenario, first replicate, count), one after the other."""
        keys = [(twin_of(scenario).digest, first, count) for scenario, first, count in cells]
        missing = {key: cell for key, cell in zip(keys, cells, strict=True) if key not in self._known}
        found = {key: self._known[key] for key in keys if key in self._known}
        found |= self._computed(missing)
        for key in keys:
            self._known[key] = found[key]
            self._known.move_to_end(key)
        while len(self._known) > self.keep:
            self._known.popitem(last=False)
        return np.concatenate([found[key] for key in keys])

    def _computed(
        self, cells: dict[tuple[str, int, int], tuple[Scenario, int, int]]
    ) -> dict[tuple[str, int, int], Reals]:
        alike: dict[str, list[tuple[str, int, int]]] = {}
        for key, (scenario, _, _) in cells.items():
            alike.setdefault(shape(twin_of(scenario)), []).append(key)
        out: dict[tuple[str, int, int], Reals] = {}
        for keys in alike.values():
            scenarios = [s for key in keys for s in [cells[key][0]] * cells[key][2]]
            replicates = np.concatenate([np.arange(key[1], key[1] + key[2]) for key in keys])
            parts = [
                planned_years_behind(scenarios[now], self.seed, replicates[now], self.members)
                for now in chunks(len(scenarios))
            ]
            years = np.concatenate(parts)
            ends = np.cumsum([key[2] for key in keys])
            out |= dict(zip(keys, np.split(years, ends[:-1]), strict=True))
        return out
