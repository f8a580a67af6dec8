"""What the room's README tells users to type works as it stands."""

import re
from pathlib import Path

import matplotlib
import pytest

import runs

TEXT = Path(runs.__file__).with_name("README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.+?)```", TEXT, re.S)


@pytest.mark.parametrize("line", [line for block in blocks("console") for line in block.splitlines()])
def test_commands(call, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    prompt, arguments = line[: len("uv run juste-retour ")], line[len("uv run juste-retour ") :]
    assert prompt == "uv run juste-retour "
    status, out, err = call(*arguments.split())
    assert (status, err) == (0, "")
    assert out


@pytest.mark.parametrize("code", blocks("python"))
def test_python(tmp_path, monkeypatch, code):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    matplotlib.pyplot.close("all")
