"""Export of an experiment's tables with a codebook, and its replication archive.

The archive contains what political-science journals ask for: data, code, codebook, software, hardware, run time, and one
master command.
"""

from __future__ import annotations

import csv
import io
import os
import platform
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import juste_retour
from juste_retour.abm.base.files import refuse_special_output
from juste_retour.abm.base.toml import toml_lines
from juste_retour.agents.errors import BadInput, CannotWrite
from juste_retour.runs.base.pages import page_of
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.provenance import changes_between, made_with
from juste_retour.runs.base.user_rules import loaded
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import KEYS, RESOLVED
from juste_retour.runs.engine.store import DONE, MANIFEST, REMEDY
from juste_retour.runs.reports.preregistration import FILE, registered
from juste_retour.runs.reports.regression import write_regression
from juste_retour.runs.reports.report import rendered, spec_text
from juste_retour.runs.reports.ro_crate import METADATA, crate
from juste_retour.runs.results import export as exporting

Content = bytes | str | Path  # of a file in the archive; a path is that of the file to pack

ARCHIVE = "replication.zip"
TEMPLATES = Path(__file__).parent / "templates"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest date in a ZIP file; a fixed one makes equal content equal bytes
_CODE = (".py", ".toml", ".csv", ".json", ".css", ".md", ".vue", ".html", ".jinja", ".js")


def codebook(results: Results, tables: Iterable[str] | None = None) -> list[dict[str, str]]:
    """One row per column of each table: table, column, kind, unit, meaning."""
    return [
        {"table": table, "column": c.name, "kind": c.kind, "unit": c.unit, "meaning": c.meaning}
        for table in (results.tables if tables is None else tables)
        for c in results.columns(table)
    ]


