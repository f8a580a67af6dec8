import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from juste_retour import simulate
from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.visualization.names import TITLES
from juste_retour.visualization.views.stage_frames import play
from juste_retour.visualization.views.told import english
from juste_retour.visualization.views.verdict import ranges
from tests.browser.conftest import assert_codes_do_not_overlap, served

pytestmark = pytest.mark.browser
FOCUSED = "(e => e.name || e.dataset.press || e.ariaLabel)(document.activeElement)"


def time_shown(page):
    return int(page.get_attribute(".page", "data-t"))


def settled(page):
    page.wait_for_selector(".page[data-busy=false]")
    page.wait_for_timeout(60)


def lags(page):
    return [
        float(x) for x in page.eval_on_selector_all("[data-years-behind]", "all => all.map(e => e.dataset.yearsBehind)")
    ]


def written(page):
    """The texts on the stage, each with its lines joined."""
    lines = "all => all.map(t => [...t.children].map(line => line.textContent).join(' '))"
    return page.eval_on_selector_all("svg.stage text", lines)


def download(page, act):
    with page.expect_download() as found:
        act()
    return found.value.path().read_bytes(), found.value.suggested_filename


def test_union_is_drawn_without_scrolling(visit):
    for query in ("?t=2028Q4", "?t=2028Q4&compare=1&many=1", "?tour=5&big=1"):
        page = visit(query)
        for width, height in ((1024, 768), (1920, 1080), (3840, 2160)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(150)
            size = (width, height)
            assert page.locator(".state").count() == 27 * (2 if "compare" in query or "tour" in query else 1)
            assert page.locator("[data-state=MT]").first.is_visible()
            assert page.locator("[data-state=LU]").first.is_visible()
            fits = "document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth"
            assert page.evaluate(fits), (size, query)
            edges = "[...document.querySelectorAll('.bar > *, .player > *')].every(e => e.getBoundingClientRect().right <= innerWidth + 1)"
            assert page.evaluate(edges), (size, query)


def test_stage_text_has_at_least_16_pixels(visit):
    page = visit("?t=2028Q4&compare=1", size=(1024, 768))
    sizes = page.eval_on_selector_all(
        "svg.stage text:not(.stamp)", "all => all.map(t => parseFloat(t.getAttribute('font-size')))"
    )
    assert len(sizes) > 30
    assert min(sizes) >= 16


@pytest.mark.parametrize("query", ["?t=2028Q4", "?t=2025Q4&compare=1&many=1"])
def test_on_a_phone_only_the_stage_scrolls(visit, query):
    page = visit(query, size=(390, 844))
    assert page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight"
    )
    assert page.evaluate(
        "(({scrollHeight, clientHeight}) => scrollHeight > clientHeight)(document.querySelector('.hall'))"
    )
    beyond = "[...document.querySelectorAll('svg.stage text, .bar > *, .player > *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent)"
    assert page.evaluate(beyond) == []


