import json
import re

import pytest

from juste_retour import simulate
from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.statistics import quantile
from juste_retour.visualization.views.spread import spread
from tests.browser.test_stage import download, lags, settled, time_shown, written

pytestmark = pytest.mark.browser


def rules(page):
    """Open the panel of rules and unfold everything in it."""
    page.keyboard.press("r")
    page.wait_for_selector(".panel.rules")
    unfold(page)


def unfold(page):
    page.eval_on_selector_all(".panel details", "all => all.forEach(d => d.open = true)")


def notice(page):
    page.wait_for_selector("[role=alert]")
    return page.text_content("[role=alert]")


def test_state_panel_explains_its_vote(visit):
    page = visit("?t=2025Q4")
    page.click("[data-state=CY]")
    vote = "no" if page.get_attribute("[data-state=CY]", "fill") == "url(#hatch-no)" else "yes"
    assert "Cyprus" in page.text_content(f".panel .verdict.{vote}")
    assert page.locator(".panel .term.mark").count() == page.locator(".panel .pivot").count() == 1
    commissioner = page.locator(".panel .links button").last
    name = commissioner.text_content()
    commissioner.click()
    assert page.text_content(".panel h2") in name


def test_facility_and_lab_panels(visit):
    page = visit("?t=2029Q4")
    page.locator(".facility[data-phase=working]").first.dispatch_event("click")
    facts = page.locator(".panel .facts dt").all_text_contents()
    values = page.locator(".panel .facts dd").all_text_contents()
    assert len(facts) == len(values) >= 10
    assert all(facts)
    assert all(values)
    page.click("[data-state=DE]")
    page.click("text=Aleph Alpha")
    assert page.text_content(".panel h2") == "Aleph Alpha"
    assert page.locator(".panel p").count() > 0
    page.keyboard.press("Escape")
    assert page.locator(".panel").count() == 0


def test_commissioner_panel_gives_the_value_of_the_draft(visit):
    page = visit("?a.agenda=commission_proposal&a.voting=lisbon_qmv&a.funding=gni_key&t=2034Q4&why=commissioner.3")
    text = page.locator(".panel p").last.text_content()
    assert len(re.findall(r"\d+(?:\.\d+)?", text.partition(".")[2])) >= 2  # what the draft and the favorite are worth


def test_rule_changes_the_run_and_undo_restores_it(visit):
    page = visit("?t=2028Q4")
    before = lags(page)
    rules(page)
    page.select_option("[data-family=agenda]", "planner")
    settled(page)
    page.wait_for_function("document.querySelectorAll('.votes text')[0].textContent === 'Nobody votes'")
    assert lags(page) != before
    unfold(page)
    page.fill("[data-parameter=max_sites] .box", "1")
    page.keyboard.press("Enter")
    page.locator("[data-parameter=max_sites] .box").blur()
    page.wait_for_timeout(300)
    settled(page)
    assert page.locator(".facility").count() == 1
    for _ in range(2):
        page.click("[data-press=undo]")
        settled(page)
    assert lags(page) == before
    assert page.locator("[data-press=undo]").is_disabled()


def test_user_agent_and_user_outcome_in_the_panel(visit):
    page = visit("?a.agenda=commission_proposal&t=2034Q4")
    page.keyboard.press("r")
    assert page.text_content("[data-outcome=refusing]") == "States that said no at least once: 0 states"
    page.select_option("[data-agent=Refusing]", label="Hungary")
    settled(page)
    page.wait_for_function("document.querySelector('[data-outcome=refusing]').textContent.endsWith(': 1 states')")
    page.wait_for_function("location.search.includes('a.agents')")
    page.reload()
    settled(page)
    page.keyboard.press("r")
    assert page.input_value("[data-agent=Refusing]") == "HU"
    page.select_option("[data-agent=Refusing]", label="nobody")
    page.wait_for_function("!location.search.includes('a.agents')")


def test_value_out_of_bounds_is_refused(visit):
    page = visit("?t=2028Q4")
    before = lags(page)
    rules(page)
    page.fill("[data-parameter=envelope_eur_bn] .box", "-5")
    page.locator("[data-parameter=envelope_eur_bn] .box").blur()
    text = notice(page)
    assert "-5" in text
    assert "envelope_eur_bn" not in text
    assert lags(page) == before
    assert page.locator("[data-press=undo]").is_disabled()
    page.keyboard.press("Escape")
    page.fill("[data-parameter=envelope_eur_bn] .box", "20")
    page.locator("[data-parameter=envelope_eur_bn] .box").blur()
    page.wait_for_timeout(300)
    settled(page)
    assert page.locator("[role=alert]").count() == 0


