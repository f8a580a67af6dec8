"""The palette, fonts and line weights of all figures and pages: notebooks, reports, results and the app.

No other file names a color, which a test checks. A color means the same everywhere:

- `a` is the first scenario, such as the status quo; `b` the second, such as a reform. `b` is also dashed, hollow or
  marked with a letter, since the two are equally dark in print.
- the parts of a reform have its color, `b-light` with an outline in `b`, and are hatched if they work against it.
- `yes` is in favor or helpful; `no` is against or harmful, and is also hatched. Both are fills with an outline.
- `ink` is the frontier (dashed), axes and medians; `soft` is for notes; `alarm` is years behind.
- further levels of a factor have the colors in `SERIES`, each with its own marker from `MARKERS`.

Hues follow Okabe and Ito (2008), darkened until text in them has a contrast of 4.5 with the background. Tests check the
contrasts, light and dark, and that adjacent colors differ for color-blind readers.
"""

from __future__ import annotations

from typing import Any

LIGHT = {
    "sheet": "#ffffff",  # of reports and figures, which are printed; the app's is `paper`
    "paper": "#fbfaf7",
    "card": "#fffefb",
    "faint": "#edeae3",
    "rule": "#d9d6ce",
    "edge": "#c9c5bb",
    "control": "#767f8a",
    "soft": "#5b6673",
    "ink": "#1f2733",
    "alarm": "#b3400f",
    "good": "#1b6b3a",
    "link": "#00598a",
    "focus": "#d55e00",
    "a": "#0072b2",
    "a-light": "#9fc9e4",
    "a-faint": "#e3eff6",
    "b": "#b25a00",
    "b-light": "#f0c27b",
    "b-faint": "#f7e6d3",
    "c": "#7b3fd0",
    "d": "#e0446a",
    "yes": "#56a3d1",
    "pale-yes": "#a9d0e8",
    "no": "#e69f00",
    "no-light": "#fbe3b5",
    "land": "#d3cdbf",
    "quiet": "#c4ced6",
    "host": "#95a8b8",
    "blank": "#000000",  # the dark screen of a talk
    "shadow": "#00000022",
}
DARK = LIGHT | {
    "paper": "#14181e",
    "card": "#1c2128",
    "faint": "#2a3038",
    "rule": "#3a4149",
    "edge": "#5a636d",
    "control": "#8a939d",
    "soft": "#a9b3bd",
    "ink": "#eef1f4",
    "alarm": "#f08a5d",
    "good": "#6fcf97",
    "link": "#7cc0ea",
    "focus": "#ff9d4d",
    "a": "#5aaee0",
    "a-light": "#2f5f7d",
    "a-faint": "#22323d",
    "b": "#e8a04c",
    "b-light": "#7a5526",
    "b-faint": "#3d3020",
    "c": "#b48cf2",
    "d": "#ff7d98",
    "yes": "#3d84b0",
    "pale-yes": "#2d566f",
    "no": "#b87a00",
    "no-light": "#4a3a16",
    "land": "#3d4148",
    "quiet": "#3a4652",
    "host": "#5c7186",
}
SERIES = tuple(LIGHT[name] for name in ("a", "b", "ink", "c", "d", "soft"))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FONTS = {
    "sans": "'Inter', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif",
    "serif": "'Charter', 'Source Serif 4', Georgia, 'Liberation Serif', 'Times New Roman', serif",
    "mono": "ui-monospace, 'DejaVu Sans Mono', monospace",
}
WEIGHTS = {"hair": 1.0, "fine": 1.5, "line": 2.5, "strong": 4.0}  # of lines, in pixels
TITLE, TEXT, SMALL = 10.5, 9.5, 8.5  # of type in Matplotlib's figures, in points
MEASURED = "DejaVu Sans"  # comes with Matplotlib, so that a figure has the same bytes everywhere


def points(weight: str) -> float:
    """The width of a line in points, for Matplotlib, given the name of its weight.

    >>> points("strong")
    3.0
    """
    return 0.75 * WEIGHTS[weight]


def css(selector: str, *, dark: bool = True) -> str:
    """Every color and font as a CSS variable of a selector, `--ink` and `--sans`; with `dark`, for dark screens too."""

    def block(values: dict[str, str]) -> str:
        return f"{selector} {{ {' '.join(f'--{name}: {value};' for name, value in values.items())} }}\n"

    other = {name: value for name, value in DARK.items() if value != LIGHT[name]}
    more = f"@media (prefers-color-scheme: dark) {{ {block(other).rstrip()} }}\n" if dark else ""
    return block(LIGHT | FONTS) + more


def look() -> dict[str, object]:
    """Colors, fonts and line weights for the app's scripts, for pictures that are saved outside the page."""
    return {"colors": LIGHT, "fonts": FONTS, "weights": WEIGHTS}


def rc() -> dict[Any, Any]:  # Matplotlib's types require literal keys
    """Matplotlib's settings for a figure."""
    ink, rule, sheet = LIGHT["ink"], LIGHT["rule"], LIGHT["sheet"]
    return {
        "font.family": MEASURED,
        "font.size": TEXT,
        "text.color": ink,
        "figure.facecolor": sheet,
        "figure.constrained_layout.use": True,
        "axes.facecolor": sheet,
        "axes.edgecolor": LIGHT["control"],
        "axes.labelcolor": ink,
        "axes.linewidth": points("hair"),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.titlesize": TITLE,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": ink,
        "xtick.color": LIGHT["control"],
        "xtick.labelcolor": ink,
        "ytick.color": LIGHT["control"],
        "ytick.labelcolor": ink,
        "grid.color": rule,
        "grid.linewidth": points("hair"),
        "hatch.color": LIGHT["sheet"],
        "hatch.linewidth": points("fine"),
        "lines.linewidth": points("line"),
        "legend.frameon": False,
        "legend.fontsize": SMALL,
        "svg.fonttype": "none",  # text stays text; `runs/reports/figures.py` names the page's fonts
        "text.parse_math": False,  # labels are users' texts, in which a dollar sign is a dollar sign
        "pdf.fonttype": 42,
    }
