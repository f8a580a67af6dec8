"""The folder of an experiment: manifest, lock, one Parquet file per chunk and table, and a record of finished chunks.

    manifest.json         spec, seed, versions, commit, platform; when complete, the hash of each file
    chunks.jsonl          one line per finished chunk, with the hash of each of its files
    failures.json         chunks that failed, with traceback, seed and the command that reruns the replication
    worlds/000000.parquet the table `worlds` of chunk 0, and so on

A chunk's files are renamed into place before its line is written. A chunk without a line does not count and is run again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import cast

from juste_retour.abm.bargaining.sampled import digest_of_solution
from juste_retour.abm.base.files import MOST_WRITTEN, content_of, refuse_special_output
from juste_retour.abm.base.toml import JsonMapping, JsonObject
from juste_retour.agents.errors import BadInput, CannotWrite, JusteRetourError
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.provenance import changes_between, made_with, mixing, rules_between
from juste_retour.runs.base.reading import content_hash
from juste_retour.runs.engine.chunks import ChunkPlan, Failure, Produced
from juste_retour.runs.engine.manifest import (
    ENDED,
    KINDS,
    Manifest,
    Record,
    continued,
    fits,
    follows_from,
)
from juste_retour.runs.engine.spec import Spec, content_digest
from juste_retour.runs.results.export import DONE, LOCK, MANIFEST, refuse_experiment

FAILED = "failures.json"
FORMAT = 1
PART = ".part"
REMEDY = "give the same `batch` command again to repair it"


class Busy(JusteRetourError):
    """Another process is writing to the folder."""


class Damaged(Exception):
    """A file of a chunk was changed; the text says how."""


class Store:
    """An experiment's folder.

    Args:
        out: the folder.
    """

    def __init__(self, out: Path | str):
        self.out = Path(out)
        self._lock: tuple[int, int] | None = None  # device and inode of the lock while it is held

    # -- manifest -----------------------------------------------------------------------------------------------------
    def manifest(self) -> Manifest:
        """The manifest; `BadInput` if there is none, it cannot be read, or it was changed."""
        found, path = self._manifest(), self.out / MANIFEST
        for key, kind in KINDS.items():
            if not fits(found.get(key), kind):
                raise BadInput(f"{path} is damaged: `batch` did not write its {key}; {REMEDY}.")
        members = str(found["provenance"].get("members"))
        try:
            digest = content_digest(found["spec"], members, found["rules"], found["runs"])
        except (TypeError, ValueError):
            digest = ""
        if digest != found["digest"]:
            raise BadInput(f"{path} was changed: its spec is not the one that was run; {REMEDY}.")
        for key, value in follows_from(found).items():
            self._compare(key, found[key], value)
        return cast(Manifest, found)

    def compare_size(self, manifest: Manifest, plan: ChunkPlan) -> None:
        """Raise `BadInput` if the manifest's points, runs or chunks are not those of its spec."""
        spec = plan.spec
        for key, size in (("points", len(spec.kept)), ("runs", spec.runs), ("chunks", plan.chunks)):
            self._compare(key, manifest.get(key), size)

    def _compare(self, key: str, value: object, right: object) -> None:
        if value != right:
            raise BadInput(
                f"{self.out / MANIFEST} was changed: {key} is {value!r}, but {right!r} by its spec; {REMEDY}."
            )

    def _manifest(self) -> JsonObject:
        path = self.out / MANIFEST
        try:
            found = json.loads(content_of(path, MOST_WRITTEN))
        except FileNotFoundError:
            raise BadInput(f"{self.out} has no {MANIFEST}; give a folder that `batch --out` wrote.") from None
        except (OSError, ValueError, RecursionError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise BadInput(
                f"{path} cannot be read ({reason}); restore it, or run the batch in another folder."
            ) from None
        if not isinstance(found, dict) or found.get("format") != FORMAT or "digest" not in found:
            raise BadInput(f"{path} is not a manifest of this version; give a folder that `batch --out` wrote.")
        return found

    def begin(self, spec: Spec, chunks: int) -> Manifest:
        """Prepare the folder for a spec, or for resuming it, and return the manifest.

        Everything that follows from the spec is written again, which repairs a manifest that was changed.

        Raises:
            BadInput: the folder is a file, or holds another experiment or other Parquet files.
            CannotWrite: it cannot be written to.
        """
        fresh: Manifest = {
            "format": FORMAT,
            "title": spec.title,
            "question": str(spec.content["question"]),
            "digest": spec.digest,
            "seed": spec.seed,
            "points": len(spec.kept),
            "replications": spec.replications,
            "runs": spec.runs,
            "chunks": chunks,
            "tables": list(spec.tables),
            "complete": False,
            "seconds": 0.0,
            "spec": dict(spec.content),
            "spec_text": spec.text,
            "refused": [asdict(r) for r in spec.refused],
            "provenance": made_with(spec.members, *spec.study),
            "rules": dict(spec.rules),
        }
        if os.path.lexists(self.out / MANIFEST):
            manifest = self._resumed(self._manifest(), fresh, spec)
            self.write_manifest(manifest)
            return manifest
        if any(self.out.glob("*.parquet")) or any(self.out.glob("*/*.parquet")):
            raise BadInput(f"{self.out} holds Parquet files but no {MANIFEST}; give another folder with --out.")
        self.write_manifest(fresh)
        return fresh

    def _resumed(self, found: JsonObject, fresh: Manifest, spec: Spec) -> Manifest:
        """The manifest of a folder in which a spec was begun; `BadInput` if what it rests on has changed."""
        if found["digest"] != spec.digest:
            rules = _other_rules(found, spec)
            if rules:
                raise BadInput(
                    f"{self.out} was begun with other rules ({rules}), and chunks of different rules cannot be mixed; "
                    "restore the rules, or give another folder with --out."
                )
            raise BadInput(
                f"{self.out} holds another experiment ({found.get('title')!r}, digest {found['digest']}; this one "
                f"has digest {spec.digest}); give another folder with --out."
            )
        then = found.get("provenance")
        changed = changes_between(then if isinstance(then, Mapping) else {}, fresh["provenance"])
        if changed:
            raise BadInput(
                f"{self.out} was begun with different versions of {' and '.join(changed)}, which cannot be mixed; "
                "resume with those versions, or give another folder with --out."
            )
        read = rules_read_anew(found)
        if read:
            raise BadInput(
                f"{self.out} was begun when rules read other content ({'; '.join(read)}), and chunks cannot be mixed; "
                "restore it, or give another folder with --out."
            )
        kinds = {key: KINDS[key] for key in ("complete", "seconds")} | ENDED | {"read": dict}
        kept = {key: found[key] for key, kind in kinds.items() if fits(found.get(key), kind)}
        kept["provenance"] = then
        if "continued_with" in found:
            kept["continued_with"] = found["continued_with"]
        if not spec.text:  # this time the spec was given from Python; earlier it may have been a file
            kept["spec_text"] = str(found.get("spec_text", ""))
        return cast(Manifest, {**fresh, **kept})

    def continue_with(self, manifest: Manifest, here: Mapping[str, object], kept: bool) -> None:
        """Add the provenance of further chunks to the manifest, if it differs from all earlier ones.

        Args:
            manifest: of the experiment.
            here: the provenance of this process.
            kept: whether there are finished chunks already.
        """
        if not kept:
            manifest["provenance"] = dict(here)
            manifest.pop("continued_with", None)
            return
        earlier = [manifest["provenance"], *continued(manifest)]
        if all(mixing(then, here) for then in earlier):
            manifest["continued_with"] = [*earlier[1:], dict(here)]
            self.write_manifest(manifest)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest."""
        self.write(MANIFEST, json_text(manifest).encode())

    # -- chunks ---------------------------------------------------------------------------------------------------------
    def done(self) -> dict[int, Record]:
        """The record of each finished chunk, by number.

        Lines that are incomplete, belong to another experiment or name files of another chunk are ignored.
        """
        try:
            content = content_of(self.out / DONE, MOST_WRITTEN)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BadInput(
                f"{self.out / DONE} cannot be read ({error.strerror}); restore it, or run the batch in another folder."
            ) from None
        manifest = self.manifest()
        found = {}
        for line in content.split(b"\n"):
            with suppress(ValueError, RecursionError):
                record = json.loads(line)
                if _is_record(record, manifest):
                    found[record["chunk"]] = record
        return found

    def mismatch(self) -> str | None:
        """A phrase if a complete experiment's chunks are no longer those that it ended with, else None."""
        manifest, records = self.manifest(), self.done()
        if not manifest["complete"]:
            return None
        missing = manifest["chunks"] - len(records)
        if missing:
            return f"{missing} of {manifest['chunks']} chunks are missing from {self.out / DONE}"
        if result_digest(records) != manifest.get("result"):
            return f"{self.out / DONE} and {self.out / MANIFEST} belong to different results"
        return None

    def mend(self) -> None:
        """Remove what a killed process left behind: half a line, half a file."""
        path = self.out / DONE
        if path.is_file():
            content = content_of(path, MOST_WRITTEN)
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:
                self.write(DONE, whole)
        for part in (*self.out.glob(f".*{PART}"), *self.out.glob(f"*/.*{PART}")):
            part.unlink(missing_ok=True)

    def damaged(self, record: Record) -> str | None:
        """A phrase that says what is wrong with a chunk's files; None if nothing is."""
        for name, digest in record["files"].items():
            try:
                self._content(name, digest)
            except Damaged as damage:
                return str(damage)
        return None

    def _content(self, name: str, digest: str) -> bytes:
        """The content of a file; `Damaged` if its hash is not `digest`."""
        path = self.out / name
        try:
            content = content_of(path, MOST_WRITTEN)
        except FileNotFoundError:
            raise Damaged(f"{path} is missing") from None
        except BadInput as error:
            raise Damaged(str(error).partition(";")[0]) from None
        except OSError as error:
            raise Damaged(f"{path} cannot be read ({error.strerror})") from None
        if hashlib.sha256(content).hexdigest() != digest:
            whole = content[:4] == b"PAR1" and content[-4:] == b"PAR1"
            raise Damaged(f"{path} was changed after it was written" if whole else f"{path} is truncated or corrupt")
        return content

    def note_read(self, manifest: Manifest, read: Mapping[str, str]) -> None:
        """Add to the manifest what the rules read in a chunk.

        Raises:
            BadInput: in another chunk the content was another one.
        """
        known = manifest.setdefault("read", {})
        changed = rules_between({k: known.get(k, h) for k, h in read.items()}, read)
        if changed:
            raise BadInput(
                f"{'; '.join(changed)} while the batch ran, so that its chunks cannot be mixed; restore it, or give another "
                "folder with --out."
            )
        if not read.keys() <= known.keys():
            known.update(read)
            self.write_manifest(manifest)

    def keep(self, produced: Produced, spec: str) -> Record:
        """Write the files of a chunk, then its line in `chunks.jsonl`; return the record. `spec` is the spec's digest."""
        hashes = {}
        for table, content in produced.files.items():
            name = _file(table, produced.chunk)
            self.write(name, content)
            hashes[name] = hashlib.sha256(content).hexdigest()
        self._see_folder()
        record: Record = {
            "spec": spec,
            "chunk": produced.chunk,
            "worlds": produced.worlds,
            "seconds": round(produced.seconds, 4),
            "files": hashes,
        }
        if produced.solutions:
            record["solutions"] = produced.solutions
        try:
            refuse_special_output(self.out / DONE)
            with (self.out / DONE).open("ab") as log:
                log.write(json.dumps(record).encode() + b"\n")
                log.flush()
                os.fsync(log.fileno())
        except OSError as error:
            raise self._cannot(error, DONE) from None
        return record

    def contents(self, table: str) -> Iterator[bytes]:
        """The content of a table's files, chunk by chunk.

        Raises:
            BadInput: a file was changed or is missing.
        """
        for number, record in sorted(self.done().items()):
            name = _file(table, number)
            try:
                yield self._content(name, record["files"][name])
            except Damaged as damage:
                raise BadInput(f"{damage}; {REMEDY}.") from None

    def files(self, table: str) -> list[Path]:
        """The files of a table, in the order of chunks."""
        return [self.out / _file(table, number) for number in sorted(self.done())]

    def lost(self, good: Mapping[int, Record]) -> list[int]:
        """The chunks whose record or files have disappeared from the folder."""
        there = self.done()
        return [
            n
            for n, record in sorted(good.items())
            if there.get(n) != record or not all((self.out / name).is_file() for name in record["files"])
        ]

    # -- failures -------------------------------------------------------------------------------------------------------
    def failures(self) -> list[dict[str, object]]:
        """The failures of the last run, as recorded."""
        try:
            return list(json.loads(content_of(self.out / FAILED, MOST_WRITTEN)))
        except (OSError, ValueError, BadInput, TypeError, RecursionError):
            return []

    def write_failures(self, failed: Mapping[int, Failure]) -> None:
        """Record the chunks that failed; remove the file if none did."""
        if failed:
            listed = [{"chunk": n, **asdict(f)} for n, f in sorted(failed.items())]
            self.write(FAILED, json_text(listed).encode())
        else:
            (self.out / FAILED).unlink(missing_ok=True)

    # -- the folder -----------------------------------------------------------------------------------------------------
    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder while chunks are written; the kernel releases the lock whenever this process ends."""
        refuse_experiment(self.out, below=True)
        refuse_special_output(self.out / LOCK)
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            lock = (self.out / LOCK).open("a+")
        except FileExistsError:
            raise BadInput(f"--out {self.out} is a file; give a folder.") from None
        except NotADirectoryError:
            raise BadInput(f"--out {self.out} lies below a file; give another folder.") from None
        except OSError as error:
            raise self._cannot(error) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):  # some network file systems raise the second
                lock.seek(0)
                who = lock.read(200).strip() or "another process"
                raise Busy(f"{self.out} is being written by {who}; wait for it, or give another folder.") from None
            except OSError as error:
                raise CannotWrite(
                    f"{self.out} is on a file system that cannot lock files ({error.strerror or error}), so two batches "
                    "could mix there; give a folder on a local disk, and move it when the batch is done."
                ) from None
            lock.truncate(0)
            lock.write(f"process {os.getpid()} on {os.uname().nodename}")
            lock.flush()
            found = os.fstat(lock.fileno())
            self._lock = found.st_dev, found.st_ino
            try:
                yield
            finally:
                self._lock = None

    def _see_folder(self) -> None:
        """Raise `CannotWrite` if the locked folder was removed or replaced; another batch may be writing there."""
        if self._lock is None:
            return
        try:
            found = os.stat(self.out / LOCK)
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._lock:
            raise CannotWrite(
                f"{self.out} was removed or replaced while its batch ran, and its chunks are lost; give the same command "
                "again."
            )

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the folder by an atomic rename."""
        path = self.out / name
        part = path.with_name(f".{path.name}{PART}")
        self._see_folder()
        try:
            path.parent.mkdir(exist_ok=True)
            part.unlink(missing_ok=True)
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise self._cannot(error, name) from None

    def _cannot(self, error: OSError, name: str = "") -> CannotWrite:
        return CannotWrite(
            f"{self.out / name} cannot be written ({error.strerror or error}); finished chunks are kept. Free some space "
            "or make the folder writable, and give the same command again."
        )


def rules_read_anew(manifest: JsonMapping) -> list[str]:
    """Phrases for the files and variables that rules read in the runs, and that have another content now."""
    then = manifest.get("read")
    return rules_between(then, {k: content_hash(k) for k in then}) if isinstance(then, Mapping) else []


def _file(table: str, chunk: int) -> str:
    return f"{table}/{chunk:06d}.parquet"


def _other_rules(found: JsonMapping, spec: Spec) -> str:
    """Phrases for the modules of rules that differ, if nothing else in the spec does; else an empty string."""
    then = found.get("rules")
    if not isinstance(then, Mapping):
        return ""
    try:
        now = content_digest(found["spec"], spec.members.digest, spec.rules, found["runs"])
    except (KeyError, TypeError, ValueError):
        return ""
    return "; ".join(rules_between(then, spec.rules)) if now == spec.digest else ""


def _is_record(found: object, manifest: Manifest) -> bool:
    """Whether a parsed line is a record that `keep` writes for a chunk of this experiment."""
    if not isinstance(found, dict) or found.get("spec", manifest["digest"]) != manifest["digest"]:
        return False
    chunk, files = found.get("chunk"), found.get("files")
    if type(chunk) is not int or not 0 <= chunk < manifest["chunks"] or not isinstance(files, dict):
        return False
    if not isinstance(found.get("solutions", {}), dict):
        return False
    return files.keys() == {_file(table, chunk) for table in manifest["tables"]}


def solution_digests(records: Mapping[int, Record]) -> dict[str, list[str]]:
    """The digests of the stationary values that chunks used, by point; several if their chunks used different ones."""
    found: dict[str, set[str]] = {}
    for record in records.values():
        for point, plain in record.get("solutions", {}).items():
            found.setdefault(point, set()).add(digest_of_solution(plain))
    return {point: sorted(digests) for point, digests in sorted(found.items())}


def result_digest(records: Mapping[int, Record]) -> str:
    """One hash over all files of an experiment."""
    text = json_text([[name, h] for n in sorted(records) for name, h in sorted(records[n]["files"].items())])
    return hashlib.sha256(text.encode()).hexdigest()
