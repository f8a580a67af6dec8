"""Checks a table that a user wrote, such as a file in TOML: its keys, which of them are needed, and what each may hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from juste_retour.abm.base.toml import JsonObject
from juste_retour.agents.errors import BadInput, near

REQUIRED = object()  # the default of a key that must be given


class Key(NamedTuple):
    """A key of a table: its valid values in words, the test of a value, and the default."""

    words: str
    good: Callable[[Any], bool]
    default: object = REQUIRED

    def otherwise(self, default: object) -> Key:
        """The same key with a default."""
        return self._replace(default=default)


def checked(content: object, place: str, known: Mapping[str, Key]) -> JsonObject:
    """The values of all known keys, with defaults for those that are omitted.

    Args:
        content: the table, not yet checked.
        place: its place, for messages.
        known: the keys.

    Raises:
        BadInput: `content` is not a table, or a key is unknown, missing or has an invalid value.
    """
    if not isinstance(content, Mapping):
        raise BadInput(f"{place} is {content!r}; it must be a table, with its keys below a heading.")
    for key in content:
        if key not in known:
            hint = near(key, known) if known else "it has no keys."
            raise BadInput(f"{place}: {key!r} is not known; {hint}")
    for key, (words, good, default) in known.items():
        if key not in content and default is REQUIRED:
            raise BadInput(f"{place} has no {key}; add it, with {words}.")
        if key in content and not good(content[key]):
            raise BadInput(f"{place}: {key} is {content[key]!r}; it must be {words}.")
    return {key: content.get(key, about.default) for key, about in known.items()}


def is_number(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_text(value: object) -> bool:
    """Whether a value is a string that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def integer(low: int, high: float = math.inf) -> Key:
    """A key with an integer between bounds."""
    words = f"an integer of at least {low}" if high == math.inf else f"an integer from {low} to {high:,}"
    return Key(words, lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high)


def one_of(names: Iterable[str], default: object = REQUIRED) -> Key:
    """A key with one of some names."""
    listed = list(dict.fromkeys(names))
    return Key("one of " + ", ".join(listed), lambda v: isinstance(v, str) and v in listed, default)


TEXT = Key("a string that is not empty", is_text)
BOOLEAN = Key("true or false", lambda v: isinstance(v, bool))
TABLE = Key("a table", lambda v: isinstance(v, Mapping))
LIST = Key("a list that is not empty", lambda v: isinstance(v, list) and bool(v))
TEXTS = Key("a list of strings", lambda v: isinstance(v, list | tuple) and all(isinstance(t, str) for t in v))
ANY = Key("a value", lambda _: True)
