"""The app of another union: its own states and map, and nothing about Europe."""

from pathlib import Path

import pytest

from juste_retour import abm
from juste_retour.visualization.names import ELSEWHERE
from tests.browser.conftest import served

AMERICA = Path(abm.__file__).with_name("unions") / "united_states"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def america():
    with served("--members", AMERICA) as (_, address):
        yield address


def test_another_union_is_drawn_and_named(visit, america):
    page = visit(url=f"{america}/?t=2034Q4&compare=1&tour=2", size=(1600, 900))
    assert page.locator(".state").count() == 2 * 50
    assert page.locator("[data-state=TX]").first.bounding_box()["width"] > 10
    assert "United States" in page.text_content(".bar h1")
    assert ELSEWHERE["eu-status-quo"] in page.text_content(".bar")
    assert page.locator("[data-press=tour], .tour").count() == 0
    page.keyboard.press("t")
    page.keyboard.press("c")
    page.wait_for_selector(".number")
    assert page.locator(".tour").count() == 0
    assert "Europe" not in page.text_content(".number")


def test_replay_of_another_union_has_its_map(visit, america, tmp_path):
    page = visit(url=f"{america}/?t=2028Q4")
    page.click("[data-press=save]")
    with page.expect_download() as caught:
        page.click("[data-save=replay]")
    caught.value.save_as(tmp_path / "replay.html")
    again = visit(url=(tmp_path / "replay.html").as_uri())
    assert again.locator(".state").count() == 50


def test_scenario_of_another_union_changes_the_map(visit, server):
    page = visit(url=f"{server}/?t=2026Q3")
    europe = page.locator(".state").count()
    page.locator(".bar select").first.select_option("us-observed")
    page.wait_for_selector("[data-state=TN]")
    assert page.locator(".state").count() == 6
    assert "United States" in page.text_content(".bar h1")
    page.locator(".bar select").first.select_option("eu-status-quo")
    page.wait_for_selector("[data-state=FR]")
    assert page.locator(".state").count() == europe == 27
