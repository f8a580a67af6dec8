"""The page's main question: real factories, the run, the answer at the window's end, and its explanation."""

import re

import numpy as np
import pytest

from juste_retour import simulate
from juste_retour.abm.base.observed import observed
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.statistics import quantile
from juste_retour.visualization.names import TITLES
from juste_retour.visualization.views.parts import stored
from juste_retour.visualization.views.stage_frames import play
from tests.browser.test_stage import lags, settled, written

pytestmark = pytest.mark.browser
PHONE = (390, 844)


def test_real_factories_are_shown_first_and_next_to_the_run(visit):
    page = visit("?b=federal-europe")  # without the verdict, which is about another pair
    factories, countries = len(observed()), len({row["state"] for row in observed()})
    assert page.get_attribute(".reality", "data-full") == "true"
    assert page.locator(".reality > g").count() == factories
    texts = " ".join(written(page))
    assert f"{factories} AI factories in {countries} countries" in texts
    assert re.search(r"[Pp]ress play: what do the rules produce with €10 bn\?", texts)
    assert page.locator(".facility").count() == 0
    assert page.locator(".race .here").count() == 1
    titles = " ".join(page.locator(".reality title").all_text_contents())
    assert all(row["factory"] in titles and row["city"] in titles for row in observed())
    page.fill("[aria-label=Quarter]", "22")
    assert page.get_attribute(".reality", "data-full") == "false"
    assert page.locator(".reality > g").count() == factories
    assert "selected in reality" in page.text_content(".legend")
    run = play(load("eu-status-quo"), 0)
    phase = run["frames"][22]["phase"]
    chosen = {f["site"] for f, p in zip(run["facilities"], phase, strict=True) if p not in (0, 5)}
    same = sum(row["site"] in chosen for row in observed())
    assert f"{same} of the {factories} real places" in " ".join(written(page))


def test_real_factories_are_on_both_maps_but_not_in_the_tour(visit):
    page = visit("?compare=1")
    assert page.locator(".reality[data-full=true]").count() == 2
    page.keyboard.press("t")
    page.wait_for_selector(".tour")
    settled(page)
    assert page.locator(".reality").count() == 0


def test_headlines_and_table_use_the_same_window(visit):
    page = visit("?a=eu-status-quo&b=gigafactories&compare=1&seed=3&t=2030Q4")
    row = page.locator("[data-row='Years behind'] text").all_text_contents()
    assert [f"{x:.1f}" for x in lags(page)] == row[1:3]
    title, *_ = page.locator(".differences > text").all_text_contents()
    later = next(f["quarter"] for f in play(load("gigafactories"), 3)["frames"] if f["working"])
    assert later > "2029Q3"  # the window ends before the first machine of B, which the title says
    assert "2024 to 2029" in title
    assert later[:4] in title
    run = play(load("eu-status-quo"), 3)
    assert page.locator("[data-row='Sites chosen'] text").nth(1).text_content() == f"{run['frames'][22]['selected']}"
    assert sum("2024 to 2029" in text for text in written(page)) == 3
    assert sum(text.startswith("Late 2030: ") for text in written(page)) == 2
    page.fill("[aria-label=Quarter]", "12")
    row = page.locator("[data-row='Years behind'] text").all_text_contents()
    assert [f"{x:.1f}" for x in lags(page)] == row[1:3]
    assert sum("early 2027" in text for text in written(page)) >= 3
    assert not any("2029" in text for text in page.locator(".differences text").all_text_contents())


def test_difference_is_split_by_part_after_the_window(visit):
    page = visit("?t=2029Q2", size=(1366, 768))
    assert page.locator(".answer").count() == 0
    page.keyboard.press("ArrowRight")
    assert_answer_matches(page, stored()[0])
    page.focus("[data-part=funding]")
    page.keyboard.press("Enter")
    assert "income" in page.text_content(".answer")
    page.select_option("[aria-label='Scenario A']", "federal-europe")
    settled(page)
    assert_answer_matches(page, next(p for p in stored() if p["pair"] == ["federal-europe", "essay-reform"]))
    assert TITLES["federal-europe"] in page.text_content(".answer")


def assert_answer_matches(page, found):
    for share in found["shares"]:
        if not (share["mean"] or share["low"] or share["high"]):
            assert page.locator(f"[data-part={share['group']}]").count() == 0
            continue
        row = page.locator(f"[data-part={share['group']}]")
        assert f"{'−' if share['mean'] < 0 else '+'}{abs(share['mean']):.2f}" in row.text_content()
    answer = " ".join(" ".join(written(page)).split())
    assert "2024 to 2029" in answer
    for name in ("price_of_politics", "price_where", "price_unspent"):
        assert f"{found['prices'][name]['mean']:.2f}".replace("-", "−") in answer


