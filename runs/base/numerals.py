"""Formatting of numbers for readers: few digits, intervals, counts with nouns, durations and sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import SupportsFloat, TypedDict, overload


def brief(value: float) -> str:
    """A number in few digits, with k for thousands above 10,000; a dash if it is not finite."""
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1e6:
        return f"{value:.3g}".replace("e+", "e")
    if abs(value) >= 1e4:
        return f"{value / 1000:.0f}k"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    text = f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:.1f}"
    return "0" if text == "-0" else text


def number(value: SupportsFloat | str | None, digits: int = 2) -> str:
    """A number with at most `digits` digits after the point; a string as it is; a dash for None or NaN."""
    if value is None or isinstance(value, str):
        return value or "-"
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    value = float(value)
    if abs(value) >= 100 or value != value:
        return brief(value)
    if abs(value) < 1e-9:  # rounding errors, also below zero
        return "0"
    if abs(value) < 10.0**-digits:
        return f"{value:.1g}"
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def span(low: float, high: float, form: Callable[[float], str] = brief) -> str:
    """An interval, as in "1.2 to 3.4"."""
    return f"{form(low)} to {form(high)}"


class Interval(TypedDict):
    """A median with its interval."""

    median: float
    low: float
    high: float


def within(row: Interval | Mapping[str, float], form: Callable[[float], str] = number) -> str:
    """A median with its interval, as in "2 (1.2 to 3.4)"."""
    return f"{form(row['median'])} ({span(row['low'], row['high'], form)})"


def counted(count: float, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "site"), counted(1200, "site")
    ('1 site', '1,200 sites')
    """
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def shown(value: object) -> str:
    """A level or parameter as text: a rule's name with its parameters, or a number in few digits."""
    if isinstance(value, Mapping):
        more = ", ".join(f"{k} = {shown(v)}" for k, v in value.items() if k != "rule")
        return f"{value.get('rule', '')} ({more})" if more else str(value.get("rule", ""))
    if isinstance(value, bool):
        return str(value).lower()  # as a scenario file has it
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """A duration in seconds, minutes or hours."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """A number of bytes in its largest unit."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@overload
def plain(value: float) -> float | None: ...
@overload
def plain(value: object) -> object: ...
def plain(value: object) -> object:
    """A NumPy number as a Python number; None if it is missing or not finite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
