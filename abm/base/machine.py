"""Identifies what else affects the last bits of a result besides its input: source, processor and NumPy's build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def cpu_features() -> list[str]:
    """The features of the processor, by which NumPy selects its kernels; empty if NumPy does not report them."""
    try:
        from numpy._core._multiarray_umath import __cpu_features__ as features
    except ImportError:
        return []
    return sorted(name for name, there in features.items() if there)


def numpy_build() -> dict[str, str]:
    """The linear algebra library and the compiler with which NumPy was built."""
    shown = np.show_config(mode="dicts")
    blas = shown.get("Build Dependencies", {}).get("blas", {})
    compiler = shown.get("Compilers", {}).get("c", {})
    return {
        "blas": " ".join(str(blas.get(key, "")) for key in ("name", "version")).strip(),
        "compiler": " ".join(str(compiler.get(key, "")) for key in ("name", "version")).strip(),
    }


def model_files() -> list[Path]:
    """The source files on which results depend."""
    here = Path(__file__).resolve().parents[1]
    folders = (here.with_name("agents"), here)
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix == ".py"]


def digest_of(files: Iterable[Path]) -> str:
    """A hash of the files' names and contents, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
