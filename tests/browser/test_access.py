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


FAULTS = """() => {
  const name = (e) => (e.getAttribute("aria-label") ?? (e.labels?.length ? e.labels[0].textContent : e.textContent)).toLowerCase();
  const seen = (e) => e.textContent.toLowerCase().trim();
  const found = [];
  for (const e of document.querySelectorAll("button, a, summary, [role=menuitem]")) {
    if (!name(e).trim()) found.push(["button-name", e.outerHTML]);
    if (/\\p{L}/u.test(seen(e)) && !name(e).includes(seen(e))) found.push(["label-content-name-mismatch", e.outerHTML]);
  }
  for (const e of document.querySelectorAll("input, select")) if (!name(e).trim()) found.push(["label", e.outerHTML]);
  for (const [role, child] of [["list", "listitem"], ["menu", "menuitem"]]) {
    for (const e of document.querySelectorAll(`[role=${role}]`)) {
      if (!e.children.length || [...e.children].some(c => c.getAttribute("role") !== child)) found.push(["aria-required-children", e.outerHTML]);
    }
  }
  const view = document.querySelector("meta[name=viewport]").content;
  if (/maximum-scale|user-scalable/.test(view)) found.push(["meta-viewport", view]);
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of ids) if (ids.filter(x => x === id).length > 1) found.push(["duplicate-id", id]);
  return found;
}"""


@pytest.mark.parametrize(
    ("query", "press"),
    [
        ("?t=2025Q4", None),
        ("?t=2025Q4", "rules"),
        ("?t=2025Q4", "help"),
        ("?t=2028Q4&compare=1&many=1", "save"),
        ("?t=2025Q4&why=state.8", None),
        ("?t=2028Q4&why=facility.3", None),
        ("?tour=1", None),
    ],
)
def test_a_screen_reader_finds_no_fault(visit, query, press):
    page = visit(query)
    if press:
        page.click(f"[data-press={press}]")
    assert page.evaluate(FAULTS) == []


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
def test_land_hosts_sea_and_words_stand_apart(visit, options):
    page = visit("?t=2028Q4&why=facility.1", **options)
    found = page.evaluate(CONTRAST)
    assert min(found["shades"]) >= 1.5
    assert found["weak"] == []
    dark = page.eval_on_selector(".page", "e => getComputedStyle(e).backgroundColor") == "rgb(20, 24, 30)"
    assert dark == bool(options)


def test_controls_are_large_enough_to_hit(visit):
    page = visit("?t=2028Q4")
    page.keyboard.press("s")
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    small = """all => all.map(e => [e.outerHTML, e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.width < 24 || r.height < 24)).map(([html]) => html)"""
    assert page.eval_on_selector_all(".page :is(button, input, select, summary)", small) == []
