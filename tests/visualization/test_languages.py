"""The page's translations: complete, current, and with the same placeholders."""

import json
import re
from pathlib import Path

import pytest

from juste_retour import visualization
from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.visualization.audience import phones
from juste_retour.visualization.geometry import drawn_map
from juste_retour.visualization.replay import STAGE, bundled, catalogs
from juste_retour.visualization.session import offered
from juste_retour.visualization.talks.talk_files import load_talk
from juste_retour.visualization.views.narrative import SEASONS, named
from juste_retour.visualization.views.reason_texts import PROPOSERS
from juste_retour.visualization.views.stage_frames import play
from juste_retour.visualization.views.told import english

LANGUAGES = catalogs()
FIRST_SCREEN = (
    "answer",
    "bar",
    "map",
    "numbers",
    "player",
    "race",
    "reality",
    "spreads",
    "stage",
    "votes",
    "words",
)
TEXT = r'"((?:[^"\\]|\\.)*)"'
PLACEHOLDER = re.compile(r"\{\w+\}")


def texts(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return set().union(*map(texts, inner))


def page_texts():
    """Every text of the page: the strings of its sources and of the server."""
    room = Path(visualization.__file__).parent
    sources = [*STAGE.glob("*.js"), *room.rglob("*.py"), room / "titles.toml", phones.PAGE]
    lines = [line for path in sources for line in path.read_text("utf-8").splitlines()]
    found = {text for line in lines for text in re.findall(TEXT, line)}
    conditions = {
        re.sub(r"\d+(\.\d+)?", "{n}", c["says"], count=1)
        for name in ("eu-status-quo", "federal-europe", "unanimous-europe", "juste-retour-strict")
        for b in play(load(name), 1, price=False)["ballots"]
        for c in b["conditions"]
    }
    heads = {text.split(";")[0] for text in found}
    return found | heads | conditions | texts(offered()) | texts(drawn_map(load_members())) | talk_texts()


def talk_texts():
    """The texts of the shipped talk, by paragraph."""
    whole = texts(load_talk("cost-of-politics"))
    return {part.strip() for text in whole for part in re.split(r"\n\s*\n", text)}


def rule_texts():
    """The texts of the panel of rules that come from the server."""
    catalog = offered()
    rules = [rule for family in catalog["families"] for rule in family["rules"]]
    numbers = [*catalog["parameters"], *(p for rule in rules for p in rule["parameters"])]
    found = {family["decides"] for family in catalog["families"]}
    found |= {rule[key] for rule in rules for key in ("title", "summary")}
    found |= {number[key] for number in numbers for key in ("title", "about", "unit")}
    found |= {choice["title"] for number in numbers for choice in number["choices"]}
    found |= {preset[key] for preset in catalog["presets"] for key in ("title", "about")}
    return found - {""}


@pytest.mark.parametrize("code", LANGUAGES)
def test_rules_panel_talk_and_notes_are_translated(code):
    moments = load_talk("cost-of-politics")["moments"]
    spoken = [m[key] for m in moments for key in ("name", "say", "tell", "notes")]
    asked = [text for m in moments if m["guess"] for text in (m["guess"]["question"], *m["guess"]["options"])]
    parts = {part.strip() for text in spoken + asked for part in re.split(r"\n\s*\n", text)} - {""}
    source = (STAGE / "notes.js").read_text("utf-8")
    notes = set(re.findall(r'\btr\("([^"]+)"', source)) | set(re.findall(r': "([A-Z][^"]+\.)"', source))
    assert len(parts) > 40
    assert len(notes) > 15
    assert (rule_texts() | parts | notes) - set(LANGUAGES[code]) == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_have_the_placeholders_of_their_key(code):
    wrong = {
        key for key, text in LANGUAGES[code].items() if set(PLACEHOLDER.findall(key)) != set(PLACEHOLDER.findall(text))
    }
    assert wrong == set()


def test_catalogs_contain_no_unused_text():
    known = page_texts() | {f"{{n}} % of the {what}" for what in ("states", "people", "votes", "weighted votes")}
    stale = {(code, key) for code, catalog in LANGUAGES.items() for key in catalog if key not in known}
    assert stale == set()


@pytest.mark.parametrize("code", LANGUAGES)
def test_first_screen_is_translated_completely(code):
    calls = re.compile(rf'\b(?:tr|counted)\((?:[^"()]*(?:\([^"()]*\))?[^"()]*\? )?{TEXT}(?:(?:, | : ){TEXT})?')
    asked = set()
    for name in FIRST_SCREEN:
        for line in (STAGE / f"{name}.js").read_text("utf-8").splitlines():
            asked |= {
                key for found in calls.findall(line) for key in found if re.search("[a-z]", PLACEHOLDER.sub("", key))
            }
    assert len(asked) > 100
    assert asked - set(LANGUAGES[code]) == set()
    server = {*SEASONS, *PROPOSERS.values(), *(p["title"] for p in offered()["presets"])}
    assert server - set(LANGUAGES[code]) == set()


def test_every_bundle_contains_every_catalog():
    for first in ("app.js", "replay.js"):
        line = bundled(first).splitlines()[0]
        assert json.loads(line.removeprefix("const CATALOGS = ").removesuffix(";")) == LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_sentence_of_a_run_is_translated(code):
    for name in ("eu-status-quo", "essay-reform"):
        for frame in play(load(name), 1, price=False)["frames"]:
            for template, values in frame["says"]:
                assert template == "{who}." or template in LANGUAGES[code], template
                for value in values.values():
                    if isinstance(value, tuple):
                        assert value[0] == "{a}" or value[0] in LANGUAGES[code], value[0]


def test_lists_name_up_to_three_places():
    assert [english(named(list("ABCD")[:n])) for n in range(1, 5)] == [
        "A",
        "A and B",
        "A, B and C",
        "A, B and 2 more",
    ]
