"""The page in other languages: text, number format and layout."""

import json
import re

import pytest

from juste_retour.visualization.replay import STAGE, catalogs
from tests.browser.test_stage import written

pytestmark = pytest.mark.browser
LANGUAGES = catalogs()
WIDE = """() => [...document.querySelectorAll(".bar, .player, .panel, .tour, .hall")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className)"""


def headline(page):
    return page.get_attribute(".number", "aria-label")


@pytest.mark.parametrize("code", LANGUAGES)
def test_headline_is_translated_with_a_decimal_comma(visit, code):
    page = visit(f"?lang={code}&t=2025Q4", size=(1366, 768))
    assert page.evaluate("document.documentElement.lang") == code
    words = LANGUAGES[code]["years behind the frontier {when}"].replace(" {when}", "")
    assert re.fullmatch(rf"\d,\d {words} .*2025.*", headline(page)), headline(page)
    chart = page.get_attribute(".race [role=img]", "aria-label")
    assert chart.startswith(LANGUAGES[code]["The largest training run"])
    assert not any(re.search(r"\b(the|years|behind|with)\b", text) for text in written(page) if "·" not in text)
    frame = page.text_content("[aria-live=polite].unseen")
    assert LANGUAGES[code]["Europe today"] in frame


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("query", ["t=2029Q4", "t=2029Q4&compare=1", "t=2025Q4&why=state.4", "tour=1", "many=1"])
def test_translated_text_fits(visit, code, query):
    page = visit(f"?lang={code}&{query}", size=(1366, 768))
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == 1366
    assert page.evaluate(WIDE) == []


def test_language_menu_changes_page_and_address(visit):
    page = visit("?t=2025Q4", locale="fr-FR")
    assert page.evaluate("document.documentElement.lang") == "en"  # the browser's language does not change it
    assert "years behind the frontier" in headline(page)
    menu = page.locator("select[name=lang]")
    assert menu.locator("option").all_text_contents() == ["English", "Deutsch", "Español", "Français"]
    menu.select_option("de")
    assert page.text_content("[data-press=rules]") == LANGUAGES["de"]["Rules"]
    page.wait_for_url(re.compile(r"[?&]lang=de\b"))
    assert "Deutschland" in {
        s.split(",")[0]
        for s in page.eval_on_selector_all(".state", "all => all.map(e => e.getAttribute('aria-label'))")
    }
    menu.select_option("en")
    assert "years behind the frontier" in headline(page)


def test_unknown_language_is_reported_and_english_is_shown(visit):
    page = visit("?lang=xx")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "xx" in page.text_content(".notice")


def test_replay_keeps_its_language(visit, tmp_path):
    page = visit("?lang=es&t=2025Q4")
    page.keyboard.press("s")
    with page.expect_download() as download:
        page.click("[data-save=replay]")
    file = tmp_path / "replay.html"
    download.value.save_as(file)
    replay = visit(url=file.as_uri())
    assert headline(replay) == headline(page)
    assert replay.evaluate("document.documentElement.lang") == "es"


def test_additional_catalog_adds_a_language(visit, chromium):
    """A translator's file with one text: this text is translated and everything else stays English."""
    bundle = json.dumps({"nl": {"Rules": "Regels"}})

    def serve(route):
        text = route.fetch().text()
        route.fulfill(
            body=re.sub(r"^const CATALOGS = .*;$", f"const CATALOGS = {bundle};", text, count=1, flags=re.M),
            content_type="text/javascript",
        )

    page = visit("", ready=False)
    page.route("**/stage/bundle.js", serve)
    page.goto(page.url.split("?")[0] + "?lang=nl&t=2025Q4")
    page.wait_for_selector(".page[data-ready=true][data-busy=false]")
    assert page.text_content("[data-press=rules]") == "Regels"
    assert "years behind the frontier" in headline(page)
    assert re.match(r"\d,\d ", headline(page))
    assert (STAGE / "languages" / "README.md").exists()
