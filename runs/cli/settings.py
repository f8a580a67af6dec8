"""Reading of `--set key=value`: a value is read as TOML, and as a string if it is not valid TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from juste_retour.agents.errors import BadInput


def changes_of(texts: Iterable[str]) -> dict[str, object]:
    """Return the changes to a scenario, in the order given; if a key occurs twice, the last value counts.

    Raises:
        BadInput: a text is not of the form key=value.

    >>> changes_of(["voting=lisbon_qmv", "envelope_eur_bn=20", "agenda.objective=welfare"])
    {'voting': 'lisbon_qmv', 'envelope_eur_bn': 20, 'agenda.objective': 'welfare'}
    """
    changes: dict[str, object] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        key = key.strip()
        if not separator or not key:
            raise BadInput(f"--set {text!r} is not of the form KEY=VALUE; write it as in --set voting=lisbon_qmv.")
        changes.pop(key, None)
        changes[key] = value_of(value.strip())
    return changes


def several(text: str) -> list[str]:
    """The parts of a text that commas separate, without blanks around them."""
    return [word.strip() for word in text.split(",") if word.strip()]


def value_of(text: str) -> object:
    """The value that TOML reads; dates, and what is not valid TOML, are returned as the text itself."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError):
        return text
    return value if isinstance(value, int | float | str | dict | list) else text
