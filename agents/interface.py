"""Checks which version of the interface a file or package of rules needs, before the file is run."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from juste_retour import INTERFACE_VERSION
from juste_retour.agents.errors import BadInput

NEEDS = "NEEDS_INTERFACE"  # what a file assigns: a pair of integers


def check_interface(source: str, place: str) -> None:
    """Refuse a source whose `NEEDS_INTERFACE` this version does not meet.

    The first number must equal that of `INTERFACE_VERSION`, and the second must not be larger.

    Args:
        source: the text of the module; without `NEEDS_INTERFACE` it is accepted.
        place: its name in messages.

    Raises:
        BadInput: the version is not met, or is not a pair of integers.
    """
    needs = _needed(source, place)
    here = INTERFACE_VERSION
    if needs is None or (needs[0] == here[0] and needs[1] <= here[1]):
        return
    said, is_ = ".".join(map(str, needs)), ".".join(map(str, here))
    remedy = (
        "update juste-retour"
        if needs > here
        else "update it (the changelog lists the changes under `Migration:`), or install an older juste-retour"
    )
    raise BadInput(f"{place} needs version {said} of juste-retour's interface, but this is version {is_}; {remedy}.")


def _needed(source: str, place: str) -> tuple[int, int] | None:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):  # reported when the source is run
        return None
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == NEEDS for t in targets):
            text = ast.unparse(getattr(node, "value", None) or ast.Constant(None))
            try:
                major, minor = ast.literal_eval(text)
            except (ValueError, TypeError):
                major = minor = None
            if type(major) is not int or type(minor) is not int:
                raise BadInput(
                    f"{place}, line {node.lineno}: {NEEDS} = {text} is not a pair of integers; write {NEEDS} = "
                    f"{INTERFACE_VERSION}."
                )
            return major, minor
    return None


def check_module(name: str, place: str) -> None:
    """Check the interface of a module that is not imported yet, and of the packages that contain it."""
    parts = name.split(".")
    for k in range(len(parts)):
        try:
            spec = find_spec(".".join(parts[: k + 1]))  # imports the parent packages, checked in earlier steps
        except (ImportError, ValueError):
            return  # reported when the module is imported
        origin = Path((spec.origin if spec is not None else None) or "")
        if origin.suffix == ".py" and origin.is_file():
            check_interface(origin.read_text(encoding="utf-8", errors="replace"), place)
