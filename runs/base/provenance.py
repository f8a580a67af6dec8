"""The provenance of a result: versions, commit, processor, scenario and members, as a plain dictionary."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import numpy as np

from juste_retour.abm.base.machine import cpu_features, digest_of, model_files, numpy_build
from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonMapping
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.reading import read_by
from juste_retour.runs.base.user_rules import in_use, loaded


def provenance(scenario: Scenario, members: Members, *, seed: int, first: int, worlds: int) -> dict[str, object]:
    """Return all that is needed to rerun the same replications, and to tell whether results must agree bit for bit."""
    modules = in_use(scenario.plain())
    return {
        "scenario": {"name": scenario.name, "digest": scenario.digest, "toml": scenario.toml(base=None)},
        "members": {"name": members.name, "digest": members.digest},
        "seed": seed,
        "first": first,
        "worlds": worlds,
        "rules": [{"file": str(r.path), "sha256": r.sha256, "source": r.source} for r in loaded()],
        "modules": [
            {"module": m.name, "place": m.place, "sha256": m.sha256, "package": m.package, "source": m.source}
            for m in modules
        ],
        "read": read_by(str(m.path) for m in modules),
        **platform_facts(),
    }


def platform_facts() -> dict[str, object]:
    """Versions, commit and processor of this process."""
    return {
        "juste_retour": version("juste-retour"),
        "commit": commit(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "pandas": version("pandas"),
        "pyarrow": version("pyarrow"),
        "machine": f"{platform.system()} {platform.machine()}",
        "cpu_features": cpu_features(),
        "numpy_build": numpy_build(),
    }


class Commit(TypedDict):
    """The hash of a commit, and whether files differ from it."""

    id: str
    changed: bool


def commit() -> Commit | None:
    """The commit of the running checkout and whether its files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD").strip()
        changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no").strip())
    except (OSError, subprocess.SubprocessError):
        return None
    return {"id": head, "changed": changed}


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10
    ).stdout


@cache
def code_digest(*modules: str) -> str:
    """Hash of the source files on which results depend.

    These are the model, and each module of this folder that the one that runs a chunk imports, at any depth, and the table of columns.

    Args:
        modules: further modules of this folder, by their full names, which are treated in the same way.
    """
    here = Path(__file__).resolve().parents[1]
    todo = [here / "engine" / "chunks.py", *(_module(here, name) for name in modules)]
    found: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in found and path.is_file():
            found.add(path)
            todo += [_module(here, name) for name in _imported(path)]
            todo += [folder / "__init__.py" for folder in path.parents if folder.is_relative_to(here)]
    return digest_of([*model_files(), *sorted(found), here / "results" / "columns.csv"])


def _module(runs: Path, name: str) -> Path:
    """The file of a module of this folder, given its full name; a file that does not exist for any other module."""
    path = runs.joinpath(*name.removeprefix("juste_retour.runs.").split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _imported(path: Path) -> list[str]:
    """The full name of each module, and of each name from a module, that a file imports anywhere in it."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    return found


def made_with(members: Members, *modules: str) -> dict[str, object]:
    """What results depend on besides the spec: platform, libraries, code (with further modules) and the members' data."""
    return {**platform_facts(), "code": code_digest(*modules), "members": members.digest}


WATCHED = {
    "juste_retour": "juste-retour",
    "code": "code",
    "members": "data of the members",
    "numpy": "NumPy",
    "scipy": "SciPy",
    "pyarrow": "PyArrow",
}


def changes_between(then: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Phrases for the differences between two provenances that make results differ."""
    return [
        f"{said} ({then.get(key)} then, {now.get(key)} now)"
        for key, said in WATCHED.items()
        if then.get(key) != now.get(key)
    ]


def rules_between(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Phrases for the modules of rules that differ; both arguments map places to hashes or package versions."""
    found = []
    for place in sorted({*then, *now}):
        if then.get(place) != now.get(place):
            how = "is missing" if place not in now else "is new" if place not in then else "has changed"
            found.append(f"{place} {how}")
    return found


def same_bits(then: Mapping[str, object], now: Mapping[str, object]) -> bool:
    """Whether results must agree bit for bit: processor features, builds and versions are the same."""
    keys = ("cpu_features", "numpy_build", "numpy", "scipy", "pyarrow", "pandas", "machine")
    return all(then.get(key) == now.get(key) for key in keys)


MIXING = {
    "commit": "commits",
    "python": "Python",
    "pandas": "pandas",
    "numpy_build": "NumPy builds",
    "machine": "machines",
    "cpu_features": "processor features",
}


def mixing(then: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Phrases for differences that may change a last digit but do not keep a batch from being resumed."""
    return [
        f"{said} ({_brief(then.get(key), now.get(key))} and {_brief(now.get(key), then.get(key))})"
        for key, said in MIXING.items()
        if then.get(key) != now.get(key)
    ]


def _brief(value: object, other: object) -> str:
    """A value of a provenance as text: of a list what the other one lacks, of a dictionary its values."""
    if isinstance(value, list) and isinstance(other, list):
        more = [str(item) for item in value if item not in other]
        return f"with {', '.join(more)}" if more else "without"
    return ", ".join(map(str, value.values())) if isinstance(value, Mapping) else str(value)


def content_hash(content: JsonMapping) -> str:
    """The SHA-256 of a record that holds its own hash as `sha256`, which is left out; the same before and after JSON."""
    plain = json.loads(json_text({key: value for key, value in content.items() if key != "sha256"}))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
