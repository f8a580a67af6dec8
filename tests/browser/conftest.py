import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
HOME = re.compile(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|file:")
OWN_RULES = '''
from juste_retour import MemberState, agent, outcome
from juste_retour.abm.politics.voting import voting


@agent
class Refusing(MemberState):
    """Says no to all."""

    def vote(self, offer):
        return -1


@outcome(unit="states")
def refusing(found):
    """States that said no at least once."""
    return (found.states["no_votes"] > 0).sum(-1)


@voting
def two_thirds(ballot, states):
    """Passes if two thirds of the states say yes."""
    return 3 * ballot.yes.sum(-1) >= 2 * states.count


@voting
def breaks_down(ballot, states):
    """Divides by nothing as soon as there is a vote."""
    return ballot.yes.sum(-1) >= 1 // (states.count - states.count)
'''


@pytest.fixture(scope="session", autouse=True)
def chromium_is_installed():
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("there is no Chromium here; apt-get install chromium")
        pytest.skip("there is no Chromium here; apt-get install chromium")


@contextmanager
def served(*options):
    """Start the app as a user does; yields its process and address."""
    command = [Path(sys.executable).parent / "juste-retour", "app", "--no-browser", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line + process.stdout.read()
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{found[0]}/readyz", timeout=2)
                break
            except OSError:
                time.sleep(0.1)
        yield process, found[0]
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Address of the app with a user's rule file."""
    rules = tmp_path_factory.mktemp("rules") / "own_rules.py"
    rules.write_text(OWN_RULES)
    with served("--rules", rules) as (_, address):
        yield address


@pytest.fixture(scope="session")
def driver():
    """Playwright, started once because a process can have only one synchronous session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        yield play.chromium


@pytest.fixture(scope="session")
def chromium(driver):
    browser = driver.launch(executable_path=CHROMIUM, args=FLAGS.split())
    yield browser
    browser.close()


@pytest.fixture
def visit(chromium, server):
    """Open the app as a new visitor. Afterwards there must be no request to other hosts and no error."""
    contexts, outside, errors = [], [], []

    def watch(page):
        page.on("request", lambda r: None if HOME.match(r.url) else outside.append(r.url))
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)

    def open_page(query="", size=(1280, 800), ready=True, url=None, **options):
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)  # other tests may keep the cores busy
        watch(page)
        page.goto(url or f"{server}/{query}")
        if ready:
            page.wait_for_selector(
                ".page[data-ready=true][data-busy=false]" if url is None else ".page[data-ready=true]"
            )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


def assert_codes_do_not_overlap(page, more_than):
    """Assert that the map shows more than this many state codes, none of which covers a disc or another code."""
    boxes = """which => [...document.querySelectorAll(which)].map(e => e.getBoundingClientRect())
      .map(r => [r.left + 2, r.right - 2, r.top + r.height / 4, r.bottom - r.height / 4])"""
    codes, discs = page.evaluate(boxes, ".code"), page.evaluate(boxes, ".facility")
    assert len(codes) > more_than
    for k, p in enumerate(codes):
        for q in codes[:k] + discs:
            assert not (p[0] < q[1] and q[0] < p[1] and p[2] < q[3] and q[2] < p[3]), (p, q)
