"""The model for a page without a server: Pyodide, and the part of this package that needs only NumPy.

Pyodide is Python compiled for browsers. `stage/worker.js` starts it with the files from `embedded`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

from juste_retour.abm.base.files import content_of
from juste_retour.abm.base.toml import JsonObject
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.replay import STAGE

VERSION = "0.27.7"
PINNED = {  # SHA-256 digests: Pyodide's files as in its npm package, NumPy as in Pyodide's pyodide-lock.json
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08",
}
LOCK = "pyodide-lock.json"
MOST_BYTES = 2**27  # of one file of Pyodide
GIVE = f"give an unpacked Pyodide {VERSION} with its packages"
ENTRY = "juste_retour.visualization.answering"
ABSENT = ("fcntl", "lzma", "resource", "sqlite3", "ssl")  # modules of the standard library that Pyodide lacks
DATA = {
    "abm": (".csv", ".json", ".toml"),
    "runs.base": ("palette.toml",),
    "visualization": ("titles.toml",),
    "visualization.views": (".json",),
}

# Imports the first module and all modules that it may import later, if NumPy is enough for them, and prints their names.
LISTING = """
import ast, importlib, sys


class NumpyAlone:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first in ABSENT or first not in {"juste_retour", "numpy", *sys.stdlib_module_names}:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)


ABSENT = set(sys.argv[2:])
sys.meta_path.insert(0, NumpyAlone())
importlib.import_module(sys.argv[1])
ours = lambda: {name for name in sys.modules if name.partition(".")[0] == "juste_retour"}
read = set()
while ours() - read:
    for name in sorted(ours() - read):
        read.add(name)
        for node in ast.walk(ast.parse(sys.modules[name].__spec__.loader.get_source(name))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("juste_retour"):
                try:
                    importlib.import_module(node.module)
                except ModuleNotFoundError:
                    pass
print(*sorted(ours()), sep="\\n")
"""


def module_names() -> list[str]:
    """Names of the package's modules that the browser needs and that need only NumPy."""
    command = [sys.executable, "-c", LISTING, ENTRY, *ABSENT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def package() -> bytes:
    """The package as a zip archive: the modules of `module_names`, their data, and the metadata with the version."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for path, content in sorted(_files()):
            entry = zipfile.ZipInfo(path)  # has a fixed date, so that the same content gives the same archive
            zipped.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()


def _files() -> Iterator[tuple[str, bytes]]:
    number = version("juste-retour")
    about = f"Metadata-Version: 2.1\nName: juste-retour\nVersion: {number}\n"
    yield f"juste_retour-{number}.dist-info/METADATA", about.encode()
    packages = resources.files("juste_retour")
    for name in module_names():
        place = "/".join(name.split(".")[1:])
        file = f"{place}.py" if packages.joinpath(f"{place}.py").is_file() else f"{place}/__init__.py".lstrip("/")
        yield f"juste_retour/{file}", packages.joinpath(file).read_bytes()
    for name, kinds in DATA.items():
        place = name.replace(".", "/")
        yield from _data(packages.joinpath(place), f"juste_retour/{place}", kinds)


def _data(folder: Traversable, place: str, kinds: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for inner in folder.iterdir():
        if inner.is_dir():
            yield from _data(inner, f"{place}/{inner.name}", kinds)
        elif inner.name.endswith(kinds):
            yield f"{place}/{inner.name}", inner.read_bytes()


def distribution(folder: Path) -> dict[str, bytes]:
    """The files of Pyodide that the page needs, by name, with their digests checked.

    The list of packages among them is reduced to NumPy.

    Raises:
        BadInput: the folder is not an unpacked Pyodide of `VERSION` with NumPy.
    """
    files = {name: _read(folder, name) for name in (LOCK, *PINNED)}
    lock = _lock(files[LOCK], folder)
    if lock["info"]["version"] != VERSION:
        raise BadInput(f"--pyodide {str(folder)!r} has Pyodide {lock['info']['version']}; {GIVE}.")
    for name, pinned in PINNED.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != pinned:
            raise BadInput(
                f"--pyodide: {name} in {str(folder)!r} is not the file of Pyodide {VERSION} "
                f"(SHA-256 {found[:12]}..., not {pinned[:12]}...); {GIVE}."
            )
    files[LOCK] = json.dumps(lock, separators=(",", ":")).encode()
    return files


def _read(folder: Path, name: str) -> bytes:
    try:
        return content_of(folder / name, MOST_BYTES)
    except OSError as error:
        raise BadInput(f"--pyodide {str(folder)!r}: {name} cannot be read ({error.strerror}); {GIVE}.") from None


def _lock(text: bytes, folder: Path) -> JsonObject:
    try:
        lock = json.loads(text)
        return {
            "info": {**lock["info"], "version": str(lock["info"]["version"])},
            "packages": {"numpy": lock["packages"]["numpy"]},
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f"--pyodide {str(folder)!r}: {LOCK} is not Pyodide's list of packages; {GIVE}.") from None


def embedded(files: dict[str, bytes]) -> dict[str, object]:
    """The content for the page's worker: its script, and each file compressed with gzip and encoded in base64.

    Args:
        files: the files from `distribution`.
    """
    held = {**files, "juste_retour.zip": package()}
    return {
        "worker": (STAGE / "worker.js").read_text("utf-8"),
        "files": {
            name: base64.b64encode(gzip.compress(content, 9, mtime=0)).decode() for name, content in held.items()
        },
    }
