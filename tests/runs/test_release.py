"""What a release states in several files is the same everywhere."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_version_and_license_are_the_same_in_all_files():
    project = tomllib.loads(text("pyproject.toml"))["project"]
    citation = dict(re.findall(r"^(\w[\w-]*): (.+)$", text("CITATION.cff"), re.M))
    meta, archive = json.loads(text("codemeta.json")), json.loads(text(".zenodo.json"))
    assert {citation["version"], meta["version"]} == {project["version"]}
    own = {citation["license"], meta["license"].rsplit("/", 1)[-1], archive["license"]}
    assert own == {project["license"].split(" AND ")[0]} == {"Apache-2.0"}
    assert project["license"] in text("docs/RELEASING.md")


def test_placeholders_are_listed_for_the_maintainer():
    listed = re.findall(r"^\| `([^`]+)` \|", text("docs/RELEASING.md"), re.M)
    assert [name for name in listed if not re.search(r"MAINTAINER|example\.org", text(name))] == []
    others = [
        *ROOT.glob("*.*"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("a*/**/*.md"),
        *ROOT.glob("runs/**/*.md"),
    ]
    holding = {
        str(p.relative_to(ROOT)) for p in others if p.is_file() and "MAINTAINER" in p.read_text(encoding="utf-8")
    }
    assert holding - {"docs/RELEASING.md", "uv.lock"} <= {*listed, "CONTRIBUTING.md"}
