import base64
import gzip
import hashlib
import html
import json
import re

import pytest

from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.cli.lazy_group import main
from juste_retour.visualization import single_file
from juste_retour.visualization.replay import page_around
from juste_retour.visualization.single_file import SEEDS, SETTINGS, changes_of, columns, held, key, page, part
from juste_retour.visualization.views.stage_frames import play

FEW = (2, 5)


def rows(value):
    """The inverse of `columns`, as `stage/lab.js` has it."""
    if isinstance(value, list):
        return [rows(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    inner = {name: rows(column) for name, column in value.items() if name}
    if "" not in value:
        return inner
    return [{name: column[k] for name, column in inner.items()} for k in range(value[""])]


def opened(text):
    return json.loads(gzip.decompress(base64.b64decode(text)))


@pytest.mark.parametrize(
    "value",
    [3, [], [{}], [{}, {}], [1, {"a": 2}], {"a": [{"b": [{"c": None}] * 2, "d": "x"}] * 3}, [[{"a": 1}]]],
)
def test_columns_round_trip(value):
    assert rows(columns(value)) == value


@pytest.mark.parametrize(("name", "changes"), [("eu-status-quo", {}), ("federal-europe", {"voting": "unanimity"})])
def test_part_contains_the_runs_of_the_live_app(monkeypatch, name, changes):
    monkeypatch.setattr(single_file, "SEEDS", FEW)
    found, scenario = opened(part(name, changes)), load(name)
    scenario = scenario.changed(changes, f"{name}, changed") if changes else scenario
    assert rows(found["runs"]) == json.loads(json.dumps([play(scenario, seed) for seed in FEW]))
    assert found["toml"] == scenario.toml()


def test_refused_combination_contains_the_reason():
    assert "private" in opened(part("us-private", {"agenda": "open_call"}))["error"]


def test_file_contains_every_scenario_under_every_rule():
    assert len(held()) == 9
    for name in held():
        rules = load(name).rules
        same = sum(rules[group].plain() == rule for group, rule in SETTINGS)
        assert len(changes_of(name)) == 1 + len(SETTINGS) - same
        assert len({key(name, changes) for changes in changes_of(name)}) == len(changes_of(name))


def test_menus_offer_only_rules_in_the_file():
    offered = single_file.catalog()
    assert offered["seeds"] == SEEDS
    assert {preset["name"] for preset in offered["presets"]} == set(held())
    menus = {(family["name"], rule["name"]) for family in offered["families"] for rule in family["rules"]}
    assert set(SETTINGS) <= menus
    assert menus - set(SETTINGS) == {(g, load(n).rules[g].rule) for n in held() for g, _ in SETTINGS} - set(SETTINGS)


def test_page_loads_nothing_from_outside():
    text = page({})
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)
    assert "@import" not in text


def test_unwritable_place_is_refused_before_computing(monkeypatch, tmp_path):
    monkeypatch.setattr(single_file, "_computed", None)
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "lab.html"):
        with pytest.raises(BadInput, match="--single-file"):
            single_file.write(place, lambda done, of: None)


def test_file_is_replaced_atomically(monkeypatch, tmp_path):
    """A failed build keeps the old file and leaves no other file."""
    monkeypatch.setattr(single_file, "_computed", lambda told: iter([("a", "b")]))
    file = tmp_path / "deep" / "lab.html"
    single_file.write(file, lambda done, of: None)
    assert '"parts":{"a":"b"}' in file.read_text()
    monkeypatch.setattr(single_file, "_computed", lambda told: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        single_file.write(file, lambda done, of: None)
    assert [path.name for path in file.parent.iterdir()] == ["lab.html"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--port", "8080"), "--port"),
        (("--embed", "https://example.org", "--audience"), "--embed and --audience"),
        (("--rules", "mine.py"), "--rules"),
        (("--pyodide", "nowhere"), "nowhere"),
    ],
)
def test_options_incompatible_with_single_file_are_refused(monkeypatch, tmp_path, capsys, options, named):
    monkeypatch.setattr(single_file, "_computed", None)
    assert main(["app", "--single-file", str(tmp_path / "lab.html"), *options]) == 2
    assert named in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_pyodide_option_needs_single_file(capsys):
    assert main(["app", "--pyodide", "folder"]) == 2
    assert "--single-file" in capsys.readouterr().err


def test_file_with_the_model_offers_every_rule():
    text = page({}, {"worker": "", "files": {}})
    content = json.loads(re.search(r'id="runs">(.*?)</script>', text, re.S)[1])
    assert [one["name"] for one in content["catalog"]["families"]] == list(FAMILIES)
    assert {one["name"] for one in content["catalog"]["presets"]} == set(held())
    assert "seeds" not in content["catalog"]
    assert content["seeds"] == list(SEEDS)


def test_page_in_a_file_runs_its_own_script_only_and_reaches_nothing():
    text = html.unescape(page_around("a title", {}, "replay.js"))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)[1]
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert f"'sha256-{digest}'" in rules["script-src"]
    assert "unsafe-inline" not in rules["script-src"]
    assert "http" not in policy
