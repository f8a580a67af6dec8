"""The server as a stranger meets it: other origins, forged headers, malformed messages, paths, and sizes."""

import asyncio
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from juste_retour.visualization.guard import Guard, admissible

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


def kernel(address, **options):
    url = f"{address.replace('http', 'ws')}/jupyter/api/kernels/{uuid4()}/channels?session_id={uuid4()}"
    return connect(url, additional_headers={"Cookie": f"solara-session-id={uuid4()}"}, **options)


def message(kind, content):
    header = {"msg_id": uuid4().hex, "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
    return {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}


def opening(path):
    data = {"method": "run", "path": path, "args": {"appName": None, "path": path}}
    return [
        message("comm_open", {"comm_id": "c", "target_name": "solara.control", "data": {}}),
        message("comm_msg", {"comm_id": "c", "data": data}),
    ]


def heard(socket, sent):
    """All that comes back for some messages until a second of silence or the end."""
    found = []
    with suppress(ConnectionClosed, TimeoutError):
        for text in sent:
            socket.send(text if isinstance(text, str | bytes) else json.dumps(text))
        while True:
            found.append(str(socket.recv(timeout=1)))
    return "".join(found)


def test_no_header_moves_the_page_for_those_who_come_later(address):
    for name in ("X-Script-Name", "Script-Name"):
        assert "evil.example" not in fetched(address, **{name: "//evil.example"})[1]
    assert "evil.example" not in fetched(address)[1]
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    assert fetched(address, **forged)[0] == 200


@pytest.mark.parametrize(
    "path", ["resourcez?verbose", "_solara/cdn/nobody@1.0.0/x.js", "stage/..%2fsession.py"]
)
def test_what_is_not_the_page_is_not_served_and_nothing_is_fetched(address, path):
    assert fetched(f"{address}/{path}")[0] == 404


def test_another_sites_page_cannot_open_the_socket(address):
    with pytest.raises(InvalidStatus):
        kernel(address, origin="http://evil.example")
    with kernel(address, origin=address) as socket:
        assert "kernel_info_reply" in heard(socket, [message("kernel_info_request", {})])


def test_a_malformed_message_ends_its_connection_and_shows_no_traceback(address):
    for sent in (["no json"], [b"\x7f\xff\xff\xff"], ["[" * 50_000], [{}], opening(3), opening({"a": 1})):
        with kernel(address) as socket:
            assert "Traceback" not in heard(socket, sent)
    with kernel(address, max_size=None) as socket:
        assert "jupyter-vue" in heard(socket, opening(""))
        assert heard(socket, ["x" * 2_000_000]) == ""
    assert fetched(address)[0] == 200


def test_only_the_pages_own_messages_are_admissible():
    widget = message("comm_open", {"comm_id": "w", "target_name": "jupyter.widget", "data": {"state": {}}})
    for wrong in (widget, message("execute_request", {"code": "1"}), message("comm_msg", []), [], 3, None):
        assert not admissible(json.dumps(wrong))
    again = message("comm_open", {"comm_id": "w", "target_name": "jupyter.widget.control", "data": {}})
    for right in (*opening("/"), again, message("comm_msg", {"comm_id": "c", "data": {"method": "custom"}})):
        assert admissible(json.dumps(right))


def test_the_guard_ends_a_socket_at_the_first_wrong_message():
    told = []

    async def app(scope, receive, send):
        told.extend([await receive(), await receive()])

    async def visit():
        sent = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "{"}])

        async def receive():
            return next(sent)

        await Guard(app)({"type": "websocket", "headers": []}, receive, None)

    with ThreadPoolExecutor(1) as beside:  # a browser of other tests may hold this thread's loop
        beside.submit(asyncio.run, visit()).result()
    assert [part["type"] for part in told] == ["websocket.connect", "websocket.disconnect"]
