"""The phones' server: what it accepts, what it refuses, and what the presenter hears."""

import base64
import hashlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.audience import phones
from juste_retour.visualization.audience.ballots import HeldBallot
from juste_retour.visualization.audience.desk import GUESSES, desk_here
from juste_retour.visualization.audience.network import addresses, audience_address
from juste_retour.visualization.audience.phones import MOST_BYTES, MOST_STREAMS, PHONE, phone_page
from juste_retour.visualization.audience.room import MOST_FROM_ONE_ADDRESS
from juste_retour.visualization.audience.serving import phones_served, require_private
from juste_retour.visualization.guard import Names
from juste_retour.visualization.server import listen
from juste_retour.visualization.session import Session, offered
from juste_retour.visualization.views.passing import stored_passing
from juste_retour.visualization.views.told import english

EUROPE = {"base": "eu-status-quo", "changes": {}}
ABOUT = {"kind": "audience", "specs": [EUROPE], "seed": 1, "title": "Europe today"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server():
    """Host and port of a separate phones' server."""
    with phones_served(listen("127.0.0.1", 0), "127.0.0.1", load_members()) as url:
        for _ in range(100):
            if desk_here().loop is not None:
                break
            time.sleep(0.05)
        yield url.removeprefix("http://").rstrip("/")


class Phone:
    """A phone with its own address."""

    def __init__(self, server, number=1, enters=True):
        self.server, self.source = server, f"127.0.1.{number}"
        self.headers = dict(JSON)
        if enters:
            status, headers, _ = self.asks("POST", "/enter", "{}")
            assert status == 204
            self.headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]

    def asks(self, method, path, body=None, **headers):
        connection = HTTPConnection(self.server, timeout=20, source_address=(self.source, 0))
        connection.request(method, path, body, self.headers | headers)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return found

    def answers(self, number, value):
        return self.asks("POST", "/answer", json.dumps({"number": number, "value": value}))

    def listens(self):
        """An open stream: the connection and a function that returns the next message."""
        connection = HTTPConnection(self.server, timeout=20, source_address=(self.source, 0))
        connection.request("GET", "/live", headers=self.headers)
        answer = connection.getresponse()

        def heard():
            while not (line := answer.readline()).startswith(b"data: "):
                assert line, "the stream has ended"
            return json.loads(line[6:])

        return answer, heard


class Presenter:
    def __init__(self):
        self.answers = []
        self.new = threading.Condition()
        self.session = Session(self.hear)

    def hear(self, said):
        with self.new:
            self.answers.append(said)
            self.new.notify_all()

    def asks(self, act, **more):
        self.session.ask({**ABOUT, "act": act, **more})
        return self.answers[-1]

    def waits_for(self, wanted):
        with self.new:
            return self.new.wait_for(lambda: any(wanted(said.get("audience", {})) for said in self.answers), 20)


@pytest.mark.parametrize("host", ["evil.example", "localhost", "192.168.1.5", "127.0.0.1.evil.example", ""])
def test_foreign_host_name_is_refused(server, host):
    phone = Phone(server, enters=False)
    for method, path in (("GET", "/"), ("GET", "/live"), ("POST", "/enter"), ("POST", "/answer")):
        assert phone.asks(method, path, "{}", Host=host)[0] == 421


def test_other_origins_cannot_enter_or_answer(server):
    phone = Phone(server)
    presenter = "http://127.0.0.1:8765"
    for origin in ("http://evil.example", presenter, "null", f"https://{server}"):
        assert phone.asks("POST", "/enter", "{}", Origin=origin)[0] == 403
        assert phone.asks("POST", "/answer", "{}", Origin=origin)[0] == 403
    assert phone.asks("POST", "/enter", "{}", Origin=f"http://{server}")[0] == 204


@pytest.mark.parametrize(
    "path",
    [
        "/stage/bundle.js",
        "/stage/known",
        "/readyz",
        "/jupyter/api/kernels/x/channels",
        "/static/main-vuetify.js",
        "/_solara/cdn/x",
        "/phone.html",
        "/../desk.py",
    ],
)
def test_presenters_files_are_not_served_to_phones(server, path):
    assert Phone(server).asks("GET", path)[0] == 404