def test_parts_of_another_pair_are_computed_in_the_background(visit):
    page = visit("?t=2029Q3&b.procurement=framework&b=eu-status-quo", size=(1366, 768))
    first = page.wait_for_selector(".pending, .answer")  # a fast, warm server may have the answer at once
    assert TITLES["eu-status-quo"] in first.text_content()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".answer", timeout=300_000)
    assert page.locator(".pending").count() == 0
    assert page.locator("[data-part=procurement]").count() == 1
    page.locator("[data-part=procurement]").dispatch_event("click")
    assert "procurement from public tender to framework" in page.text_content(".answer")


def test_impossible_parts_are_reported(visit):
    page = visit("?t=2029Q3&b=eu-status-quo")
    page.wait_for_selector(".pending")
    page.wait_for_function("!document.querySelector('.pending').textContent.includes('Computing')")
    assert "same" in " ".join(written(page))
    assert page.locator("svg.stage .votes").count() == 1


def test_ensemble_is_loaded_while_one_world_is_shown(visit):
    page = visit("?t=2028Q4")
    page.click("[data-press=many]")
    page.wait_for_selector(".spreads[data-worlds='200']")
    assert page.locator(".band").count() == 1
    assert {"200", "2029"} <= set(re.findall(r"\d+", page.text_content(".spreads")))
    values = simulate("eu-status-quo", worlds=200, seed=0, tables=("worlds",)).worlds
    medians = page.locator(".median text").all_text_contents()
    assert medians == [
        f"median {quantile(values.sites, 0.5):g}",
        f"median {quantile(values.years_behind, 0.5):.1f}",
    ]


def test_histograms_of_two_scenarios_have_one_scale(visit):
    page = visit("?t=2029Q3&compare=1&many=1", size=(1920, 1080))
    page.wait_for_selector(".spreads[data-worlds='200']")
    page.wait_for_selector("[data-outcome=years_behind] .median[data-side='1']")
    settled(page)
    bars = """(which) => [...document.querySelectorAll(`[data-outcome=years_behind] .bars[data-side="${which}"] rect`)]
      .map(r => [r.width.baseVal.value, r.height.baseVal.value])"""
    a, b = (np.array(page.evaluate(bars, side)) for side in (0, 1))
    assert np.ptp(np.concatenate([a, b])[:, 0]) < 0.01  # bars have equal width
    assert a[:, 1].sum() == pytest.approx(b[:, 1].sum(), rel=0.01)  # equal counts have equal height
    assert "years behind, average 2024 to 2029" in page.text_content("[data-outcome=years_behind]")
    assert "% of runs" in page.text_content("[data-outcome=sites]")
    found = [
        simulate(name, worlds=200, seed=0, tables=("worlds",)).worlds.years_behind
        for name in ("eu-status-quo", "essay-reform")
    ]
    texts = page.locator("[data-outcome=years_behind] .median text").all_text_contents()
    assert texts == [f"{side} {quantile(v, 0.5):.1f}" for side, v in zip("AB", found, strict=True)]


@pytest.mark.parametrize("size", [(1366, 768), PHONE])
def test_questions_on_the_stage_are_answered(visit, size):
    page = visit("?t=2027Q1&a=juste-retour-strict", size=size)
    run = play(load("juste-retour-strict"), 0)
    frame = run["frames"][12]
    no = run["ballots"][frame["ballot"]]["no"]
    expected = {
        "what": [TITLES["juste-retour-strict"], "early 2027"],
        "money": ["€10 bn", f"€{frame['committed_eur_bn']:.1f} bn"],
        "no": [f"{len(no)} states said no"],
        "frontier": [f"{frame['frontier_flop'] / 10 ** int(np.log10(frame['frontier_flop'])):.1f} × 10"],
    }
    for topic, texts in expected.items():
        box = page.locator(f"[data-ask={topic}]").bounding_box()
        assert min(box["width"], box["height"]) >= 22
        page.focus(f"[data-ask={topic}]")
        page.keyboard.press("Enter")
        answer = page.text_content(f"details[open][data-topic={topic}]")
        for text in texts:
            assert text in answer
        page.keyboard.press("Escape")
        assert page.locator(".panel").count() == 0


def test_run_with_more_money_is_compared(visit):
    page = visit("?t=2027Q1")
    page.locator("[data-ask=money]").dispatch_event("click")
    left = play(load("eu-status-quo"), 0)["outcome"]["unspent_eur_bn"]
    assert f"€{left:.1f} bn of €10 bn is left unspent" in page.text_content("details[data-topic=more]")
    page.click("[data-press=more]")
    settled(page)
    assert page.locator(".differences").count() == 1
    twice = play(load("eu-status-quo").changed({"envelope_eur_bn": 20.0}), 0)["frames"][12]
    assert (
        page.locator("[data-row='Money committed'] text").nth(2).text_content()
        == f"€{twice['committed_eur_bn']:.1f} bn"
    )
