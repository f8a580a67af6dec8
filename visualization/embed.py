"""The page for frames of other websites: a sentence with its interval, a picture, source, license and address.

`/?embed=1` with the query of any address of the app is the page, and `/embed.svg` with the same query is the picture.
Neither runs a script. A browser shows the page in a frame only if `--embed` allows the website around it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape, quoteattr

from juste_retour.abm.base.calendar import label
from juste_retour.abm.base.toml import JsonMapping, JsonObject, setting
from juste_retour.abm.worlds.scenario import DEFAULT, Scenario, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.palette import FONTS, LIGHT, WEIGHTS, css
from juste_retour.visualization.geometry import drawn_map
from juste_retour.visualization.names import TITLES, described, rule_title
from juste_retour.visualization.session import MOST_QUARTERS, checked_integer, scenarios_of, union_asked
from juste_retour.visualization.union import union_for
from juste_retour.visualization.views.spread import spread
from juste_retour.visualization.views.verdict import ranges

WORLDS = 200
LICENSE = "Apache-2.0"
FRAMES = ("iframe", "frame", "embed", "object")  # values of Sec-Fetch-Dest for a page in a frame
WIDTH, LINE = 640, 22  # width of the picture and height of its lines, in pixels
LONGEST = 2000  # characters of a query
POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = css(":root", dark=False) + (
    "body{font:18px/1.45 var(--serif);margin:1em;color:var(--ink);background:var(--paper)}img{max-width:100%;height:auto}"
    "small,.why{font:14px/1.4 var(--sans);color:var(--soft);overflow-wrap:anywhere}"
)


_ONE_AT_A_TIME = threading.Lock()  # for the computations of all visitors


def named(query: Mapping[str, str]) -> tuple[list[dict[str, object]], int]:
    """The specifications of one or two scenarios, and the seed, from the query of an address.

    Raises:
        BadInput: the query is too long, or the seed is not an integer.
    """
    if len(urlencode(query)) > LONGEST:
        raise BadInput(f"This address has more than {LONGEST:,} characters; use fewer changes.")
    specs: list[dict[str, object]] = []
    for side, default in (("a", DEFAULT), ("b", "essay-reform")):
        changes = {key[2:]: _value(text) for key, text in query.items() if key.startswith(f"{side}.")}
        specs.append({"base": query.get(side, default), "changes": changes})
    seed = query.get("seed", "0")
    if not re.fullmatch(r"\d{1,15}", seed, re.ASCII):
        raise BadInput(f"seed is {seed!r}; it must be an integer, such as 0.")
    return specs[: 2 if query.get("compare", "0") != "0" else 1], checked_integer(int(seed), "seed")


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def fixed(specs: Sequence[JsonMapping], seed: int) -> str:
    """The canonical query for scenarios and seed: all that determines the result, and nothing else."""
    pairs: list[tuple[str, object]] = []
    for side, spec in zip("ab", specs, strict=False):
        pairs.append((side, spec["base"]))
        pairs += [(f"{side}.{key}", setting(value)) for key, value in sorted(spec["changes"].items())]
    return urlencode([*pairs, ("seed", seed), *([("compare", 1)] if len(specs) == 2 else [])])


def _computed(specs: Sequence[JsonMapping], seed: int) -> tuple[str, str, list[JsonObject]]:
    with _ONE_AT_A_TIME:
        return _found(json.dumps([specs, seed], sort_keys=True))


@lru_cache(maxsize=64)
def _found(text: str) -> tuple[str, str, list[JsonObject]]:
    """The sentence, the window, and per scenario its title, median, low and high; `text` has the specs and seed as JSON."""
    specs, seed = json.loads(text)
    scenarios, union = scenarios_of({"specs": specs}), union_asked({"specs": specs})
    rows = []
    for spec, scenario in zip(specs, scenarios, strict=True):
        quarters = scenario.quarters
        if WORLDS * quarters > MOST_QUARTERS:
            raise BadInput(f"A run until {scenario.end} is too long for this page; choose an earlier end.")
        *_, last = spread(scenario, seed, WORLDS, union_for(scenario))
        rows.append({"title": title_of(spec), "over": _over(spec, scenario), **last["outcomes"]["years_behind"]})
    when = _window(scenarios[0])
    where = drawn_map(union)
    name = where["union"] if where["union"] == "Europe" else where["name"].replace("The ", "the ")
    said = " and ".join(_said(row, "it" if k else "the world's frontier of AI training") for k, row in enumerate(rows))
    return f"In the model, {name} is {said}, on average over {when}.", when, rows


def _over(spec: JsonMapping, scenario: Scenario) -> JsonObject | None:
    """The range of a scenario's lag over all uncertain numbers; None for one that the verdict does not have."""
    lag: JsonObject | None = ranges()["lags"].get(spec["base"])
    return lag if lag and not spec["changes"] and lag["read"] == label(scenario.window[-1]) else None


