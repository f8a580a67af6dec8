"""TRACE.md names existing tests and pages, and the glossary has the words that users meet."""

import ast
import re
from pathlib import Path

import pytest

from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.results.switches import GROUPS

ROOT = Path(__file__).resolve().parents[4]
TRACE = (ROOT / "runs" / "studies" / "europe" / "TRACE.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "abm" / "GLOSSARY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TRACE)


def defined_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_named_tests_exist(file):
    there = defined_in(ROOT / file)
    missing = [name for f, name in NAMED if f == file and (name not in there or not name.startswith("test_"))]
    assert not missing


def test_claims_name_a_test():
    rows = [line for line in TRACE.splitlines() if line.startswith("| ") and not line.startswith("| claim")]
    assert len(rows) > 30
    for row in rows:
        assert "`tests/" in row, row
    assert TRACE.count("::") == len(NAMED)


def test_named_pages_exist():
    for page in re.findall(r"`((?:abm/|runs/)?\w+\.md)`", TRACE):
        assert (ROOT / page).exists() or (ROOT / "runs" / "studies" / "europe" / page).exists(), page


def test_glossary_has_every_family_and_group_once():
    words = [w for w in re.findall(r"^\| ([^|]+?) \|", GLOSSARY, re.M) if w not in ("word", "---")]
    assert len(words) == len(set(words))
    single = {part for word in words for part in word.split(", ")}
    shipped = {
        f.name
        for f in FAMILIES.values()
        if any(r.function.__module__.startswith(("juste_retour.abm.", "juste_retour.agents.")) for r in f)
    }
    assert shipped <= single, shipped - single
    assert set(GROUPS) <= single


def test_glossary_is_in_order():
    for part in GLOSSARY.split("\n## ")[1:]:
        words = [w for w in re.findall(r"^\| ([^|]+?) \|", part, re.M) if w not in ("word", "---")]
        assert words == sorted(words, key=str.casefold), words


@pytest.mark.parametrize(
    "page",
    ["abm/ODD.md", "abm/GLOSSARY.md", "runs/studies/europe/TRACE.md", "runs/studies/europe/RESULTS.md"],
)
def test_front_page_links_to_the_main_pages(page):
    assert f"({page})" in (ROOT / "README.md").read_text(encoding="utf-8")
