"""The replication archive is complete, and its one command reproduces the result."""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires

import pandas as pd
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.reports.publication import environment, export, locked_environment, package
from tests.runs.engine.test_batch import ROOT
from tests.runs.small import SPEC, files, run_small

pytestmark = pytest.mark.slow

RULE = '''
from juste_retour.abm.politics.voting import voting
from beside_the_rule import some

@voting
def of_my_own(ballot, states):
    """Passes with any yes."""
    return some(ballot.yes)
'''


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def archive(out):
    return package(out)


def test_archive_contains_data_code_codebook_environment_and_script(archive):
    with zipfile.ZipFile(archive) as z:
        names = {n.removeprefix("replication/") for n in z.namelist()}
        readme = z.read("replication/README.md").decode()
        book = list(csv.DictReader(io.StringIO(z.read("replication/codebook.csv").decode())))
    assert {
        "README.md",
        "replicate.py",
        "requirements.txt",
        "spec.toml",
        "spec-as-written.toml",
        "codebook.csv",
        "environment.txt",
        "results/manifest.json",
        "results/report.html",
        "results/worlds/000000.parquet",
        "code/juste_retour/abm/worlds/world.py",
        "code/juste_retour/runs/engine/experiment.py",
        "code/pyproject.toml",
    } <= names
    for word in ("python replicate.py", "Python", "seed 11"):
        assert word in readme
    assert 'pandas.read_parquet("results/worlds")' in readme
    table = Results(archive.parent).table("worlds")
    assert len(pd.read_parquet(archive.parent / "worlds")) == len(table)
    assert {r["column"] for r in book if r["table"] == "worlds"} == set(table.columns)
    assert all(r["meaning"] for r in book)


def test_packaging_elsewhere_changes_nothing_and_omits_old_figures(out, tmp_path):
    old = out / "figures" / "old.svg"
    old.parent.mkdir(exist_ok=True)
    old.write_text("<svg/>")
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    with zipfile.ZipFile(package(out, tmp_path / "p.zip", tables=False)) as z:
        figures = [n for n in z.namelist() if "/figures/" in n]
    assert figures
    assert "replication/results/figures/old.svg" not in figures
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before
    old.unlink()


def test_archive_warns_of_changed_code(out, tmp_path, call, monkeypatch):
    plain = float("inf")
    for digest in (None, "other"):
        if digest:
            monkeypatch.setattr("juste_retour.runs.base.provenance.code_digest", lambda *modules: "other")
        status, _, err = call("package", out, "--out", tmp_path / "p.zip")
        with zipfile.ZipFile(tmp_path / "p.zip") as z:
            readme = z.read("replication/README.md").decode()
        assert (status, err != "", len(readme.splitlines()) > plain) == (0, bool(digest), bool(digest))
        plain = len(readme.splitlines())


def test_archive_is_deterministic(archive, out):
    before = archive.read_bytes()
    assert package(out).read_bytes() == before


def test_archive_describes_itself_as_a_research_object(archive):
    with zipfile.ZipFile(archive) as z:
        graph = json.loads(z.read("replication/ro-crate-metadata.json"))["@graph"]
        by_id = {entity["@id"]: entity for entity in graph}
        assert len(by_id) == len(graph)
        about, root = by_id["ro-crate-metadata.json"], by_id["./"]
        assert (about["@type"], about["about"]) == ("CreativeWork", {"@id": "./"})
        assert about["conformsTo"]["@id"] == "https://w3id.org/ro/crate/1.1"
        assert root["@type"] == "Dataset"
        assert all(root[key] for key in ("name", "description", "datePublished", "license", "hasPart"))
        described = {part["@id"] for part in root["hasPart"]}
        packed = {name.removeprefix("replication/") for name in z.namelist()} - {about["@id"]}
        assert {name for name in packed if not name.startswith("code/")} == described - {"code/"}
        for name in described - {"code/"}:
            data = z.read(f"replication/{name}")
            assert by_id[name]["sha256"] == hashlib.sha256(data).hexdigest(), name
            assert by_id[name]["contentSize"] == str(len(data))
    referred = [value for entity in graph for value in entity.values()]
    referred = [item for value in referred for item in (value if isinstance(value, list) else [value])]
    ids = {item["@id"] for item in referred if isinstance(item, dict)} - {"https://w3id.org/ro/crate/1.1"}
    assert ids <= by_id.keys()
    assert by_id["#run"]["object"]["@id"] == "spec.toml"


def test_archived_spec_is_the_same_experiment(archive, out):
    with zipfile.ZipFile(archive) as z:
        content = tomllib.loads(z.read("replication/spec.toml").decode())
    assert spec_of(content).digest == Results(out).spec.digest


