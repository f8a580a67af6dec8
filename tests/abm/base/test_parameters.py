"""The table of parameters, and the sources named by it, the rules and the docstrings."""

import re
from pathlib import Path

import pytest

from juste_retour.abm.base.parameters import defaults
from juste_retour.abm.worlds.scenario import load, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "abm" / "BIBLIOGRAPHY.md").read_text(encoding="utf-8")
KEYS = [key.rstrip(".") for bold in re.findall(r"(?m)^- \*\*(.+?)\*\*", PAGE) for key in bold.split(", ")]
AUTHORS = re.compile(r"([A-Z][\w’'-]+(?: (?:AI|DeepMind|et al\.))?),?\s+\(((?:19|20)\d\d[a-z]?)\)")
LAW = re.compile(
    r"Regulation \(EU\) [\d/]+|Directive [\d/]+/E[UC]|Council (?:Decision|document) [\d/]+|COM\(\d+\) \d+|T-\d+/\d+"
)
LABEL = re.compile(r"(?<![\w-])[A-E]\d{1,2}[a-d]?(?![\w-])")  # such as A1: a label of a list outside the repository
FILE = re.compile(r"\b(?:abm|runs|agents|tests)/[\w/.]*\w")


def sources():
    """Every source, by the parameter or rule that gives it."""
    found = {name: about.source for name, (_, about) in parameters().items()}
    for family in FAMILIES.values():
        for rule in family:
            if rule.shipped:
                found[f"{family.name}.{rule.name}"] = rule.source
                found |= {
                    f"{family.name}.{rule.name}.{name}": about.source for name, (_, about) in rule.parameters.items()
                }
    return found


def unresolved(text):
    """Citations without an entry in the bibliography, and files that do not exist."""
    cited = [f"{name} ({year})" for name, year in AUTHORS.findall(text)]
    missing = [cite for cite in cited if not any(key.endswith(cite) for key in KEYS)]
    missing += [law for law in LAW.findall(text) if law not in KEYS]
    return missing + [path for path in FILE.findall(text) if not (ROOT / path).exists()]


def test_unresolved_finds_missing_citations_and_files():
    assert unresolved("Nobody and Nemo (2031); Regulation (EU) 1/1; abm/nothing.csv; Nash (1950)") == [
        "Nemo (2031)",
        "Regulation (EU) 1/1",
        "abm/nothing.csv",
    ]
    assert len(set(KEYS)) == len(KEYS) > 80


def test_sources_resolve_inside_the_repository():
    assert len(sources()) > 150
    for place, text in sources().items():
        assert text, place
        assert not unresolved(text), place
        assert not LABEL.search(re.sub(r"equations? E\d+b?(?: (?:to|without|and) E\d+b?)?", "", text)), place


@pytest.mark.parametrize("package", ["agents", "abm", "runs"])
def test_citations_in_code_are_in_the_bibliography(package):
    for path in [*(ROOT / package).rglob("*.py"), *(ROOT / package).rglob("*.md")]:
        text = " ".join(path.read_text(encoding="utf-8").split())
        cited = [f"{name} ({year})" for name, year in AUTHORS.findall(text)]
        missing = [cite for cite in cited if not any(key.endswith(cite) for key in KEYS)]
        assert not missing, path.relative_to(ROOT)


def test_every_entry_of_the_bibliography_is_cited():
    text = " ".join(
        " ".join(path.read_text(encoding="utf-8").split())
        for folder in ("agents", "abm", "runs", "tests")
        for suffix in ("py", "csv", "md", "toml")
        for path in (ROOT / folder).rglob(f"*.{suffix}")
        if path.name != "BIBLIOGRAPHY.md"
    )
    short = {key: re.sub(r".*?([\w’'-]+(?: AI| DeepMind| et al\.)?) \(", r"\1 (", key) for key in KEYS}
    assert not [key for key, name in short.items() if name not in text]


def test_defaults_have_a_world_axis():
    p = defaults(run_days=60)
    assert p.run_days.tolist() == [[60.0]]
    assert not hasattr(p, "decider")


@pytest.mark.parametrize(
    "changes", [{"race_first_year": 8}, {"least_outside_accelerators": 0}, {"race_last_year": 2.5}]
)
def test_values_out_of_bounds_are_refused(changes):
    with pytest.raises(BadInput, match=next(iter(changes))):
        load("eu-status-quo").changed(changes)