def _honest(rows: Sequence[JsonMapping]) -> str:
    """What the runs leave out, and how far the lags range over all uncertain numbers, where that is known."""
    wide = [f"{_range(row['over'])} years under “{row['title']}”" for row in rows if row["over"]]
    return "These runs are at the default numbers." + (
        f" Over all uncertain numbers, nine in ten of {ranges()['draws']} draws give {' and '.join(wide)}."
        if wide
        else ""
    )


def _said(row: JsonMapping, frontier: str) -> str:
    """How far behind a scenario is, in words."""
    median = row["median"]
    if median is None:
        return f"without a training run of its own under “{row['title']}”"
    far = f"{abs(median):.1f} years {'ahead of' if median < 0 else 'behind'}"
    far = "level with" if round(median, 1) == 0 else far
    return f"{far} {frontier} under “{row['title']}” (median of {WORLDS} runs; 9 in 10: {_range(row)})"


def _years(row: JsonMapping) -> str:
    return "no run" if row["median"] is None else f"{row['median']:.1f}"


def _range(row: JsonMapping) -> str:
    """The range of nine in ten runs, in years behind, as text."""
    ends = [row[end] for end in ("low", "high")]
    return " to ".join("no run" if x is None else f"{round(x, 1) + 0:.1f}".replace("-", "−") for x in ends)


def _window(scenario: Scenario) -> str:
    return f"{label(scenario.window[0])[:4]} to {label(scenario.window[-1])[:4]}"


def title_of(spec: JsonMapping) -> str:
    """The title of a scenario on the page: its preset, and the changes to it."""
    base, changes = str(spec["base"]), spec["changes"]
    name = TITLES.get(base, base.replace("-", " ").capitalize())
    known = parameters()
    said = []
    for key, value in sorted(changes.items()):
        about = known.get(key)
        title = described(key, about[1].about)[0] if about else key.replace("_", " ").replace(".", ", ")
        said.append(f"{title}: {rule_title(value) if isinstance(value, str) else setting(value)}")
    return f"{name}, {'; '.join(said)}" if said else name


def embedded(query: Mapping[str, str], host: str, around: Sequence[str], *, framed: bool) -> str:
    """The page as HTML.

    Args:
        query: the query of the address.
        host: scheme, name and port of this server, for the canonical address.
        around: origins that may show the page in a frame.
        framed: whether the request is for a frame.

    Raises:
        BadInput: the query has no valid scenarios or seed.
    """
    specs, seed = named(query)
    sentence, _, rows = _computed(specs, seed)
    address = fixed(specs, seed)
    source = f"{host}/?embed=1&{address}"
    return _page(
        f"<p>{escape(sentence)}</p><p>{escape(_honest(rows))}</p>"
        f'<p><img src={quoteattr(f"/embed.svg?{address}")} alt={quoteattr(sentence)} width="{WIDTH}"></p>'
        f'<p><small>Source: <a href={quoteattr(f"/?{address}")} target="_blank" rel="noopener">juste-retour '
        f"{version('juste-retour')}</a>, an agent-based model, seed {seed}, {WORLDS} runs. License: {LICENSE}. "
        f"Address: {escape(source)}</small></p>" + ("" if framed else f'<p class="why">{escape(why(around))}</p>')
    )


