"""What the bits of a result depend on beside its input: the model's source, the processor and NumPy's build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

MESA = ("model.py", "cast.py", "mesa_agents.py", "mesa_facility.py")  # they show results and make none


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


def model_files() -> list[Path]:
    """The files of the model's source that results are made by."""
    here = Path(__file__).resolve().parent
    rooms = (here.with_name("agents"), here)
    found = [path for room in rooms for path in sorted(room.rglob("*")) if path.suffix == ".py"]
    return [path for path in found if path.name not in MESA]


def digest_of(files: Iterable[Path]) -> str:
    """Hash of files' names and content."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
