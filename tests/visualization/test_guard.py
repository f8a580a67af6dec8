"""The server's protection: other origins, forged headers, malformed messages, paths and sizes."""

import asyncio
import base64
import hashlib
import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from juste_retour.agents.errors import BadInput
from juste_retour.visualization.guard import Guard, Names, admissible, origin_of, page_policy
from juste_retour.visualization.server import listen
from tests.browser.benchmarks.crowd import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address():
    command = [Path(sys.executable).parent / "juste-retour", "app", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        yield found[0]
    finally:
        process.terminate()
        process.wait(timeout=20)


def fetched(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def asked(address, path="/", method="GET", **headers):
    """Status and headers of an answer, with any `Host`."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers


def kernel(address, **options):
    url = f"{address.replace('http', 'ws')}/jupyter/api/kernels/{uuid4()}/channels?session_id={uuid4()}"
    return connect(url, additional_headers={"Cookie": f"solara-session-id={uuid4()}"}, **options)


def rebound(address, host):
    """A websocket of a page that reached this server under another host name."""
    where = address.removeprefix("http://")
    connection = socket.create_connection(where.split(":"), timeout=20)
    return connect(f"ws://{host}/jupyter/api/kernels/x/channels", sock=connection, origin=f"http://{host}")


def message(kind, content):
    header = {"msg_id": uuid4().hex, "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}


def opening(path):
    data = {"method": "run", "path": path, "args": {"appName": None, "path": path}}
    return [
        message("comm_open", {"comm_id": "c", "target_name": "solara.control", "data": {}}),
        message("comm_msg", {"comm_id": "c", "data": data}),
    ]


def heard(channel, sent):
    """Everything received after some messages, until one second of silence or the end."""
    found = []
    with suppress(ConnectionClosed, TimeoutError):
        for text in sent:
            channel.send(text if isinstance(text, str | bytes) else json.dumps(text))
        while True:
            found.append(str(channel.recv(timeout=1)))
    return "".join(found)


def test_headers_do_not_change_the_page_for_later_visitors(address):
    for name in ("X-Script-Name", "Script-Name"):
        assert "evil.example" not in fetched(address, **{name: "//evil.example"})[1]
    assert "evil.example" not in fetched(address)[1]
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    assert fetched(address, **forged)[0] == 200


@pytest.mark.parametrize("path", ["resourcez?verbose", "_solara/cdn/nobody@1.0.0/x.js", "stage/..%2fsession.py"])
def test_other_paths_are_not_served(address, path):
    assert fetched(f"{address}/{path}")[0] == 404


def test_websocket_is_refused_for_another_origin(address):
    with pytest.raises(InvalidStatus):
        kernel(address, origin="http://evil.example")
    with kernel(address, origin=address) as channel:
        assert "kernel_info_reply" in heard(channel, [message("kernel_info_request", {})])


@pytest.mark.parametrize("path", ["/", "/stage/bundle.js", "/static/main-vuetify.js", "/readyz", "/nothing/here"])
def test_foreign_host_name_is_refused(address, path):
    port = address.rpartition(":")[2]
    for host in (
        f"evil.example:{port}",
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "",
    ):
        assert asked(address, path, Host=host)[0] == 421
    for host in (f"localhost:{port}", "LOCALHOST", f"[::1]:{port}", "127.0.0.1"):
        assert asked(address, path, Host=host)[0] != 421


def test_dns_rebinding_opens_no_websocket(address):
    """DNS rebinding: the attacker's page and its `Host` header agree, since the name points to this machine."""
    port = address.rpartition(":")[2]
    for host in (f"evil.example:{port}", "evil.example"):
        with pytest.raises(InvalidStatus) as refused, rebound(address, host):
            pass
        assert refused.value.response.status_code == 421


def test_origin_with_another_scheme_is_refused(address):
    with pytest.raises(InvalidStatus) as refused:
        kernel(address, origin=address.replace("http", "https"))
    assert refused.value.response.status_code == 403
    close = "/_solara/api/close/x?session_id=y"
    assert asked(address, close, "POST", Origin="http://evil.example")[0] == 403
    assert asked(address, close, "POST", Origin=address)[0] == 200


def test_security_headers_of_every_answer(address):
    for path in ("/", "/stage/bundle.js", "/nothing.js", "/static/main-vuetify.js"):
        headers = asked(address, path)[1]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "script-src 'unsafe-inline'" not in headers["Content-Security-Policy"]
    assert "HttpOnly" in asked(address)[1]["Set-Cookie"]


def test_policy_allows_only_the_pages_own_scripts():
    policy = page_policy("<script src='a.js'></script><script>\n1\n</script><script type='x'>2</script>")
    digest = base64.b64encode(hashlib.sha256(b"\n1\n").digest()).decode()
    assert policy.count("sha256-") == 1
    assert digest in policy
    assert policy.endswith("frame-ancestors 'none'")
    assert page_policy("", ["https://a.example"]).endswith("frame-ancestors https://a.example")


def test_host_names_of_a_server():
    here = Names("127.0.0.1", "127.0.0.1", ["lab.example"])
    for name in ("localhost", "127.0.0.1:1", "[::1]:80", "LocalHost.", "lab.example:443"):
        assert name in here
    for name in ("10.0.0.1", "evil.example", "", ":80", "[", "a b", "localhost/", "x@localhost", None):
        assert name not in here
    everywhere = Names("0.0.0.0", "0.0.0.0")
    assert "10.0.0.1:8765" in everywhere
    assert "evil.example:8765" not in everywhere


@pytest.mark.parametrize("text", ["", "a.example", "ftp://a.example", "https://", "https://a/b", "https://a:x", "*"])
def test_embed_needs_an_origin(text):
    with pytest.raises(BadInput, match="--embed"):
        origin_of(text)


def test_origin_is_normalized():
    assert origin_of("HTTPS://A.example:8080/") == "https://a.example:8080"


@pytest.mark.parametrize("host", ["", " ", "a b", "http://127.0.0.1", "\x1b[31m"])
def test_invalid_host_is_refused(host):
    with pytest.raises(BadInput, match="--host"):
        listen(host, 0)


def test_malformed_message_closes_the_connection(address):
    for sent in (["no json"], [b"\x7f\xff\xff\xff"], ["[" * 50_000], [{}], opening(3), opening({"a": 1})):
        with kernel(address) as channel:
            assert "Traceback" not in heard(channel, sent)
    with kernel(address, max_size=None) as channel:
        assert "jupyter-vue" in heard(channel, opening(""))
        assert heard(channel, ["x" * 2_000_000]) == ""
    assert fetched(address)[0] == 200


def test_only_the_pages_own_messages_are_allowed():
    widget = message("comm_open", {"comm_id": "w", "target_name": "jupyter.widget", "data": {"state": {}}})
    for wrong in (widget, message("execute_request", {"code": "1"}), message("comm_msg", []), [], 3, None):
        assert not admissible(json.dumps(wrong))
    again = message("comm_open", {"comm_id": "w", "target_name": "jupyter.widget.control", "data": {}})
    for right in (*opening("/"), again, message("comm_msg", {"comm_id": "c", "data": {"method": "custom"}})):
        assert admissible(json.dumps(right))


def test_guard_closes_the_websocket_at_the_first_invalid_message():
    received = []

    async def app(scope, receive, send):
        received.extend([await receive(), await receive()])

    async def visit():
        sent = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "{"}])

        async def receive():
            return next(sent)

        scope = {"type": "websocket", "scheme": "ws", "headers": [(b"host", b"localhost")]}
        await Guard(app, Names("localhost", "127.0.0.1"))(scope, receive, None)

    with ThreadPoolExecutor(1) as pool:  # a browser of other tests may use this thread's event loop
        pool.submit(asyncio.run, visit()).result()
    assert [part["type"] for part in received] == ["websocket.connect", "websocket.disconnect"]


def test_server_ends_while_a_rule_does_not_return(tmp_path):
    (tmp_path / "endless.py").write_text(
        "import pathlib, time\nfrom juste_retour.abm.politics.voting import voting\n\n\n@voting\n"
        "def endless(ballot, states):\n    'Does not return.'\n"
        "    pathlib.Path(__file__).with_name('asked').touch()\n    time.sleep(600)\n"
    )
    options = ["--no-browser", "--port", "0", "--rules", tmp_path / "endless.py"]
    command = [Path(sys.executable).parent / "juste-retour", "app", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        visitor = Visitor(re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0])
        specs = [{"base": "eu-status-quo", "changes": {"voting": "endless"}}]
        visitor.tell({"n": 1, "kind": "runs", "specs": specs, "seed": 1})
        while not (tmp_path / "asked").exists():
            assert process.poll() is None
        process.terminate()
        assert process.wait(timeout=60) == 143
