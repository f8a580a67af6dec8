"""What the first page tells newcomers to type works as it stands."""

import re
from pathlib import Path

import pytest

from juste_retour.runs.europe.commands.verdict import NUMBERS, read
from juste_retour.runs.numerals import within

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
}  # one stays up, the other takes minutes; both have their tests


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as the reader's: the specs, cut short, and the rule saved as the page says."""
    place = tmp_path_factory.mktemp("reader")
    (place / "runs" / "specs").mkdir(parents=True)
    for spec in (ROOT / "runs" / "specs").glob("*.toml"):
        few = spec.read_text(encoding="utf-8")
        for key, value in (("replications", "2"), ("window_years", "[5.0]")):
            few = re.sub(rf"^{key} = .+$", f"{key} = {value}", few, flags=re.M)
        (place / "runs" / "specs" / spec.name).write_text(few, encoding="utf-8")
    (place / "two_thirds.py").write_text(RULE, encoding="utf-8")
    return place


def test_the_page_speaks_to_all_three():
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
def test_each_command(call, own_rules, folder, monkeypatch, line):
    monkeypatch.chdir(folder)
    status, out, err = call(*line.split(), *SHORT.get(line.split()[0], ()))
    assert (status, out != "") == (0, True), err


def test_its_numbers_are_those_of_the_results():
    found = {f["question"]: f for f in read(NUMBERS.read_text(encoding="utf-8"))["findings"]}
    for question in ("years behind under the status quo", "what the reform gains", "what access gains"):
        assert within(found[question]["answer"]) in TEXT, question
    assert "Superseded" not in TEXT


def test_the_python():
    names = {}
    exec(SIMULATION, names)
    assert len(names["result"].worlds) == 200
