"""A talk from start to end, as a presenter gives it: the stage, and the notes in a second window."""

import re

import pytest

from juste_retour import simulate
from juste_retour.runs.base.statistics import quantile
from juste_retour.visualization.talks.talk_files import load_talk
from juste_retour.visualization.views.parts import stored
from tests.browser.conftest import served

pytestmark = pytest.mark.browser
TALK = load_talk("cost-of-politics")
OWN = """
title = "Own"
[[moment]]
name = "one"
minutes = 0.01
a = "federal-europe"
world = 0
seed = 5
quarter = "2027Q1"
play = "2027Q3"
notes = "{a.sites} sites"
[[moment]]
name = "two"
minutes = 1
why = "CY"
spotlight = "race"
"""


@pytest.fixture(scope="module")
def speaker():
    """Address of an app with the shipped talk."""
    with served("--talk", "cost-of-politics") as (_, address):
        yield address


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Address of an app with a user's talk."""
    file = tmp_path_factory.mktemp("talk") / "own.toml"
    file.write_text(OWN)
    with served("--talk", file) as (_, address):
        yield address


def notes_window(page, address):
    """The notes, in a second window of the same browser."""
    notes = page.context.new_page()
    notes.set_default_timeout(60_000)
    notes.goto(f"{address}/?notes=1")
    notes.wait_for_selector(".notes[data-moment]")
    return notes


def at(notes, moment, phase):
    """Wait until the notes show a moment, counted from 1, in a phase."""
    notes.wait_for_selector(f".notes[data-moment='{moment}'] [data-phase={phase}]")


def test_remote_control_goes_through_the_whole_talk(visit, speaker):
    page = visit(url=f"{speaker}/?a=federal-europe&seed=3&speed=1&t=2026Q1&talk=1", size=(1366, 768))
    notes = notes_window(page, speaker)
    told = {}
    for k, moment in enumerate(TALK["moments"]):
        first = "asking" if moment["guess"] or moment["play"] else "told"
        at(notes, k + 1, first)
        if first == "asking":
            assert page.locator(".talk .right").count() == 0
            page.keyboard.press("PageDown")
            at(notes, k + 1, "told")
        page.wait_for_selector(".page[data-busy=false]")
        if moment["guess"]:
            page.wait_for_selector(".talk .right")
            assert page.locator(".talk .right").count() == 1
        notes.wait_for_function("!document.querySelector('.notes').textContent.includes('…')")
        assert moment["name"] in notes.text_content("h1")
        assert not page.locator(".bar, .player").first.is_visible()
        assert "{" not in notes.text_content(".notes")
        told[moment["name"]] = page.text_content(".talk") + notes.text_content(".notes")
        page.keyboard.press(" " if k % 2 else "ArrowRight")
    at(notes, len(TALK["moments"]), "told")  # the last key press had no effect
    price = stored()[0]["prices"]["price_of_politics"]
    for x in price.values():
        assert f"{x:.2f}" in told["The price of politics"]
    assert f"{-stored()[0]['difference']['mean']:.2f}" in told["What politics costs"]
    worlds = [simulate(name, worlds=200, seed=0).worlds for name in ("eu-status-quo", "essay-reform")]
    assert f"{quantile(worlds[0].sites, 0.05):.0f} to {quantile(worlds[0].sites, 0.95):.0f}" in told["How many sites"]
    middle = [round(quantile(w.years_behind, 0.5), 1) for w in worlds]
    assert f"{middle[0] - middle[1]:.1f} years nearer" in told["Two Europes"]


def test_going_back_keeps_the_guess(visit, speaker):
    page = visit(url=f"{speaker}/?talk=2", size=(1366, 768))
    notes = notes_window(page, speaker)
    at(notes, 2, "asking")
    page.keyboard.press("3")
    at(notes, 2, "told")
    page.keyboard.press("PageDown")
    at(notes, 3, "told")
    page.keyboard.press("PageUp")
    at(notes, 2, "told")
    page.wait_for_selector(".talk .right[aria-pressed=true]")
    assert "guessed" in page.text_content(".talk")


def test_talk_restores_the_page_and_can_be_continued(visit, own):
    page = visit(url=f"{own}/?seed=3&speed=1&t=2026Q1")
    page.wait_for_selector(".page[data-busy=false][data-t='8']")
    page.wait_for_function("location.search.includes('b=essay-reform')")
    before = page.evaluate("location.search")
    page.keyboard.press("k")
    page.wait_for_function("location.search.includes('talk=1')")
    page.wait_for_selector(".page.clean[data-busy=false][data-t='12']")
    page.keyboard.press("PageDown")
    page.wait_for_selector(".page[data-t='14']")
    page.keyboard.press("k")
    page.wait_for_selector(".bar")
    page.wait_for_function("before => location.search === before", arg=before)
    page.keyboard.press("k")
    page.wait_for_selector(".page[data-busy=false][data-t='14']")
    page.keyboard.press("PageDown")
    page.wait_for_selector(".panel.why")
    assert "Cyprus" in page.text_content(".panel")
    opacity = "([one]) => getComputedStyle(one).opacity"
    assert page.eval_on_selector_all(".stage .race", opacity) == "1"
    assert float(page.eval_on_selector_all(".stage .map", opacity)) < 0.5


