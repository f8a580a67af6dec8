"""The one gate through which a user's files are read: regular files of a limited size, never a wait.

A pipe may never end, a device never does, and a file may be larger than memory. None of them is read.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from juste_retour.agents.errors import BadInput

MOST = 2**24  # bytes of a file that a person writes: TOML, a table, rules
MOST_WRITTEN = 2**32  # bytes of a file that an experiment wrote
_PIECE = 2**20  # bytes read of a file whose size the system does not say, as of those below /proc


def content_of(path: Path | str, most: int = MOST) -> bytes:
    """The content of a regular file.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        OSError: it is missing, a folder, or may not be read; callers say which file was wanted.
        BadInput: it is not a regular file, or is too large.
    """
    try:
        _refuse_special(path, os.stat(path), most)
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())  # another file may have taken its place
            _refuse_special(path, found, most)
            limit = min(max(found.st_size, _PIECE), most)
            content = file.read(limit + 1)
    except ValueError:
        raise BadInput(f"{str(path)!r} is not a path, for it holds a NUL; check it.") from None
    if len(content) > limit:
        raise BadInput(f"{path} grows while it is read, or is too large; wait until it is written.")
    return content


def _refuse_special(path: Path | str, found: os.stat_result, most: int) -> None:
    """Raise for what is not a regular file of a decent size."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise BadInput(f"{path} is a {_kind(found.st_mode)}; name a regular file.")
    if found.st_size > most:
        raise BadInput(f"{path} has {found.st_size:,} bytes; at most {most:,} are read, name another file.")


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def refuse_special_output(path: Path) -> None:
    """Raise `BadInput` where a file that is to be written is a pipe, a socket or a device, which could block or vanish."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise BadInput(f"{path} is a {_kind(mode)}; name a regular file.")