def test_big_type_is_larger_on_every_screen(visit):
    sizes = "[...document.querySelectorAll('svg.stage text:not(.stamp)')].map(t => t.getBoundingClientRect().height / t.children.length)"
    page = visit("?t=2028Q4")
    for size in ((1024, 768), (1920, 1080), (3840, 2160)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(150)
        usual = min(page.evaluate(sizes))
        page.keyboard.press("g")
        page.wait_for_timeout(100)
        assert min(page.evaluate(sizes)) >= 1.1 * usual, size
        page.keyboard.press("g")


def test_state_codes_do_not_overlap(visit):
    page = visit("?t=2028Q4&a=unanimous-europe", size=(1920, 1080))
    assert_codes_do_not_overlap(page, 15)


def test_page_works_without_the_server(visit):
    page, sockets = visit(), []

    def connect(socket):
        if sockets:
            socket.close()
        else:
            socket.connect_to_server()
            sockets.append(socket)

    page.route_web_socket("**", connect)
    page.goto(f"{page.url.split('?')[0]}?t=2025Q4")
    page.wait_for_selector(".page[data-ready=true][data-busy=false]")
    before = time_shown(page)
    sockets[0].close()
    page.wait_for_selector(".v-overlay--active", state="attached")
    page.keyboard.press("ArrowRight")
    assert time_shown(page) == before + 1
    assert page.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('.page') !== null")


def test_page_reconnects_when_the_server_is_back(chromium):
    with served() as (_, address):
        page = chromium.new_page()
        page.goto(f"{address}/?t=2025Q4")
        page.wait_for_selector(".page[data-ready=true][data-busy=false]")
        page.evaluate("window.before = true")
    page.keyboard.press("l")
    page.wait_for_selector(".page[data-busy=true]")
    seed = page.input_value("[name=seed]")
    with served("--port", address.rsplit(":", 1)[1]):
        page.wait_for_function("!window.before")
        page.wait_for_selector(".page[data-ready=true][data-busy=false]")
        assert page.input_value("[name=seed]") == seed != "0"
        assert time_shown(page) == 7
        assert page.locator("[role=alert]").count() == 0
        page.close()


def test_first_page_asks_the_main_question(visit):
    page = visit()
    assert page.text_content(".question").endswith("?")
    page.keyboard.press("ArrowRight")
    assert page.locator(".question").count() == 0


def test_texts_on_the_race_do_not_overlap(visit):
    texts = """[...document.querySelectorAll('.race text')].map(t => {
      const r = t.getBoundingClientRect();
      return [t.textContent, r.left, r.right, r.top + r.height / 5, r.bottom - r.height / 5];
    })"""
    for query, size in (
        ("?t=2025Q1&why=state.3", (1920, 1080)),
        ("?t=2025Q1&compare=1", (1024, 768)),
        ("?t=2028Q4", (960, 540)),
        ("?tour=1", (960, 540)),
    ):
        page = visit(query, size=size)
        found = page.evaluate(texts)
        assert len(found) > 5
        for k, p in enumerate(found):
            for q in found[:k]:
                assert not (p[1] < q[2] and q[1] < p[2] and p[3] < q[4] and q[3] < p[4]), (query, p, q)


def test_number_of_sites_in_table_and_below_the_map_agree(visit):
    page = visit("?t=2025Q1")
    (tally,) = [text for text in written(page) if text.count(" · ") == 2 and text[0].isdigit()]
    page.keyboard.press("c")
    settled(page)
    assert tally.split()[0] == page.locator("[data-row='Sites chosen'] text").nth(1).text_content()


def test_state_on_the_second_map_explains_the_second_run(visit):
    page = visit("?compare=1&t=2025Q4")
    page.locator("[data-state=FR]").nth(1).dispatch_event("click")
    assert page.text_content(".panel h2") == "France"
    assert page.locator(".panel .verdict").count() == 0  # nobody votes under the reform
    page.wait_for_function("location.search.includes('.b')")
    again = visit(page.evaluate("location.search"))
    assert again.text_content(".panel h2") == "France"
    assert again.locator(".panel .verdict").count() == 0
    page.locator("[data-state=FR]").first.dispatch_event("click")
    assert "France" in page.text_content(".panel .verdict")


def test_player_plays_steps_and_seeks(visit):
    page = visit("?speed=5")
    assert time_shown(page) == 0
    page.click("[aria-label='One quarter forward']")
    assert time_shown(page) == 1
    page.click("[aria-label='One quarter back']")
    assert time_shown(page) == 0
    page.click(".player .main")
    page.wait_for_function("document.querySelector('.page').dataset.t === '22'")
    page.wait_for_selector("[data-playing=false]")
    page.wait_for_timeout(300)
    assert time_shown(page) == 22  # the window's end, where the answer is shown
    assert page.locator(".answer").is_visible()
    page.click(".player .main")
    page.wait_for_function("document.querySelector('.page').dataset.t === '43'")
    assert page.get_attribute("[data-playing]", "data-playing") == "false"
    page.fill("[aria-label=Quarter]", "19")
    assert time_shown(page) == 19
    assert page.locator(".facility[data-phase=working]").count() > 3
    page.fill("[aria-label=Quarter]", "0")
    assert page.locator(".facility").count() == 0


def test_step_keeps_unchanged_elements(visit):
    page = visit("?t=2025Q4")
    page.evaluate("for (const e of document.querySelectorAll('.state, .race, .player button')) e.kept = true")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    kept = "[...document.querySelectorAll('.state, .race, .player button')].every(e => e.kept)"
    assert page.evaluate(kept)


def test_site_keeps_its_element_over_all_phases(visit):
    page = visit("?t=2026Q1")
    page.evaluate("for (const e of document.querySelectorAll('.facility > circle:first-of-type')) e.kept = true")
    assert page.locator(".facility[data-phase=chosen]").count() > 3
    for quarter in range(9, 20):
        page.fill("[aria-label=Quarter]", f"{quarter}")
    kept = "all => all.filter(g => g.querySelector('circle').kept).length"
    assert page.eval_on_selector_all(".facility[data-phase=working]", kept) > 3


def test_redraw_keeps_typed_text(visit):
    page = visit("?speed=5&t=1")
    page.fill("[name=seed]", "12")
    page.evaluate("document.querySelector('[data-playing]').click()")
    page.wait_for_function("document.querySelector('.page').dataset.t === '22'")
    assert page.input_value("[name=seed]") == "12"


def test_keyboard_controls(visit):
    page = visit()
    press = page.keyboard.press
    press("ArrowRight")
    press("ArrowRight")
    press("ArrowLeft")
    assert time_shown(page) == 1
    press("End")
    assert time_shown(page) == 43
    press("Home")
    assert time_shown(page) == 0
    press("+")
    assert page.input_value("[aria-label='Speed']") == "3"
    press("-")
    press(" ")
    assert page.get_attribute("[data-playing]", "data-playing") == "true"
    press(" ")
    assert page.get_attribute("[data-playing]", "data-playing") == "false"
    press("g")
    assert "big" in page.get_attribute(".page", "class")
    press("c")
    settled(page)
    assert page.locator(".differences").count() == 1
    press("?")
    assert page.locator(".panel.help").is_visible()
    press("Escape")
    assert page.locator(".panel").count() == 0
    seed = page.input_value("[name=seed]")
    press("l")
    settled(page)
    assert page.input_value("[name=seed]") != seed
    press("u")
    settled(page)
    assert page.input_value("[name=seed]") == seed


def test_stage_shows_the_numbers_of_the_tables(visit):
    page = visit("?a=eu-status-quo&b=essay-reform&seed=3&compare=1&t=2029Q3")
    found = [simulate(name, seed=3, tables=("worlds", "timeline")) for name in ("eu-status-quo", "essay-reform")]
    assert lags(page) == [r.worlds.years_behind[0] for r in found]
    rows = dict(
        page.eval_on_selector_all(
            "[data-row]",
            "all => all.map(g => [g.dataset.row, [...g.querySelectorAll('text')].map(t => t.textContent)])",
        )
    )
    for k, r in enumerate(found):
        frame = play(r.scenario, 3)["frames"][22]
        assert rows["Sites chosen"][1 + k] == f"{r.timeline.selected[22]:,}"
        assert rows["Countries with one"][1 + k] == f"{frame['chosen_hosts']:,}"
        assert rows["AI chips under contract"][1 + k] == f"{frame['contracted_accelerators']:,.0f}"
        assert rows["Years behind"][1 + k] == f"{r.worlds.years_behind[0]:.1f}"
        assert rows["Money committed"][1 + k] == f"€{r.worlds.committed_eur_bn[0]:.1f} bn"
        text = page.locator("svg.stage").text_content()
        for column in ("committed_eur_bn", "spend_eur_bn", "unspent_eur_bn"):
            assert f"{r.worlds[column][0]:.1f}" in text, (k, column)
        assert rows["Price of politics"][1 + k] == f"{r.worlds.price_of_politics[0]:.1f} years"
    page.click("[data-press=save]")
    content, name = download(page, lambda: page.click("[data-save=csv]"))
    assert name.endswith(".csv")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    for r in found:
        mine = [row for row in rows if row["scenario"] == r.scenario.name]
        for column in (
            "years_behind",
            "largest_run_flop",
            "frontier_flop",
            "working_accelerators",
            "selected",
            "contracted",
        ):
            assert np.array_equal([float(row[column]) for row in mine], r.timeline[column]), column


def test_money_bar_splits_the_envelope(visit):
    page = visit("?seed=3&t=2034Q4&a.envelope_eur_bn=12")
    found = simulate(load("eu-status-quo").changed({"envelope_eur_bn": 12}), seed=3).worlds
    assert float(page.get_attribute(".money", "data-committed")) == found.committed_eur_bn[0]
    assert float(page.get_attribute(".money", "data-unspent")) == found.unspent_eur_bn[0]
    ground, fill = (
        r["width"]
        for r in page.eval_on_selector_all(".money rect", "all => all.map(r => ({width: r.width.baseVal.value}))")
    )
    assert fill / ground == pytest.approx(found.committed_eur_bn[0] / 12)


def test_vote_is_drawn_with_its_threshold(visit):
    page = visit("?t=2025Q4")
    yes = simulate("eu-status-quo", seed=0, tables=("votes",)).votes.query("quarter == '2025Q4'")
    assert len(yes) == 1
    assert page.get_attribute(".votes", "data-passed") == str(bool(yes.passed.iloc[0])).lower()
    text = page.text_content(".votes")
    assert f"{page.get_attribute('.votes', 'data-yes')} of 27" in text
    assert "55 %" in text
    ballot = next(b for b in play(load("eu-status-quo"), 0)["ballots"] if b["quarter"] == "2025Q4")
    codes = load_members().states.codes
    assert all(codes[i] in text for i in ballot["coalition"][:5])
    against = page.locator(".state[fill='url(#hatch-no)']").count()
    assert against == 27 - int(page.get_attribute(".votes", "data-yes"))


def test_visitors_are_independent(visit):
    one, other = visit("?seed=1&t=2028Q4"), visit("?seed=2")
    one.keyboard.press("c")
    settled(one)
    other.keyboard.press("End")
    assert time_shown(one) == 19
    assert one.locator(".differences").count() == 1
    assert time_shown(other) == 43
    assert other.locator(".differences").count() == 0
    assert other.input_value("[name=seed]") == "2"


def test_link_restores_the_page(visit):
    page = visit("?a=eu-status-quo&b=essay-reform&seed=7&compare=1&t=2027Q2&big=1&why=state.12")
    page.keyboard.press("r")
    page.select_option("[data-family=pooling]", "low_communication")
    settled(page)
    page.keyboard.press("Escape")
    page.wait_for_function("location.search.includes('low_communication')")
    before = lags(page)
    again = visit(page.evaluate("location.search"))
    assert lags(again) == before
    assert time_shown(again) == time_shown(page) == 13
    assert "big" in again.get_attribute(".page", "class")
    assert again.input_value("[name=seed]") == "7"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?a=atlantis", "atlantis"),
        ("?a.budget=3", "budget"),
        ("?seed=many", "many"),
        ("?t=yesterday", "yesterday"),
        ("?t=2050Q1", "2050Q1"),
        ("?why=nobody.3", "nobody"),
        ("?nonsense=1", "nonsense"),
        ("?a.envelope_eur_bn=-4", "-4"),
        ("?a.voting=by_lot", "by_lot"),
    ],
)
def test_invalid_link_is_reported_and_the_rest_is_shown(visit, query, text):
    page = visit(query, ready=False)
    page.wait_for_selector("[role=alert]")
    assert text in page.text_content("[role=alert]")
    page.keyboard.press("Escape")
    assert page.locator(".bar").is_visible()
    page.wait_for_selector(".page[data-ready=true][data-busy=false]")
    assert page.locator(".state").count() == 27


