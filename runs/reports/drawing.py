"""A figure with its title, caption and description, and its content as SVG and PDF."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juste_retour.agents.arrays import Floats
from juste_retour.runs.base.palette import FONTS, LIGHT, MEASURED, SMALL, TITLE, points, rc

WIDTH = 7.2  # inches, the width of a page's text
LINE = 72  # characters of a title per line


@dataclass(frozen=True)
class Drawn:
    """A figure.

    Attributes:
        name: of its files.
        title: the main result in one sentence, which is drawn in the figure.
        caption: what is shown, what was varied, how many draws, and which interval, so that it can be read by itself.
        alt: kind of chart and main numbers, for readers who cannot see the figure.
        draw: returns the figure.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Figure]

    @property
    def description(self) -> str:
        """The alternative text: the title, then the kind of chart and its numbers."""
        return f"{self.title}. {self.alt}"


def svg(drawn: Drawn) -> str:
    """The figure as an SVG element for a page; the same bytes each time.

    Its labels stay text, in the fonts of the page. They are laid out in Matplotlib's own font, which is wider, so that
    they do not overlap in the fonts of the page either.
    """
    sink = io.StringIO()
    with matplotlib.rc_context({**rc(), "svg.hashsalt": drawn.name}):
        _titled(drawn).savefig(
            sink, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = sink.getvalue().replace(f"'{MEASURED}'", FONTS["sans"])
    return text[text.index("<svg") :]


def pdf(drawn: Drawn) -> bytes:
    """The figure as a PDF file."""
    sink = io.BytesIO()
    with matplotlib.rc_context(rc()):
        _titled(drawn).savefig(sink, format="pdf", metadata={"CreationDate": None})
    return sink.getvalue()


def _titled(drawn: Drawn) -> Figure:
    figure = drawn.draw()
    lines = textwrap.wrap(drawn.title, LINE, break_on_hyphens=False)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.2 * len(lines))
    figure.suptitle("\n".join(lines), x=0.008, ha="left", fontsize=TITLE, fontweight="bold")
    return figure


def blank(height: float) -> tuple[Figure, Axes]:
    """A figure with the width of a page's text and a height in inches, and its axes."""
    figure = Figure(figsize=(WIDTH, height))
    return figure, figure.subplots()


def labelled(axes: Axes, labels: Sequence[str]) -> Floats:
    """Add one row per label to the y axis, from the top; return the rows' positions."""
    place = np.arange(len(labels))[::-1].astype(float)
    axes.set_yticks(place, labels)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    return place


def zero(axes: Axes) -> None:
    """A line where rows are zero."""
    axes.axvline(0, color=LIGHT["ink"], linewidth=points("hair"))


def aside(axes: Axes, at: float, text: str, *, bold: bool = False, right: float = 6) -> None:
    """A note to the right of a row, so many points from the axes."""
    axes.annotate(
        re.sub(r"(?<!\w)-(?=\d)", "−", text),
        (1, at),
        (right, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        fontweight="bold" if bold else "normal",
        annotation_clip=False,
    )


def apart(wanted: Sequence[float], least: float) -> list[float]:
    """Heights as near to those wanted as labels that need `least` between them allow.

    >>> apart([0.0, 0.1, 5.0], 1.0)
    [-0.45, 0.55, 5.0]
    """
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    blocks: list[tuple[list[int], float]] = []  # labels that touch, and the middle of them
    for k in order:
        block, middle = [k], wanted[k]
        while blocks:
            under, below = blocks[-1]
            if middle - below >= least * (len(block) + len(under)) / 2:
                break
            middle = (below * len(under) + middle * len(block)) / (len(under) + len(block))
            block = under + block
            blocks.pop()
        blocks.append((block, middle))
    found = [0.0] * len(wanted)
    for block, middle in blocks:
        for j, k in enumerate(block):
            found[k] = round(middle + (j - (len(block) - 1) / 2) * least, 9)
    return found
