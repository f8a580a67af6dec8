"""A verdict's plain values, as its JSON holds them and the page of results reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

Row = Mapping[str, Any]  # a row of a table: texts, numbers, None for what is not known
Rows = Sequence[Row]


class PlainAnswer(TypedDict):
    """An `Answer`."""

    median: float
    low: float
    high: float
    share_above: float
    median_error: float
    share_error: float
    draws: int


class PlainFinding(TypedDict):
    """A `Finding`."""

    question: str
    claim: int
    unit: str
    least: float
    says: str
    identity: str
    status: str
    answer: PlainAnswer
    variants: Mapping[str, PlainAnswer]
    sensitive: Sequence[str]


class PlainVerdict(TypedDict):
    """A `Verdict`: what it rests on, its findings and its tables."""

    worlds: int
    few: int
    base: int
    seed: int
    seconds: float
    draws: int
    kept: int
    effective: float
    calibration_seed: int
    uncertain: Sequence[str]
    held: Mapping[str, str]
    mixtures: int
    audit_break_even: Row
    geography_flips_at: Row
    findings: list[PlainFinding]
    shares: Rows
    votes: Rows
    robustness: Rows
    variance: Rows
    audit: Rows
    geography: Rows
    later: Rows
    structural: Rows
    money: Rows
    presets: Rows
    trends: Rows
    gigafactories: Rows
    bidding: Rows
    parameters: Rows
    moments: Rows
    waves: Rows
    third_wave: Rows
    delays: Rows
    counts: Rows
    hosts: Rows
    past: Rows
    patterns: Rows
