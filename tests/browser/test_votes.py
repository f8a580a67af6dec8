"""The panel of the vote: pivotal sets of states, and results with other votes."""

import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.visualization.views.stage_frames import play
from tests.browser.test_stage import download, settled, written

pytestmark = pytest.mark.browser
CODES = load_members().states.codes


def voting(visit, query):
    page = visit(query)
    page.keyboard.press("v")
    page.wait_for_selector(".panel.vote")
    return page


def way(page, code):
    return page.get_attribute(f"[data-vote={code}]", "data-way")


def test_smallest_blocking_sets_are_named(visit):
    page = voting(visit, "?t=2025Q4")
    ballot = next(b for b in play(load("eu-status-quo"), 0)["ballots"] if b["quarter"] == "2025Q4")
    found = ballot["turning"]
    text = page.text_content(".turned")
    assert f"{found['size']} more no votes" in text
    for members in found["sets"]:
        assert " + ".join(CODES[i] for i in members) in text
    assert f"{found['count'] - len(found['sets'])} other" in text
    assert f"{found['size']} more no votes" in page.text_content(".votes")


def test_changed_vote_changes_the_result_and_back(visit):
    page = voting(visit, "?a=unanimous-europe&t=2025Q4")
    before = page.text_content(".panel .verdict")
    page.click("[data-vote=MT]")
    page.wait_for_selector(".votes[data-passed=false]")
    assert way(page, "MT") == "no"
    assert page.text_content(".panel .verdict") != before
    assert any("would fail" in text for text in written(page))
    assert page.locator("[data-state=MT]").get_attribute("aria-label").startswith("Malta, votes no")
    page.locator("[data-state=MT]").click()  # on the map: abstains
    page.wait_for_selector(".votes[data-passed=true]")
    assert way(page, "MT") == "abstain"
    assert any("would pass" in text for text in written(page))
    page.click("[data-press=as-it-was]")
    assert way(page, "MT") == "yes"
    assert page.text_content(".panel .verdict") == before
    page.click("[data-vote=DE]")
    page.wait_for_selector(".votes[data-passed=false]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".votes[data-passed=true]")  # changed votes are not part of the run
    assert page.locator("[data-state=DE]").get_attribute("aria-label").count("votes no") == 0


def test_changed_votes_belong_to_one_run(visit):
    page = voting(visit, "?a=unanimous-europe&b=federal-europe&compare=1&t=2025Q4")
    page.click("[data-vote=MT]")
    page.wait_for_selector(".votes[data-passed=false]")
    page.click(".panel .sides >> text=Scenario B")
    votes = play(load("federal-europe"), 0)["ballots"][0]
    assert way(page, "MT") == ("yes" if CODES.index("MT") in votes["yes"] else "no")
    page.keyboard.press("l")
    settled(page)
    page.click(".panel .sides >> text=Scenario A")
    assert page.locator(".panel .moved").count() == 0


def test_vote_drawing_opens_the_panel_and_the_link_keeps_it(visit):
    page = visit("?t=2025Q4")
    page.locator("g.votes rect[role=button]").focus()
    page.keyboard.press("Enter")
    assert page.locator(".panel.vote").is_visible()
    page.wait_for_function("location.search.includes('vote=1')")
    assert visit(page.evaluate("location.search")).locator(".panel.vote").is_visible()


def test_replay_has_the_vote_panel(visit, tmp_path):
    page = visit("?t=2025Q4&compare=1")
    page.click("[data-press=save]")
    content, name = download(page, lambda: page.click("[data-save=replay]"))
    file = tmp_path / name
    file.write_bytes(content)
    replay = visit(url=file.as_uri())
    assert "Europe today against The essay's reform" in replay.text_content(".bar")
    assert replay.locator(".legend").count() == 2
    replay.keyboard.press("v")
    assert "more no votes" in replay.text_content(".panel .turned")
    assert replay.locator("[data-vote]").count() == 0  # no recount without a server
    hall, panel = (replay.locator(which).bounding_box() for which in (".hall", ".panel"))
    assert hall["x"] + hall["width"] <= panel["x"] + 1
    replay.keyboard.press("?")
    listed = replay.locator(".panel dt").all_text_contents()
    assert {"Space", "V", "?"} <= set(listed)
    assert not {"R", "C", "S"} & set(listed)
    replay.keyboard.press("Escape")
    assert replay.locator(".panel").count() == 0
