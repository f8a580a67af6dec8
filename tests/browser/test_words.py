"""Texts about votes, labs and numbers, and their position on the page."""

import re

import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.visualization.views.stage_frames import play
from tests.browser.test_panels import notice
from tests.browser.test_stage import settled, written

pytestmark = pytest.mark.browser
BOXES = """(which) => [...document.querySelectorAll(which)].map(e => e.getBoundingClientRect())
  .map(r => [r.left + 1, r.right - 1, r.top + 1, r.bottom - 1])"""


def crossing(page, ones, others):
    """Overlapping pairs of boxes of two selectors."""
    first, second = page.evaluate(BOXES, ones), page.evaluate(BOXES, others)
    assert first
    assert second
    return [(p, q) for p in first for q in second if p[0] < q[1] and q[0] < p[1] and p[2] < q[3] and q[2] < p[3]]


def test_panel_names_the_cost_of_dissent(visit):
    run = play(load("eu-status-quo"), 0)
    vote = next(d for d in run["decisions"] if d["kind"] == "vote")
    i = next(k for k, d in enumerate(vote["decision"]) if d > 0)
    page = visit(f"?t=2034Q4&why=state.{i}")
    values = dict(
        page.eval_on_selector_all(
            ".panel .term",
            "all => all.map(e => [e.querySelector('.name').textContent, e.querySelector('.value').textContent])",
        )
    )
    assert values["Cost of a no vote"].startswith("−")
    assert page.text_content(".panel .term.mark .name") == "It votes yes from"
    assert len([1 for d in run["decisions"] if d["kind"] == "vote"]) >= 1


def test_rejected_vote_shows_no_site_winners(visit):
    for seed in range(1, 30):
        run = play(load("unanimous-europe"), seed, price=False)
        lost = next((b for b in run["ballots"] if not b["passed"] and b["coalition"]), None)
        if lost:
            break
    page = visit(f"?a=unanimous-europe&seed={seed}&t={lost['quarter']}")
    assert "Yes and a site" not in page.text_content(".votes")
    assert page.locator(".state[aria-label*='wins a site']").count() == 0
    assert not any(text == "yes, wins a site" for text in written(page))


def test_panels_of_foreign_and_home_labs(visit):
    names = load_members().labs.names
    page = visit(f"?why=lab.{names.index('openai')}")
    assert page.text_content(".panel h2") == "OpenAI"
    assert not re.search(r"(?<!not )\b[Tt]rains? in Europe", page.text_content(".panel"))
    home = visit(f"?why=lab.{names.index('mistral')}")
    assert "Trains in Europe" in home.text_content(".panel")


def test_bar_of_added_up_machines_is_relative_to_the_frontier(visit):
    page = visit("?t=2028Q4", size=(1920, 1080))
    frame = play(load("eu-status-quo"), 0, price=False)["frames"][19]
    ground, filled = page.eval_on_selector_all(
        ".adds g:first-of-type rect", "all => all.map(r => Number(r.getAttribute('width')))"
    )
    assert filled / ground == pytest.approx(frame["added_up_flop"] / frame["frontier_flop"], rel=1e-3)


def test_changed_parameter_is_named_in_plain_words(visit):
    page = visit("?a.envelope_eur_bn=20")
    (title,) = {text for text in written(page) if text.startswith("Europe today, ")}
    assert "money to place" in title
    assert "envelope" not in title
    page.keyboard.press("r")
    text = " ".join(page.locator(".panel .field > span").all_text_contents())
    assert not re.search(r", (?:alpha|beta|gamma|delta|eps|tau|lambda|kappa|phi)\b", text)


def test_notice_does_not_overlap(visit):
    page = visit("?t=2028Q4&nonsense=1")
    notice(page)
    page.wait_for_timeout(100)
    assert crossing(page, ".notice", ".hall, .bar, .player") == []


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_two_maps_do_not_overlap_votes_and_legends(visit, size):
    page = visit("?t=2025Q4&compare=1&b=unanimous-europe", size=size)
    settled(page)
    assert page.locator("g.votes").count() == page.locator(".legend").count() == 2
    assert crossing(page, "[data-state=PT]", "g.votes") == []
    assert crossing(page, ".legend", "g.votes, .race, .differences") == []


def test_late_site_panel_gives_the_causes(visit):
    facilities = play(load("eu-status-quo"), 0, price=False)["facilities"]
    causes = ("award_years", "retender_years", "litigation_years", "building_years")
    late = [
        sum(f["delay"][c] - f["planned"].get(c, 0) for c in causes) if not f["cancelled"] else 0 for f in facilities
    ]
    i = int(max(range(len(late)), key=late.__getitem__))
    page = visit(f"?t=2034Q4&why=facility.{i}")
    assert page.text_content(".late h3").startswith("Late, above all: ")
    values = [float(text.split()[0].replace("−", "-")) for text in page.locator(".late .value").all_text_contents()]
    assert values[-1] == pytest.approx(late[i], abs=0.01)
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.02)
    assert f"{late[i]:.1f} years late" in page.text_content(".late p")
