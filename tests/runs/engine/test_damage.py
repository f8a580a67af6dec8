"""Damaged, swapped or lost files of a result are reported in one sentence and repaired by `batch`."""

import json
import os
import re
import shutil

import pytest

from juste_retour.agents.errors import CannotWrite, JusteRetourError
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.store import DONE, Store
from juste_retour.runs.engine.verification import verdict, verify
from juste_retour.runs.reports.report import report
from tests.runs.small import SPEC, change_manifest, files, manifest, run_small

pytestmark = pytest.mark.slow

TEXT = (
    SPEC.replace('["worlds", "facilities", "votes"]', '["worlds"]')
    .replace("replications = 6", "replications = 2")
    .replace("chunk = 6", "chunk = 2")
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("whole"), text=TEXT)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The same experiment with another seed."""
    return run_small(tmp_path_factory.mktemp("other"), text=TEXT.replace("seed = 11", "seed = 12"))


@pytest.fixture
def out(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "copy")


def repaired(out, whole):
    """Whether continuing the batch restores the result."""
    batch(whole.parent / "spec.toml", out, workers=0)
    same = {k: v for k, v in manifest(out).items() if k != "seconds"}
    assert same == {k: v for k, v in manifest(whole).items() if k != "seconds"}
    checked = verify(out, every=True, workers=0)
    assert checked.exact
    assert not checked.differences
    assert len(Results(out).table()) == 8
    return files(out) == files(whole)


def changed_line(out, change):
    found = [json.loads(line) for line in (out / "chunks.jsonl").read_text().splitlines()]
    change(found)
    (out / "chunks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in found))


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found[1].pop("files"),
        lambda found: found[1].update(files=7),
        lambda found: found[1].update(chunk=3),  # chunk 1 would be counted twice
        lambda found: found[1].update(chunk=-1),
        lambda found: found[1].update(chunk="1"),
        lambda found: found[1].update(files={"../out/worlds/000001.parquet": "x"}),
        lambda found: found[1].update(files=found[2]["files"]),
        lambda found: found[1]["files"].update({"worlds/000001.parquet": "0" * 64}),
        lambda found: found.pop(),
        lambda found: found.insert(0, [1, None, {}]),
    ],
)
def test_damaged_line_of_the_chunk_list_is_not_used(out, whole, change):
    before = Results(whole).table()
    changed_line(out, change)
    refusal = ""
    try:
        assert Results(out).table().equals(before)
    except JusteRetourError as error:
        refusal = str(error)
    assert not refusal or "batch" in refusal
    assert repaired(out, whole)


def test_deeply_nested_chunk_list_is_refused(out, whole):
    (out / "chunks.jsonl").write_bytes(b'{"a":' * 100_000)
    with pytest.raises(JusteRetourError, match=re.escape(str(out))):
        Results(out)
    assert repaired(out, whole)
    (out / "manifest.json").write_bytes(b'{"a":' * 100_000)
    with pytest.raises(JusteRetourError, match=r"manifest\.json"):
        Results(out)


def test_chunk_list_without_world_counts_is_repaired(out, whole):
    changed_line(out, lambda found: [line.pop("worlds") for line in found])
    assert repaired(out, whole)


@pytest.mark.parametrize("key", ["rules", "chunks", "tables", "provenance", "seconds", "complete"])
@pytest.mark.parametrize("value", [None, "x", [1]])
def test_manifest_with_wrong_types_is_reported_and_repaired(out, whole, key, value):
    change_manifest(out, **{key: value})
    if key != "tables" or value != [1]:
        with pytest.raises(JusteRetourError, match=rf"manifest\.json.*\b{key}\b.*batch"):
            verify(out, workers=0)
    if key == "provenance":
        with pytest.raises(JusteRetourError, match=re.escape(str(out))):
            batch(whole.parent / "spec.toml", out, workers=0)
    else:
        assert repaired(out, whole)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, True])
def test_invalid_seconds_are_reported_and_repaired(out, whole, value):
    change_manifest(out, seconds=value)
    with pytest.raises(JusteRetourError, match=r"manifest\.json.*seconds.*batch"):
        Results(out)
    assert repaired(out, whole)


@pytest.mark.parametrize(
    "change",
    [
        {"runs": 9},
        {"seed": 3},
        {"replications": 3, "runs": 12},
        {"points": 5, "runs": 10},
        {"chunks": 3},
        {"tables": ["worlds", "votes"]},
    ],
)
def test_manifest_that_differs_from_its_spec_is_reported_and_repaired(out, whole, change):
    change_manifest(out, **change)
    for read in (lambda folder: Results(folder).spec, lambda folder: verify(folder, workers=0)):
        with pytest.raises(JusteRetourError, match=f"{next(iter(change))}|{DONE}"):
            read(out)
    assert repaired(out, whole)


@pytest.mark.parametrize("name", ["manifest.json", "chunks.jsonl", "worlds/000001.parquet"])
@pytest.mark.parametrize("kind", ["pipe", "zero", "loop"])
def test_file_that_never_ends_is_named_and_repaired(out, whole, name, kind):
    path = out / name
    content = path.read_bytes()
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else path.name)
    with pytest.raises(JusteRetourError, match=re.escape(str(path))):
        Results(out).table()
    if path.suffix != ".parquet":  # `batch` repairs a chunk, and names any other file that is not regular
        with pytest.raises(JusteRetourError, match=re.escape(str(path))):
            batch(whole.parent / "spec.toml", out, workers=0)
        path.unlink()
        path.write_bytes(content)
    assert repaired(out, whole)


@pytest.mark.parametrize("replaced", [False, True])
def test_folder_removed_during_a_batch_is_not_complete(tmp_path, replaced):
    (tmp_path / "spec.toml").write_text(TEXT)
    out = tmp_path / "out"

    def remove(tally):
        if tally.chunks_done == 2:
            shutil.rmtree(out)
            if replaced:
                out.mkdir()
                (out / ".lock").touch()

    with pytest.raises(CannotWrite, match="removed"):
        batch(tmp_path / "spec.toml", out, workers=0, progress=remove)
    assert not (out / "manifest.json").exists()
    assert batch(tmp_path / "spec.toml", out, workers=0).tally.worlds_now == 8


@pytest.mark.parametrize("name", ["worlds/000000.parquet", "chunks.jsonl"])
def test_file_removed_during_a_batch_is_reported(tmp_path, name):
    (tmp_path / "spec.toml").write_text(TEXT)
    out = tmp_path / "out"

    def remove(tally):
        if tally.chunks_done == 2:
            (out / name).unlink()

    with pytest.raises(CannotWrite, match="removed"):
        batch(tmp_path / "spec.toml", out, workers=0, progress=remove)
    assert not manifest(out)["complete"]
    assert batch(tmp_path / "spec.toml", out, workers=0).tally.worlds_now > 0


@pytest.mark.parametrize("inside", [".", "worlds", "tables/deeper"])
def test_outputs_inside_a_result_folder_are_refused(out, whole, call, inside):
    for words in (
        ["export", out, "--out", out / inside],
        ["run", "--out", out / inside],
        ["batch", whole.parent / "spec.toml", "--out", out / inside / "again", "--workers", "0"],
        ["package", out, "--out", out / "worlds" / "x.zip"],
    ):
        status, _, printed = call(*words)
        assert status == 2
        assert "experiment" in printed
    assert files(out) == files(whole)


def test_batch_continued_with_other_software_is_marked_as_mixed(out, whole, call):
    """With the same NumPy the batch may continue. Another Python and processor may change digits."""
    found = manifest(out)["provenance"]
    change_manifest(out, provenance={**found, "python": "3.12.1", "cpu_features": []}, complete=False)
    changed_line(out, lambda lines: lines.pop())
    batch(whole.parent / "spec.toml", out, workers=0)
    assert [then["python"] for then in manifest(out)["continued_with"]] == [found["python"]]
    assert "3.12.1" in Results(out).caution
    found = verify(out, every=True, workers=0)
    assert not found.exact
    assert "3.12.1" in verdict(found, out)
    assert "3.12.1" in report(out).read_text()
    batch(whole.parent / "spec.toml", out, workers=0)  # nothing is left to run, so nothing else is mixed
    assert len(manifest(out)["continued_with"]) == 1


def test_batch_restarted_from_scratch_is_not_mixed(out, whole):
    found = manifest(out)["provenance"]
    change_manifest(out, provenance={**found, "python": "3.12.1"}, complete=False)
    (out / "chunks.jsonl").unlink()
    batch(whole.parent / "spec.toml", out, workers=0)
    assert not Results(out).caution
    assert manifest(out)["provenance"] == found


def test_manifest_with_a_changed_spec_is_reported_and_repaired(out, whole):
    spec = manifest(out)["spec"]
    spec["scenario"]["envelope_eur_bn"] = 21.5
    change_manifest(out, spec=spec)
    for read in (Results, lambda folder: verify(folder, workers=0)):
        with pytest.raises(JusteRetourError, match=r"manifest\.json.*spec"):
            read(out)
    assert repaired(out, whole)


@pytest.mark.parametrize("name", ["manifest.json", "chunks.jsonl", "worlds/000001.parquet"])
def test_file_of_another_experiment_is_refused(out, other, name):
    shutil.copy(other / name, out / name)
    with pytest.raises(JusteRetourError, match=re.escape(str(out))):
        Results(out).table()


def test_chunks_of_another_experiment_are_ignored(out, other, whole):
    """As when one folder was copied over another."""
    change_manifest(out, complete=False)
    shutil.copy(other / "chunks.jsonl", out)
    shutil.copytree(other / "worlds", out / "worlds", dirs_exist_ok=True)
    assert not Store(out).done()
    assert repaired(out, whole)


def test_folder_in_place_of_a_file_is_named(out, whole, call):
    (out / "worlds" / "000001.parquet").unlink()
    (out / "worlds" / "000001.parquet").mkdir()
    for words in (
        ["sensitivity", out],
        ["batch", whole.parent / "spec.toml", "--out", out, "--workers", "0"],
    ):
        status, _, printed = call(*words)
        assert status
        assert "worlds/000001.parquet" in printed
        assert len(printed.strip().splitlines()) == 1


def test_incomplete_results_are_marked(out, call, tmp_path):
    changed_line(out, lambda found: found.pop())
    change_manifest(out, complete=False)
    for words in (["sensitivity", out], ["export", out, "--out", tmp_path / "x"]):
        status, _, printed = call(*words)
        assert status == 0
        assert re.search(r"\b3 of 4\b", printed)