def why(around: Sequence[str]) -> str:
    """A sentence on which websites may show the page in a frame, for readers who open it without one."""
    if around:
        return f"{', '.join(around)} may show this page in a frame. Browsers block frames of other websites."
    return (
        "No other website may show this page in a frame, because the app was started without --embed. Start it as "
        "juste-retour app --embed https://www.example.org, with the address of the website."
    )


def refusal(origin: str | None) -> str:
    """The page for frames of a website that `--embed` does not name: only an explanation."""
    site, option = origin or "This website", origin or "and its address"
    return _page(
        f"<p>{escape(site)} may not show this page in a frame. The operator of the server can allow it with "
        f"juste-retour app --embed {escape(option)}.</p>"
    )


def trouble(text: str) -> str:
    """A page with an error message."""
    return _page(f"<p>{escape(text)}</p>")


def _page(body: str) -> str:
    return f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>juste retour</title><style>{STYLE}</style></head><body>{body}</body></html>'


def site_of(referer: str | None) -> str | None:
    """The origin of the page that a request comes from; None if the browser does not send it."""
    try:
        parts = urlsplit(referer or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme in ("http", "https") else None


def picture(query: Mapping[str, str]) -> str:
    """The picture as SVG: a point at the median and a line over nine in ten runs per scenario, with source and license.

    Raises:
        BadInput: the query has no valid scenarios or seed.
    """
    specs, seed = named(query)
    _, when, rows = _computed(specs, seed)
    every = [wide for row in rows for wide in (row, row["over"]) if wide]
    reach = [x for row in every for x in (row["low"], row["median"], row["high"]) if x is not None]
    low, high = min([0.0, *reach]), max([1.0, *reach]) * 1.05

    def at(x: float) -> float:
        return round(20 + (WIDTH - 40) * (x - low) / (high - low), 1)

    def words(y: int, text: str, size: int = 15, fill: str = LIGHT["ink"], more: str = "") -> str:
        return f'<text x="20" y="{y}" font-size="{size}" fill="{fill}"{more}>{escape(text)}</text>'

    parts = [words(28, f"Years behind the frontier of AI training, average {when}", 17, more=' font-weight="700"')]
    y = 28
    for row, color in zip(rows, (LIGHT["a"], LIGHT["b"]), strict=False):
        parts.append(words(y + 30, f"{row['title']}: {_years(row)} ({_range(row)})", fill=color))
        y += 30 + LINE
        parts.append(f'<line x1="20" x2="{WIDTH - 20}" y1="{y}" y2="{y}" stroke="{LIGHT["rule"]}"/>')
        if wide := row["over"]:
            parts.append(
                f'<path class="whisker" d="M{at(wide["low"])},{y - 7}v14m0,-7H{at(wide["high"])}m0,-7v14" fill="none" stroke="{LIGHT["soft"]}" stroke-width="{WEIGHTS["line"]:g}"/>'
            )
        if row["low"] is not None and row["high"] is not None:
            parts.append(
                f'<line x1="{at(row["low"])}" x2="{at(row["high"])}" y1="{y}" y2="{y}" stroke="{color}" stroke-width="{WEIGHTS["strong"]:g}"/>'
            )
        if row["median"] is not None:
            parts.append(f'<circle cx="{at(row["median"])}" cy="{y}" r="7" fill="{color}"/>')
    ends = f'<text x="{at(0)}" y="{y + 24}" font-size="13" fill="{LIGHT["soft"]}">0: as the frontier</text>'
    parts.append(ends)
    parts.append(
        words(
            y + 50,
            f"Median and range of 9 in 10 of {WORLDS} runs at the default numbers{'; gray: over all uncertain numbers' * (len(every) > len(rows))}. juste-retour {version('juste-retour')}, seed {seed}. License: {LICENSE}.",
            13,
            LIGHT["soft"],
        )
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 64}" viewBox="0 0 {WIDTH} {y + 64}" font-family="{FONTS["serif"]}"><rect width="100%" height="100%" fill="{LIGHT["paper"]}"/>{"".join(parts)}</svg>'
