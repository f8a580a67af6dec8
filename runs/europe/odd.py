"""`juste-retour odd`: the model described by the ODD protocol, its tables read off the code."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from juste_retour.agents.rules import Parameter, Setting

PAGE = Path(__file__).resolve().parents[2] / "abm" / "ODD.md"

STATE = {
    "ambition": ("states", "how keen a state is on what is spent at home, a; drawn once"),
    "resolve": ("states", "what luck adds to a state's reservation value; drawn once"),
    "scale": ("states", "scale of the local good, S, EUR bn"),
    "bids": ("states", "bids won so far: which dossier a state writes"),
    "lost": ("states", "whether its last bid failed"),
    "memory": ("states", "gain that offers have brought so far, EUR bn"),
    "yes_votes": ("states", "ballots in which it said yes"),
    "no_votes": ("states", "ballots in which it said no"),
    "transfers": ("states", "cash for a yes, EUR bn"),
    "envelope": ("the union", "money left to place, EUR bn"),
    "settled": ("the union", "whether the bargaining is over"),
    "rounds": ("the union", "rounds of bargaining, or waves, so far"),
    "planned": ("sites", "money selected for it, EUR bn"),
    "selected": ("sites", "quarter of selection, -1 for none"),
    "wave": ("sites", "wave or round of selection, from 1"),
    "pledged": ("sites", "labs' money, EUR bn"),
    "own_money": ("sites", "paid by the host alone, outside the programme"),
    "stopped": ("sites", "stopped by a scandal this quarter"),
    "near": ("sites", "researchers near, relative to the mean site at the start"),
    "talent": ("sites", "what they do to the site's rate"),
    "pool": ("sites", "whether it takes part in the best run"),
    "rate": ("the union", "FLOP/s of the best single run"),
    "stale": ("the union", "whether the best run must be read anew"),
    "exited": ("labs", "whether it has left for a cloud abroad"),
}
DELIVERED = {
    "cancelled": "the selection ends without a contract",
    "contracted": "quarter of the contract",
    "ready": "quarter of first operation",
    "expected": "year of operation as planned",
    "since": "year of operation as it comes",
    "bought": "date of its chips",
    "chips": "accelerators",
    "waiting": "accelerators among them that wait for power above the headroom",
    "complete": "quarter from which they work",
    "peak": "FLOP/s of one",
    "spend": "what it costs, EUR bn",
    "power_mw": "power at the meter, MW",
    "award_years": "years from selection to the award of the first tender",
    "retender_years": "years of tenders after one that failed",
    "failed_tenders": "tenders that failed",
    "litigation_years": "years in court",
    "building_years": "years of building",
    "grid_years": "years from operation until power above the headroom comes; the other four are the time to operation before rounding",
}


def odd(
    write: Annotated[bool, typer.Option("--write", help="Write abm/ODD.md instead of printing it.")] = False,
) -> None:
    """Describe the model by the ODD protocol, its tables read off the code."""
    text = page()
    if write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


def page() -> str:
    """The whole page."""
    from juste_retour.abm.scenario import DEFAULT, load, parameters
    from juste_retour.runs.europe.calibration import MOMENTS

    template = (resources.files("juste_retour.runs") / "europe" / "odd_template.md").read_text(
        encoding="utf-8"
    )
    known = parameters()
    scenario = load(DEFAULT)
    parts = {
        "moments": "; ".join(MOMENTS.values()),
        "patterns": _patterns(),
        "start": scenario.start,
        "end": scenario.end,
        "announcement": scenario.announcement,
        "state": _state(),
        "constants": _constants(),
        "outcomes": _outcomes(),
        "schedule": _schedule(),
        "families": _families(),
        "assumed": str(sum("assumed" in about.source for _, about in known.values())),
        "count": str(len(known)),
        "parameters": _parameters(),
    }
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)
    return text.rstrip() + "\n"


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(headings), "|" + "---|" * len(headings), *map(line, rows)])


def span(about: Parameter, default: Setting) -> str:
    """The plausible range of a parameter, or its bounds, or what it may be."""
    if isinstance(default, bool):
        return "true or false"
    if about.choices:
        return ", ".join(about.choices)
    low, high = about.range if about.range is not None else (about.low, about.high)
    if low is None or high is None:
        return "any" if isinstance(default, str) else f"{'-' if low is None else f'{low:g}'} and up"
    return f"{low:g} to {high:g}" + (" (log)" if about.range is not None and about.scale == "log" else "")


def _value(value: Setting) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _patterns() -> str:
    from juste_retour.runs.europe.patterns import PATTERNS

    return "\n".join(f"- {p.group}: {p.name}" for p in PATTERNS)


def state_variables() -> dict[str, tuple[int, ...]]:
    """Shapes of all arrays that a world of two holds and that change while it runs, by name."""
    from juste_retour.abm.scenario import load
    from juste_retour.abm.simulation import Simulation

    arrays = Simulation(load("eu-status-quo"), 0, [0, 1]).world.arrays()
    return {
        name.rpartition(".")[2]: value.shape
        for name, value in arrays.items()
        if name != "replicates" and not name.startswith("programme.delivered.")
    }


def _state() -> str:
    rows = [[f"`{name}`", *STATE[name]] for name in state_variables()]
    rows.sort(key=lambda row: list(dict.fromkeys(v[0] for v in STATE.values())).index(row[1]))
    rows += [[f"`delivered.{name}`", "sites", meaning] for name, meaning in DELIVERED.items()]
    return table(["variable", "of", "what"], rows)


def _constants() -> str:
    from juste_retour.agents.situation import College, Labs, Machines, Sites, States

    rows = []
    for kind in (States, Sites, Labs, College, Machines):
        rows.append([kind.__name__.lower(), ", ".join(f"`{f.name}`" for f in fields(kind))])
    return table(["of", "attributes"], rows)


def _outcomes() -> str:
    from juste_retour.runs.tables import TABLES

    return table(["outcome", "unit", "what"], [[f"`{c.name}`", c.unit, c.meaning] for c in TABLES["worlds"]])


def _schedule() -> str:
    from juste_retour.abm import quarter

    body = ast.parse(inspect.getsource(quarter.advance)).body[0]
    called = [n.func.id for n in ast.walk(body) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    lines = []
    for k, name in enumerate(called, 1):
        said = (inspect.getdoc(getattr(quarter, name)) or "").split("\n")[0]
        lines.append(f"{k}. `{name}`: {said}")
    return "\n".join(lines)


def _families() -> str:
    from juste_retour.agents.rules import FAMILIES

    parts = []
    for family in sorted(FAMILIES.values(), key=lambda f: f.name):
        who = f" Each {family.actor} may have a rule of its own." if family.actor else ""
        parts.append(f"### {family.name}: {family.decides}\n\n`{family.signature}`{who}\n")
        parts.append(
            table(["rule", "what", "source"], [[f"`{r.name}`", r.summary, r.source] for r in family]) + "\n"
        )
        rows = [
            [
                f"`{r.name}.{key}`",
                _value(default),
                about.unit,
                span(about, default),
                about.about,
                about.source,
            ]
            for r in family
            for key, (default, about) in r.parameters.items()
        ]
        if rows:
            parts.append(table(["parameter", "default", "unit", "range", "what", "source"], rows) + "\n")
    return "\n".join(parts).rstrip()


def _parameters() -> str:
    from juste_retour.abm.scenario import parameters

    rows = [
        [
            f"`{name}`",
            _value(default),
            about.unit,
            span(about, default),
            about.about,
            about.source,
            about.group,
        ]
        for name, (default, about) in parameters().items()
    ]
    return table(["parameter", "default", "unit", "range", "what", "source", "group"], rows)