def codebook_csv(rows: Iterable[Mapping[str, str]]) -> str:
    """A codebook as CSV."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, ["table", "column", "kind", "unit", "meaning"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue()


def export(
    folder: Path | str,
    out: Path | str,
    formats: Iterable[str] = ("csv",),
    tables: Iterable[str] | None = None,
    regression: str | None = None,
) -> list[Path]:
    """Write an experiment's tables, one file each, with `codebook.csv`; each table must fit into memory.

    Args:
        folder: of the experiment.
        out: folder to write to.
        formats: one or more of parquet, csv, dta (Stata) and xlsx (Excel).
        tables: names of tables; all by default.
        regression: the outcome of a regression table, which is written as LaTeX, Word and HTML.

    Returns:
        the files written.
    """
    results = Results(folder)
    wanted = list(results.tables if tables is None else tables)
    exporting.refuse_experiment(Path(out))
    frames = {name: results.table(name) for name in wanted}
    provenance = {k: v for k, v in results.manifest.items() if k not in ("hashes", "refused")}
    paths = exporting.write(frames, out, formats, provenance, results.plan.design_columns)
    book = Path(out) / "codebook.csv"
    refuse_special_output(book)
    try:
        book.write_text(codebook_csv(codebook(results, wanted)), encoding="utf-8")
    except OSError as error:
        raise exporting.cannot_write(book, error) from None
    drawn = (
        [] if regression is None else write_regression(results, regression, Path(out), exporting.known_formats(formats))
    )
    return [*paths, book, *drawn]


def package(folder: Path | str, out: Path | str | None = None, *, tables: bool = True) -> Path:
    """Pack the replication archive of a finished experiment; return its path.

    Args:
        folder: of the experiment.
        out: the archive; `replication.zip` in the folder by default.
        tables: whether to include the tables; their hashes are always included.

    Raises:
        BadInput: the experiment is not complete, a file is damaged, or `out` is not a file that can be replaced.
        CannotWrite: the archive cannot be written.
    """
    results = Results(folder)
    if not results.complete:
        raise BadInput(
            f"{folder} is not complete ({len(results.store.done())} of {results.plan.chunks} chunks); finish `batch` first."
        )
    for record in results.store.done().values():
        damage = results.store.damaged(record)
        if damage is not None:
            raise BadInput(f"{damage}; {REMEDY}.")
    path = Path(out) if out is not None else results.out / ARCHIVE
    if out is not None and path.parent.resolve() != results.out.resolve():
        exporting.refuse_experiment(path.parent)
    if path.is_dir():
        raise BadInput(f"--out {path} is a folder; give a file, such as {path / ARCHIVE}.")
    if path.exists() and not path.is_file():  # the archive would replace a device
        raise BadInput(f"--out {path} is not a regular file; give one, such as {ARCHIVE}.")
    part = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(_contents(results, tables).items()):
                entry = zipfile.ZipInfo(f"replication/{name}", _WHEN)
                entry.external_attr = (0o755 if name == "replication/replicate.py" else 0o644) << 16
                entry.compress_type = zipfile.ZIP_STORED if name.endswith(".parquet") else zipfile.ZIP_DEFLATED
                archive.writestr(entry, content.read_bytes() if isinstance(content, Path) else content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise CannotWrite(
            f"{path} cannot be written ({error.strerror or error}); give a file that can, with --out."
        ) from None
    return path


def changed_since(results: Results) -> list[str]:
    """Phrases for the code, data and libraries that have changed since the tables were computed."""
    spec = results.spec
    return changes_between(results.manifest["provenance"], made_with(spec.members, *spec.study))


def _contents(results: Results, tables: bool) -> dict[str, Content]:
    """The content of each file in the archive, by name."""
    out, spec = results.out, results.spec
    content: dict[str, Content] = {
        "README.md": _readme(results, tables),
        "replicate.py": page_of(TEMPLATES / "replicate.jinja", tables=tables),
        "spec.toml": _spec_toml(results),
        "spec-as-written.toml" if results.manifest["spec_text"] else "spec-as-given.json": spec_text(results),
        "codebook.csv": codebook_csv(codebook(results)),
        "environment.txt": "\n".join(environment()) + "\n",
        f"results/{DONE}": out / DONE,
        f"results/{MANIFEST}": json_text(_relative(results)),
    }
    content |= {f"results/{name}": drawn for name, drawn in rendered(results).items()}
    if tables:
        content |= {f"results/{p.relative_to(out)}": p for name in results.tables for p in results.store.files(name)}
    content |= {f"rules/{Path(file).name}": Path(file) for file in spec.content["rules"]}
    for file in loaded():
        if str(file.path.resolve()) in spec.content["rules"]:
            content |= {
                f"rules/{m.place}": m.path
                for m in file.imports
                if m.path is not None and m.path.is_file() and not Path(m.place).is_absolute()
            }
    if registered(out) is not None:
        content[f"results/{FILE}"] = out / FILE
    locked = locked_environment()
    if locked:
        content["requirements.txt"] = locked
    if spec.content["members"]:
        content |= {f"members/{p.name}": p for p in sorted(Path(str(spec.content["members"])).glob("*.csv"))}
    content |= _code()
    return {METADATA: crate(content, results), **content}


def _relative(results: Results) -> dict[str, object]:
    """The manifest with the paths of rules and members in the archive."""
    spec = dict(results.manifest["spec"])
    spec["rules"] = [f"../rules/{Path(file).name}" for file in spec["rules"]]
    spec["members"] = "../members" if spec["members"] else None
    return {**results.manifest, "spec": spec}


def _spec_toml(results: Results) -> str:
    """The spec as TOML, with scenarios and defaults written out, and paths in the archive."""
    spec = dict(results.spec.content)
    spec["rules"] = [f"rules/{Path(file).name}" for file in spec["rules"]]
    spec["members"] = "members" if spec["members"] else None
    content = {k: v for k, v in spec.items() if k in (*KEYS, *RESOLVED) and v is not None}
    return "# The spec with all scenarios and defaults written out.\n" + toml_lines(content)


def _code() -> dict[str, Content]:
    """The source code: the packages as installed, and in a checkout also the files that build them."""
    root = Path(__file__).resolve().parents[2]
    folders = [root / name for name in ("agents", "abm", "runs", "visualization")]
    found: dict[str, Content] = {
        f"code/juste_retour/{folder.name}/{p.relative_to(folder)}": p
        for folder in folders
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix in _CODE and "__pycache__" not in p.parts
    }
    found["code/juste_retour/__init__.py"] = Path(str(juste_retour.__file__))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md"):
        if (root / name).is_file():
            found[f"code/{name}"] = root / name
    if (root / "pyproject.toml").is_file():
        found["code/pyproject.toml"] = _pinned((root / "pyproject.toml").read_text(encoding="utf-8"))
    return found


def _pinned(project: str) -> str:
    """A `pyproject.toml` that pins the versions installed here, so that uv installs the same on any system."""
    pins = [pin for pin in environment()[1:] if not pin.startswith("juste-retour==")]
    return project.replace("[tool.uv]\n", f"[tool.uv]\nconstraint-dependencies = {json_text(pins)}", 1)


def environment(name: str = "juste-retour") -> list[str]:
    """The Python version, then all direct and indirect dependencies of a distribution as `name==version`.

    It follows the extras that a requirement names, such as `mesa[network]`, the distribution's own ones as far as they are
    installed, and markers of this platform.
    """
    found: dict[str, str] = {}
    done: set[tuple[str, str]] = set()
    own = distribution(name).metadata.get_all("Provides-Extra") or []
    waiting = [(canonicalize_name(name), extra) for extra in ("", *own)]
    while waiting:
        place = waiting.pop()
        if place in done:
            continue
        done.add(place)
        key, extra = place
        try:
            installed = distribution(key)
        except PackageNotFoundError:
            continue
        found[key] = f"{key}=={installed.version}"
        for needed in map(Requirement, installed.requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), e) for e in ("", *sorted(needed.extras))]
    return [f"# Python {platform.python_version()}", *sorted(found.values())]


def locked_environment() -> str:
    """The installed distributions of the lock file with the hashes of their files; empty without a lock file.

    It names no host: pip uses the index that it is configured for, and refuses files with other hashes.
    """
    lock = Path(__file__).resolve().parents[2] / "uv.lock"
    if not lock.is_file():
        return ""
    installed = set(environment()[1:])
    lines = []
    for package in tomllib.loads(lock.read_text(encoding="utf-8"))["package"]:
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        hashes = sorted({file["hash"] for file in files if "hash" in file})
        pinned = f"{package['name']}=={package.get('version', '')}"
        if pinned in installed and hashes:
            lines.append(" \\\n    ".join([pinned, *(f"--hash={one}" for one in hashes)]))
    return "\n".join(sorted(lines)) + "\n"


def _readme(results: Results, tables: bool) -> str:
    return page_of(
        TEMPLATES / "archive.jinja",
        manifest=results.manifest,
        made=results.manifest["provenance"],
        spec=results.spec,
        tables=tables,
        table=results.tables[0],
        caution=results.caution,
        changed=changed_since(results),
        cores=os.cpu_count(),
    )
