"""Conversion between quarters such as "2026Q3", quarter numbers, dates and decimal years."""

import re
from datetime import date
from typing import overload

from juste_retour.agents.arrays import Floats, Integers
from juste_retour.agents.errors import BadInput


def quarter(text: str, place: str) -> int:
    """Return the quarter number, counted from year 0, of a text such as "2026Q3".

    Args:
        text: the quarter.
        place: where it was given, for the message.

    Raises:
        BadInput: the text is not a quarter.
    """
    found = re.fullmatch(r"(\d{4})Q([1-4])", str(text).strip())
    if not found:
        raise BadInput(f'{place} = {text!r} is not a quarter; write it as "2026Q3".')
    return 4 * int(found[1]) + int(found[2]) - 1


def label(number: int) -> str:
    """Return a quarter number as a text such as "2026Q3"."""
    return f"{number // 4}Q{number % 4 + 1}"


@overload
def year(number: int) -> float: ...
@overload
def year(number: Integers | Floats) -> Floats: ...
def year(number: int | Integers | Floats) -> float | Floats:
    """The decimal year at the middle of a quarter, given its number; arrays keep their shape."""
    return number / 4 + 0.125


def decimal_year(text: str, place: str) -> float:
    """Return the decimal year of an ISO date; `BadInput` names the `place` if the text is not a date."""
    try:
        day = date.fromisoformat(str(text).strip())
    except ValueError:
        raise BadInput(f'{place} = {text!r} is not a date; write it as "2024-11-04".') from None
    return day.year + (day.timetuple().tm_yday - 1) / (366 if day.year % 4 == 0 else 365)
