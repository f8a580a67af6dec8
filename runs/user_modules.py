"""Which modules a user's rules are made of: the files that they import, and the installed packages by version.

Imports are read from the source, wherever they stand in it, and followed from file to file. A module of an installed
package is known by the package's version; the modules of a package that offers rules are hashed as well, as are those
of one that is installed in editable form. Python, this package and what it depends on are left out: the manifest has
their versions already. A module that is imported by a computed name is not found.
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

HOUSE = "juste_retour"


@dataclass(frozen=True)
class UserModule:
    """A module that a user's rules are made of, as it is on disk.

    Attributes:
        name: by which it is imported, such as `my_rules.voting`.
        place: its file from the folder that it is imported from, such as `my_rules/voting.py`; an installed package's name.
        path: the file; None for an installed package that is known by its version.
        sha256: hash of the file, or the package's version.
        source: its text; empty for an installed package.
        package: the distribution that it belongs to, as `name==version`; empty where it belongs to none.
    """

    name: str
    place: str
    path: Path | None
    sha256: str
    source: str
    package: str = ""


def imported_by(source: str, name: str = "") -> tuple[UserModule, ...]:
    """All modules that a file's source imports, and that these import, sorted by their place.

    Args:
        source: the text of the file.
        name: its own dotted name, where it is a module of a package and may import relatively.
    """
    found: dict[str, UserModule | None] = {}
    waiting = list(_named(source, name, False))
    while waiting:
        wanted = waiting.pop()
        if wanted in found or _known(wanted):
            continue
        found[wanted] = module = _found(wanted)
        if module is not None and module.path is not None:
            whole = module.path.name == "__init__.py"
            waiting += _named(module.source, wanted, whole)
            waiting += [".".join(wanted.split(".")[: k + 1]) for k in range(wanted.count("."))]
    unique = {module.place: module for module in found.values() if module is not None}
    return tuple(unique[place] for place in sorted(unique))


def of_module(name: str) -> UserModule | None:
    """A module of that dotted name; None where it has no file of its own or is not a user's."""
    return None if _known(name) else _found(name)


def _named(source: str, name: str, package: bool) -> Iterator[str]:
    """Every dotted name that a source may import; what is imported from a module may be a module itself."""
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


def _known(name: str) -> bool:
    top = name.partition(".")[0]
    return top == HOUSE or top in sys.stdlib_module_names or top in sys.builtin_module_names


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
    return UserModule(
        name, place, path, hashlib.sha256(content).hexdigest(), content.decode("utf-8", "replace"), label
    )


def _spec(name: str) -> ModuleSpec | None:
    """Where a module is, without importing it or its parents."""
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
    """The installed distribution that a module belongs to: by its place, or as one that offers rules."""
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
    """The distributions that offer rules, by the top module of what they offer."""
    return {
        point.module.partition(".")[0]: point.dist
        for point in entry_points(group=OFFERS)
        if point.dist is not None
    }


def _installed(path: Path) -> bool:
    return any(path.is_relative_to(sysconfig.get_path(kind)) for kind in ("purelib", "platlib"))


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


@cache
def _needed() -> frozenset[str]:
    """The distributions that this package depends on by itself."""
    needed = distribution("juste-retour").requires or []
    return frozenset(_normal(re.split(r"[ ;<>=!~\[(]", text, maxsplit=1)[0]) for text in needed)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def forget_modules(modules: Iterable[UserModule]) -> None:
    """Let files be imported anew: drop them, and the compiled form by which a change within a second is missed."""
    for module in modules:
        if module.path is None or module.package:
            continue
        sys.modules.pop(module.name, None)
        if module.path.suffix == ".py":
            Path(importlib.util.cache_from_source(str(module.path))).unlink(missing_ok=True)
    importlib.invalidate_caches()
