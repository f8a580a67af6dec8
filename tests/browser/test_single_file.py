"""The laboratory in one file, opened from the disk."""

import pytest

from juste_retour.visualization import single_file
from juste_retour.visualization.single_file import key, page, part
from tests.browser.test_stage import lags, settled

pytestmark = pytest.mark.browser
HELD = (
    ("eu-status-quo", {}),
    ("eu-status-quo", {"agenda": "planner"}),
    ("essay-reform", {}),
    ("gigafactories", {}),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The file with a few of its parts, and two seeds."""
    file = tmp_path_factory.mktemp("stick") / "lab.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single_file, "SEEDS", (1, 2))
        file.write_text(page({key(*one): part(*one) for one in HELD}))
    return file.as_uri()


@pytest.fixture
def lab(visit, file):
    """Open the file; whatever is asked for afterwards must be in it."""

    def open_file(query=""):
        page = visit(url=f"{file}{query}")
        settled(page)
        page.on("request", lambda r: page.asked.append(r.url))
        page.asked = []
        return page

    return open_file


def test_it_shows_what_the_live_app_shows(lab, visit):
    query = "?seed=2&t=2028Q4&compare=1"
    page, live = lab(query), visit(query)
    assert page.locator(".state").count() == 2 * 27
    assert lags(page) == lags(live)
    for at in ("End", "Home"):
        page.keyboard.press(at)
        live.keyboard.press(at)
        assert lags(page) == lags(live)
    assert page.asked == []


def test_another_scenario_another_rule_and_other_luck_change_the_headline(lab):
    page = lab("?t=2030Q4")
    seen = [lags(page)]
    page.select_option("[aria-label='Scenario A']", "essay-reform")
    settled(page)
    seen.append(lags(page))
    page.select_option("[aria-label='Scenario A']", "eu-status-quo")
    settled(page)
    assert lags(page) == seen[0]
    page.keyboard.press("r")
    page.select_option("[data-family=agenda]", "planner")
    settled(page)
    seen.append(lags(page))
    page.keyboard.press("u")
    settled(page)
    assert lags(page) == seen[0]
    page.keyboard.press("l")
    settled(page)
    seen.append(lags(page))
    assert page.input_value("input[name=seed]") == "2"
    assert len({tuple(one) for one in seen}) == 4
    assert all(url.startswith(("file:", "data:", "blob:")) for url in page.asked)


def test_a_state_says_why(lab):
    page = lab("?t=2025Q4")
    page.locator("[data-state=FR]").first.click()
    assert "France" in page.text_content(".panel")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?seed=77", "seed 77 is not in this file"),
        ("?world=3", "world 3 is not in this file"),
        ("?a.voting=unanimity", "without what this link changes"),
    ],
)
def test_what_the_file_does_not_hold_is_said(lab, query, said):
    assert said in lab(query).text_content(".notice")


def test_scenarios_of_different_years_are_not_put_side_by_side(lab):
    page = lab("?compare=1")
    page.select_option("[aria-label='Scenario B']", "gigafactories")
    page.wait_for_selector(".notice")
    assert "different years" in page.text_content(".notice")
    assert page.input_value("[aria-label='Scenario B']") == "essay-reform"