def test_invalid_second_scenario_is_shown_without_its_changes(visit):
    page = visit("?t=2028Q4&b.voting=by_lot")
    page.keyboard.press("c")
    page.wait_for_selector("[role=alert]")
    assert "by_lot" in page.text_content("[role=alert]")
    settled(page)
    assert len(lags(page)) == 2
    assert page.input_value("[aria-label='Scenario B']") == "essay-reform"


def test_saved_pictures_contain_the_whole_stage(visit):
    page = visit("?t=2028Q4&compare=1")
    page.click("[data-press=save]")
    png, name = download(page, lambda: page.click("[data-save=png]"))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert name == "eu-status-quo-and-essay-reform-seed-0-2028Q4.png"
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert width == 2 * 1280
    assert height > 1200
    assert len(png) > 100_000
    page.click("[data-press=save]")
    svg, _ = download(page, lambda: page.click("[data-save=svg]"))
    text = svg.decode()
    assert text.count('data-state="LU"') == 2
    assert "seed 0" in text


def test_replay_works_without_a_server(visit, tmp_path):
    page = visit("?t=2025Q4&compare=1")
    page.click("[data-press=save]")
    content, name = download(page, lambda: page.click("[data-save=replay]"))
    assert not re.search(rb"""(src|href)=["']https?:""", content)
    file = tmp_path / name
    file.write_bytes(content)
    replay = visit(url=file.as_uri())
    assert lags(replay) == lags(page)
    replay.keyboard.press("End")
    assert time_shown(replay) == 43
    replay.locator("[data-state=FR]").first.click()
    assert "France" in replay.text_content(".panel")
    assert {f"A  {TITLES['eu-status-quo']}", f"B  {TITLES['essay-reform']}"} <= set(written(replay))
    kept = json.loads(re.search(rb'id="runs">(.*?)</script>', content)[1])
    assert [run["scenario"] for run in kept["runs"]] == ["eu-status-quo", "essay-reform"]


