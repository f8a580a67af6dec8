"""Measure the live app: first page, step to screen, new random draws and memory.

    uv run python -m tests.browser.benchmarks.live

Latency is from the click to the last change of the document, by the browser's clock; it does not include painting.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
TIMED, RESET = (Path(__file__).with_name(f"{name}.js").read_text() for name in ("timed", "reset"))
HEAD = "| measured | median | p95 | most | unit | aim |\n|---|---:|---:|---:|---|---|"
READY = ".page[data-ready=true][data-busy=false]"


def quantile(values, share):
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def row(what, values, aim="", unit="ms"):
    print(
        f"| {what} | {statistics.median(values):.1f} | {quantile(values, 0.95):.1f} | {max(values):.1f} | {unit} | {aim} |",
        flush=True,
    )


def memory_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextmanager
def served(*options):
    """Run the app, yield its process and address, print the load at the end, and stop it."""
    command = [
        str(Path(sys.executable).parent / "juste-retour"),
        "app",
        "--no-browser",
        "--port",
        "0",
        *options,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        found = None
        while found is None:
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the app ended before it was ready")
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
        for _ in range(300):
            with suppress(OSError):
                urllib.request.urlopen(f"{found[0]}/readyz", timeout=5)
                break
            time.sleep(0.1)
        else:
            raise SystemExit("the server was not ready in time")
        yield process, found[0]
        print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end")
    finally:
        process.terminate()
        process.wait(timeout=20)


def opened(browser, address, query=""):
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(f"{address}/{query}")
    page.wait_for_selector(READY, timeout=30_000)
    return page, 1000 * (time.perf_counter() - start)


def measure(browser, process, address):
    first = []
    for _ in range(7):
        page, took = opened(browser, address)
        first.append(took)
        page.context.close()
    row("first usable page", first, "2000")
    page, _ = opened(browser, address)
    row("step to screen, one visitor", page.evaluate(f"({TIMED})(40, 40)"), "p95 10")
    page.context.close()
    pages = [opened(browser, address)[0] for _ in range(10)]
    for pause, words in ((200, "five steps a second each"), (40, "25 steps a second each")):
        for page in pages:
            run = f"({TIMED})(40, {pause}).then((found) => {{ window.found = found; }})"
            page.evaluate(f"window.found = null; void {run}")
        together = []
        for page in pages:
            page.wait_for_function("window.found", timeout=60_000)
            together += page.evaluate("window.found")
            page.keyboard.press("Home")
        row(f"step to screen, ten visitors, {words}", together, "p95 50")
    for page in pages:
        page.context.close()
    page, _ = opened(browser, address, "?compare=1&t=2028Q4")
    row("new random draw to both runs on screen", page.evaluate(f"({RESET})(30)"), "300")
    start = time.perf_counter()
    page.click("[data-press=many]")
    page.wait_for_function("document.querySelectorAll('.band').length === 2", timeout=30_000)
    page.wait_for_selector(".spreads[data-worlds='200']")
    row("200 runs of both scenarios", [1000 * (time.perf_counter() - start)], "1000")
    page.keyboard.press("w")
    before = memory_mb(process.pid)
    page.evaluate(f"({RESET})(100)")
    after = memory_mb(process.pid)
    print(
        f"| server memory, before and after 100 resets | {before:.0f} | | {after:.0f} | MB | flat |",
        flush=True,
    )
    page.context.close()
    for _ in range(50):
        page, _ = opened(browser, address)
        page.context.close()
    time.sleep(3)
    print(
        f"| server memory after 50 more visitors came and went | {memory_mb(process.pid):.0f} | | | MB | flat |",
        flush=True,
    )


def main():
    print(HEAD, flush=True)
    with sync_playwright() as play, served() as (process, address):
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        measure(browser, process, address)
        browser.close()


if __name__ == "__main__":
    main()
