"""What the folder of an experiment says of it: its manifest, and a record of each chunk that is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from juste_retour.runs.provenance import mixing


class Record(TypedDict):
    """A chunk that is done; `files` gives the hash of each of its files."""

    spec: str
    chunk: int
    worlds: int
    seconds: float
    files: dict[str, str]


class Manifest(TypedDict):
    """An experiment: its spec, and what its results were made with; `result` and `hashes` once it is complete.

    `continued_with` holds further provenances, where a batch went on with other software or another processor.
    """

    format: int
    title: str
    question: str
    digest: str
    seed: int
    points: int
    replications: int
    runs: int
    chunks: int
    tables: list[str]
    complete: bool
    seconds: float
    spec: dict[str, Any]
    spec_text: str
    refused: list[dict[str, object]]
    provenance: dict[str, Any]
    rules: dict[str, str]
    done: NotRequired[int]
    continued_with: NotRequired[list[dict[str, Any]]]
    result: NotRequired[str]
    hashes: NotRequired[dict[str, str]]


# what a manifest must hold to be read
KINDS: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "question": str,
    "digest": str,
    "seed": int,
    "points": int,
    "replications": int,
    "runs": int,
    "chunks": int,
    "tables": list,
    "complete": bool,
    "seconds": (int, float),
    "spec": dict,
    "spec_text": str,
    "provenance": dict,
    "rules": dict,
}
ENDED: dict[str, type] = {"result": str, "hashes": dict}  # what it holds besides when all chunks are done


def fits(value: object, kind: type | tuple[type, ...]) -> bool:
    """Whether a value of a manifest is of its kind; a number must be finite and not negative."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return False
    return not isinstance(value, int | float) or (math.isfinite(value) and value >= 0)


def follows_from(manifest: Mapping[str, Any]) -> dict[str, object]:
    """What a manifest says once more that its spec says."""
    spec = manifest["spec"]
    return {
        **{key: spec.get(key) for key in ("seed", "replications", "tables")},
        "runs": manifest["points"] * manifest["replications"],
    }


def continued(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The provenances with which an experiment was continued, beside the one that it was begun with."""
    found = manifest.get("continued_with", [])
    return [then for then in found if isinstance(then, dict)] if isinstance(found, list) else []


def mixture(manifest: Mapping[str, Any]) -> str:
    """A sentence that says what the chunks of an experiment were made with, where it was not the same for all."""
    begun = manifest["provenance"]
    found = dict.fromkeys(change for then in continued(manifest) for change in mixing(begun, then))
    return f"Mixed: the batch was begun and continued with different {' and '.join(found)}." if found else ""