def test_screen_reader_text_and_reduced_motion(visit):
    page = visit("?t=2025Q4", reduced_motion="reduce")
    heard = page.text_content("[aria-live=polite].unseen")
    frame = play(load("eu-status-quo"), 0)["frames"][7]
    assert english(*frame["says"]) in heard
    assert f"{frame['years_behind']:.1f}" in heard
    gliding = "e => getComputedStyle(e).transitionDuration"
    for visitor, duration in ((page, "0s"), (visit("?t=2025Q4"), "0.25s")):
        visitor.keyboard.press(" ")
        visitor.wait_for_selector(".gliding")
        assert visitor.eval_on_selector(".grow", gliding) == duration
        visitor.keyboard.press(" ")
    page.keyboard.press("Tab")
    names = []
    for _ in range(12):
        names.append(page.evaluate(FOCUSED))
        page.keyboard.press("Tab")
    assert names.index("Scenario A") < names.index("seed") < names.index("compare")


def test_saved_picture_has_the_pixels_of_the_page(visit):
    """Clickable areas and help buttons are hidden or styled by the page only, so a picture must not contain them."""
    page = visit("?t=2028Q4", size=(1280, 800))
    page.click("[data-press=save]")
    svg, _ = download(page, lambda: page.click("[data-save=svg]"))
    page.add_style_tag(content=".stage .ask { display: none } .panel, .notice { visibility: hidden }")
    alone = page.context.new_page()
    alone.set_content(f"<body style='margin: 0'>{svg[svg.index(b'<svg') :].decode()}")
    live, saved = (
        np.asarray(Image.open(io.BytesIO(one.locator("svg.stage").screenshot())).convert("RGB"), dtype=int)
        for one in (page, alone)
    )
    assert saved.shape[1] == live.shape[1]
    assert abs(len(saved) - len(live)) <= 1  # the page's stage may begin and end within a pixel
    rows = min(len(saved), len(live)) // 12 * 12
    saved, live = (one[:rows, :1272].reshape(-1, 12, 106, 12, 3).mean((1, 3)) for one in (saved, live))
    assert np.abs(saved - live).max() < 60


