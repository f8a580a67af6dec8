"""A presenter and several phones in Chromium at the same time."""

import re

import pytest

from juste_retour.abm.worlds.scenario import load
from juste_retour.visualization.views.stage_frames import play
from tests.browser.conftest import served
from tests.browser.test_access import faults

pytestmark = pytest.mark.browser
CONTRAST = """() => {
  const light = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).map(x => x / 255).map(x => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) if (!/, 0\\)$/.test(getComputedStyle(e).backgroundColor)) return getComputedStyle(e).backgroundColor;
  };
  return [...document.querySelectorAll("h1, h2, p, label, button:not(:disabled), input")].filter(e => e.offsetHeight).map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    return Math.max(a, b) / Math.min(a, b);
  });
}"""
LAYOUT = """() => ({
  wide: document.documentElement.scrollWidth,
  small: [...document.querySelectorAll("button, input")].map(e => e.getBoundingClientRect()).filter(r => r.width && (r.width < 24 || r.height < 24)).length,
})"""


@pytest.fixture(scope="module")
def hall():
    """Addresses of the presenter's page and of the phones'."""
    options = ("--audience", "--audience-host", "127.0.0.1", "--audience-port", "0")
    with served(*options) as (process, presenter):
        yield presenter, re.search(r"http://\S+/", process.stdout.readline())[0]


@pytest.fixture
def expect():
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    return expect


def phone(visit, expect, hall, **options):
    page = visit(url=hall[1], size=(320, 568), ready=False, is_mobile=True, has_touch=True, **options)
    expect(page.locator("#who")).to_contain_text("You are")
    return page


def vote(page, expect, value):
    page.tap(f"[data-value={value}]")
    expect(page.locator("#status")).to_have_text(f"Counted: {value}.")
    expect(page.locator(f"[data-value={value}]")).to_have_attribute("aria-pressed", "true")


def test_phones_guess_and_vote_while_the_presenter_watches(visit, hall, expect):
    presenter, second = (visit(url=hall[0]) for _ in range(2))
    presenter.keyboard.press("a")
    assert presenter.text_content(".invite strong") == hall[1].removeprefix("http://").rstrip("/")
    assert presenter.eval_on_selector(".invite img", "e => e.naturalWidth") > 100
    phones = [phone(visit, expect, hall, color_scheme=scheme) for scheme in ("light", "dark", "light", "dark")]
    expect(presenter.locator("[data-phones='4']")).to_be_visible()
    states = [page.text_content("#who") for page in phones]
    assert len(set(states)) == 4

    presenter.click("[data-ask=years_behind]")
    for page, guess in zip(phones, ("2", "3,5", "4.5", "12"), strict=True):
        page.fill("#number", guess)
        page.tap(".send")
        expect(page.locator("#status")).to_contain_text("Counted:")
    phones[3].tap("#less")
    assert phones[3].input_value("#number") == "11"
    expect(presenter.locator("[data-answers='4']")).to_be_visible()
    assert presenter.locator(".guesses").count() == 0
    presenter.click("[data-ask=close]")
    model = play(load("eu-status-quo"), 0)["outcome"]["years_behind"]
    verdict = presenter.locator(".panel .verdict")
    expect(verdict).to_contain_text(f"{model:.1f}")
    assert "4.0" in verdict.text_content()
    assert presenter.get_attribute(".guesses", "data-median") == "4"
    for page in phones:
        expect(page.locator("#result")).to_have_text(verdict.text_content())
        assert page.is_disabled(".send")

    presenter.click("[data-ask=vote]")
    for page in phones:
        expect(page.locator("#stake")).not_to_be_empty()
    bar = presenter.locator(".panel .votes")
    expect(bar).to_have_attribute("data-yes", "23")
    vote(phones[0], expect, "yes")
    expect(bar).to_have_attribute("data-yes", "24")
    vote(phones[0], expect, "no")
    expect(bar).to_have_attribute("data-yes", "23")
    for page in phones[1:]:
        vote(page, expect, "no")
    expect(bar).to_have_attribute("data-passed", "false")
    phones[1].reload()
    expect(phones[1].locator("#who")).to_have_text(states[1])
    expect(phones[1].locator("[data-value=no]")).to_have_attribute("aria-pressed", "true")
    second.keyboard.press("a")
    expect(second.locator(".panel .votes")).to_have_attribute("data-passed", "false")
    second.click("[data-ask=close]")
    for page in (presenter, second):
        expect(page.locator(".panel .votes")).to_have_count(2)
    result = presenter.locator(".panel .verdict").text_content()
    assert second.locator(".panel .verdict").text_content() == result
    for page in phones:
        expect(page.locator("#result")).to_have_text(result)
    presenter.select_option("[name=lang]", "de")
    for page, state in zip(phones, states, strict=True):
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.locator("#who")).not_to_have_text(state)
    presenter.click("[data-ask=onward]")  # the room's result happens, beside the model's own run
    presenter.wait_for_function("location.search.includes('b.votes')")
    presenter.wait_for_selector(".page[data-busy=false]")
    assert presenter.locator(".state[fill='url(#hatch-no)']").count() == 4
    sites = presenter.locator("[data-row='Sites chosen'] text").all_text_contents()
    assert sites[2] == "0" != sites[1]
    presenter.goto(presenter.url)
    presenter.wait_for_selector(".page[data-ready=true][data-busy=false]")
    assert presenter.locator("[data-row='Sites chosen'] text").all_text_contents() == sites


