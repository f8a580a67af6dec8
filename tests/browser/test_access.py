"""What keyboards, screen readers and weak eyes need; the checks follow the rules of axe-core of the same names."""

import pytest

pytestmark = pytest.mark.browser
FOCUSED = "(e => e.dataset.press || e.dataset.state || e.ariaLabel || e.textContent)(document.activeElement)"


def test_tab_crosses_the_map_and_a_button_skips_it(visit):
    page = visit("?t=2025Q4")
    page.locator("[data-state=AT]").focus()
    passed = [page.keyboard.press("Tab") or page.evaluate(FOCUSED) for _ in range(62)]
    assert passed[0] == "BE"
    assert any(name.startswith("Play") for name in passed)
    page.locator("[data-press=help]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED).startswith("Play")


def test_a_state_is_pressed_by_space_and_leaves_other_keys_to_the_browser(visit):
    page = visit("?t=2025Q4")
    page.evaluate(
        "addEventListener('keydown', e => { (window.stopped ??= []).push(e.defaultPrevented); e.preventDefault(); })"
    )
    page.locator("[data-state=AT]").focus()
    for keys in ("Tab", "F5", "Control+r", "Control+f", "Control+Enter"):
        page.keyboard.press(keys)
        page.locator("[data-state=AT]").focus()
    assert not any(page.evaluate("stopped"))
    assert page.locator(".panel").count() == 0
    page.keyboard.press(" ")
    assert page.text_content(".panel h2") == "Austria"
    assert page.get_attribute("[data-playing]", "data-playing") == "false"
