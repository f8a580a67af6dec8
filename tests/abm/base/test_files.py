"""Reading a user's files: one that is not regular or too large is refused at once, in one sentence."""

import os
import socket

import pytest

from juste_retour.abm.base.files import MOST, content_of, refuse_special_output
from juste_retour.agents.errors import BadInput


def special(kind, folder):
    """The path of a pipe, a socket or a device."""
    path = folder / "x.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.relpath(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_pipes_sockets_and_devices_are_refused(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = special(kind, tmp_path)
    for gate in (content_of, refuse_special_output):
        with pytest.raises(BadInput, match=kind):
            gate(path)


def test_file_above_the_size_limit_is_refused(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)  # a sparse file, which uses no disk space
    with pytest.raises(BadInput, match="bytes"):
        content_of(tmp_path / "huge")
    (tmp_path / "small").write_bytes(b"x" * 10)
    assert content_of(tmp_path / "small", 10) == b"x" * 10
    with pytest.raises(BadInput, match="10 bytes"):
        content_of(tmp_path / "small", 9)


def test_file_of_unknown_size_is_read(tmp_path):
    assert b"Name" in content_of("/proc/self/status", MOST)


def test_link_cycle_and_folder_raise_os_error(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for path in (tmp_path / "a", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(OSError, match=str(tmp_path)):
            content_of(path)
    with pytest.raises(BadInput, match="NUL"):
        content_of("a\0b")
