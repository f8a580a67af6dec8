"""The browser's protection against pages of other sites: DNS rebinding and frames."""

import http.server
import threading
from uuid import uuid4

import pytest

from tests.browser.conftest import CHROMIUM, FLAGS, served

pytestmark = pytest.mark.browser
SITES = "evil.example", "friend.example"  # both names resolve to this machine
SOCKET = """path => new Promise(done => {
    const socket = new WebSocket(`ws://${location.host}${path}`);
    socket.onopen = () => { socket.close(); done('open'); };
    socket.onerror = () => done('refused');
})"""


@pytest.fixture(scope="module")
def framing():
    """Port of a site that frames any address given after the question mark."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f'<!doctype html><title>A site</title><iframe src="{self.path.partition("?")[2]}"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


@pytest.fixture(scope="module")
def address(framing):
    """Address of the app, which one other site may frame."""
    with served("--embed", f"http://friend.example:{framing}") as (_, address):
        yield address


@pytest.fixture(scope="module")
def elsewhere(address, driver):
    """A browser in which these sites' names resolve to this machine."""
    rules = ",".join(f"MAP {site} 127.0.0.1" for site in SITES)
    trusting = "--disable-features=LocalNetworkAccessChecks"  # as in older browsers, so only the server refuses
    args = [*FLAGS.split(), f"--host-resolver-rules={rules}", trusting]
    browser = driver.launch(executable_path=CHROMIUM, args=args)
    yield browser
    browser.close()


@pytest.fixture
def page(elsewhere):
    with elsewhere.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.messages = []
        page.on("console", lambda message: page.messages.append(message.text))
        yield page


def opened(page, address):
    """Result of a websocket that a page opens to its own host."""
    page.context.add_cookies([{"name": "solara-session-id", "value": str(uuid4()), "url": address}])
    return page.evaluate(SOCKET, f"/jupyter/api/kernels/{uuid4()}/channels?session_id={uuid4()}")


def test_own_page_opens_a_websocket(page, address):
    page.goto(address)
    assert opened(page, address) == "open"


def test_dns_rebinding_is_refused(page, address):
    """DNS rebinding: the page came from the attacker, whose name now resolves here, so the origin is the same."""
    evil = address.replace("127.0.0.1", "evil.example")
    answer = page.goto(evil)
    assert answer.status == 421
    assert "juste" not in page.content()
    page.route(f"{evil}/attack", lambda route: route.fulfill(content_type="text/html", body="<title>x</title>"))
    page.goto(f"{evil}/attack")
    for path in ("/", "/stage/bundle.js"):
        assert page.evaluate("path => fetch(path).then(found => found.status)", path) == 421
    assert opened(page, evil) == "refused"
    assert any("WebSocket" in text and "421" in text for text in page.messages)


def test_allowed_site_may_frame_the_app(page, address, framing):
    page.goto(f"http://friend.example:{framing}/?{address}/")
    frame = page.frame_locator("iframe")
    frame.locator(".page[data-ready=true]").wait_for()
    assert frame.locator(".state").count() == 27


def test_other_site_may_not_frame_the_app(page, address, framing):
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(f"http://evil.example:{framing}/?{address}/")
    assert page.frame_locator("iframe").locator(".page").count() == 0


def test_allowed_site_may_frame_the_summary(page, address, framing):
    page.goto(f"http://friend.example:{framing}/?{address}/?embed=1")
    frame = page.frame_locator("iframe")
    frame.locator("img").wait_for()
    assert "years behind" in frame.locator("p").first.text_content()
    assert frame.locator("img").evaluate("e => e.decode().then(() => e.naturalWidth)") == 640
    assert frame.locator(".why").count() == 0
    assert page.messages == []


def test_frame_of_another_site_shows_a_reason(page, address, framing):
    page.goto(f"http://evil.example:{framing}/?{address}/?embed=1")
    frame = page.frame_locator("iframe")
    text = frame.locator("body").text_content()
    assert f"http://evil.example:{framing}" in text
    assert "--embed" in text
    assert "years" not in text
    assert frame.locator("img, a, script").count() == 0


def test_other_site_cannot_request_pictures(page, address, framing):
    with page.expect_response(lambda answer: answer.url.startswith(f"{address}/embed")) as found:
        page.goto(f"http://evil.example:{framing}/?{address}/embed.svg")
    assert found.value.status == 403


def test_refused_object_shows_its_fallback_picture(page, address, framing):
    inside = f'<object type="text/html" data="{address}/?embed=1"><img alt="copy" width="5" height="5" src="data:,"></object>'
    for site, shown in (("friend", 0), ("evil", 1)):
        place = f"http://{site}.example:{framing}/page"
        page.route(place, lambda route: route.fulfill(content_type="text/html", body=inside))
        page.goto(place)
        page.wait_for_function("n => document.querySelector('img').getClientRects().length === n", arg=shown)


def test_summary_outside_a_frame_names_the_allowed_sites(page, address, framing):
    page.goto(f"{address}/?embed=1&seed=3")
    assert f"http://friend.example:{framing}" in page.text_content(".why")
    assert "seed=3" in page.text_content("small")
    page.goto(f"{address}/?embed=1&a=atlantis")
    assert "atlantis" in page.text_content("body")
