"""Retake the pictures of visualization/README.md: uv run python -m tests.browser.pictures"""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from juste_retour import abm, visualization
from juste_retour.abm.base.members import load_members
from tests.browser.conftest import CHROMIUM, FLAGS, served

FOLDER = Path(visualization.__file__).with_name("screenshots")
AMERICA = Path(abm.__file__).with_name("unions") / "united_states"
HALL, WIDE = (1920, 1080), 1200  # pixels of a projector, and the width of a stored picture
CYPRUS = load_members().states.index("CY")
PICTURES = {  # name: address, window, simulated vision deficiency or "dark"
    "open-1920": ("", HALL, ""),
    "answer-1366": ("?t=2029Q3", (1366, 768), ""),
    "questions-1366": ("?t=2025Q4&a=juste-retour-strict", (1366, 768), "dark"),
    "many-1366": ("?t=2029Q3&compare=1&many=1", (1366, 768), "dark"),
    "phone-answer": ("?t=2029Q3", (390, 1700), "dark"),
    "single-1920": ("?t=2028Q4", HALL, ""),
    "single-3840": ("?t=2028Q4", (3840, 2160), ""),
    "single-1024": ("?t=2028Q4", (1024, 768), ""),
    "phone": ("?t=2028Q4", (390, 844), ""),
    "compare-1920": ("?t=2028Q4&compare=1&many=1", HALL, ""),
    "compare-1024": ("?t=2028Q4&compare=1", (1024, 768), ""),
    "why-1920": (f"?t=2025Q4&why=state.{CYPRUS}", HALL, ""),
    "tour-1920": ("?tour=5", HALL, ""),
    "passing-1366": ("?passing=1&why=state.7", (1366, 768), ""),
    "deuteranopia": ("?t=2025Q4", HALL, "deuteranopia"),
    "grayscale": ("?t=2025Q4", HALL, "achromatopsia"),
}


def take(browser, address, name, window, sight=""):
    """Open an address, wait until everything is loaded, and save a picture."""
    scheme = "dark" if sight == "dark" else "light"
    page = browser.new_page(viewport={"width": window[0], "height": window[1]}, color_scheme=scheme)
    page.goto(address)
    page.wait_for_selector(".page[data-ready=true][data-busy=false]")
    if "tour=" in address:
        page.keyboard.press("2")
        page.wait_for_selector(".tour .right")
    if "many=" in address:
        page.wait_for_selector(".spreads[data-worlds='200'] .median")
    if "passing=" in address:
        page.wait_for_selector(".package")
    if name.startswith("questions"):
        page.locator("[data-ask=no]").click()
    if sight not in ("", "dark"):
        page.context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": sight})
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if picture.width > WIDE:
        picture = picture.resize((WIDE, WIDE * picture.height // picture.width), Image.Resampling.LANCZOS)
    picture.save(FOLDER / f"{name}.webp", quality=65, method=6)
    page.close()


def main():
    """Take all pictures."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        with served() as (_, server):
            for name, (query, window, sight) in PICTURES.items():
                take(browser, f"{server}/{query}", name, window, sight)
        with served("--members", AMERICA) as (_, server):
            take(browser, f"{server}/?t=2028Q4&compare=1", "united-states", HALL)
        browser.close()


if __name__ == "__main__":
    main()
