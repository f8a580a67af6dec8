"""The manifest in an experiment's folder, and the record of each finished chunk."""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict

from juste_retour.abm.base.toml import JsonMapping, JsonObject
from juste_retour.runs.base.provenance import mixing


class Record(TypedDict):
    """A finished chunk: the digest of its spec, its number, runs, seconds, and the hash of each of its files.

    `solutions` has the stationary values that it used by point, as `FixedPoint.plain` returns them.
    """

    spec: str
    chunk: int
    worlds: int
    seconds: float
    files: dict[str, str]
    solutions: NotRequired[dict[str, JsonObject]]


class Manifest(TypedDict):
    """An experiment's spec, size and provenance; `result`, `hashes` and `solutions` are there once it is complete.

    `solutions` has the digests of the stationary values in use, by point.

    `read` has the hash of each file and variable that rules read in the runs, besides those in `rules`.
    `continued_with` holds further provenances, if the batch was resumed with other software or on another processor.
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
    spec: JsonObject
    spec_text: str
    refused: list[dict[str, object]]
    provenance: JsonObject
    rules: dict[str, str]
    done: NotRequired[int]
    read: NotRequired[dict[str, str]]
    continued_with: NotRequired[list[JsonObject]]
    result: NotRequired[str]
    hashes: NotRequired[dict[str, str]]
    solutions: NotRequired[dict[str, list[str]]]


# what a manifest must contain
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
ENDED: dict[str, type] = {"result": str, "hashes": dict}  # what it also contains once all chunks are finished


def fits(value: object, kind: type | tuple[type, ...]) -> bool:
    """Whether a value of a manifest has the required type; numbers must also be finite and not negative."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return False
    return not isinstance(value, int | float) or (math.isfinite(value) and value >= 0)


def follows_from(manifest: JsonMapping) -> dict[str, object]:
    """The entries of a manifest that its spec determines."""
    spec = manifest["spec"]
    return {
        **{key: spec.get(key) for key in ("seed", "replications", "tables")},
        "runs": manifest["points"] * manifest["replications"],
    }


def continued(manifest: JsonMapping) -> list[JsonObject]:
    """The provenances with which an experiment was resumed, without the one with which it began."""
    found = manifest.get("continued_with", [])
    return [then for then in found if isinstance(then, dict)] if isinstance(found, list) else []


def mixture(manifest: JsonMapping) -> str:
    """A warning if chunks of an experiment were computed with different software or processors, else an empty string."""
    begun = manifest["provenance"]
    found = dict.fromkeys(change for then in continued(manifest) for change in mixing(begun, then))
    return f"Mixed results: the batch was begun and resumed with different {' and '.join(found)}." if found else ""