def test_notes_control_the_stage_and_count_down(visit, own):
    page = visit(url=f"{own}/?talk=1")
    notes = notes_window(page, own)
    at(notes, 1, "asking")
    assert re.search(r"\d+ sites", notes.text_content(".said"))
    left = int(notes.get_attribute("[data-left]", "data-left"))
    notes.keyboard.press("b")
    page.wait_for_selector(".blank")
    notes.keyboard.press("PageDown")  # shows the stage again without moving on
    page.wait_for_selector(".blank", state="detached")
    at(notes, 1, "asking")
    notes.keyboard.press("PageDown")
    at(notes, 1, "told")
    notes.wait_for_selector(".over")
    assert int(notes.get_attribute("[data-left]", "data-left")) < left
    page.reload()
    page.wait_for_selector(".page[data-ready=true][data-busy=false]")
    notes.wait_for_function("left => Number(document.querySelector('[data-left]').dataset.left) < left", arg=left)


def test_blank_screen_clean_stage_and_spotlight(visit):
    page = visit("?t=2028Q4")
    press = page.keyboard.press
    press("b")
    assert page.locator(".blank").is_visible()
    press(".")
    assert page.locator(".blank").count() == 0
    press("h")
    page.wait_for_selector(".page.clean")
    assert not page.locator(".bar").is_visible()
    assert not page.locator(".player").is_visible()
    assert page.locator(".stage .ask").count() == 0
    press("o")
    dim = "() => [...document.querySelectorAll('.stage .scene > *')].filter(e => getComputedStyle(e).opacity < 0.5).length"
    assert page.evaluate(dim) > 3
    assert page.eval_on_selector(".stage .caption", "e => getComputedStyle(e).opacity") == "1"
    press("Escape")
    assert page.evaluate(dim) == 0
    press("Escape")
    assert page.locator(".bar").is_visible()
    assert page.locator("[data-press=talk], [data-press=notes]").count() == 0
    press("k")  # there is no talk
    assert page.locator(".talk").count() == 0


@pytest.mark.parametrize("query", ["?t=2028Q4", "?t=2028Q4&compare=1", "?t=2030Q4"])
def test_big_type_enlarges_the_headline(visit, query):
    page = visit(query, size=(1366, 768))
    size = (
        "Math.min(...[...document.querySelectorAll('[data-years-behind]')].map(e => e.getBoundingClientRect().height))"
    )
    before = page.evaluate(size)
    page.keyboard.press("g")
    page.wait_for_selector(".page.big")
    assert page.evaluate(size) > 1.2 * before


def test_tour_keeps_the_guess_and_restores_the_page(visit):
    page = visit("?a=federal-europe&seed=3&speed=1&t=2026Q1")
    page.wait_for_function("location.search.includes('seed=3')")
    page.keyboard.press("t")
    page.wait_for_function("document.querySelector('.stamp').textContent.includes('world')")
    page.wait_for_selector(".page[data-busy=false]")
    page.keyboard.press("3")
    page.wait_for_selector(".options .right")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.tour .step').textContent.startsWith('2')")
    page.wait_for_selector(".page[data-busy=false]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".options .right")
    assert page.locator("[aria-pressed=true]", has_text="15 or more").count() == 1
    page.keyboard.press("t")
    page.wait_for_selector(".tour", state="detached")
    page.wait_for_selector(".page[data-busy=false][data-t='8']")
    page.wait_for_function(
        "['a=federal-europe', 'seed=3', 'speed=1'].every(x => location.search.includes(x)) && !location.search.includes('world')"
    )


def test_key_pressed_while_the_page_computes_is_kept_and_escape_changes_nothing(visit, speaker):
    page = visit(url=f"{speaker}/?talk=2", size=(1366, 768))
    notes = notes_window(page, speaker)
    at(notes, 2, "asking")
    page.keyboard.press("2")
    at(notes, 2, "told")
    page.evaluate(
        """async () => {
          for (let k = 0; k < 2; k += 1) {
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true }));
            await new Promise(done => setTimeout(done));
            if (!k && document.querySelector(".page").dataset.busy !== "true") throw Error("nothing is computed");
          }
        }"""
    )
    at(notes, 4, "told")  # the second key is kept until the third moment is shown
    page.wait_for_function("location.search.includes('talk=4')")
    before = page.evaluate("location.search")
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)
    assert page.evaluate("location.search") == before
    assert not page.locator(".bar").first.is_visible()
