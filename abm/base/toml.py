"""Reads TOML with errors in one sentence, and writes it with tomlkit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from juste_retour.abm.base.files import content_of
from juste_retour.agents.errors import BadInput

JsonObject = dict[str, Any]  # an object of a JSON or TOML file, as its parser returns it
JsonMapping = Mapping[str, Any]  # the same, for those who only read it
MOST_CHANGES = 4  # how many changes a name lists


def read_toml(path: Path) -> JsonObject:
    """Return the content of a TOML file; `BadInput` if it cannot be read or is not valid."""
    try:
        text = content_of(path).decode("utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; check the path.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{path} cannot be read ({reason}); name a readable file in UTF-8.") from None
    return parsed(text, str(path))


def parsed(text: str, place: str) -> JsonObject:
    """Return the content of a TOML text; `BadInput` names the `place` if it is not valid."""
    try:
        content = tomllib.loads(text)
        repr(content)  # fails here for content nested so deeply that no message could show it
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{place} is not valid TOML: {error}; correct that line.") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{place} contains a number with too many digits, or too deep a nesting; shorten it.") from None
    return content


def toml_value(value: object) -> str:
    """A value in TOML on one line, as in a scenario file and after `--set`."""
    import tomlkit  # imported here, because most commands do not need it

    line = tomlkit.array()  # an array's elements are written on one line
    line.append(value)
    return line.as_string()[1:-1]


def setting(value: object) -> str:
    """A value in the form for `--set`: a string without quotes, any other value in TOML."""
    return value if isinstance(value, str) else toml_value(value)


def with_changes(name: str, changes: Mapping[str, object]) -> str:
    """A name followed by the changes, of which it lists the first few.

    >>> with_changes("eu-status-quo", {"voting": "unanimity"})
    'eu-status-quo with voting = unanimity'
    """
    said = [f"{key} = {setting(value)}" for key, value in changes.items()]
    more = f" and {len(said) - MOST_CHANGES} more changes" if len(said) > MOST_CHANGES else ""
    return f"{name} with {', '.join(said[:MOST_CHANGES])}{more}" if said else name


def toml_lines(content: Mapping[str, object]) -> str:
    """The text of a TOML file with one line for each key."""
    import tomlkit

    return "".join(f"{tomlkit.key(key).as_string()} = {toml_value(value)}\n" for key, value in content.items())
