import re

import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.visualization.talks.talk_files import NAMED, load_talk, placeholders, shipped_talks

FIRST = '[[moment]]\nname = "one"\nminutes = 1\n'
GUESS = '[moment.guess]\nquestion = "How many?"\noptions = ["few", "many"]\nanswer = "a.sites"\nedges = [5]\n'


@pytest.fixture
def talk(tmp_path):
    """Read a talk from its text below a title."""

    def read(text, top='title = "A talk"\n'):
        file = tmp_path / "talk.toml"
        file.write_text(top + text)
        return load_talk(str(file))

    return read


@pytest.mark.parametrize("name", shipped_talks())
def test_shipped_talks_use_placeholders_instead_of_numbers(name):
    moments = load_talk(name)["moments"]
    for moment in moments:
        texts = [moment[key] for key in ("say", "tell", "notes")]
        assert not re.search(r"\d+\.\d", NAMED.sub("", "".join(texts)).replace("95 %", "")), moment["name"]
        assert len(moment["notes"]) > 50
    assert any(NAMED.search(moment["tell"]) for moment in moments)


def test_shipped_talk_takes_ten_minutes():
    assert sum(moment["minutes"] for moment in load_talk("cost-of-politics")["moments"]) == 10


def test_moment_keeps_earlier_settings(talk):
    moments = talk(
        FIRST
        + 'b = { base = "essay-reform", voting = "unanimity" }\nview = "two"\nseed = 4\nplay = "window"\n'
        + '[[moment]]\nname = "two"\nminutes = 2\n'
    )["moments"]
    second = moments[1]
    assert second["b"] == {"base": "essay-reform", "changes": {"voting": "unanimity"}} == moments[0]["b"]
    assert (second["a"], second["seed"]) == ({"base": "eu-status-quo", "changes": {}}, 4)
    assert (moments[0]["quarter"], second["quarter"], second["play"]) == ("start", "window", None)


def test_all_placeholders_are_accepted(talk):
    named = " ".join(f"{{{name}}}" for name in placeholders())
    assert talk(f'{FIRST}view = "two"\nnotes = "{named}"\n')["moments"][0]["notes"] == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["talk.toml", "moment"]),
        ('[[moment]]\nname = "one"\n', ["moment 1", "minutes"]),
        ('[[moment]]\nname = "one"\nminutes = -1\n', ["moment 1", "minutes", "-1"]),
        ('[[moment]]\nname = "one"\nminutes = true\n', ["minutes", "True"]),
        (FIRST + 'wiew = "two"\n', ["moment 1", "wiew", "view"]),
        (FIRST + 'view = "both"\n', ["view", "both", "two"]),
        (FIRST + 'view = ["two"]\n', ["view", "two"]),
        (FIRST + 'a = "europe"\n', ["moment 1 (one)", "a", "europe"]),
        (FIRST + 'a = { base = "eu-status-quo", voting = "lots" }\n', ["one", "voting", "lots"]),
        (FIRST + 'quarter = "2050Q1"\n', ["quarter", "2050Q1", "2034Q4"]),
        (FIRST + 'play = "2026"\n', ["play", "2026"]),
        (FIRST + "seed = 1.5\n", ["seed", "1.5"]),
        (FIRST + 'world = "odd"\n', ["world", "odd", "ordinary"]),
        (FIRST + 'spotlight = "moon"\n', ["spotlight", "moon", "map"]),
        (FIRST + 'spotlight = "differences"\n', ["spotlight", "differences"]),
        (FIRST + 'why = "XX"\n', ["why", "XX"]),
        (FIRST + 'panel = "keys"\n', ["panel", "keys", "rules"]),
        (FIRST + 'say = "{a.site}"\n', ["say", "a.site", "a.sites"]),
        (FIRST + 'tell = "{b.sites}"\n', ["tell", "b.sites", "two"]),
        (FIRST + FIRST, ["one", "name"]),
        (FIRST + "guess = 3\n", ["guess", "3"]),
        (FIRST + GUESS.replace("[5]", "[5, 6]"), ["guess", "edges", "[5, 6]"]),
        (FIRST + GUESS.replace('"few", ', ""), ["guess", "options"]),
        (FIRST + GUESS.replace("a.sites", "a.title"), ["guess", "answer", "a.title"]),
        (FIRST + GUESS + "room = 3\n", ["guess", "room", "3"]),
        (FIRST + "notes = 4\n", ["notes", "4"]),
        ("moment = 3\n", ["moment"]),
        ("[[moment]\n", ["TOML"]),
    ],
)
def test_invalid_talk_is_refused_in_one_sentence(talk, text, named):
    with pytest.raises(BadInput) as error:
        talk(text)
    message = str(error.value)
    assert all(part in message for part in named), message
    assert "\n" not in message
    assert message.endswith((".", "?"))


def test_talk_needs_a_title(talk):
    with pytest.raises(BadInput, match="title"):
        talk(FIRST, top="")


@pytest.mark.parametrize("given", ["cost-of-politic", "nowhere/talk.toml"])
def test_missing_talk_is_named(given):
    with pytest.raises(BadInput, match=re.escape(given)):
        load_talk(given)
