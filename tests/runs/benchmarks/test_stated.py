"""The numbers stated in the READMEs are reproduced by their commands."""

import re
from pathlib import Path

import pytest

from juste_retour.runs.benchmarks.stated import COMMAND, ROOT, STATEMENTS, shown


@pytest.mark.slow
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_stated_number_is_reproduced(statement):
    assert shown(statement) == statement.text(), f"run `{COMMAND} {statement.name} --write`"


def test_stated_numbers_name_command_seed_and_replications():
    for statement in STATEMENTS:
        text = shown(statement)
        assert f"`{COMMAND} {statement.name}`" in text
        assert re.search(r"\d+ (replications|vectors|draws), seeds? \d|no random draws", text), statement.name


def test_every_marker_in_a_page_has_its_statement():
    known = {(s.page, s.name) for s in STATEMENTS}
    for page in {s.page for s in STATEMENTS}:
        text = Path(ROOT / page).read_text(encoding="utf-8")
        for name in re.findall(r"<!-- stated: (.+?) -->", text):
            assert (page, name) in known


TIMED = ("agents/README.md", "runs/benchmarks/README.md", "visualization/README.md")


@pytest.mark.parametrize("page", TIMED)
def test_timings_name_command_machine_and_date(page):
    text = Path(ROOT / page).read_text(encoding="utf-8")
    timed = re.findall(r"<!-- timed -->(.+?)<!-- /timed -->", text, re.DOTALL)
    assert timed
    for measured in timed:
        assert re.search(r"`uv run [^`]+`", measured), measured
        assert re.search(r"\bcores\b", measured), measured
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", measured), measured
    outside = re.sub(r"<!-- timed -->.+?<!-- /timed -->", "", text, flags=re.DOTALL)
    assert not re.search(r"\d (ms|runs (a|per) second|microseconds)\b", outside)
