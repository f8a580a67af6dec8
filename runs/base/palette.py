"""The palette, fonts and line weights of all figures and pages: notebooks, reports, results and the app.

`palette.toml` has the colors. No other file names a color, which a test checks. A color means the same everywhere:

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

from pathlib import Path
from typing import Any

from juste_retour.abm.base.toml import read_toml

_COLORS = read_toml(Path(__file__).with_name("palette.toml"))
LIGHT: dict[str, str] = _COLORS["light"]
DARK: dict[str, str] = LIGHT | _COLORS["dark"]
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