@pytest.mark.parametrize("tables", [True, False])
def test_replication_script_reproduces_the_result(tmp_path, own_rules, tables):
    # Python finds modules by name across folders, so each case has its own name.
    beside = f"beside_the_rule_{tables}".lower()
    (tmp_path / "mine.py").write_text(RULE.replace("beside_the_rule", beside))
    (tmp_path / f"{beside}.py").write_text("def some(yes):\n    return yes.any(-1)\n")
    text = SPEC.replace('"unanimity"]', '"of_my_own"]').replace("seed = 11", 'seed = 11\nrules = ["mine.py"]')
    text = text.replace('["worlds", "facilities", "votes"]', '["worlds"]').replace('"lisbon_qmv", ', "")
    out = run_small(tmp_path, text=text)
    path = package(out, tmp_path / "a.zip", tables=tables)
    for name in ("mine.py", f"{beside}.py"):
        (tmp_path / name).unlink()
    with zipfile.ZipFile(path) as z:
        z.extractall(tmp_path / "there")
        assert any(n.endswith(".parquet") for n in z.namelist()) == tables
    runner = tmp_path / "runner"
    runner.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; from juste_retour.runs.cli.lazy_group import main; sys.exit(main())" "$@"\n'
    )
    runner.chmod(0o755)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "there/replication/replicate.py")],
        env={**os.environ, "JUSTE_RETOUR": str(runner), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "bit" in done.stdout


def test_exports_agree_with_the_tables_and_have_labels(out, tmp_path):
    written = export(out, tmp_path / "x", ("csv", "dta", "parquet"))
    assert {p.name for p in written} >= {"worlds.csv", "worlds.dta", "worlds.parquet", "codebook.csv"}
    table = Results(out).table("worlds")
    back = pd.read_csv(tmp_path / "x" / "worlds.csv")
    assert back["years_behind"].tolist() == pytest.approx(table["years_behind"].tolist(), rel=1e-14)
    with pd.read_stata(tmp_path / "x" / "worlds.dta", iterator=True) as reader:
        labels = reader.variable_labels()
    assert "voting" in labels
    assert "years" in labels["years_behind"]
    with pytest.raises(BadInput, match="timeline"):
        export(out, tmp_path / "y", tables=["timeline"])
    with pytest.raises(BadInput, match=re.escape(str(out))):
        export(out, out)


def test_export_does_not_change_the_chunks(out, call, tmp_path):
    before = files(out)
    status, printed, _ = call("export", out, "--out", tmp_path / "c", "--tables", "facilities")
    assert status == 0
    assert "facilities.csv" in printed
    assert files(out) == before


def test_incomplete_experiment_is_not_packaged(tmp_path, call):
    out = run_small(tmp_path)
    (out / "chunks.jsonl").write_text("".join((out / "chunks.jsonl").read_text().splitlines(keepends=True)[:2]))
    status, _, error = call("package", out)
    assert status == 2
    assert "2 of 4" in error
    batch(tmp_path / "spec.toml", out, workers=0)
    status, _, error = call("package", out, "--out", tmp_path)
    assert status == 2
    assert str(tmp_path) in error


def test_pipe_is_not_replaced_by_an_archive(out, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="pipe"):
        package(out, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_every_command_reports_a_damaged_chunk(tmp_path, call):
    out = run_small(tmp_path)
    victim = out / "worlds" / "000001.parquet"
    content = victim.read_bytes()
    victim.write_bytes(content[:-40])
    for words in (
        ["report"],
        ["sensitivity"],
        ["export", "--out", tmp_path / "t"],
        ["package"],
        ["patterns"],
    ):
        status, _, error = call(words[0], out, *words[1:])
        assert status == 2, words
        assert "000001.parquet" in error
        assert "`batch` command" in error
    victim.write_bytes(content[:-40] + bytes(40))
    assert call("package", out)[0] == 2


def test_environment_lists_the_main_dependencies():
    named = environment()
    assert named[0].startswith("# Python")
    assert {"numpy", "scipy", "pandas", "pyarrow", "salib"} <= {line.split("==")[0] for line in named[1:]}


def test_locked_requirements_install_as_the_archive_says(tmp_path):
    """A dry install into an empty environment; a requirement without version and hash would make it fail."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    (tmp_path / "requirements.txt").write_text(locked_environment())
    made = subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "empty")], check=False)
    assert made.returncode == 0
    command = ["pip", "install", "--dry-run", "--require-hashes", "-r", "requirements.txt", "--python"]
    done = subprocess.run(
        [uv, *command, str(tmp_path / "empty")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "error sending request" in done.stderr or "Failed to fetch" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    pinned = sum(line[:1].strip() != "" for line in locked_environment().splitlines())
    assert f"install {pinned} packages" in done.stderr


def test_requirements_of_extras_are_followed():
    named = {line.partition("==")[0] for line in environment()}
    extra = {r.partition(";")[0].strip() for r in requires("mesa") if re.search("extra == .network", r)}
    assert {re.split("[<>=~! ]", r)[0] for r in extra} <= named
    assert extra


def test_archived_project_pins_installed_versions(archive):
    with zipfile.ZipFile(archive) as z:
        project = tomllib.loads(z.read("replication/code/pyproject.toml").decode())
    pins = project["tool"]["uv"]["constraint-dependencies"]
    assert {"numpy", "pandas"} <= {pin.split("==")[0] for pin in pins}
    assert set(environment()[1:]) - set(pins) == {f"juste-retour=={project['project']['version']}"}


def test_locked_environment_has_hashes_and_no_addresses():
    locked = locked_environment()
    pinned = [line for line in locked.splitlines() if line[:1].strip()]
    assert {"numpy", "scipy", "pandas"} <= {line.split("==")[0] for line in pinned}
    assert "://" not in locked
    assert locked.count("--hash=sha256:") >= len(pinned)
