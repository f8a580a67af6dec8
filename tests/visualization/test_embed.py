import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from urllib.parse import parse_qsl

import pytest

from juste_retour import simulate
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.statistics import summary
from juste_retour.visualization.embed import (
    LICENSE,
    embedded,
    fixed,
    named,
    picture,
    refusal,
    site_of,
    title_of,
    why,
)

PAIR = {"a": "eu-status-quo", "b": "essay-reform", "compare": "1", "seed": "3", "embed": "1", "t": "2028Q4"}


class Texts(HTMLParser):
    """The texts and tags of a page."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(page)

    def handle_data(self, data):
        self.texts.append(data)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def page(query, around=(), framed=True):
    return Texts(embedded(query, "http://127.0.0.1:8765", around, framed=framed))


def test_sentence_has_the_numbers_of_the_table():
    found = page(PAIR)
    (sentence,) = [text for text in found.texts if text.startswith("In the model")]
    for name in ("eu-status-quo", "essay-reform"):
        years = summary(simulate(name, worlds=200, seed=3).worlds.years_behind)
        assert f"{years['median']:.1f} years behind" in sentence
        assert f"{years['low']:.1f} to {years['high']:.1f}" in sentence
    assert sentence.count(". ") == 0
    assert LICENSE in "".join(found.texts)


def test_embedded_page_has_a_picture_and_no_script():
    tags = dict(page(PAIR).tags)
    assert "script" not in tags
    assert tags["img"]["alt"].startswith("In the model")
    assert tags["img"]["src"].startswith("/embed.svg?")


def test_picture_has_the_numbers_of_the_page():
    drawn = ElementTree.fromstring(picture(PAIR))
    shown = " ".join(drawn.itertext())
    numbers = re.findall(r"\d\.\d", " ".join(t for t in page(PAIR).texts if t.startswith("In the model")))
    assert len(numbers) == 6
    assert all(x in shown for x in numbers)
    assert LICENSE in shown
    assert len(drawn.findall("{*}circle")) == 2


def test_address_is_canonical():
    specs, seed = named(PAIR | {"a.voting": "unanimity", "a.envelope_eur_bn": "20"})
    address = fixed(specs, seed)
    assert named(dict(parse_qsl(address))) == (specs, seed)
    assert fixed(*named(dict(reversed(parse_qsl(address))))) == address
    assert "t=" not in address


def test_title_of_a_changed_scenario():
    title = title_of({"base": "eu-status-quo", "changes": {"voting": "lisbon_qmv", "envelope_eur_bn": 20}})
    assert title.startswith("Europe today")
    assert "20" in title
    assert "_" not in title


def test_page_outside_a_frame_names_the_allowed_sites():
    assert page(PAIR, framed=False).texts[-1] == why([])
    assert "--embed" in why([])
    assert "https://www.example.org" in why(["https://www.example.org"])
    assert why([]) not in page(PAIR).texts


def test_foreign_text_is_escaped():
    assert "<b>" not in refusal("http://<b>.example")
    with pytest.raises(BadInput):
        picture(PAIR | {"a": "<script>"})


@pytest.mark.parametrize(
    ("referer", "site"),
    [
        ("https://www.example.org/page?x=1", "https://www.example.org"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("http://[", None),
        ("file:///home/x.html", None),
        (None, None),
    ],
)
def test_site_of_a_referer(referer, site):
    assert site_of(referer) == site


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"a": "atlantis"}, "atlantis"),
        ({"seed": "many"}, "many"),
        ({"a.voting": "by_lot"}, "by_lot"),
        ({"a.budget": "3"}, "budget"),
        ({"a.voting": "[" * 500}, "voting"),
        ({"a.x": "y" * 3000}, "2,000"),
        ({"b": "us-observed", "compare": "1"}, "us-observed"),
    ],
)
def test_invalid_address_is_refused_in_one_sentence(query, expected):
    with pytest.raises(BadInput) as error:
        embedded(query, "http://127.0.0.1", [], framed=False)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
