"""The commands and code of the repository's README work as printed."""

import re
from pathlib import Path

import pytest

from juste_retour.runs.base.numerals import within
from juste_retour.runs.studies.europe.commands.verdict_command import NUMBERS, read

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = re.findall(
    r"^    (?:pip install uv && )?uv run juste-retour (.+)$", TEXT.replace("--worlds 200", "--worlds 9"), re.M
)
PYTHON = re.findall(r"```python\n(.+?)```", TEXT, re.S)
(RULE,) = [code for code in PYTHON if "def two_thirds" in code]
(SIMULATION,) = [code for code in PYTHON if "simulate(" in code]
SHORT = {
    "app": ("--help",),
    "verdict": ("--help",),
}  # one keeps running and the other takes minutes; both are tested elsewhere


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A reader's folder: the specs with few replications, and the rule saved under the name that the page gives."""
    place = tmp_path_factory.mktemp("reader")
    (place / "runs" / "specs").mkdir(parents=True)
    for spec in (ROOT / "runs" / "specs").glob("*.toml"):
        few = spec.read_text(encoding="utf-8")
        for key, value in (("replications", "2"), ("window_years", "[5.0]")):
            few = re.sub(rf"^{key} = .+$", f"{key} = {value}", few, flags=re.M)
        (place / "runs" / "specs" / spec.name).write_text(few, encoding="utf-8")
    (place / "two_thirds.py").write_text(RULE, encoding="utf-8")
    return place


def test_front_page_shows_the_main_commands():
    assert {line.split()[0] for line in LINES} >= {
        "run",
        "compare",
        "attribute",
        "batch",
        "app",
        "rules",
        "power",
    }


@pytest.mark.parametrize("line", LINES)
def test_commands_of_the_front_page_run(call, own_rules, folder, monkeypatch, line):
    monkeypatch.chdir(folder)
    status, out, err = call(*line.split(), *SHORT.get(line.split()[0], ()))
    assert (status, out != "") == (0, True), err


def test_numbers_of_the_front_page_equal_the_results():
    found = {f["question"]: f for f in read(NUMBERS.read_text(encoding="utf-8"))["findings"]}
    for question in (
        "years behind under the status quo",
        "what the three named parts gain",
        "what the reform gains",
    ):
        assert within(found[question]["answer"]) in TEXT, question
    assert "Superseded" not in TEXT


def test_python_code_of_the_front_page_runs():
    names = {}
    exec(SIMULATION, names)
    assert len(names["result"].worlds) == 200
