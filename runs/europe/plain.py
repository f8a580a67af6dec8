"""A verdict's plain values, as its JSON holds them and the page of results reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

Row = Mapping[str, Any]  # a row of a table: texts, numbers, None for what is not known
Rows = Sequence[Row]


class PlainFinding(TypedDict):
    """A `Finding`."""

    question: str
    claim: int
    unit: str
    least: float
    says: str
    status: str
    median: float
    low: float
    high: float
    by_doubt: Mapping[str, float | None]
    flips: Sequence[str]


class PlainDoubt(TypedDict):
    """A `Doubt`, and the shares of the draws that it moves and that are left out under it."""

    name: str
    kind: str
    changes: Mapping[str, Any]
    moves: float
    left_out: float


class PlainVerdict(TypedDict):
    """A `Verdict`: what it rests on, its findings and its tables."""

    worlds: int
    draws: int
    kept: int
    base: int
    seed: int
    seconds: float
    findings: list[PlainFinding]
    audit_break_even: dict[str, float]
    geography_flips_at: dict[str, float | None]
    doubts: list[PlainDoubt]
    audit: Rows
    geography: Rows
    later: Rows
    structural: Rows
    money: Rows
    presets: Rows
    parameters: Rows
    moments: Rows
    delays: Rows
    counts: Rows
    third_wave: Rows
    hosts: Rows
    past: Rows
    patterns: Rows
    matters: Rows
