"""Find factors that change nothing, by comparing runs of points that differ in one factor bit for bit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from juste_retour.runs.base.numerals import shown
from juste_retour.runs.engine.design import Point
from juste_retour.runs.results.paired import outcomes

MOST_LEVELS = 40  # factors with more levels are not searched
Bucket = dict[str, Hashable]  # signatures of the runs at each level of a factor, all else equal


@dataclass(frozen=True)
class Idle:
    """A factor that changes nothing, or levels of it that give the same runs.

    Attributes:
        factor: its key.
        levels: the levels that give the same runs; empty if all do.
        under: the level of another factor under which this is so; empty if it is so everywhere.
        places: number of combinations of the other factors at which this was seen.
    """

    factor: str
    levels: tuple[str, ...]
    under: str
    places: int

    def __str__(self) -> str:
        """A phrase that says what changes nothing."""
        where = f" under {self.under}" if self.under else ""
        if self.levels:
            return f"{' and '.join(self.levels)} of {self.factor} give the same runs{where}"
        return f"{self.factor} changes nothing{where}"


def signature(worlds: pd.DataFrame) -> bytes:
    """A hash of all outcomes of a point's runs, from the table `worlds`; equal runs have equal hashes."""
    columns = [name for name in outcomes() if name in worlds]
    return bytes(pd.util.hash_pandas_object(worlds[columns], index=False).to_numpy().tobytes())


def idle(points: Sequence[Point], signatures: Sequence[Hashable], least: int = 1) -> list[Idle]:
    """Find factors and levels that change nothing, from pairs of points that differ in one factor.

    Args:
        points: of a design.
        signatures: of the runs of each point.
        least: minimum number of comparisons.
    """
    keys = [key for key in dict.fromkeys(k for point in points for k in point) if key != "label"]
    found: list[Idle] = []
    for key in keys:
        buckets = list(_buckets(points, signatures, key))
        alike = [_same(bucket.values()) for _, bucket in buckets]
        if len(buckets) < least or not buckets:
            continue
        if all(alike):
            found.append(Idle(key, (), "", len(buckets)))
            continue
        found += _under(key, keys, buckets, alike, least)
        found += _levels(key, [bucket for _, bucket in buckets], least)
    return found


def _same(values: Iterable[Hashable]) -> bool:
    return len(set(values)) == 1


def _buckets(
    points: Sequence[Point], signatures: Sequence[Hashable], key: str
) -> Iterator[tuple[Mapping[str, str], Bucket]]:
    """For each combination of the other factors with two or more levels of `key`: that combination and the signatures."""
    places: dict[str, tuple[Mapping[str, str], Bucket]] = {}
    for point, given in zip(points, signatures, strict=True):
        if key in point:
            others = {k: shown(v) for k, v in point.items() if k not in (key, "label")}
            exact = repr([(k, point[k]) for k in others])
            places.setdefault(exact, (others, {}))[1][shown(point[key])] = given
    return (place for place in places.values() if len(place[1]) > 1)


def _under(
    key: str,
    keys: Sequence[str],
    buckets: Sequence[tuple[Mapping[str, str], Bucket]],
    alike: Sequence[bool],
    least: int,
) -> list[Idle]:
    """The levels under which a factor changes nothing, of the other factor for which this is most often so."""
    best: list[Idle] = []
    for other in keys:
        levels = dict.fromkeys(place.get(other, "") for place, _ in buckets)
        if other == key or not 2 <= len(levels) <= MOST_LEVELS:
            continue
        here: list[Idle] = []
        for level in levels:
            seen = [a for (place, _), a in zip(buckets, alike, strict=True) if place.get(other, "") == level]
            if level and all(seen) and len(seen) >= least:
                here.append(Idle(key, (), f"{other} = {level}", len(seen)))
        if sum(i.places for i in here) > sum(i.places for i in best):
            best = here
    return best


def _levels(key: str, buckets: Sequence[Bucket], least: int) -> list[Idle]:
    """Groups of levels that give the same runs in every comparison."""
    levels = list(dict.fromkeys(level for bucket in buckets for level in bucket))
    if len(levels) > MOST_LEVELS:
        return []
    group = {level: level for level in levels}
    places: dict[str, int] = {}
    for a, b in combinations(levels, 2):
        both = [bucket[a] == bucket[b] for bucket in buckets if a in bucket and b in bucket]
        if len(both) >= least and both and all(both):
            joined = group[b]
            group = {level: group[a] if head == joined else head for level, head in group.items()}
            places[group[a]] = min(places.get(group[a], len(both)), len(both))
    heads = dict.fromkeys(group.values())
    return [
        Idle(key, tuple(level for level in levels if group[level] == head), "", places[head])
        for head in heads
        if sum(h == head for h in group.values()) > 1
    ]
