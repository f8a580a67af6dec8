"""What the folder of an experiment says of it: its manifest, and a record of each chunk that is done."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Record(TypedDict):
    """A chunk that is done; `files` gives the hash of each of its files."""

    spec: str
    chunk: int
    worlds: int
    seconds: float
    files: dict[str, str]


class Manifest(TypedDict):
    """An experiment: its spec, and what its results were made with; `result` and `hashes` once it is complete."""

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
