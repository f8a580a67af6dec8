"""TOML, read in plain sentences and written by tomlkit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from juste_retour.abm.files import content_of
from juste_retour.agents.errors import BadInput

MOST_CHANGES = 4  # that a name spells out


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, or raise `BadInput` in one sentence."""
    try:
        text = content_of(path).decode("utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; check the path.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"{path} cannot be read ({reason}); give a readable UTF-8 file.") from None
    return parsed(text, str(path))


def parsed(text: str, place: str) -> dict[str, Any]:
    """Parse a TOML text, or raise `BadInput` in one sentence that names the place."""
    try:
        content = tomllib.loads(text)
        repr(content)  # what is nested too deeply to be shown cannot be complained of either
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{place} is not valid TOML: {error}; correct that line.") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{place} holds a number or a nesting too long to be meant; shorten it.") from None
    return content


def toml_value(value: object) -> str:
    """A value on one line, as a scenario file and `--set` write it."""
    import tomlkit  # here, so that commands that write no TOML start without it

    line = tomlkit.array()  # what stands in an array is written inline
    line.append(value)
    return line.as_string()[1:-1]


def setting(value: object) -> str:
    """A value as `--set` takes it: a string as it is, anything else as TOML."""
    return value if isinstance(value, str) else toml_value(value)


def with_changes(name: str, changes: Mapping[str, object]) -> str:
    """A name with what is changed of it.

    >>> with_changes("eu-status-quo", {"voting": "unanimity"})
    'eu-status-quo with voting = unanimity'
    """
    said = [f"{key} = {setting(value)}" for key, value in changes.items()]
    more = f" and {len(said) - MOST_CHANGES} more changes" if len(said) > MOST_CHANGES else ""
    return f"{name} with {', '.join(said[:MOST_CHANGES])}{more}" if said else name


def toml_lines(content: Mapping[str, object]) -> str:
    """A TOML file with one line for each key."""
    import tomlkit

    return "".join(
        f"{tomlkit.key(key).as_string()} = {toml_value(value)}\n" for key, value in content.items()
    )
