"""The types of a verdict's JSON file, from which the page of results is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

Row = Mapping[str, Any]  # a row of a table: strings, numbers, None if unknown
Rows = Sequence[Row]


class PlainAnswer(TypedDict):
    """An `Answer` as a dictionary."""

    median: float
    low: float
    high: float
    share_above: float
    share_low: float
    median_error: float
    share_error: float
    draws: int


class PlainFinding(TypedDict):
    """A `Finding` as a dictionary."""

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
    """A `Verdict` as a dictionary: settings, findings and tables."""

    worlds: int
    few: int
    base: int
    seed: int
    draws: int
    kept: int
    effective: float
    calibration_seed: int
    uncertain: Sequence[str]
    identified: Sequence[str]
    moved_draws: int
    held: Mapping[str, str]
    mixtures: int
    audit_break_even: Row
    geography_flips_at: Row
    vote_on_reform: Row
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
    ranges: Rows
    middle: Rows
    defaults: Rows
    growth: Rows
    thresholds: Rows
    price: Rows
    sunk: Rows
    readings: Rows
    levels: Rows
    committed: Rows
    fair: Rows
    reform_votes: Rows
