"""Measure the server with twenty visitors at once, without browsers: waiting times and memory.

    uv run python -m tests.browser.benchmarks.crowd [SECONDS] [GONE]

Every visitor requests new runs about every two seconds, and 200 runs of a scenario after every ten requests. At the end
half of the visitors leave and half lose the connection. Then GONE visitors, eight at a time, ask for one run and lose it.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from websockets.sync.client import connect

from tests.browser.benchmarks.live import HEAD, memory_mb, row, served

VISITORS = 20
PRESETS = ("eu-status-quo", "essay-reform", "federal-europe", "gigafactories")


class Visitor:
    """Exchanges messages with the server as the page does."""

    def __init__(self, address):
        url = f"{address.replace('http', 'ws')}/jupyter/api/kernels/{uuid4()}/channels?session_id={uuid4()}"
        self.socket = connect(
            url, origin=address, additional_headers={"Cookie": f"solara-session-id={uuid4()}"}, max_size=None
        )
        self.asked = 0
        self._send("comm_open", {"comm_id": "control", "target_name": "solara.control", "data": {}})
        run = {"method": "run", "path": "", "args": {"appName": None, "path": ""}}
        self._send("comm_msg", {"comm_id": "control", "data": run})
        for said in self._heard():
            if "catalog" in said["data"].get("state", {}):
                self.link = said["comm_id"]
            if said["data"].get("method") == "finished":
                return

    def _send(self, kind, content):
        header = {"msg_id": uuid4().hex, "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
            "buffers": [],
        }
        self.socket.send(json.dumps(message))

    def _heard(self):
        while True:
            text = self.socket.recv(timeout=120)
            if isinstance(text, bytes):  # parts, each from its offset; the first is the message
                count, *offsets = (int.from_bytes(text[k : k + 4], "big") for k in (0, 4, 8))
                text = text[offsets[0] : offsets[1] if count > 1 else None]
            content = json.loads(text)["content"]
            if isinstance(content.get("data"), dict):
                yield content

    def tell(self, question):
        """Send a question."""
        data = {"method": "custom", "content": {"event": "ask", "data": question}}
        self._send("comm_msg", {"comm_id": self.link, "data": data})

    def ask(self, done, **question):
        """Send a question and return the seconds until the last answer."""
        self.asked += 1
        start = time.perf_counter()
        self.tell({"n": self.asked} | question)
        for said in self._heard():
            content = said["data"].get("content", {})
            answer = content["args"][0] if content.get("method") == "hear" else {}
            if answer.get("n") == self.asked:
                if "error" in answer:
                    raise SystemExit(answer["error"])
                if done(answer):
                    return 1000 * (time.perf_counter() - start)


def visit(address, number, seconds, first, runs, spreads):
    uniforms = random.Random(number)
    start = time.perf_counter()
    visitor = Visitor(address)
    first.append(1000 * (time.perf_counter() - start))
    until = time.monotonic() + seconds
    while not runs or time.monotonic() < until:
        changes = {"envelope_eur_bn": round(uniforms.uniform(2, 12), 1)}
        specs = [{"base": uniforms.choice(PRESETS), "changes": changes} for _ in range(uniforms.choice((1, 2)))]
        runs.append(visitor.ask(lambda a: True, kind="runs", specs=specs, seed=uniforms.randrange(100)))
        if len(runs) % 10 == 0:
            spreads.append(
                visitor.ask(lambda a: a["spread"]["worlds"] == 200, kind="spread", specs=specs[:1], seed=1, worlds=200)
            )
        time.sleep(uniforms.uniform(1, 3))
    (visitor.socket.socket if number % 2 else visitor.socket).close()


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    gone = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with served() as (process, address):
        held = [memory_mb(process.pid)]
        first: list[float] = []
        runs: list[float] = []
        spreads: list[float] = []
        crowd = [
            threading.Thread(target=visit, args=(address, k, seconds, first, runs, spreads), daemon=True)
            for k in range(VISITORS)
        ]
        for visitor in crowd:
            visitor.start()
        while any(visitor.is_alive() for visitor in crowd):
            time.sleep(min(seconds / 4, 60))
            held.append(memory_mb(process.pid))
        with ThreadPoolExecutor(8) as pool:
            for k in range(gone):
                pool.submit(visit, address, 2 * k + 1, 0, [], [], [])
        held.append(memory_mb(process.pid))
        print(HEAD)
        row(f"{VISITORS} visitors arrive at once", first)
        row(f"a new run, {len(runs)} asked in {seconds} s", runs)
        row(f"200 worlds, {len(spreads)} asked", spreads)
        print(f"\nmemory of the server in MB: {', '.join(f'{mb:.0f}' for mb in held)}")


if __name__ == "__main__":
    main()