def test_user_rules_in_the_menu_and_a_failing_one(visit):
    page = visit("?t=2025Q4")
    before = lags(page)
    rules(page)
    menu = page.locator("[data-family=voting]")
    assert "Two thirds (yours)" in menu.text_content()
    menu.select_option("two_thirds")
    settled(page)
    assert f"{page.get_attribute('.votes', 'data-yes')} of 27" in page.text_content(".votes")
    menu.select_option("breaks_down")
    text = notice(page)
    assert "own_rules.py" in text
    assert "ZeroDivisionError" in text
    settled(page)
    assert menu.input_value() == "two_thirds"
    page.keyboard.press("Escape")
    menu.select_option("governing_board")
    settled(page)
    assert lags(page) == before


def test_scenario_is_saved_and_opened_as_toml(visit, tmp_path):
    page = visit("?a.pooling=synchronous&t=2028Q4")
    page.click("[data-press=save]")
    content, name = download(page, lambda: page.click("[data-save=toml]"))
    assert 'pooling = "synchronous"' in content.decode()
    file = tmp_path / name
    file.write_bytes(content)
    other = visit("?a=essay-reform&t=2028Q4")
    other.keyboard.press("r")
    other.set_input_files("[aria-label='Open TOML: a scenario file']", file)
    other.wait_for_function(
        "document.querySelector('.bar select').selectedOptions[0].textContent === 'Europe today, changed'"
    )
    settled(other)
    assert lags(other) == lags(page)
    for content, expected in (
        ("color = 3\n", "color"),
        ("this is no TOML", "not valid TOML"),
        ("base = 3\n", "3"),
    ):
        file.write_text(content)
        other.set_input_files("[aria-label='Open TOML: a scenario file']", file)
        assert expected in notice(other)
        other.keyboard.press("Escape")
    assert lags(other) == lags(page)


def test_one_state_may_have_its_own_rule(visit):
    page = visit("?t=2034Q4")
    before = lags(page)
    germany = page.locator("[data-state=DE]")
    assert not germany.get_attribute("aria-label").endswith(", 0 sites")
    rules(page)
    page.select_option("[data-except=bid]", label="Germany")
    page.select_option("[data-own='bid.DE']", "abstain")
    settled(page)
    page.wait_for_selector("[data-state=DE][aria-label$=', 0 sites']")
    assert "Europe today, bid: DE abstain" in written(page)
    page.select_option("[data-family=bid]", "capacity_driven")
    settled(page)
    assert page.input_value("[data-own='bid.DE']") == "abstain"
    page.wait_for_function("location.search.includes('capacity_driven')")
    again = visit(page.evaluate("location.search"))
    assert lags(again) == lags(page)
    assert again.locator("[data-state=DE]").get_attribute("aria-label").endswith(", 0 sites")
    page.select_option("[data-own='bid.DE']", label="as the others")
    settled(page)
    assert page.locator("[data-own='bid.DE']").count() == 0
    page.wait_for_function("new URLSearchParams(location.search).get('a.bid') === 'capacity_driven'")
    for _ in range(3):
        page.click("[data-press=undo]")
        settled(page)
    assert lags(page) == before
    assert page.locator("[data-press=undo]").is_disabled()


def test_rule_of_one_state_has_its_own_parameters(visit):
    page = visit("?t=2028Q4")
    rules(page)
    page.select_option("[data-except=vote]", label="Hungary")
    page.select_option("[data-own='vote.HU']", "probabilistic")
    settled(page)
    unfold(page)
    box = page.locator("[data-actor=HU] [data-parameter=noise] .box")
    box.fill("0.7")
    box.blur()
    page.wait_for_function("location.search.includes('0.7')")
    settled(page)
    assert page.locator("[role=alert]").count() == 0
    asked = json.loads(page.evaluate("new URLSearchParams(location.search).get('a.vote')"))
    assert asked == {"rule": "self_interest", "HU": {"rule": "probabilistic", "noise": 0.7}}
    assert page.input_value("[data-family=vote]") == "self_interest"


def test_commissioners_and_labs_may_have_their_own_rule(visit):
    page = visit("?t=2028Q4")
    rules(page)
    for family, who, rule in (
        ("draft", "Ursula von der Leyen (DE)", "union"),
        ("anchor", "Mistral", "exit_to_cloud"),
    ):
        page.select_option(f"[data-except={family}]", label=who)
        page.select_option(f"[data-own^='{family}.']", rule)
        settled(page)
        assert page.locator("[role=alert]").count() == 0
        assert page.input_value(f"[data-own^='{family}.']") == rule
    assert page.locator("[data-except=agenda], [data-except=voting]").count() == 0


def test_dropped_file_is_opened_in_the_page(visit):
    page = visit("?t=2028Q4")
    drop = """([name, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], name));
      const to = document.querySelector("svg.stage");
      return ["dragover", "drop"].map(kind => to.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })));
    }"""
    assert page.evaluate(drop, ["mine.toml", 'pooling = "synchronous"\n']) == [False, False]
    page.wait_for_function("location.search.includes('synchronous')")
    settled(page)
    page.evaluate(drop, ["picture.png", "\x89PNG"])
    assert "not valid TOML" in notice(page)


