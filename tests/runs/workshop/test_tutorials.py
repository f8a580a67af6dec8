"""Each tutorial works as written: its files are saved, and its commands and Python run in order."""

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from juste_retour import runs
from juste_retour.agents.rules import FAMILIES

pytestmark = pytest.mark.slow

ROOT = Path(runs.__file__).parents[1]
PAGES = ROOT / "runs" / "workshop" / "tutorials"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)
NAMED = re.compile(r"(?:[Ii]n|here) `([\w./]+\.(?:py|toml|csv|R))`|[Cc]hange `([\w./]+\.py)` to:")
COMMAND = "uv run juste-retour "


def steps(page):
    """Every block of a page: its language, its text, and the prose since the block before it."""
    text, end = (PAGES / page).read_text(encoding="utf-8"), 0
    for block in FENCE.finditer(text):
        yield block[1], block[2], text[end : block.start()]
        end = block.end()


def named(prose):
    """The file named by the last paragraph before a block; None if the block is to be run."""
    found = NAMED.findall(prose.strip().split("\n\n")[-1])
    return "".join(found[-1]) if found else None


def follow(page, folder, command):
    """Follow a page in a folder. `command` runs a console line; a text block is the output of the Python before it."""
    names, printed = {}, io.StringIO()
    for language, text, prose in steps(page):
        if language == "console":
            for line in text.splitlines():
                command(line)
        elif (file := named(prose)) is not None:
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        elif language == "python":
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(text, page, "exec"), names)
        elif language == "text":
            assert printed.getvalue().split() == text.split()
        else:
            raise AssertionError(f"{page}: no file is named for a {language} block")


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A working folder inside something that looks like a clone."""
    (tmp_path / "clone" / "abm").mkdir(parents=True)
    (tmp_path / "clone" / "abm" / "unions").symlink_to(ROOT / "abm" / "unions")
    folder = tmp_path / "clone" / "mine"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == folder:
            del sys.modules[name]


@pytest.fixture
def in_this_process(call, mine, own_rules, monkeypatch):
    """Runs console lines and stores their output."""
    served = []
    monkeypatch.setattr("juste_retour.visualization.server.serve", lambda *at, **how: served.append(at))
    printed = {}

    def run(line):
        if line.startswith("uv run pytest "):
            done = subprocess.run([sys.executable, "-m", "pytest", "-q", *line.split()[3:]], check=False)
            assert done.returncode == 0, line
            return
        assert line.startswith(COMMAND), line
        status, out, err = call(*line.removeprefix(COMMAND).split())
        assert (status, err) == (0, ""), f"{line}\n{out}"
        assert out or served, line
        printed[line.removeprefix(COMMAND)] = out

    run.printed = printed
    return run


def test_every_tutorial_is_listed_and_tested():
    pages = {path.name for path in PAGES.glob("*.md")} - {"README.md"}
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (PAGES / "README.md").read_text(encoding="utf-8")))
    assert pages == listed == {*FOLLOWED}


FOLLOWED = {
    "reform.md": "reforms eu-status-quo two_sites.toml --worlds 20",
    "regression-table.md": "sensitivity votes",
    "voting-rule.md": "rules check double_majority.py",
    "bidding-behavior.md": "rules check step_back.py",
    "agenda-protocol.md": "rules check presidency_list.py",
    "mixed-populations.md": "scenarios show mixed.toml --changes",
    "family.md": "rules check serving.py",
    "union.md": "rules check by_passes.py",
    "outcome-column.md": "compare eu-status-quo essay-reform --rules largest_share.py --outcome largest_share --worlds 20",
    "gallery.md": "rules check rotating_veto.py",
    "more-examples.md": "rules check promise.py",
    "agents.md": "rules check learning.py",
}
EXPECTED = {
    "reform.md": "price of consent",
    "regression-table.md": "voting x side_payments",
    "voting-rule.md": "voting.double_majority",
    "bidding-behavior.md": "bid.step_back",
    "agenda-protocol.md": "agenda.presidency_list",
    "mixed-populations.md": 'HU = "red_line"',
    "family.md": "agenda.queue",
    "union.md": "voting.by_passes",
    "outcome-column.md": "largest_share",
    "gallery.md": "voting.rotating_veto",
    "more-examples.md": "agents.Promiser",
    "agents.md": "agents.Learner",
}


@pytest.mark.parametrize("page", FOLLOWED)
def test_tutorial_works_as_written(page, mine, in_this_process):
    if page == "regression-table.md":
        pytest.importorskip("statsmodels", reason="statsmodels is of the group `analysis`: uv sync")
    follow(page, mine, in_this_process)
    assert EXPECTED[page] in in_this_process.printed[FOLLOWED[page]]
    if page == "voting-rule.md":
        from juste_retour.visualization.session import offered

        menu = next(family for family in offered()["families"] if family["name"] == "voting")["rules"]
        yours = [rule["name"] for rule in menu if rule["yours"]]
        assert yours == [rule["name"] for rule in menu][-2:] == ["double_majority", "sunset"]
        assert list(FAMILIES["voting"]["double_majority"].parameters) == ["people"]
    if page == "mixed-populations.md":
        from juste_retour.visualization.session import scenario_of

        address = scenario_of({"base": "eu-status-quo", "changes": {"vote.HU": "red_line"}})
        assert address.plain()["vote"] == {"rule": "self_interest", "HU": "red_line"}
