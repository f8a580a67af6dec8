"""What a browser does with pages of other sites: by a name that was pointed at this machine, and in a frame."""

import http.server
import threading
from uuid import uuid4

import pytest

from tests.browser.conftest import CHROMIUM, FLAGS, served

pytestmark = pytest.mark.browser
SITES = "evil.example", "friend.example"  # all of them lead to this machine
SOCKET = """path => new Promise(done => {
    const socket = new WebSocket(`ws://${location.host}${path}`);
    socket.onopen = () => { socket.close(); done('open'); };
    socket.onerror = () => done('refused');
})"""


@pytest.fixture(scope="module")
def framing():
    """Port of a site that shows in a frame whatever address its own names after the question mark."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (
                f'<!doctype html><title>A site</title><iframe src="{self.path.partition("?")[2]}"></iframe>'
            )
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
    """Of the app, which one other site may show in a frame."""
    with served("--embed", f"http://friend.example:{framing}") as (_, address):
        yield address


@pytest.fixture(scope="module")
def elsewhere(address, driver):
    """A browser for which some sites' names lead to this machine."""
    rules = ",".join(f"MAP {site} 127.0.0.1" for site in SITES)
    trusting = (
        "--disable-features=LocalNetworkAccessChecks"  # as older browsers are: the server alone refuses
    )
    args = [*FLAGS.split(), f"--host-resolver-rules={rules}", trusting]
    browser = driver.launch(executable_path=CHROMIUM, args=args)
    yield browser
    browser.close()


@pytest.fixture
def page(elsewhere):
    with elsewhere.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.told = []
        page.on("console", lambda message: page.told.append(message.text))
        yield page


def opened(page, address):
    """What comes of a websocket that a page opens to its own name."""
    page.context.add_cookies([{"name": "solara-session-id", "value": str(uuid4()), "url": address}])
    return page.evaluate(SOCKET, f"/jupyter/api/kernels/{uuid4()}/channels?session_id={uuid4()}")


def test_a_page_opens_a_socket_under_the_servers_own_name(page, address):
    page.goto(address)
    assert opened(page, address) == "open"


def test_a_name_that_was_pointed_at_this_machine_reaches_nothing(page, address):
    """DNS rebinding: the page came from the attacker, whose name now leads here, so the browser sees one site."""
    evil = address.replace("127.0.0.1", "evil.example")
    answer = page.goto(evil)
    assert answer.status == 421
    assert "juste" not in page.content()
    page.route(
        f"{evil}/attack", lambda route: route.fulfill(content_type="text/html", body="<title>x</title>")
    )
    page.goto(f"{evil}/attack")
    for path in ("/", "/stage/bundle.js"):
        assert page.evaluate("path => fetch(path).then(found => found.status)", path) == 421
    assert opened(page, evil) == "refused"
    assert any("WebSocket" in text and "421" in text for text in page.told)


def test_the_allowed_site_shows_the_app_in_a_frame(page, address, framing):
    page.goto(f"http://friend.example:{framing}/?{address}/")
    frame = page.frame_locator("iframe")
    frame.locator(".page[data-ready=true]").wait_for()
    assert frame.locator(".state").count() == 27


def test_another_site_is_refused_the_frame(page, address, framing):
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(f"http://evil.example:{framing}/?{address}/")
    assert page.frame_locator("iframe").locator(".page").count() == 0


def test_the_allowed_site_shows_the_sentence_in_a_frame(page, address, framing):
    page.goto(f"http://friend.example:{framing}/?{address}/?embed=1")
    frame = page.frame_locator("iframe")
    frame.locator("img").wait_for()
    assert "years behind" in frame.locator("p").first.text_content()
    assert frame.locator("img").evaluate("e => e.decode().then(() => e.naturalWidth)") == 640
    assert frame.locator(".why").count() == 0
    assert page.told == []


def test_a_frame_of_another_site_says_why_it_shows_nothing(page, address, framing):
    page.goto(f"http://evil.example:{framing}/?{address}/?embed=1")
    frame = page.frame_locator("iframe")
    said = frame.locator("body").text_content()
    assert f"http://evil.example:{framing}" in said
    assert "--embed" in said
    assert "years" not in said
    assert frame.locator("img, a, script").count() == 0


def test_another_sites_page_cannot_have_pictures_computed(page, address, framing):
    with page.expect_response(lambda answer: answer.url.startswith(f"{address}/embed")) as found:
        page.goto(f"http://evil.example:{framing}/?{address}/embed.svg")
    assert found.value.status == 403


def test_an_object_falls_back_on_its_picture(page, address, framing):
    inside = f'<object type="text/html" data="{address}/?embed=1"><img alt="copy" width="5" height="5" src="data:,"></object>'
    for site, shown in (("friend", 0), ("evil", 1)):
        place = f"http://{site}.example:{framing}/page"
        page.route(place, lambda route: route.fulfill(content_type="text/html", body=inside))
        page.goto(place)
        page.wait_for_function("n => document.querySelector('img').getClientRects().length === n", arg=shown)


def test_opened_alone_the_sentence_says_who_may_frame_it(page, address, framing):
    page.goto(f"{address}/?embed=1&seed=3")
    assert f"http://friend.example:{framing}" in page.text_content(".why")
    assert "seed=3" in page.text_content("small")
    page.goto(f"{address}/?embed=1&a=atlantis")
    assert "atlantis" in page.text_content("body")