def test_opening_shows_the_verdict_with_its_range_and_one_button(visit):
    page = visit()
    verdict = ranges()
    text = " ".join(page.locator(".opening tspan").all_text_contents())
    assert f"{verdict['gain']['median']:.1f} of {verdict['a']['median']:.1f} years" in text
    for name in ("a", "gain"):
        assert f"{verdict[name]['low']:.1f} to {verdict[name]['high']:.1f}" in text
    for name in ("named", "named_spending"):  # the parts that the essay names, without our completion
        assert f"{verdict[name]['median']:.1f}" in text
    assert page.locator(".opening [data-part]").count() == len(verdict["parts"])
    assert page.locator(".opening .whisker").count() == len(verdict["parts"])
    assert page.locator(".question").count() == 1
    assert page.locator(".stamp").count() == 0
    page.locator(".watch").click()
    page.wait_for_selector(".page[data-t]:not([data-t='0'])")
    assert page.locator(".opening").count() == 0


LOSABLE = """const Real = WebSocket;
window.WebSocket = class extends Real {
    constructor(url, ...more) {
        super(window.away ? url.replace(/kernels.*/, "nowhere") : url, ...more);
        (window.sockets ??= []).push(this);
    }
};"""


def test_page_that_the_server_has_forgotten_comes_back_from_its_address(chromium, monkeypatch):
    monkeypatch.setenv("SOLARA_KERNEL_CULL_TIMEOUT", "1s")
    with served() as (_, address):
        page = chromium.new_page()
        page.add_init_script(LOSABLE)
        page.goto(f"{address}/?a=federal-europe&seed=3&t=2027Q1")
        page.wait_for_selector("[data-ready=true]")
        page.evaluate("window.away = true; window.sockets.forEach(socket => socket.close())")
        page.keyboard.press("c")
        page.wait_for_function("!window.away && document.querySelector('[data-ready=true]')", timeout=60_000)
        assert "a=federal-europe" in page.url
        assert "seed=3&t=2027Q1" in page.url
        page.keyboard.press("l")
        page.wait_for_function("!location.search.includes('seed=3&')")
        page.close()
