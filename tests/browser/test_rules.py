"""The panel of rules: main levers first, a search, the rest folded, and no code names on the page."""

import re

import pytest

from juste_retour.abm.worlds.scenario import parameters
from juste_retour.agents.rules import FAMILIES
from juste_retour.visualization.names import LEVERS
from tests.browser.test_panels import unfold
from tests.browser.test_stage import settled

pytestmark = pytest.mark.browser
CONTROLS = ".panel :is(.family, .field):not(.family *):visible"


def test_ten_levers_are_first_and_the_rest_is_folded(visit):
    page = visit("?t=2028Q4")
    page.keyboard.press("r")
    assert page.locator(".levers > *").count() == 10
    assert page.locator(CONTROLS).filter(has_not=page.locator("[data-agent]")).count() == 10
    names = page.eval_on_selector_all(
        ".levers > *", "all => all.map(e => e.dataset.parameter ?? e.querySelector('select').dataset.family)"
    )
    assert tuple(names) == LEVERS
    assert page.locator(".panel :is(input[type=range], select):visible").count() <= 12
    unfold(page)
    own = sum(len(f[page.input_value(f"[data-family={f.name}]")].parameters) for f in FAMILIES.values())
    assert page.locator(".panel .field").count() == len(parameters()) + own
    assert page.locator(".panel [data-family]").count() == len(FAMILIES)


def test_search_by_name_and_description(visit):
    page = visit("?t=2028Q4")
    page.keyboard.press("r")
    page.fill(".find input", "COURT")
    found = page.locator(CONTROLS)
    assert 1 <= found.count() < 6
    assert page.locator("[data-parameter=longest_litigation_years]").is_visible()
    assert page.locator("[data-parameter=litigation_hazard]").is_visible()
    page.fill(".find input", "nothing is called this")
    assert found.count() == 0
    assert "nothing is called this" in page.text_content(".hits [role=status]")
    page.fill(".find input", "interest rate")
    page.locator("[data-parameter=interest] .box").fill("0.03")
    page.locator("[data-parameter=interest] .box").blur()
    page.wait_for_function("location.search.includes('a.interest=0.03')")
    settled(page)
    page.fill(".find input", "")
    assert page.locator(".levers > *").count() == 10


@pytest.mark.parametrize(
    ("word", "control"),
    [
        ("veto", "[data-family=voting]"),
        ("electricity", "[data-parameter=headroom_scale]"),
        ("Poland", "[data-own='vote.PL']"),
    ],
)
def test_search_finds_common_words_and_countries(visit, word, control):
    page = visit("?t=2028Q4")
    page.keyboard.press("r")
    page.fill(".find input", word)
    page.wait_for_selector(f".hits {control}")


RAW = sorted(
    {name for name in parameters() if "_" in name}
    | {rule.name for family in FAMILIES.values() for rule in family if "_" in rule.name}
    | {name for family in FAMILIES.values() for rule in family for name in rule.parameters if "_" in name}
)
UNITS = re.compile(r"\b(eur bn|bps|tau|alpha|lambda|sigma|kappa|cv)\b")
TEXT = """() => [document.querySelector('.page').textContent,
  ...[...document.querySelectorAll('.page [title], .page [aria-label]')].flatMap(e => [e.title, e.ariaLabel])].join(' ')"""


@pytest.mark.parametrize(
    ("query", "press"),
    [
        ("?t=2025Q4", "r"),
        ("?t=2025Q4", "v"),
        ("?t=2025Q4", "?"),
        ("?t=2028Q4", "s"),
        ("?t=2030Q4&a.race_value_eur_bn=50&b.dissent_cost_eur_bn=0.01&compare=1&many=1", None),
        ("?t=2025Q4&why=state.8", None),
        ("?t=2028Q4&why=facility.3", None),
        ("?t=2028Q4&why=lab.3", None),
        ("?a.agenda=commission_proposal&a.voting=lisbon_qmv&t=2034Q4&why=commissioner.3", None),
        ("?a.envelope_eur_bn=-4", None),
        ("?a.agenda=lisbon_qmv&t=2030Q4", None),
        ("?tour=3", None),
    ],
)
def test_no_code_name_is_shown(visit, query, press):
    page = visit(query)
    settled(page)
    if press:
        page.keyboard.press(press)
    if press == "r":
        unfold(page)
        page.eval_on_selector_all(".panel select", "all => all.forEach(e => e.title = e.textContent)")
    text = page.evaluate(TEXT)
    assert len(text) > 500
    assert [name for name in RAW if re.search(rf"\b{name}\b", text)] == []
    assert UNITS.findall(text) == []
