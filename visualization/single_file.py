"""The app as one HTML file with stored runs, without a server or a network.

The file has the runs of every scenario about Europe, with its own rules and with each change of `SETTINGS`, for ten seeds.
`stage/lab.js` looks up these runs instead of asking a server. If the file also includes the model, it computes other runs.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from juste_retour.abm.base.files import refuse_special_output
from juste_retour.abm.base.members import load_members
from juste_retour.abm.base.toml import JsonObject
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.browser_model import distribution, embedded
from juste_retour.visualization.geometry import drawn_map
from juste_retour.visualization.replay import page_around
from juste_retour.visualization.session import offered, scenario_of
from juste_retour.visualization.union import union_for
from juste_retour.visualization.views.passing import stored_passing
from juste_retour.visualization.views.stage_frames import play

SEEDS = tuple(range(10))
SETTINGS = (  # each is one change of a scenario
    ("agenda", "open_call"),
    ("agenda", "commission_proposal"),
    ("agenda", "planner"),
    ("voting", "unanimity"),
    ("voting", "lisbon_qmv"),
    ("funding", "gni_key"),
    ("funding", "host_matches_half"),
    ("entitlement", "juste_retour"),
    ("procurement", "public_tender"),
    ("procurement", "rapid"),
    ("operations", "operator_led"),
    ("pooling", "best_of"),
)
Told = Callable[[int, int], None]


def held() -> list[str]:
    """The presets about the European Union, whose map the file includes, if their machines train models."""
    home = load_members().digest
    return [name for name in presets() if load(name).trains and union_for(load(name)).digest == home]


def changes_of(name: str) -> list[dict[str, str]]:
    """The changes for which the file has runs of a preset: none, and each of `SETTINGS` that differs from its rules."""
    rules = load(name).rules
    return [{}, *({group: rule} for group, rule in SETTINGS if rules[group].plain() != rule)]


def part(name: str, changes: dict[str, str]) -> str:
    """A preset's runs with some changes: JSON, compressed with gzip and encoded in base64.

    If the scenario is not valid, the JSON has only `error`, one sentence.
    """
    content: JsonObject
    try:
        scenario = scenario_of({"base": name, "changes": changes})
        content = {"toml": scenario.toml(), "runs": columns([play(scenario, seed) for seed in SEEDS])}
    except BadInput as error:
        content = {"error": str(error)}
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def columns(value: Any) -> Any:
    """JSON with each list of objects that have the same keys replaced by one object of lists, a third of the size."""
    if isinstance(value, dict):
        return {key: columns(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    keys = list(value[0]) if value and isinstance(value[0], dict) else []
    if keys and all(isinstance(row, dict) and list(row) == keys for row in value):
        return {"": len(value), **{key: columns([row[key] for row in value]) for key in keys}}
    return [columns(inner) for inner in value]


def catalog() -> JsonObject:
    """The choices for which the file has runs, out of all that the app offers."""
    all_of_it: JsonObject = offered()
    rules = {(group, rule) for group, rule in SETTINGS}
    rules |= {(group, load(name).rules[group].rule) for name in held() for group, _ in SETTINGS}
    groups = dict.fromkeys(group for group, _ in SETTINGS)
    families = [
        one
        | {
            "actor": None,
            "rules": [rule | {"parameters": []} for rule in one["rules"] if (one["name"], rule["name"]) in rules],
        }
        for one in all_of_it["families"]
        if one["name"] in groups
    ]
    return all_of_it | {
        "presets": _presets(all_of_it),
        "families": families,
        "parameters": [],
        "seeds": SEEDS,
    }


def _presets(offered: JsonObject) -> list[JsonObject]:
    """The offered presets that are in `held`."""
    names = held()
    return [preset for preset in offered["presets"] if preset["name"] in names]


def write(file: Path, told: Told, pyodide: Path | None = None) -> None:
    """Compute the runs on all cores and write the page.

    Args:
        file: path of the page; an existing file is replaced when all runs are computed.
        told: called with the number of parts done and of all parts.
        pyodide: folder of an unpacked Pyodide with NumPy, to include the model in the page.

    Raises:
        BadInput: the file cannot be written, or the folder is not the right Pyodide.
    """
    python = None if pyodide is None else distribution(pyodide)
    if file.is_dir():
        raise BadInput(f"--single-file {str(file)!r} is a folder; give a file in it, such as lab.html.")
    try:
        refuse_special_output(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f".{file.name}.part")
        beside.touch()
    except OSError as error:
        raise BadInput(
            f"--single-file {str(file)!r} cannot be written ({error.strerror}); give another file."
        ) from None
    try:
        parts = dict(_computed(told))
        beside.write_text(page(parts, None if python is None else embedded(python)), encoding="utf-8")
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def _computed(told: Told) -> Iterator[tuple[str, str]]:
    from juste_retour.runs.base.processes import spread

    asked = [(name, changes) for name in held() for changes in changes_of(name)]
    texts = spread(os.cpu_count() or 1, part, *zip(*asked, strict=True))
    for k, (one, text) in enumerate(zip(asked, texts, strict=True), 1):
        told(k, len(asked))
        yield key(*one), text


def key(name: str, changes: dict[str, str]) -> str:
    """The key under which `stage/lab.js` finds a part.

    >>> key("eu-status-quo", {"voting": "unanimity"})
    'eu-status-quo voting=unanimity'
    """
    return " ".join([name, *(f"{group}={rule}" for group, rule in changes.items())])


def page(parts: dict[str, str], model: dict[str, object] | None = None) -> str:
    """The page as HTML, from its parts and optionally the model.

    Args:
        parts: the texts of `part` by `key`.
        model: the model from `embedded`. Without it, the page offers only choices for which it has runs.
    """
    geometry = drawn_map(load_members())
    content: JsonObject = {"seeds": SEEDS, "parts": parts, "passing": stored_passing()}
    if model is None:
        content |= {"geometry": geometry | {"tour": False}, "catalog": catalog()}
    else:
        all_of_it: JsonObject = offered()
        every = all_of_it | {"presets": _presets(all_of_it), "alone": True}
        content |= {"geometry": geometry, "catalog": every, "model": model}
    return page_around("juste retour: a laboratory", content, "lab.js")
