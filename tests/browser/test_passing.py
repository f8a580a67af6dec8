"""Browser tests of the panel on reforms that would pass."""

import pytest

from juste_retour.visualization.views.passing import stored_passing

pytestmark = pytest.mark.browser
HELD = stored_passing()
PACKAGES = {tuple(p["parts"]): p for p in HELD["packages"]}
WHOLE = PACKAGES[tuple(sorted(part for unit in HELD["units"] for part in unit))]


def shown(page):
    """The parts of the package that is shown."""
    return tuple(page.get_attribute(".package[aria-pressed=true]", "data-package").split(","))


def test_every_package_is_a_point_and_a_click_shows_its_votes(visit):
    page = visit("?passing=1", size=(1366, 768))
    page.wait_for_selector(".package")
    assert page.locator(".package").count() == len(PACKAGES)
    assert page.locator(".package[data-passes=true]").count() == sum(p["passes"] for p in PACKAGES.values())
    assert shown(page) == tuple(WHOLE["parts"])
    best = PACKAGES[tuple(HELD["best"])]
    for package in (WHOLE, best):
        page.locator(f".package[data-package='{','.join(package['parts'])}']").dispatch_event("click")
        page.wait_for_selector(f".package[data-package='{','.join(package['parts'])}'][aria-pressed=true]")
        assert f"{package['in_favor']} of 27" in page.text_content(".panel .verdict")
        ways = [page.locator(f".panel [data-way={way}]").count() for way in ("yes", "no", "abstain")]
        assert ways == [len(package[way]) for way in ("yes", "no", "unsure")]
        assert page.locator(".state[fill='url(#hatch-no)']").count() == len(package["no"])
        assert page.locator(".panel .test").count() >= 2


def test_parts_are_switched_and_a_state_gives_its_reason(visit):
    page = visit("?passing=1", size=(1366, 768))
    page.click(".panel [data-switch=placement]")
    assert shown(page) == tuple(part for part in WHOLE["parts"] if part != "placement")
    page.wait_for_function("new URLSearchParams(location.search).get('passing') !== '1'")
    again = visit(page.evaluate("location.search"))
    again.wait_for_selector(".package")
    assert shown(again) == shown(page)
    page.locator("[data-state=DE]").first.dispatch_event("click")
    assert "Germany" in page.text_content(".why-state")
    assert page.locator(".panel.passing").count() == 1
    page.click(".panel [data-reason=MT]")
    assert "Malta" in page.text_content(".why-state")
    for unit in HELD["units"]:
        if page.get_attribute(f".panel [data-switch={unit[0]}]", "aria-pressed") == "true":
            page.click(f".panel [data-switch={unit[0]}]")
    assert page.locator(".package[aria-pressed=true]").count() == 0


def test_packages_are_chosen_by_keyboard_and_described(visit):
    page = visit(size=(1024, 768))
    page.keyboard.press("y")
    page.wait_for_selector(".package")
    assert f"{len(PACKAGES)} packages" in page.get_attribute(".panel svg.drawn", "aria-label")
    page.locator(".package[tabindex='0']").focus()
    order = sorted(PACKAGES.values(), key=lambda p: p["gain_years"])
    here = next(k for k, p in enumerate(order) if tuple(p["parts"]) == shown(page))
    page.keyboard.press("ArrowLeft")
    assert shown(page) == tuple(order[here - 1]["parts"])
    assert page.evaluate("document.activeElement.dataset.package") == ",".join(order[here - 1]["parts"])
    assert page.evaluate("document.querySelector('.page').dataset.t") == "0"
    page.keyboard.press("Escape")
    assert page.locator(".panel").count() == 0


@pytest.mark.parametrize("lang", ["de", "fr", "es"])
def test_panel_is_translated(visit, lang):
    page = visit(f"?passing=1&lang={lang}", size=(390, 844))
    page.wait_for_selector(".package")
    said = page.inner_text(".panel")
    english = ("states in favor", "would pass", "Click a state", "At the default")
    assert [text for text in english if text in said] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_another_pair_is_computed(visit):
    page = visit("?passing=1&b=eu-status-quo&b.pooling=best_of&b.operations=operator_led")
    page.wait_for_selector(".package", timeout=180_000)
    assert page.locator(".package").count() == 3
    assert "60" in page.text_content(".panel")
