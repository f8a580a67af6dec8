"""The description of a replication archive as an RO-Crate 1.1 (w3id.org/ro/crate/1.1): JSON-LD that archives read."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from juste_retour.runs.base.printing import json_text
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.store import DONE

METADATA, CODE = (
    "ro-crate-metadata.json",
    "code/",
)  # the code is described as a whole, all other files one by one
PROFILE, LICENSE = "https://w3id.org/ro/crate/1.1", "https://spdx.org/licenses/Apache-2.0"
CONTEXT = [f"{PROFILE}/context", {"sha256": "https://schema.org/sha256"}]


def crate(content: Mapping[str, bytes | str | Path], results: Results) -> str:
    """The metadata file of an archive with this content, by the path of each file."""
    files = [_file(name, made) for name, made in content.items() if not name.startswith(CODE)]
    names, made, spec = [str(f["@id"]) for f in files], results.manifest["provenance"], results.spec
    done = datetime.fromtimestamp((results.out / DONE).stat().st_mtime, UTC)
    root = _entity(
        "./",
        "Dataset",
        name=spec.title,
        description=f"Replication archive: {spec.runs:,} runs, seed {spec.content['seed']}.",
        datePublished=done.date().isoformat(),
        license=_to(LICENSE),
        hasPart=[_to(name) for name in (*names, CODE)],
        mentions=_to("#run"),
    )
    run = _entity(
        "#run",
        "CreateAction",
        name="The batch",
        endTime=done.isoformat(timespec="seconds"),
        instrument=_to("#program"),
        object=_to("spec.toml"),
        result=[_to(name) for name in names if name.startswith("results/")],
    )
    version, code = str(made["juste_retour"]), f"code {made['code']}"
    program = _entity("#program", "SoftwareApplication", name="juste-retour", version=version, identifier=code)
    about = _entity(METADATA, "CreativeWork", conformsTo=_to(PROFILE), about=_to("./"))
    terms = _entity(LICENSE, "CreativeWork", name="Apache License 2.0")
    folder = _entity(CODE, "Dataset", name="source code of juste-retour")
    return json_text({"@context": CONTEXT, "@graph": [about, root, run, program, terms, folder, *files]})


def _entity(identity: str, kind: str, /, **rest: object) -> dict[str, object]:
    return {"@id": identity, "@type": kind, **rest}


def _to(name: str) -> dict[str, str]:
    return {"@id": name}


def _file(name: str, made: bytes | str | Path) -> dict[str, object]:
    data = made.read_bytes() if isinstance(made, Path) else made.encode() if isinstance(made, str) else made
    kind, digest = (
        mimetypes.guess_type(name)[0] or "application/octet-stream",
        hashlib.sha256(data).hexdigest(),
    )
    size = str(len(data))
    return _entity(name, "File", name=Path(name).name, contentSize=size, encodingFormat=kind, sha256=digest)
