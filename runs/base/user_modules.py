"""The modules that a user's rules depend on: files with their hashes, and installed packages with their versions.

Imports are read from the source, anywhere in it, and followed from file to file. Modules of an installed package are
identified by its version. Modules of a package that offers rules, or that is installed in editable form, are hashed.
Python, this package and its dependencies are omitted, since the manifest holds their versions. Modules whose
names are computed at run time are found by `reading.py`, which sees what a file opens when it is imported.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    entry_points,
    packages_distributions,
)
from pathlib import Path

from juste_retour.agents.rules import OFFERS

PACKAGE = "juste_retour"


@dataclass(frozen=True)
class UserModule:
    """A module that a user's rules depend on.

    Attributes:
        name: its dotted name, such as `my_rules.voting`.
        place: its file relative to the import folder, such as `my_rules/voting.py`, or an installed package's name.
        path: the file; None for an installed package that is identified by its version.
        sha256: hash of the file, or the package's version.
        source: its text; empty for an installed package.
        package: its distribution, as `name==version`; empty if it has none.
    """

    name: str
    place: str
    path: Path | None
    sha256: str
    source: str
    package: str = ""


def imported_by(source: str, name: str = "") -> tuple[UserModule, ...]:
    """All modules that a source imports, directly or through other modules, sorted by their place.

    Args:
        source: the text of a file.
        name: its dotted name if it is a module of a package, for relative imports.
    """
    found: dict[str, UserModule | None] = {}
    waiting = list(_named(source, name, False))
    while waiting:
        wanted = waiting.pop()
        if wanted in found or _is_omitted(wanted):
            continue
        found[wanted] = module = _found(wanted)
        if module is not None and module.path is not None:
            whole = module.path.name == "__init__.py"
            waiting += _named(module.source, wanted, whole)
            waiting += [".".join(wanted.split(".")[: k + 1]) for k in range(wanted.count("."))]
    unique = {module.place: module for module in found.values() if module is not None}
    return tuple(unique[place] for place in sorted(unique))


def of_module(name: str) -> UserModule | None:
    """The module with a dotted name; None if it has no file, or belongs to Python or this package."""
    return None if _is_omitted(name) else _found(name)


def _named(source: str, name: str, package: bool) -> Iterator[str]:
    """Every dotted name that a source may import; a name imported from a package may be a module too."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    home = name if package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = home.split(".")[: len(home.split(".")) - node.level + 1]
                base = ".".join([*above, base]).strip(".")
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


def _is_omitted(name: str) -> bool:
    top = name.partition(".")[0]
    return top == PACKAGE or top in sys.stdlib_module_names or top in sys.builtin_module_names


def _found(name: str) -> UserModule | None:
    spec = _spec(name)
    if spec is None or not spec.origin or not Path(spec.origin).is_file():
        return None
    path, top = Path(spec.origin), name.partition(".")[0]
    owner = _owner(top, path)
    label = f"{owner.name}=={owner.version}" if owner is not None else ""
    if owner is not None and not _hashed(owner, path):
        if _normal(owner.name) in _needed():
            return None
        return UserModule(top, owner.name, None, owner.version, "", label)
    content = path.read_bytes()
    place = "/".join(name.split("."))
    place += "/__init__.py" if path.name == "__init__.py" else path.suffix
    return UserModule(name, place, path, hashlib.sha256(content).hexdigest(), content.decode("utf-8", "replace"), label)


def _spec(name: str) -> ModuleSpec | None:
    """The specification of a module, found without importing it or its parents."""
    module = sys.modules.get(name)
    if module is not None and getattr(module, "__spec__", None) is not None:
        return module.__spec__
    parent = name.rpartition(".")[0]
    try:
        if not parent:
            return importlib.util.find_spec(name)
        above = _spec(parent)
        folders = above.submodule_search_locations if above is not None else None
        return None if folders is None else PathFinder.find_spec(name, folders)
    except (ImportError, ValueError):
        return None


def _owner(top: str, path: Path) -> Distribution | None:
    """The installed distribution that a module belongs to, or that offers it as rules; None if there is none."""
    if top in _offering():
        return _offering()[top]
    if _installed(path):
        for name in _distributions().get(top, ()):
            try:
                return distribution(name)
            except PackageNotFoundError:
                continue
    return None


def _hashed(owner: Distribution, path: Path) -> bool:
    return owner.name in {d.name for d in _offering().values()} or not _installed(path)


def _offering() -> dict[str, Distribution]:
    """The distributions that offer rules, by their top-level module."""
    return {
        point.module.partition(".")[0]: point.dist for point in entry_points(group=OFFERS) if point.dist is not None
    }


def _installed(path: Path) -> bool:
    return any(path.is_relative_to(sysconfig.get_path(kind)) for kind in ("purelib", "platlib"))


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


@cache
def _needed() -> frozenset[str]:
    """The names of the distributions that this package requires."""
    needed = distribution("juste-retour").requires or []
    return frozenset(_normal(re.split(r"[ ;<>=!~\[(]", text, maxsplit=1)[0]) for text in needed)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def forget_modules(modules: Iterable[UserModule]) -> None:
    """Make Python import files again: remove the modules and their compiled files.

    A compiled file would hide a change within the same second.
    """
    for module in modules:
        if module.path is None or module.package:
            continue
        sys.modules.pop(module.name, None)
        if module.path.suffix == ".py":
            Path(importlib.util.cache_from_source(str(module.path))).unlink(missing_ok=True)
    importlib.invalidate_caches()
