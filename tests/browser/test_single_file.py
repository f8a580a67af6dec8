"""The app in one file, opened from disk."""

import os
from pathlib import Path

import pytest

from juste_retour.visualization import single_file
from juste_retour.visualization.browser_model import distribution, embedded
from juste_retour.visualization.single_file import key, page, part
from juste_retour.visualization.views.passing import stored_passing
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
    """The file with some of its parts and two seeds."""
    file = tmp_path_factory.mktemp("stick") / "lab.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single_file, "SEEDS", (0, 1))
        file.write_text(page({key(*one): part(*one) for one in HELD}))
    return file.as_uri()


@pytest.fixture
def lab(visit, file):
    """Open the file and record what it requests."""

    def open_file(query=""):
        page = visit(url=f"{file}{query}")
        settled(page)
        page.on("request", lambda r: page.asked.append(r.url))
        page.asked = []
        return page

    return open_file


def test_single_file_shows_the_same_as_the_live_app(lab, visit):
    query = "?seed=1&t=2028Q4&compare=1"
    page, live = lab(query), visit(query)
    assert page.locator(".state").count() == 2 * 27
    assert lags(page) == lags(live)
    for at in ("End", "Home"):
        page.keyboard.press(at)
        live.keyboard.press(at)
        assert lags(page) == lags(live)
    assert page.asked == []


def test_scenario_rule_and_seed_change_the_headline(lab):
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
    assert page.input_value("input[name=seed]") == "1"
    assert len({tuple(one) for one in seen}) == 4
    assert all(url.startswith(("file:", "data:", "blob:")) for url in page.asked)


def test_state_panel_in_the_single_file(lab):
    page = lab("?t=2025Q4")
    page.locator("[data-state=FR]").first.click()
    assert "France" in page.text_content(".panel")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?seed=77", "seed 77 is not in this file"),
        ("?world=3", "world 3 is not in this file"),
        ("?a.voting=unanimity", "without the changes of this link"),
        ("?a.envelope_eur_bn=20", "envelope_eur_bn 20 is not in this file"),
    ],
)
def test_missing_runs_are_reported(lab, query, text):
    assert text in lab(query).text_content(".notice")


@pytest.mark.parametrize("key_pressed", ["m", "t"])
def test_keys_for_many_runs_name_the_live_app(lab, key_pressed):
    page = lab()
    page.keyboard.press(key_pressed)
    assert "live app" in page.text_content(".notice")


def test_votes_on_the_reform_are_in_the_file(lab):
    page = lab("?passing=1")
    page.wait_for_selector(".package")
    assert page.locator(".package").count() == len(stored_passing()["packages"])
    page.keyboard.press("Escape")
    page.select_option("[aria-label='Scenario A']", "essay-reform")
    page.wait_for_selector(".page[data-busy=false]")
    page.keyboard.press("y")
    page.wait_for_function("document.querySelector('.panel').textContent.includes('live app')")


def test_scenarios_of_different_years_are_not_compared(lab):
    page = lab("?compare=1")
    page.select_option("[aria-label='Scenario B']", "gigafactories")
    page.wait_for_selector(".notice")
    assert "different years" in page.text_content(".notice")
    assert page.input_value("[aria-label='Scenario B']") == "essay-reform"


def test_refused_comparison_shows_its_first_scenario(lab):
    page = lab("?compare=1&b=gigafactories")
    assert page.locator(".state").count() == 27
    assert "different years" in page.text_content(".notice")
    page.keyboard.press("c")
    page.wait_for_function("document.querySelector('.notice').textContent.includes('Only')")
    assert page.locator(".state").count() == 27


@pytest.fixture(scope="module")
def with_the_model(tmp_path_factory):
    """The file with the model and the runs of one scenario, with the Pyodide folder named by the variable PYODIDE."""
    folder = os.environ.get("PYODIDE")
    if not folder:
        pytest.skip("the variable PYODIDE names no folder of an unpacked Pyodide with NumPy")
    file = tmp_path_factory.mktemp("stick") / "lab.html"
    held = embedded(distribution(Path(folder)))
    file.write_text(page({key("eu-status-quo", {}): part("eu-status-quo", {})}, held))
    return file.as_uri()


def test_model_in_the_file_equals_the_live_app(visit, with_the_model):
    query = "?a.voting=unanimity&a.envelope_eur_bn=15&seed=77&world=3&t=2030Q4&compare=1"
    asked = []
    page = visit(url=f"{with_the_model}{query}", ready=False)
    page.on("request", lambda r: asked.append(r.url))
    live = visit(query)
    page.wait_for_selector(".page[data-ready=true][data-busy=false]", timeout=120_000)
    assert lags(page) == pytest.approx(lags(live), abs=1e-12)
    for one in (page, live):
        one.keyboard.press("w")
        one.wait_for_selector(".spreads[data-worlds='200']", timeout=120_000)
    assert page.text_content(".spreads") == live.text_content(".spreads")
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)


STAND_IN = """
self.loadPyodide = async ({ indexURL }) => {
  const text = await (await fetch(`${indexURL}python_stdlib.zip`)).text();
  const missing = await fetch("https://example.org/").then(() => "no", () => "a refused address");
  const answering = (send) => (question) => {
    const { n, kind, seed } = JSON.parse(question);
    send(JSON.stringify({ n, kind, error: `${kind} of ${seed} after ${text} and ${missing}` }));
  };
  return { loadPackage: async () => {}, unpackArchive: () => {}, runPython: () => {}, pyimport: () => ({ answering }) };
};
"""


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (STAND_IN, "runs of 11 after the library and a refused address"),
        ("throw new Error('no WebAssembly');", "no WebAssembly"),
    ],
)
def test_missing_runs_are_computed_by_the_worker(visit, tmp_path, script, text):
    """With a script in place of Pyodide, which is not in this repository."""
    files = {"pyodide.js": script.encode(), "pyodide.asm.js": b"", "python_stdlib.zip": b"the library"}
    file = tmp_path / "lab.html"
    file.write_text(page({key(*one): part(*one) for one in HELD[:1]}, embedded(files)))
    shown = visit(url=file.as_uri())
    before = lags(shown)
    shown.keyboard.press("End")
    shown.keyboard.press("Home")
    assert shown.locator(".notice").count() == 0
    shown.keyboard.press("l")
    shown.wait_for_selector(".notice")
    assert text in shown.text_content(".notice")
    assert lags(shown) == before
