"""The numbers that the READMEs state are what their commands give today."""

import re
from pathlib import Path

import pytest

from juste_retour.runs.benchmarks.stated import COMMAND, ROOT, STATEMENTS, shown


@pytest.mark.slow
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.name)
def test_a_stated_number_reruns(statement):
    assert shown(statement) == statement.text(), f"run `{COMMAND} {statement.name} --write`"


def test_a_stated_number_names_command_seed_and_replications():
    for statement in STATEMENTS:
        text = shown(statement)
        assert f"`{COMMAND} {statement.name}`" in text
        assert re.search(r"\d+ replications, seeds? \d", text), statement.name


def test_every_mark_in_a_page_has_its_statement():
    known = {(s.page, s.name) for s in STATEMENTS}
    for page in {s.page for s in STATEMENTS}:
        text = Path(ROOT / page).read_text(encoding="utf-8")
        for name in re.findall(r"<!-- stated: (.+?) -->", text):
            assert (page, name) in known
