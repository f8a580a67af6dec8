"""Measure audience participation with phones on loopback, without browsers: time to join, to see a question and to vote.

    uv run python -m tests.browser.benchmarks.audience [PHONES] [ROUNDS]

Every phone has its own address in 127.0.0.0/8, joins over one connection and opens a new one for every vote. In each round
the presenter opens a vote and all phones vote: in odd rounds at once, in even rounds within three seconds. In the last two
rounds the presenter's page computes 200 runs again and again at the same time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from tests.browser.benchmarks.crowd import Visitor
from tests.browser.benchmarks.live import HEAD, memory_mb, row, served

EUROPE = {"base": "eu-status-quo", "changes": {}}
ABOUT = {"specs": [EUROPE], "seed": 1}
SPREAD_OUT = 3.0  # seconds within which the phones vote in even rounds
JSON = "Content-Type: application/json\r\n"


class Phone:
    """Exchanges messages with the server as the page on a phone does."""

    def __init__(self, host, port, number):
        self.host, self.port = host, port
        self.source = f"127.1.{number // 250}.{1 + number % 250}"
        self.cookie = ""
        self.heard = asyncio.Event()
        self.number = 0

    async def sends(self, method, path, body="", more="", over=None):
        reader, writer = over or await asyncio.open_connection(self.host, self.port, local_addr=(self.source, 0))
        head = f"{method} /{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{self.cookie}{more}"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = int(answer.split()[1])
        if status >= 400:
            raise SystemExit(f"{method} /{path} was refused with {status}")
        return reader, writer, answer

    async def joins(self):
        """Load the page, take a seat and listen; return milliseconds until the phone shows its state."""
        start = time.perf_counter()
        *link, answer = await self.sends("GET", "")
        reader, self.writer = link  # without its writer the stream would end
        await reader.readexactly(int(re.findall(r"content-length: (\d+)", answer)[0]))
        *_, answer = await self.sends("POST", "enter", "{}", JSON, over=link)
        self.cookie = f"Cookie: {re.findall(r'set-cookie: ([^;]*)', answer)[0]}\r\n"
        await self.sends("GET", "live", over=link)
        await self._hears(reader)
        self.listening = asyncio.create_task(self._listens(reader))
        return 1000 * (time.perf_counter() - start)

    async def _hears(self, reader):
        while not (line := await reader.readline()).startswith(b"data: "):
            if not line:
                raise SystemExit("a stream has ended")
        return json.loads(line[6:])

    async def _listens(self, reader):
        while True:
            seen = await self._hears(reader)
            if seen["stage"] == "open":
                self.number, self.at = seen["number"], time.perf_counter()
                self.heard.set()

    async def votes(self, after):
        """Vote; return milliseconds until the vote is counted."""
        await asyncio.sleep(after)
        start = time.perf_counter()
        body = json.dumps({"number": self.number, "value": random.choice(("yes", "no", "abstain"))})
        reader, writer, answer = await self.sends("POST", "answer", body, JSON)
        await reader.readexactly(int(re.findall(r"content-length: (\d+)", answer)[0]))
        took = 1000 * (time.perf_counter() - start)
        writer.close()
        return took


def cpu_ms(pid):
    """Processor time that a process has used, in milliseconds."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return 1000 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Presenter(Visitor):
    """The presenter's page, in a thread that receives all updates."""

    def __init__(self, address):
        super().__init__(address)
        self.answers = {}
        self.counts = {}
        self.busy = False
        threading.Thread(target=self._listen, daemon=True).start()
        self.says(kind="audience", act="watch")

    def says(self, **question):
        self.asked += 1
        told = {"event": "ask", "data": {"n": self.asked} | ABOUT | question}
        self._send("comm_msg", {"comm_id": self.link, "data": {"method": "custom", "content": told}})

    def _listen(self):
        with suppress(ConnectionClosed):
            self._hear_all()

    def _hear_all(self):
        for said in self._heard():
            content = said["data"].get("content", {})
            answer = content["args"][0] if content.get("method") == "hear" else {}
            if answer.get("kind") == "audience":
                about = answer["audience"]
                self.counts.setdefault((about["number"], about["answers"]), time.perf_counter())
            elif answer.get("kind") == "spread" and answer["spread"]["worlds"] == 200 and self.busy:
                self.computes()

    def computes(self):
        self.says(kind="spread", worlds=200, seed=random.randrange(10**6))


async def round_of(presenter, phones, number, within):
    """Hold one vote of all phones. Returns the milliseconds to see the question, to vote, and to see the last vote."""
    for phone in phones:
        phone.heard.clear()
    start = time.perf_counter()
    presenter.says(kind="audience", act="vote", ballot=0)
    await asyncio.gather(*(phone.heard.wait() for phone in phones))
    asked = 1000 * (max(phone.at for phone in phones) - start)
    voted = await asyncio.gather(*(phone.votes(random.uniform(0, within)) for phone in phones))
    end = time.perf_counter()
    while (number, len(phones)) not in presenter.counts:
        await asyncio.sleep(0.005)
    seen = 1000 * max(0.0, presenter.counts[number, len(phones)] - end)
    presenter.says(kind="audience", act="close")
    return asked, voted, seen


async def measure(presenter, pid, host, port, count, rounds):
    phones = [Phone(host, port, k) for k in range(count)]
    row(f"{count} phones join at once", await asyncio.gather(*(phone.joins() for phone in phones)), 500)
    spent, cast = cpu_ms(pid), 0
    names = (
        "question to all phones",
        "vote, all in one instant",
        "vote, within 3 s",
        "last vote to the presenter",
    )
    for busy in (False, True):
        found: dict[str, list[float]] = {name: [] for name in names}
        first = 1 + busy * rounds
        presenter.busy = busy
        if busy:
            presenter.computes()
        for number in range(first, first + (2 if busy else rounds)):
            at_once = number % 2 == 1
            asked, voted, seen = await round_of(presenter, phones, number, 0 if at_once else SPREAD_OUT)
            found[names[0]].append(asked)
            found[names[1 if at_once else 2]] += voted
            found[names[3]].append(seen)
            cast += len(voted)
        if not busy:
            row("processor time of the server per vote, all in all", [(cpu_ms(pid) - spent) / cast])
        for name, values in found.items():
            row(name + (", while 200 worlds are computed" if busy else ""), values, 500)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with served("--audience", "--audience-host", "127.0.0.1", "--audience-port", "0") as (process, address):
        host, port = re.findall(r"http://([\d.]+):(\d+)/", process.stdout.readline())[0]
        presenter = Presenter(address)
        before = memory_mb(process.pid)
        print(HEAD)
        asyncio.run(measure(presenter, process.pid, host, int(port), count, rounds))
        now = memory_mb(process.pid)
        print(f"\nmemory of the server in MB: {before:.0f} without phones, {now:.0f} at the end")


if __name__ == "__main__":
    main()