def test_room_votes_on_a_package_and_runs_it(visit, hall, expect):
    presenter, page = visit(url=f"{hall[0]}/?passing=pooling"), phone(visit, expect, hall)
    presenter.click("[data-ask=reform]")
    expect(page.locator("#stake")).not_to_be_empty()
    vote(page, expect, "yes")
    presenter.click("[data-ask=close]")
    presenter.click("[data-ask=onward]")
    presenter.wait_for_function("location.search.includes('b.pooling=best_of')")
    presenter.wait_for_selector(".page[data-busy=false]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_small_phone_layout_and_contrast(visit, hall, expect, scheme):
    presenter, page = visit(url=hall[0]), phone(visit, expect, hall, color_scheme=scheme)
    presenter.keyboard.press("a")
    if presenter.locator("[data-ask=close]").count():
        presenter.click("[data-ask=close]")
    for what, shown in (("sites", "#guess"), ("vote", "#votes")):
        presenter.click(f"[data-ask={what}]")
        expect(page.locator(shown)).to_be_visible()
        assert page.evaluate(LAYOUT) == {"wide": 320, "small": 0}
        assert min(page.evaluate(CONTRAST)) >= 4.5
        assert faults(page) == []
        assert faults(presenter) == []
        presenter.click("[data-ask=close]")


def test_phone_reconnects_when_the_server_is_back(chromium, expect):
    options = ["--audience", "--audience-host", "127.0.0.1", "--audience-port", "0"]
    context = chromium.new_context()
    page = context.new_page()
    with served(*options) as (process, _):
        address = re.search(r"http://\S+/", process.stdout.readline())[0]
        page.goto(address)
        expect(page.locator("#who")).to_have_text("You are Germany")
    expect(page.locator("#status")).to_contain_text("tries again by itself")
    options[-1] = re.search(r":(\d+)/", address)[1]
    with served(*options):
        expect(page.locator("#status")).to_have_text("")
        expect(page.locator("#who")).to_have_text("You are Germany")
    context.close()


def test_qr_code_fills_the_screen_and_closes_with_the_panel(visit, hall):
    page = visit(url=hall[0], size=(1024, 768))
    page.click("[data-press=audience]")
    page.click(".invite")
    box = page.locator(".invite.large").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1024, 768)
    page.keyboard.press("Escape")
    assert page.locator(".invite").count() == 0


def test_no_phone_controls_without_an_audience(visit):
    page = visit()
    page.keyboard.press("a")
    assert page.locator("[data-press=audience], .invite").count() == 0