def test_keys_of_the_guesses_have_no_background(visit):
    page = visit("?tour=1")
    settled(page)
    ground = "e => getComputedStyle(e).backgroundColor"
    assert page.eval_on_selector(".options kbd", ground) == "rgba(0, 0, 0, 0)"


def test_sliders_are_visible_in_forced_colors(visit):
    page = visit(forced_colors="active")
    assert page.eval_on_selector("[aria-label=Quarter]", "e => getComputedStyle(e).appearance") == "auto"


def test_tour_asks_before_it_answers(visit):
    page = visit("?tour=1", size=(1024, 768))
    for step in range(5):
        assert page.text_content(".tour .step").startswith(f"{step + 1} ")
        settled(page)
        assert not any(c.isdigit() for c in page.text_content(".answer"))
        assert time_shown(page) == 0
        page.locator(".options button").nth(2).click()
        page.fill("[aria-label=Quarter]", "43")
        page.wait_for_selector(".options .right")
        assert any(c.isdigit() for c in page.text_content(".answer"))
        assert page.locator(".options .right").count() == 1
        page.keyboard.press("PageDown")
        page.wait_for_timeout(100)
    assert page.locator("[data-press=tour-end]").is_visible()
    assert page.locator(".panel.rules").is_visible()
    page.click("[data-press=tour-end]")
    assert page.locator(".tour").count() == 0


def test_tour_shows_a_typical_world_and_summarizes_all(visit):
    page = visit("?tour=5")
    page.wait_for_function("document.querySelector('.stamp').textContent.includes('world')")
    settled(page)
    page.keyboard.press("3")
    page.fill("[aria-label=Quarter]", "22")
    page.wait_for_selector(".answer small")
    worlds = [simulate(name, worlds=200, seed=0).worlds for name in ("eu-status-quo", "essay-reform")]
    middle = [round(quantile(w.years_behind, 0.5), 1) for w in worlds]
    text = page.text_content(".answer small")
    assert {"200", f"{middle[0] - middle[1]:.1f}"} <= set(re.findall(r"\d+(?:\.\d+)?", text))
    page.wait_for_function("new URLSearchParams(location.search).has('world')")
    shown = int(page.evaluate("new URLSearchParams(location.search).get('world')"))
    for column in ("sites", "years_behind", "price_of_politics"):
        values = worlds[0][column]
        below, level = (values < values[shown]).mean(), (values == values[shown]).mean()
        assert 0.25 < below + level / 2 < 0.75, column
    for lag, w in zip(lags(page), worlds, strict=True):
        assert lag == w.years_behind[shown]
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.search.includes('tour=6')")
    again = visit(page.evaluate("location.search"))
    assert again.locator("[data-press=tour-end]").is_visible()
    assert time_shown(again) == 22


def page_with_fast_keys(visit, *keys):
    """A page on which keys are pressed before the first one is handled."""
    page = visit("?t=2028Q4")
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    page.wait_for_selector(".page[data-busy=false]")
    return page


@pytest.mark.parametrize("keys", ["tw", "tl", "tt"])
def test_tour_handles_fast_key_presses(visit, keys):
    page = page_with_fast_keys(visit, *keys)
    if keys == "tw":
        page.wait_for_selector(".spreads[data-worlds='200']")
    if keys == "tt":  # closed before it started
        page.keyboard.press("t")
    page.wait_for_function("document.querySelector('.stamp').textContent.includes('world')")
    settled(page)
    shown = int(page.evaluate("document.querySelector('.stamp').textContent.match(/world (\\d+)/)[1]"))
    assert shown == spread_of(int(page.input_value("[name=seed]")))["ordinary"]
    page.keyboard.press("2")
    page.wait_for_selector(".options .right")


def test_tour_handles_fast_steps(visit):
    page = page_with_fast_keys(visit, "t", *["ArrowRight"] * 5)
    assert page.locator("[data-press=tour-end]").is_visible()


def spread_of(seed):
    """The spread that the page receives for Europe today."""
    *_, last = spread(load("eu-status-quo"), seed, 200, load_members())
    return last


def test_keyboard_focus_moves_to_the_panel_and_back(visit):
    page = visit("?t=2025Q4")
    page.locator("[data-state=FR]").first.focus()
    page.keyboard.press("Enter")
    assert "France" in page.text_content(".panel")
    assert page.evaluate("document.activeElement.classList.contains('panel')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.panel .close')")
    page.keyboard.press("Enter")
    assert page.locator(".panel").count() == 0
    assert page.evaluate("document.activeElement.dataset.state") == "FR"


def test_panel_does_not_cover_the_headline(visit):
    page = visit("?t=2028Q4")
    page.keyboard.press("r")
    for size in ((1024, 768), (1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(150)
        edge = page.locator(".panel").bounding_box()["x"]
        box = page.locator("[data-years-behind]").bounding_box()
        assert box["x"] + box["width"] <= edge, size
        assert box["y"] + box["height"] <= size[1], size