def test_phone_page_allows_only_its_own_script(server):
    status, headers, text = Phone(server, enters=False).asks("GET", "/")
    policy = headers["Content-Security-Policy"]
    assert status == 200
    assert "Set-Cookie" not in headers
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    for tag in ("script", "style"):
        (code,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"https?://|\son\w+=|\sstyle=|innerHTML", text)


def test_seat_is_kept_by_an_http_only_cookie(server):
    phone = Phone(server, enters=False)
    cookie = phone.asks("POST", "/enter", "{}")[1]["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    phone.headers["Cookie"] = cookie.partition(";")[0]
    assert phone.asks("POST", "/enter", "{}")[1]["Set-Cookie"] == cookie
    assert len(desk_here().room.seats) == 1
    forged = Phone(server, 2, enters=False)
    forged.headers["Cookie"] = "juste-retour-phone=forged"
    assert forged.asks("GET", "/live")[0] == 403
    assert forged.answers(1, "yes")[0] == 403


def test_guess_may_change_until_the_question_closes(server):
    presenter, phone = Presenter(), Phone(server)
    assert phone.answers(0, 3)[0] == 409
    question = presenter.asks("guess", what="years_behind")["audience"]
    assert (question["kind"], question["open"], question["title"]) == ("guess", True, "Europe today")
    assert "histogram" not in question
    assert phone.answers(1, 3)[::2] == (200, '{"mine":3.0}')
    assert phone.answers(1, 4.26)[::2] == (200, '{"mine":4.3}')
    assert phone.answers(1, 1e9)[0] == 400
    closed = presenter.asks("close")["audience"]
    assert closed["answers"] == 1
    assert closed["histogram"]["median"] == 4.3
    assert closed["histogram"]["model"] == 4.2
    said = english(*closed["result"])
    assert all(number in said for number in ("4.3", "4.2"))
    assert phone.answers(1, 5)[0] == 409


def test_phones_vote_as_states_and_change_the_result(server):
    presenter = Presenter()
    phones = [Phone(server, k) for k in range(1, 5)]
    presenter.asks("watch")
    question = presenter.asks("vote", ballot=0)["audience"]
    assert question["ballot"]["yes"] != question["ballot"]["no"]
    for phone in phones:
        assert phone.answers(1, "no")[0] == 200
    assert presenter.waits_for(lambda said: len(said.get("voted", ())) == 4)
    closed = presenter.asks("close")["audience"]
    codes = load_members().states.codes
    assert [codes[i] for i in closed["ballot"]["no"]] == ["DE", "ES", "FR", "IT"]
    assert closed["ballot"]["passed"] is False
    assert closed["model"]["passed"] is True
    assert closed["otherwise"] == closed["ballot"]["no"]
    assert len(closed["result"]) == 2
    spec = {
        "base": "eu-status-quo",
        "changes": {"votes": {question["ballot"]["quarter"]: dict.fromkeys(("DE", "ES", "FR", "IT"), "no")}},
    }
    own, room = (presenter.asks(None, kind="runs", specs=[one])["runs"][0] for one in (EUROPE, spec))
    assert room["ballots"][0] == closed["ballot"]
    assert own["ballots"][0] == closed["model"]
    at = [frame["quarter"] for frame in own["frames"]].index(question["ballot"]["quarter"])
    assert room["frames"][:at] == own["frames"][:at]
    assert room["frames"][at]["selected"] == 0 < own["frames"][at]["selected"]
    second = presenter.asks("vote", ballot=1, specs=[spec])["audience"]
    assert second["ballot"]["quarter"] == room["ballots"][1]["quarter"]


def test_phones_vote_on_a_package_of_the_reform(server):
    presenter, germany = Presenter(), Phone(server)
    pair = [{"base": name, "changes": {}} for name in ("eu-status-quo", "essay-reform")]
    best = stored_passing()["best"]
    assert "package" in presenter.asks("reform", specs=pair, parts=["nonsense"])["error"]
    question = presenter.asks("reform", specs=pair, parts=best)["audience"]
    assert question["ballot"]["parts"] == best
    germany.answers(question["number"], "no")
    closed = presenter.asks("close")["audience"]
    (package,) = (p for p in stored_passing()["packages"] if p["parts"] == best)
    assert closed["model"]["conditions"] == package["conditions"]
    assert closed["model"]["passed"] == package["passes"]
    assert closed["ballot"]["no"] == sorted({load_members().states.index("DE"), *closed["model"]["no"]})


def test_phones_follow_the_language_of_the_page(server):
    presenter, phone = Presenter(), Phone(server)
    answer, heard = phone.listens()
    assert heard()["lang"] == "en"
    presenter.asks("speak", lang="de")
    assert heard()["lang"] == "de"
    answer.close()
    page, source = phone_page(), phones.PAGE.read_text("utf-8")
    shown = set(re.findall(r'data-(?:tr|label)="([^"]+)"', source)) | set(
        re.findall(r'(?:say|tr|again)\("([^"]+)"', source)
    )
    held = HeldBallot(load("eu-status-quo"), 0, 0, load_members(), 0).question()
    told = {template for template, _ in (*held.text, *held.stakes[0])} - {"{who}."}
    assert len(shown) > 15
    for code, known in json.loads(page.split("const CATALOGS = ")[1].split(";\n")[0]).items():
        assert shown | told | {text for text, *_ in GUESSES.values()} <= set(known), code


def test_stream_reports_questions_and_disconnects_cleanly(server):
    presenter, phone = Presenter(), Phone(server)
    answer, heard = phone.listens()
    assert heard() | {"state": "Germany", "stage": "waiting"} == heard_first(phone)
    assert desk_here().told()["phones"] == 1
    presenter.asks("vote", ballot=0)
    now = heard()
    assert (now["stage"], now["kind"], now["mine"]) == ("open", "vote", None)
    assert now["stake"]
    phone.answers(now["number"], "abstain")
    presenter.asks("close")
    now = heard()
    assert (now["stage"], now["mine"]) == ("closed", "abstain")
    assert now["result"]
    answer.close()
    for _ in range(100):
        if not desk_here().told()["phones"]:
            break
        time.sleep(0.05)
    assert desk_here().told()["phones"] == 0


def heard_first(phone):
    answer, heard = phone.listens()
    first = heard()
    answer.close()
    return first


def test_streams_per_phone_are_limited(server):
    phone = Phone(server)
    streams = []
    for _ in range(MOST_STREAMS):
        answer, heard = phone.listens()
        heard()
        streams.append(answer)
    assert phone.asks("GET", "/live")[0] == 429


def test_rate_limit_per_phone(server):
    Presenter().asks("guess", what="sites")
    phone, other = Phone(server, 1), Phone(server, 2)
    found = [phone.answers(1, 3)[0] for _ in range(int(3 * PHONE[1]))]
    assert found[0] == 200
    assert found[-1] == 429
    assert other.answers(1, 3)[0] == 200


def test_rate_limit_per_address(server):
    phone = Phone(server, enters=False)
    assert 429 in [phone.answers(1, 3)[0] for _ in range(1500)]
    assert Phone(server, 2, enters=False).answers(1, 3)[0] == 403


def test_seats_per_address_are_limited(server):
    phones = [Phone(server, 9) for _ in range(MOST_FROM_ONE_ADDRESS)]
    assert len({phone.headers["Cookie"] for phone in phones}) == MOST_FROM_ONE_ADDRESS >= 300
    status, _, text = Phone(server, 9, enters=False).asks("POST", "/enter", "{}")
    assert (status, text.count(".")) == (503, 1)


def test_device_that_returns_without_its_cookie_keeps_its_seat(server):
    desk, seen = desk_here(), []
    watcher = Presenter()
    watcher.asks("watch")
    for _ in range(3):
        stream, heard = Phone(server, 9).listens()
        seen.append(heard()["state"])
        stream.close()
        assert watcher.waits_for(lambda told: told.get("phones") == 0)
        watcher.answers.clear()
    assert len(set(seen)) == len(desk.room.seats) == 1
    streams = [Phone(server, number).listens() for number in (9, 9, 8)]
    assert streams[0][1]()["state"] == seen[0]
    assert watcher.waits_for(lambda told: (told.get("phones"), told.get("shared")) == (3, 2))
    assert len(desk.room.seats) == 3
    for stream, _ in streams:
        stream.close()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("x" * (MOST_BYTES + 1), "application/json", 413),
        ("{}" + " " * 2_000_000, "application/json", 413),
        ("{}", "text/plain", 415),
        ("number=1", "application/x-www-form-urlencoded", 415),
        ("[1]", "application/json", 400),
        ("{", "application/json", 400),
        ("\u00e9".encode("latin-1"), "application/json", 400),
        ("[" * 500, "application/json", 400),
    ],
)
def test_invalid_body_is_refused(server, body, kind, status):
    phone = Phone(server)
    try:
        assert phone.asks("POST", "/answer", body, **{"Content-Type": kind})[0] == status
    except (BrokenPipeError, ConnectionResetError):  # refused before everything was sent
        assert len(body) > 1_000_000
    assert phone.asks("GET", "/")[0] == 200


