"""Records what the code of users' rules reads besides its arguments: files, modules and environment variables.

An audit hook of Python sees every file that is opened, also by `importlib`, `runpy` or a library that a rule calls, and
a wrapper sees every variable that is read from `os.environ`. Not recorded are files of Python and of installed packages,
which are identified by versions, and what this package itself opens.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import site
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_OURS = tuple(f"{_ROOT}{os.sep}{room}{os.sep}" for room in ("agents", "abm", "runs", "visualization"))
_LINKS = f"{_ROOT}{os.sep}juste_retour{os.sep}"  # of a checkout
_FOLDERS = [Path(os.__file__).parent, *map(Path, site.getsitepackages())]  # sysconfig needs more than NumPy
_LIBRARIES = tuple(f"{folder}{os.sep}" for path in _FOLDERS for folder in {path, path.resolve()})
VARIABLE = "environment variable "
OUTSIDE = {"subprocess.Popen": "program ", "os.system": "program ", "socket.connect": "connection "}
ABSENT = "absent"

_WATCHED: set[str] = set()  # files of users' code
_READ: dict[str, dict[str, str]] = {}  # by file of users' code: what it read, and the hash when it read it first


def watch(files: Iterable[Path | str]) -> None:
    """Record from now on what the code in these files reads."""
    named = [str(file) for file in files]
    if named and not _WATCHED:
        sys.addaudithook(_audit)
        kind = type(os.environ)
        plain = kind.__getitem__

        def recorded(self: os._Environ[str], key: str) -> str:
            if isinstance(key, str):
                _note(f"{VARIABLE}{key}")
            return plain(self, key)

        kind.__getitem__ = recorded  # type: ignore[method-assign]
    _WATCHED.update(named)


def read_by(files: Iterable[Path | str]) -> dict[str, str]:
    """What the code in these files, and in the modules that it imported, has read so far.

    Returns:
        by path, or by `environment variable NAME`: the hash of the content when it was read first, `absent` for what was
        not there, and both hashes if the content is another one now.
    """
    found: dict[str, str] = {}
    waiting = [str(file) for file in files]
    while waiting:
        for name, then in _READ.get(waiting.pop(), {}).items():
            if name not in found:
                now = content_hash(name)
                found[name] = then if then == now else f"{then} and {now}"
                waiting.append(name)
    return dict(sorted(found.items()))


@contextmanager
def during(file: str) -> Iterator[dict[str, str]]:
    """What the code in a file reads within the block, also if it has read it before; filled when the block ends."""
    before, read = _READ.pop(file, {}), dict[str, str]()
    try:
        yield read
    finally:
        read |= _READ.pop(file, {})
        _READ[file] = read | before


def forget_read(file: Path | str) -> None:
    """Forget what the code in a file has read, before the file is run anew."""
    _READ.pop(str(file), None)


def content_hash(name: str) -> str:
    """The hash of a file's content, or of the value of `environment variable NAME`; `absent` for what is not there."""
    if name.startswith(VARIABLE):
        value = os.environ.get(name.removeprefix(VARIABLE))
        return ABSENT if value is None else hashlib.sha256(value.encode()).hexdigest()
    try:
        if Path(name).is_file():
            with open(name, "rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        pass
    return ABSENT


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode = arguments[0], arguments[1]
        if isinstance(path, str | bytes | os.PathLike) and not (isinstance(mode, str) and mode[:1] in "wax"):
            _note_file(os.path.abspath(os.fsdecode(path)))
    elif event in OUTSIDE:
        _note(f"{OUTSIDE[event]}{arguments[event == 'socket.connect']}")


def _note_file(path: str) -> None:
    if ".pyc." in path:  # bytecode that is being written
        return
    if path.endswith(".pyc"):  # which may lie elsewhere, by PYTHONPYCACHEPREFIX
        try:
            path = importlib.util.source_from_cache(path)
        except ValueError:
            return
    if path.startswith((*_LIBRARIES, *_OURS, _LINKS, "/dev/", "/proc/", "/sys/")):
        return
    if _note(path) and path.endswith(".py"):
        _WATCHED.add(path)  # what a helper reads counts as well


def _note(name: str) -> bool:
    """Note something under every file of users' code on the stack, up to this package's code; whether there was one.

    What a library reads while it is imported is not noted.
    """
    frame, noted = sys._getframe(2), False
    while frame is not None:
        code = frame.f_code
        if code.co_filename in _WATCHED:
            noted = True
            read = _READ.setdefault(code.co_filename, {})
            if name not in read and name != code.co_filename:
                read[name] = ""  # so that the hook does not see the reading for the hash
                read[name] = content_hash(name)
        elif code.co_filename.startswith(_OURS):
            if code.co_filename != __file__:
                return noted
        elif code.co_name == "<module>" and code.co_filename.startswith(_LIBRARIES):
            return noted
        frame = frame.f_back  # type: ignore[assignment]
    return noted
