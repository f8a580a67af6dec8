"""What `--set key=value` says: keys and values, read as TOML where they are TOML and as text where they are not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from juste_retour.agents.errors import BadInput


def changes_of(texts: Iterable[str]) -> dict[str, object]:
    """Return the changes to a scenario, in the order given; where a key comes twice, the last one counts.

    >>> changes_of(["voting=lisbon_qmv", "envelope_eur_bn=20", "agenda.objective=welfare"])
    {'voting': 'lisbon_qmv', 'envelope_eur_bn': 20, 'agenda.objective': 'welfare'}
    """
    changes: dict[str, object] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        key = key.strip()
        if not separator or not key:
            raise BadInput(
                f"--set {text!r} is not of the form key=value; write it as --set voting=lisbon_qmv."
            )
        changes.pop(key, None)
        changes[key] = value_of(value.strip())
    return changes


def several(text: str) -> list[str]:
    """Words separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def value_of(text: str) -> object:
    """A value as TOML reads it; what TOML does not know, and dates, are texts."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError):
        return text
    return value if isinstance(value, int | float | str | dict | list) else text
