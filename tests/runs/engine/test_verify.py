"""Verification finds damage, changed code and changed numbers, and distinguishes them."""

import hashlib
import io
import json
import re
import shutil
import tomllib
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from juste_retour.abm.bargaining import continuation, solved
from juste_retour.agents.errors import BadInput
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.engine.store import result_digest
from juste_retour.runs.engine.verification import Differs, verdict, verify
from tests.runs.small import change_manifest, manifest, run_small


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def out(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "copy")


def rewrite(out, change):
    """Change a column of chunk 1 and record the new hashes, as a run of other code would."""
    path = out / "worlds" / "000001.parquet"
    table = change(pq.read_table(path))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    path.write_bytes(sink.getvalue())
    lines = [json.loads(line) for line in (out / "chunks.jsonl").read_text().splitlines()]
    for line in lines:
        if line["chunk"] == 1:
            line["files"]["worlds/000001.parquet"] = hashlib.sha256(sink.getvalue()).hexdigest()
    (out / "chunks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    change_manifest(out, result=result_digest({line["chunk"]: line for line in lines}))


def scaled(name, factor):
    def change(table):
        return table.set_column(table.schema.get_field_index(name), table.field(name), pc.multiply(table[name], factor))

    return change


def test_intact_result_agrees(kept):
    found = verify(kept, every=True, workers=0)
    assert found.checked == [0, 1, 2, 3]
    assert not found.differences
    assert found.exact
    assert "4" in verdict(found, kept)
    assert len(verify(kept, sample=2, workers=0).checked) == 2


def test_truncated_chunk_outside_the_sample_is_found(out):
    path = out / "worlds" / "000002.parquet"
    path.write_bytes(path.read_bytes()[:-64])
    found = verify(out, sample=1, workers=0)
    with pytest.raises(Differs, match=r"worlds/000002\.parquet"):
        verdict(found, out)


def test_truncated_chunk_list_is_found(out):
    listed = out / "chunks.jsonl"
    lines = listed.read_bytes().splitlines(keepends=True)
    listed.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(Differs, match="1 of 4"):
        verdict(verify(out, sample=1, workers=0), out)
    manifest = json.loads((out / "manifest.json").read_text()) | {"complete": False}
    (out / "manifest.json").write_text(json.dumps(manifest))
    part = verify(out, sample=1, workers=0)
    assert not part.differences
    assert re.search(r"\b[13] of 4\b", verdict(part, out))


def test_changed_number_is_named_with_its_replicate(out):
    rewrite(out, scaled("years_behind", 1 + 1e-9))
    found = verify(out, every=True, workers=0)
    with pytest.raises(Differs, match="years_behind") as error:
        verdict(found, out)
    assert "replicate 0" in str(error.value)


def test_reworded_descriptions_of_columns_are_not_a_difference(out):
    def reworded(table):
        fields = [field.with_metadata({"meaning": "in other words"}) for field in table.schema]
        return table.cast(pa.schema(fields))

    rewrite(out, reworded)
    found = verify(out, every=True, workers=0)
    assert found.exact
    assert not found.differences


def test_changed_code_is_reported(out, monkeypatch):
    rewrite(out, scaled("years_behind", 1 + 1e-9))
    monkeypatch.setattr("juste_retour.runs.base.provenance.code_digest", lambda *modules: "other")
    with pytest.raises(Differs, match=r"code \(.*other"):
        verdict(verify(out, every=True, workers=0), out)


def test_tolerance_does_not_apply_to_counts(out):
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["provenance"]["cpu_features"] = ["OTHER"]
    (out / "manifest.json").write_text(json.dumps(manifest))
    rewrite(out, scaled("years_behind", 1 + 1e-14))
    found = verify(out, every=True, workers=0)
    assert not found.exact
    assert not found.differences
    assert "1e-12" in verdict(found, out)

    def one_more(table):
        sites = pc.add(table["sites"], pa.scalar(1, pa.int64()))
        return table.set_column(table.schema.get_field_index("sites"), table.field("sites"), sites)

    rewrite(out, one_more)
    with pytest.raises(Differs, match="sites"):
        verdict(verify(out, every=True, workers=0), out)


def test_exit_status_of_verify(out, call):
    status, printed, _ = call("verify", out, "--all", "--workers", "0", "--json")
    assert status == 0
    assert (json.loads(printed)["exact"], json.loads(printed)["differences"]) == (True, [])
    path = out / "facilities" / "000000.parquet"
    path.unlink()
    status, printed, error = call("verify", out, "--workers", "0")
    assert status == 1
    assert "facilities/000000.parquet" in printed + error


def test_folder_without_a_result_is_refused(tmp_path):
    with pytest.raises(BadInput, match="batch"):
        verify(tmp_path)


STATIONARY = """
scenario = { agenda = "commission_proposal", expect = "stationary" }
replications = 2
outcomes = ["sites"]
[design]
kind = "grid"
[factors]
patience = [0.5, 0.6]
"""


@pytest.fixture(scope="module")
def expecting(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("expecting"), text=STATIONARY)


def forget_solutions(monkeypatch, where):
    """As in a new process with an empty cache in this folder."""
    monkeypatch.setenv(solved.VARIABLE, str(where))
    monkeypatch.setattr(continuation, "_solved", type(continuation._solved)())


def test_manifest_names_the_stationary_values_of_each_point(expecting):
    found = manifest(expecting)["solutions"]
    assert set(found) == {"0", "1"}
    assert len({tuple(digests) for digests in found.values()}) == 2


def test_verify_says_that_it_used_stored_values_and_solves_them_again_on_request(expecting, tmp_path, monkeypatch):
    forget_solutions(monkeypatch, tmp_path)
    assert verify(expecting, every=True, workers=0).stored == 0
    plain = verify(expecting, every=True, workers=0)
    assert (plain.stored, plain.solved, plain.differences) == (2, 0, [])
    assert "--solve" in verdict(plain, expecting)
    again = verify(expecting, every=True, solve=True, workers=0)
    assert (again.solved, again.differences) == (2, [])


def test_solving_again_finds_a_cache_that_was_changed_before_the_batch(tmp_path, monkeypatch):
    """Its checksum is right and one round confirms it, so that only a fresh solve tells."""
    forget_solutions(monkeypatch, tmp_path)
    spec = spec_of({**tomllib.loads(STATIONARY), "factors": {"patience": [0.5]}})
    scenario, members = spec.scenario_at(0), spec.members
    found = continuation.equilibrium(scenario, members)
    path = solved._file(tmp_path, continuation._search_of(scenario), members)
    solved._write(path, replace(found, solutions=found.solutions * 1.1))
    forget_solutions(monkeypatch, tmp_path)
    batch(spec, tmp_path / "out", workers=0)
    assert not verify(tmp_path / "out", every=True, workers=0).differences
    (said,) = verify(tmp_path / "out", every=True, solve=True, workers=0).differences
    assert "point 0" in said
    change_manifest(tmp_path / "out", provenance=manifest(tmp_path / "out")["provenance"] | {"cpu_features": []})
    (said,) = verify(tmp_path / "out", every=True, solve=True, workers=0).differences
    assert "standard errors" in said
