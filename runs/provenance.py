"""Where a result comes from: versions, commit, processor, scenario and members, as a plain dictionary."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import numpy as np

from juste_retour.abm.members import Members
from juste_retour.abm.scenario import Scenario
from juste_retour.runs.user_rules import loaded


def provenance(
    scenario: Scenario, members: Members, *, seed: int, first: int, worlds: int
) -> dict[str, object]:
    """Return all that is needed to run the same worlds again and to know how closely they must agree."""
    return {
        "scenario": {"name": scenario.name, "digest": scenario.digest, "toml": scenario.toml(base=None)},
        "members": {"name": members.name, "digest": members.digest},
        "seed": seed,
        "first": first,
        "worlds": worlds,
        "rules": [{"file": str(r.path), "sha256": r.sha256, "source": r.source} for r in loaded()],
        **platform_facts(),
    }


def platform_facts() -> dict[str, object]:
    """Versions, commit and processor: results are equal bit for bit where `cpu_features` and `numpy` are equal."""
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
    """A commit by its hash, and whether the files differ from it."""

    id: str
    changed: bool


def commit() -> Commit | None:
    """The commit of the checkout that runs and whether its files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parent.parent
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


def cpu_features() -> list[str]:
    """Features of the processor that NumPy's kernels are chosen by."""
    try:
        from numpy._core._multiarray_umath import __cpu_features__ as features
    except ImportError:
        return []
    return sorted(name for name, there in features.items() if there)


def numpy_build() -> dict[str, str]:
    """The linear algebra library and compiler that NumPy was built with."""
    shown = np.show_config(mode="dicts")
    blas = shown.get("Build Dependencies", {}).get("blas", {})
    compiler = shown.get("Compilers", {}).get("c", {})
    return {
        "blas": " ".join(str(blas.get(key, "")) for key in ("name", "version")).strip(),
        "compiler": " ".join(str(compiler.get(key, "")) for key in ("name", "version")).strip(),
    }
