"""Accessibility: keyboard, screen readers, contrast and size."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import assert_codes_do_not_overlap

pytestmark = pytest.mark.browser
FOCUSED = "(e => e.dataset.press || e.dataset.state || e.ariaLabel || e.textContent)(document.activeElement)"


def test_map_is_reachable_by_tab_and_can_be_skipped(visit):
    page = visit("?t=2025Q4")
    page.locator("[data-state=AT]").focus()
    passed = [page.keyboard.press("Tab") or page.evaluate(FOCUSED) for _ in range(62)]
    assert passed[0] == "BE"
    assert any(name.startswith("Play") for name in passed)
    page.locator("[data-press=help]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED).startswith("Play")


def test_state_handles_space_and_leaves_other_keys_to_the_browser(visit):
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


STRICT = {"rules": {name: {"enabled": True} for name in ("label-content-name-mismatch", "target-size")}}
PANELS = [
    ("?t=2025Q4", None),
    ("?t=2030Q4", None),
    ("?t=2025Q4", "rules"),
    ("?t=2025Q4", "help"),
    ("?t=2028Q4&compare=1&many=1", "save"),
    ("?t=2025Q4&vote=1", None),
    ("?t=2025Q4&why=state.8", None),
    ("?t=2028Q4&why=facility.3", None),
    ("?t=2025Q4&why=commissioner.3", None),
    ("?t=2025Q4&why=lab.3", None),
    ("?tour=1", None),
    ("?t=2025Q4&nonsense=1", None),
]


def faults(page):
    """Violations that axe-core finds on a page."""
    found = Axe().run(page, options=STRICT).response
    assert len(found["passes"]) > 5
    return [(v["id"], node["html"], node["failureSummary"]) for v in found["violations"] for node in v["nodes"]]


@pytest.mark.parametrize(
    ("query", "press", "scheme"),
    [(*panel, "light") for panel in PANELS] + [(*PANELS[k], "dark") for k in (1, 2, 4, 5)],
)
def test_axe_finds_no_violation(visit, query, press, scheme):
    page = visit(query, color_scheme=scheme)
    if press:
        page.click(f"[data-press={press}]")
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    assert faults(page) == []


def test_button_titles_agree_with_the_list_of_keys(visit):
    page = visit("?t=2025Q4")
    page.keyboard.press("?")
    listed = dict(
        zip(
            page.locator(".panel dt").all_text_contents(),
            page.locator(".panel dd").all_text_contents(),
            strict=True,
        )
    )
    shown = page.eval_on_selector_all(
        "[aria-keyshortcuts][title]", "all => all.map(e => [e.textContent, e.title, e.ariaKeyShortcuts])"
    )
    assert len(shown) >= 12
    for text, title, keys in shown:
        says, _, key = title.rpartition(" (")
        if key.rstrip(")") in listed:
            assert listed[key.rstrip(")")] == says, text
        assert keys
    for button in ("Compare", "Many runs", "Rules", "Tour", "Save"):
        key = button[0]
        assert listed[key].startswith(button), button
    page.keyboard.press("Escape")
    for key, sign in (
        ("c", ".differences"),
        ("r", ".panel.rules"),
        ("s", ".menu .items"),
        ("v", ".panel.vote"),
        ("?", ".panel.help"),
        ("t", ".tour"),
    ):
        assert page.locator(sign).count() == 0
        page.keyboard.press(key)
        page.wait_for_selector(sign)


CONTRAST = """() => {
  const light = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).map(x => x / 255).map(x => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const apart = (a, b) => Math.max(light(a), light(b)) / Math.min(light(a), light(b));
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$|transparent/.test(c)) return c;
    }
    return "rgb(255, 255, 255)";
  };
  const fill = (which) => getComputedStyle(document.querySelector(which)).fill;
  const sea = fill("svg.stage > rect"), land = fill("svg.stage path[aria-hidden]");
  const hosts = [...document.querySelectorAll("path.state")].find(e => !e.getAttribute("aria-label").endsWith(", 0 sites"));
  const other = [...document.querySelectorAll("path.state")].find(e => e.getAttribute("aria-label").endsWith(", 0 sites"));
  const [host, quiet] = [hosts, other].map(e => getComputedStyle(e).fill);
  const weak = [];
  for (const e of document.querySelectorAll("svg.stage text")) if (apart(getComputedStyle(e).fill, sea) < 4.5) weak.push(e.textContent);
  for (const e of document.querySelectorAll(".page button:not(:disabled), .page select, .panel p, .panel small, .panel dt, .panel dd, .panel h2, .bar label")) {
    if (apart(getComputedStyle(e).color, ground(e)) < 4.5) weak.push(e.textContent);
  }
  return { shades: [[sea, land], [sea, quiet], [sea, host], [land, host], [quiet, host]].map(([a, b]) => apart(a, b)), weak };
}"""


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}])
def test_contrast_of_map_and_text(visit, options):
    page = visit("?t=2028Q4&why=facility.1", **options)
    found = page.evaluate(CONTRAST)
    assert min(found["shades"]) >= 1.5
    assert found["weak"] == []
    dark = page.eval_on_selector(".page", "e => getComputedStyle(e).backgroundColor") == "rgb(20, 24, 30)"
    assert dark == bool(options)


def test_controls_have_at_least_24_pixels(visit):
    page = visit("?t=2028Q4")
    page.keyboard.press("r")
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    small = """all => all.map(e => [e.outerHTML, e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.width < 24 || r.height < 24)).map(([html]) => html)"""
    assert page.eval_on_selector_all(".page :is(button, input, select, summary)", small) == []


def test_page_at_200_percent_zoom_keeps_everything_in_view(visit):
    page = visit("?t=2025Q4", size=(960, 540), device_scale_factor=2)
    out = "[...document.querySelectorAll('.bar > *, .player > *, .panel')].filter(e => { const r = e.getBoundingClientRect(); return r.right > innerWidth + 1 || r.bottom > innerHeight + 1; }).map(e => e.className)"
    for key in (None, "r", "v", "?", "c"):
        if key:
            page.keyboard.press(key)
        page.wait_for_timeout(200)
        assert page.evaluate(out) == [], key
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), key
        room = page.evaluate("(e => e.getBoundingClientRect().width)(document.querySelector('.hall'))")
        assert room > 400, key
    deep = page.evaluate(
        "(e => { e.scrollTop = e.scrollHeight; return e.scrollTop; })(document.querySelector('.hall'))"
    )
    beyond = "[...document.querySelectorAll('svg.stage text')].filter(e => e.getBoundingClientRect().bottom > document.querySelector('.hall').getBoundingClientRect().bottom + 1).length"
    assert page.evaluate(beyond) == 0, deep


def test_bars_and_votes_differ_in_forced_colors(visit):
    page = visit("?a=federal-europe&t=2025Q4&vote=1", forced_colors="active")
    color = "e => getComputedStyle(e).backgroundColor"
    ground = page.eval_on_selector(".panel", color)
    assert page.eval_on_selector(".panel .track i", color) not in (
        ground,
        page.eval_on_selector(".panel .track", color),
    )
    image = "e => getComputedStyle(e).backgroundImage"
    assert page.eval_on_selector(".ballot .vote-no", image) != page.eval_on_selector(".ballot .vote-yes", image)
    assert page.eval_on_selector(".panel p", "e => getComputedStyle(e).color") != ground


@pytest.mark.parametrize("query", ["?t=2028Q4", "?t=2028Q4&compare=1"])
def test_phone_layout_starts_with_the_headline_number(visit, query):
    page = visit(query, size=(390, 844))
    height = page.locator(".hall").bounding_box()
    number = page.locator("[data-years-behind]").first.bounding_box()
    assert number["y"] + number["height"] < height["y"] + height["height"]
    for choice in page.locator(".bar .who select").all():
        assert choice.bounding_box()["width"] > 150


def test_small_discs_have_a_24_pixel_target(visit):
    for query, size in (("?t=2028Q4&compare=1", (1024, 768)), ("?t=2028Q4", (390, 844))):
        page = visit(query, size=size)
        found = page.evaluate("""() => [...document.querySelectorAll('.facility')].map(e => {
          const r = e.querySelector('circle, path').getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
          const hit = (dx, dy) => document.elementFromPoint(x + dx, y + dy);
          return [[11, 0], [-11, 0], [0, 11], [0, -11]].map(([dx, dy]) => hit(dx, dy)).every(e => e && e.closest('.facility, .hit'));
        })""")
        assert len(found) > 10
        assert all(found)


@pytest.mark.parametrize("size", [(1024, 768), (1366, 768)])
def test_codes_of_opposing_states_do_not_overlap(visit, size):
    page = visit("?a=federal-europe&b=juste-retour-strict&compare=1&t=2024Q3&vote=1", size=size)
    assert_codes_do_not_overlap(page, 5)
