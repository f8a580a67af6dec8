"""The commands and code of runs/README.md work as printed."""

import re
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

from juste_retour import runs
from juste_retour.runs.engine import pool

pytestmark = pytest.mark.slow

TEXT = Path(runs.__file__).with_name("README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.+?)```", TEXT, re.S)


@pytest.mark.parametrize("line", [line for block in blocks("console") for line in block.splitlines()])
def test_readme_commands_run(call, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    prompt, arguments = line[: len("uv run juste-retour ")], line[len("uv run juste-retour ") :]
    assert prompt == "uv run juste-retour "
    status, out, err = call(*arguments.split())
    assert (status, err) == (0, "")
    assert out


@pytest.mark.parametrize("code", blocks("python"))
def test_readme_python_code_runs(tmp_path, monkeypatch, code):
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    matplotlib.pyplot.close("all")


def test_readme_experiment_runs(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pool, "cores", lambda: 0)  # run in this process: workers take seconds to start
    Path("mine.toml").write_text("\n".join(blocks("toml")), encoding="utf-8")  # the spec, and a hypothesis
    assert call("batch", "mine.toml", "--out", "results", "--preregister")[0] == 0
    (commands,) = blocks("shell")
    for line in commands.splitlines():
        prompt, *arguments = line.split()
        status, out, err = call(*arguments)
        assert (prompt, status) == ("juste-retour", 0), err
        assert out
    tables = pd.read_parquet("results/worlds")
    assert {"voting", "funding", "replicate", "sites"} <= set(tables.columns)
    assert len(tables) == 80
    for name in (
        "results/report.html",
        "results/replication.zip",
        "tables/worlds.dta",
        "tables/codebook.csv",
    ):
        assert Path(name).stat().st_size > 0