def test_answer_that_breaks_off_is_closed_without_a_traceback(server, monkeypatch, capfd):
    monkeypatch.setattr(phones, "PATIENCE", 0.3)
    host, port = server.split(":")
    head = f"POST /answer HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{{"
    for _ in range(3):
        with socket.create_connection((host, int(port)), 20) as left:
            left.sendall(head.encode())
    with socket.create_connection((host, int(port)), 20) as slow:
        slow.sendall(head.encode())
        said = b""
        while part := slow.recv(4096):  # until the server closes the connection
            said += part
    assert said.startswith(b"HTTP/1.1 408")
    assert Phone(server).asks("GET", "/")[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_servers_do_not_answer_to_each_others_address():
    """Neither server answers to the other's address."""
    phones = Names("192.168.1.5", "192.168.1.5", loopback=False)
    presenter = Names("127.0.0.1", "127.0.0.1")
    assert "192.168.1.5:8766" in phones
    assert "192.168.1.5:8766" not in presenter
    for name in ("127.0.0.1:8765", "localhost:8765", "[::1]", "evil.example"):
        assert name not in phones


def test_presenter_gets_an_error_for_invalid_questions(server):
    presenter = Presenter()
    assert "weather" in presenter.asks("guess", what="weather")["error"]
    assert "ballot" in presenter.asks("vote", ballot=9)["error"]
    assert "ballot" in presenter.asks("vote", ballot=-1)["error"]
    assert "reload" in presenter.asks("sing")["error"]
    assert desk_here().room.question is None


def test_questions_need_an_audience():
    assert desk_here() is None
    assert offered()["audience"] is None
    assert "--audience" in Presenter().asks("watch")["error"]


def test_presenter_who_left_gets_no_messages(server):
    presenter = Presenter()
    presenter.asks("watch")
    presenter.session.close()
    Phone(server)
    desk = desk_here()
    desk.tell()
    assert desk.watchers == []


def test_qr_code_contains_the_address(server):
    code = offered()["audience"]
    assert code["short"] == server
    assert code["url"] == f"http://{server}/"
    assert code["qr"].startswith("data:image/svg+xml")


def test_default_audience_address_is_reachable():
    found = addresses()
    assert not any(address.startswith(("127.", "169.254.", "0.")) for address in found)
    if found:
        assert audience_address(None) == found[0]
    assert audience_address("10.1.2.3") == "10.1.2.3"


def test_machine_without_a_network_is_reported(monkeypatch):
    monkeypatch.setattr("juste_retour.visualization.audience.network.addresses", list)
    with pytest.raises(BadInput, match="hotspot"):
        audience_address(None)


@pytest.mark.parametrize(
    "given",
    ["", "x", "laptop.local", "0.0.0.0", "::", "224.0.0.1", "fe80::1%eth0", "192.168.1", "10.0.0.1:80"],
)
def test_invalid_audience_host_is_refused(given):
    with pytest.raises(BadInput, match="--audience-host"):
        audience_address(given)


@pytest.mark.parametrize(
    ("host", "named"), [("0.0.0.0", ()), ("192.168.1.5", ()), ("lab", ()), ("127.0.0.1", ("lab",))]
)
def test_public_presenters_page_is_refused(host, named):
    with pytest.raises(BadInput, match="presenter"):
        require_private(host, named)
    require_private("localhost", ())
    require_private("::1", ())


@pytest.mark.slow
def test_invalid_audience_options_exit_with_status_2():
    command = [Path(sys.executable).parent / "juste-retour", "app", "--no-browser", "--port", "0"]
    for options in (["--audience-port", "80"], ["--audience", "--audience-host", "203.0.113.9"]):
        ended = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
        assert ended.returncode == 2
        assert "--audience" in ended.stderr + ended.stdout
        assert "Traceback" not in ended.stderr
        assert "open http" not in ended.stdout
