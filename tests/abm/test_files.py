"""The gate for a user's files: what is not a regular file of a decent size is refused at once, in one sentence."""

import os
import socket

import pytest

from juste_retour.abm.files import MOST, content_of, refuse_special_output
from juste_retour.agents.errors import BadInput


def special(kind, folder):
    """A path of some kind of file that is not a regular one."""
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
def test_what_may_never_end_is_neither_read_nor_written(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = special(kind, tmp_path)
    for gate in (content_of, refuse_special_output):
        with pytest.raises(BadInput, match=kind):
            gate(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    with pytest.raises(BadInput, match="bytes"):
        content_of(tmp_path / "huge")
    (tmp_path / "small").write_bytes(b"x" * 10)
    assert content_of(tmp_path / "small", 10) == b"x" * 10
    with pytest.raises(BadInput, match="10 bytes"):
        content_of(tmp_path / "small", 9)


def test_a_file_whose_size_is_not_told_is_read(tmp_path):
    assert b"Name" in content_of("/proc/self/status", MOST)


def test_a_loop_of_links_and_a_folder_are_errors_of_the_system(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for path in (tmp_path / "a", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(OSError, match=str(tmp_path)):
            content_of(path)
    with pytest.raises(BadInput, match="NUL"):
        content_of("a\0b")
