"""The time that a rule takes, compared with the shipped rules of its family."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from juste_retour.agents.rules import FAMILIES, Rule
from juste_retour.runs.workshop.conformance.scenes import COUNCIL, large, parameters

WORLDS = 256
TABLES = 32  # worlds for rules that are handed the table: they are called once per quarter only
LEAST = 0.05  # seconds of repeated calls, of which the fastest counts


@dataclass(frozen=True)
class Speed:
    """Microseconds per world of one call, and the ratio to the median of the family's shipped rules."""

    microseconds: float
    times: float | None


def speed_of(rule: Rule) -> Speed | None:
    """The speed of a rule; None if no run calls its family."""
    mine = _seconds(rule)
    if mine is None:
        return None
    shipped = _shipped_seconds(rule.family)
    return Speed(mine * 1e6, None if not shipped else mine / shipped)


def _seconds(rule: Rule) -> float | None:
    worlds = TABLES if rule.family in COUNCIL else WORLDS
    scene = large(rule.family, worlds)
    if scene is None:
        return None
    given = parameters(rule, scene.worlds)
    best, spent = np.inf, 0.0
    while spent < LEAST:
        handed = scene.again()
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            rule.function(*handed, **given)
        best, spent = min(best, time.perf_counter() - start), spent + time.perf_counter() - start
    return best / scene.worlds


@lru_cache
def _shipped_seconds(family: str) -> float | None:
    ours = [rule for rule in FAMILIES[family] if rule.shipped]
    found = [seconds for rule in ours if (seconds := _seconds(rule)) is not None]
    return float(np.median(found)) if found else None
