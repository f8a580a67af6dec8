"""Reads a user's files: only regular files of a limited size.

A pipe or a device may never end, and a file may be larger than memory. None of these is read.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from juste_retour.agents.errors import BadInput

MOST = 2**24  # bytes of a file that a person writes: TOML, a table, rules
MOST_WRITTEN = 2**32  # bytes of a file that an experiment writes
_PIECE = 2**20  # bytes read of a file whose size the system reports as 0, as for those in /proc


def content_of(path: Path | str, most: int = MOST) -> bytes:
    """Return the content of a regular file.

    Args:
        path: the file.
        most: the largest size, bytes.

    Raises:
        OSError: the file is missing, is a folder, or may not be read; callers explain which file was expected.
        BadInput: it is not a regular file, or is too large.
    """
    try:
        _refuse_special(path, os.stat(path), most)
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())  # checked again, because the file may have been replaced
            _refuse_special(path, found, most)
            limit = min(max(found.st_size, _PIECE), most)
            content = file.read(limit + 1)
    except ValueError:
        raise BadInput(f"{str(path)!r} is not a valid path, because it contains NUL; correct it.") from None
    if len(content) > limit:
        raise BadInput(
            f"{path} is too large, or is still being written; name a smaller file, or wait until it is complete."
        )
    return content


def _refuse_special(path: Path | str, found: os.stat_result, most: int) -> None:
    """Raise an error for anything but a regular file of at most `most` bytes."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"{path} is a {_kind(found.st_mode)}; name a regular file.")
    if found.st_size > most:
        raise BadInput(f"{path} has {found.st_size:,} bytes, but at most {most:,} are read; name another file.")


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def refuse_special_output(path: Path) -> None:
    """Raise `BadInput` if an output file is a pipe, a socket or a device, which could block or lose the output."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise BadInput(f"{path} is a {_kind(mode)}; name a regular file.")
