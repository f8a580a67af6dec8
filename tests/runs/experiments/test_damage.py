"""A file of a result that was damaged, swapped or lost is met by a sentence and mended by `batch`, never read as it is."""

import json
import re
import shutil

import pytest

from juste_retour.agents.errors import JusteRetourError
from juste_retour.runs.experiments.experiment import batch
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.experiments.store import Store
from juste_retour.runs.experiments.verification import verdict, verify
from tests.runs.small import SPEC, files, manifest, run_small, say_in_manifest

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
    """The same experiment with other luck."""
    return run_small(tmp_path_factory.mktemp("other"), text=TEXT.replace("seed = 11", "seed = 12"))


@pytest.fixture
def out(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "copy")


def mended(out, whole):
    """Whether going on gives the result as it was."""
    batch(whole.parent / "spec.toml", out, workers=0)
    same = {k: v for k, v in manifest(out).items() if k != "seconds"}
    assert same == {k: v for k, v in manifest(whole).items() if k != "seconds"}
    assert "bit for bit" in verdict(verify(out, every=True, workers=0), out)
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
def test_a_damaged_line_of_the_list_of_chunks_is_never_read_as_it_is(out, whole, change):
    before = Results(whole).table()
    changed_line(out, change)
    refusal = ""
    try:
        assert Results(out).table().equals(before)
    except JusteRetourError as error:
        refusal = str(error)
    assert not refusal or "batch" in refusal
    assert mended(out, whole)


def test_a_list_of_chunks_nested_past_reason_does_not_count(out, whole):
    (out / "chunks.jsonl").write_bytes(b'{"a":' * 100_000)
    with pytest.raises(JusteRetourError, match=re.escape(str(out))):
        Results(out)
    assert mended(out, whole)
    (out / "manifest.json").write_bytes(b'{"a":' * 100_000)
    with pytest.raises(JusteRetourError, match=r"manifest\.json"):
        Results(out)


def test_a_line_without_the_number_of_worlds_does_no_harm(out, whole):
    changed_line(out, lambda found: [line.pop("worlds") for line in found])
    assert mended(out, whole)


@pytest.mark.parametrize("key", ["rules", "chunks", "tables", "provenance", "seconds", "complete"])
@pytest.mark.parametrize("value", [None, "x", [1]])
def test_a_manifest_of_another_shape_is_said_and_mended(out, whole, key, value):
    say_in_manifest(out, **{key: value})
    if key != "tables" or value != [1]:
        with pytest.raises(JusteRetourError, match=rf"manifest\.json.*\b{key}\b.*batch"):
            verify(out, workers=0)
    if key == "provenance":
        with pytest.raises(JusteRetourError, match=re.escape(str(out))):
            batch(whole.parent / "spec.toml", out, workers=0)
    else:
        assert mended(out, whole)


def test_a_manifest_whose_spec_was_changed_is_said_and_mended(out, whole):
    spec = manifest(out)["spec"]
    spec["scenario"]["envelope_eur_bn"] = 21.5
    say_in_manifest(out, spec=spec)
    for read in (Results, lambda folder: verify(folder, workers=0)):
        with pytest.raises(JusteRetourError, match=r"manifest\.json.*spec"):
            read(out)
    assert mended(out, whole)


@pytest.mark.parametrize("name", ["manifest.json", "chunks.jsonl", "worlds/000001.parquet"])
def test_a_file_of_another_experiment_is_not_taken_for_ones_own(out, other, name):
    shutil.copy(other / name, out / name)
    with pytest.raises(JusteRetourError, match=re.escape(str(out))):
        Results(out).table()


def test_the_chunks_of_another_experiment_do_not_count_in_an_unfinished_one(out, other, whole):
    """As where a folder was copied over another one."""
    say_in_manifest(out, complete=False)
    shutil.copy(other / "chunks.jsonl", out)
    shutil.copytree(other / "worlds", out / "worlds", dirs_exist_ok=True)
    assert not Store(out).done()
    assert mended(out, whole)


def test_a_folder_in_the_place_of_a_file_is_named(out, whole, call):
    (out / "worlds" / "000001.parquet").unlink()
    (out / "worlds" / "000001.parquet").mkdir()
    for words in (
        ["sensitivity", out],
        ["batch", whole.parent / "spec.toml", "--out", out, "--workers", "0"],
    ):
        status, _, said = call(*words)
        assert status
        assert "worlds/000001.parquet" in said
        assert len(said.strip().splitlines()) == 1


def test_numbers_of_a_part_are_said_to_be_of_a_part(out, call, tmp_path):
    changed_line(out, lambda found: found.pop())
    say_in_manifest(out, complete=False)
    for words in (["sensitivity", out], ["export", out, "--out", tmp_path / "x"]):
        status, _, said = call(*words)
        assert status == 0
        assert re.search(r"\b3 of 4\b", said)
