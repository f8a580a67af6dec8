"""Malformed files given to every command: one sentence and exit status 2, unless the file is valid for that command.

No traceback, no hang, no result marked complete. Files that are accepted are listed in `ACCEPTED`, with the reason.
"""

import os
import signal
import socket
from contextlib import contextmanager

import pytest

from juste_retour.runs.cli.lazy_group import FAULT, main

pytestmark = pytest.mark.slow

SECONDS = 120  # counts as a hang; on an idle machine every answer takes less than 20 s
SPEC = """
replications = 2
tables = ["worlds"]
chunk = 2
[design]
kind = "grid"
[factors]
voting = ["lisbon_qmv", "unanimity"]
"""
KINDS = {
    "missing": None,
    "folder": None,
    "pipe": None,
    "socket": None,
    "device": "/dev/zero",
    "terminal": "/dev/tty",
    "loop": None,
    "sparse": 1 << 40,
    "large": 1 << 25,
    "empty": b"",
    "nul": b"\0" * 40,
    "binary": bytes(range(256)),
    "utf16": "voting = 'nice'\n".encode("utf-16"),
    "latin": "name = 'Köln'\nvoter,first\n".encode("latin-1"),
    "escape": b"\x1b[31mvoter,first\n\x1b]0;x\x07",
    "nested": b"a = " + b"[" * 100_000,
    "digits": b"a = " + b"9" * 100_000,
    "quote": b'a = "' + b"x" * 1000,
    "carriage": b"voter,first\r\r\na,\rb\r\n",
    "fullwidth": "state,population\nA,１２\nB,3\n".encode(),
}
FILES = {  # where a command takes a path; {} is replaced by it
    "run scenario": ["run", "{}"],
    "run members": ["run", "--members", "{}"],
    "run rules": ["run", "--rules", "{}"],
    "scenarios show": ["scenarios", "show", "{}"],
    "rules check": ["rules", "check", "{}"],
    "compare": ["compare", "eu-status-quo", "{}", "--worlds", "2"],
    "attribute": ["attribute", "{}", "essay-reform", "--worlds", "2"],
    "reforms": ["reforms", "eu-status-quo", "{}", "--worlds", "2"],
    "batch": ["batch", "{}", "--out", "out"],
    "batch dry": ["batch", "{}", "--dry-run"],
    "batch rules": ["batch", "spec.toml", "--rules", "{}", "--out", "out"],
    "verify": ["verify", "{}"],
    "report": ["report", "{}"],
    "sensitivity": ["sensitivity", "{}"],
    "export": ["export", "{}", "--out", "out"],
    "package": ["package", "{}"],
    "patterns": ["patterns", "{}"],
    "power weights": ["power", "--quota", "3", "--weights", "{}"],
    "power members": ["power", "--members", "{}"],
    "power rules": ["power", "--rules", "{}"],
    "vote members": ["vote", "nice", "--yes", "DE", "--members", "{}"],
    "ballot": ["ballot", "{}"],
    "compare posterior": ["compare", "eu-status-quo", "essay-reform", "--draws", "20", "--posterior", "{}"],
    "calibrate": ["calibrate", "{}"],
    "positions": ["positions", "{}"],
    "seal": ["seal", "{}", "--out", "out"],
    "score": ["score", "{}", "outcome.toml"],
    "app talk": ["app", "--no-browser", "--port", "0", "--talk", "{}"],
    "tournament rules": ["tournament", "--rules", "{}"],
    "app members": ["app", "--no-browser", "--port", "0", "--members", "{}"],
    "app rules": ["app", "--no-browser", "--port", "0", "--rules", "{}"],
}
ACCEPTED = {
    ("run scenario", "empty"): "a file that changes nothing is the default scenario",
    ("scenarios show", "empty"): "a file that changes nothing is the default scenario",
    ("compare", "empty"): "a file that changes nothing is the default scenario",
}
CHECKED = [kind for kind, content in KINDS.items() if isinstance(content, bytes)]
ACCEPTED |= {("rules check", kind): "a failed check is a result, with exit status 1" for kind in CHECKED[:2]}
UNTRIED = {("rules check", kind) for kind in CHECKED[2:]} | {("attribute", "empty")}  # slow
ENDINGS = {
    "scenario": ".toml",
    "batch": ".toml",
    "rules": ".py",
    "check": ".py",
    "weights": ".csv",
    "ballot": ".csv",
    "posterior": ".csv",
    "positions": ".csv",
    "calibrate": ".toml",
    "seal": ".toml",
    "talk": ".toml",
}


def make(kind, path):
    """Create a file of this kind at the path."""
    content = KINDS[kind]
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.relpath(path))
    elif kind == "loop":
        path.symlink_to(path.name)
    elif isinstance(content, str):
        path.symlink_to(content)
    elif isinstance(content, int):
        with path.open("wb") as file:
            file.truncate(content)
    elif content is not None:
        path.write_bytes(content)


@contextmanager
def time_limit():
    """Fail the test if the block takes longer than `SECONDS`."""

    def late(number, frame):
        pytest.fail(f"no answer within {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answer(words, capfd):
    with time_limit():
        status = main(words)
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err, (words, printed.err)
    assert FAULT not in printed.err, (words, printed.err)
    assert "\x1b" not in printed.out + printed.err, words
    return status, printed.err.strip()


def refused(words, capfd):
    status, printed = answer(words, capfd)
    assert status == 2, (words, status, printed)
    assert len(printed.splitlines()) == 1, (words, printed)
    assert printed.endswith((".", "?")), (words, printed)


@pytest.mark.parametrize("place", FILES)
def test_malformed_files_are_refused_in_one_sentence(tmp_path, monkeypatch, capfd, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.toml").write_text(SPEC)
    ending = next((end for key, end in ENDINGS.items() if key in place), "")
    for kind in KINDS:
        if (place, kind) in UNTRIED:
            continue
        path = tmp_path / f"{kind}{ending}"
        make(kind, path)
        words = [str(path) if word == "{}" else word for word in FILES[place]]
        if (place, kind) in ACCEPTED:
            assert answer(words, capfd)[0] == int(place == "rules check")
        else:
            refused(words, capfd)
    assert not (tmp_path / "out").exists()
