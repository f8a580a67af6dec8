"""The one palette: its contrasts, what the color-blind can tell apart, and that no other file names a color."""

import itertools
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import CSS4_COLORS, to_rgb

from juste_retour.runs.base.palette import DARK, LIGHT, SERIES, WEIGHTS, css, look, rc

ROOT = Path(__file__).parents[3]
ROOMS = ("agents", "abm", "runs", "visualization", "docs")
KINDS = {".py", ".js", ".css", ".html", ".vue", ".toml", ".svg"}
EXCEPT = {
    "runs/base/palette.toml": "the palette itself",
    "runs/workshop/commands/rules_command.py": "a terminal's own red",
    "runs/cli/voting_commands.py": "a terminal's own green",
}
HEX = re.compile(r"(?<![\w&/(])#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b(?![-\w])|\brgba?\(|\bhsla?\(")
PAINT = r"(?:\w*color|fill|stroke|background|border(?:-\w+)?|style|c)[\"']?\s*[:=]\s*[^;,)\n]*?"
NAMED = re.compile(rf"\b{PAINT}(?<![\w-])(?:{'|'.join(CSS4_COLORS)})(?![\w-])")
TEXTS, LINES = ("ink", "soft", "alarm", "good", "link", "a", "b"), ("focus", "control", "c", "d")
SIDE_BY_SIDE = [  # fills and lines that a picture shows together, and that a meaning hangs on
    *itertools.combinations(SERIES[:5], 2),
    *(
        (mode[x], mode[y])
        for mode in (LIGHT, DARK)
        for x, y in (
            ("a", "b"),
            ("a-light", "b-light"),
            ("yes", "no"),
            ("pale-yes", "no-light"),
            ("yes", "pale-yes"),
        )
    ),
]
SIGHT = {  # Machado, Oliveira and Fernandes 2009, in full strength
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(color):
    """Linear red, green and blue."""
    part = np.array(to_rgb(color[:7]))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(x, y):
    """As the guidelines for accessible content define it."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (x, y))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    white = np.array([0.95047, 1.0, 1.08883])
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb / white
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_lines_stand_out_from_their_ground(mode):
    grounds = [mode[name] for name in (("sheet",) if mode is LIGHT else ()) + ("paper", "card")]
    for ground in grounds:
        weak = [name for name in TEXTS if contrast(mode[name], ground) < 4.5]
        weak += [name for name in LINES if contrast(mode[name], ground) < 3]
        assert not weak, (weak, ground)


@pytest.mark.parametrize("sight", SIGHT)
def test_adjacent_colors_differ_for_the_color_blind(sight):
    close = [
        (x, y)
        for x, y in SIDE_BY_SIDE
        if np.linalg.norm(np.subtract(*(lab(np.clip(np.array(SIGHT[sight]) @ linear(c), 0, 1)) for c in (x, y)))) < 18
    ]
    assert not close


def files():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in KINDS and "docs/site" not in name and "preact" not in name:
                yield name, path.read_text(encoding="utf-8")


def test_no_other_file_names_a_color():
    named = {
        f"{name}: {found.group()}"
        for name, text in files()
        if name not in EXCEPT and not name.endswith(".svg")
        for found in [*HEX.finditer(text), *NAMED.finditer(text)]
    }
    assert not named
    for name in EXCEPT:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert HEX.search(text) or NAMED.search(text), f"{name} is no exception any more"


def test_stored_drawings_use_palette_colors():
    known = {color.lower() for color in LIGHT.values()}
    kept = [(name, text) for name, text in files() if name.endswith(".svg")]
    assert kept
    for name, text in kept:
        assert {c.lower() for c in re.findall(r"(?<!url\()#[0-9a-fA-F]{3,8}\b", text)} <= known, name


@pytest.mark.parametrize(
    "text", ['"#1F2733"', "color: #ffe;", "rgb(1, 2, 3)", 'color="black"', "fill: white", '{ stroke: "red" }']
)
def test_color_literals_are_recognized(text):
    assert HEX.search(text) or NAMED.search(text)


def test_style_sheets_and_matplotlib_have_the_same_colors():
    sheet = css(".page")
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    assert all(f"--{name}: {value};" in light for name, value in LIGHT.items())
    assert all(f"--{name}: {value};" in dark for name, value in DARK.items() if value != LIGHT[name])
    assert "@media" not in css(":root", dark=False)
    assert look()["colors"] == LIGHT
    assert set(DARK) == set(LIGHT)
    with matplotlib.rc_context(rc()):
        assert matplotlib.rcParams["text.color"] == LIGHT["ink"]
        assert matplotlib.rcParams["axes.linewidth"] == 0.75 * WEIGHTS["hair"]
