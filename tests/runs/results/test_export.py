"""Tables written to a folder: round trips, and other files that are never overwritten."""

import json

import pandas as pd
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.results import export
from juste_retour.runs.results import result_tables as tables
from juste_retour.runs.results.frames import EXACT


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    out = tmp_path_factory.mktemp("results") / "deep" / "folder"
    result.write(out, ("parquet", "csv", "dta"))
    return out


@pytest.mark.parametrize("name", tables.TABLES)
def test_parquet_and_csv_round_trip_exactly(result, folder, name):
    frame = result.tables[name]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), frame, check_exact=True)
    texts = {column.name: "str" for column in tables.columns(name) if column.kind in ("string", "quarter")}
    back = pd.read_csv(
        folder / f"{name}.csv",
        dtype=texts,
        keep_default_na=False,
        na_values={c: [""] for c in frame.columns},
        **EXACT,
    )
    for column in texts:
        back[column] = back[column].where(back[column].notna() | frame[column].isna(), "")
    pd.testing.assert_frame_equal(back, frame, check_exact=True, check_dtype=False)


@pytest.mark.parametrize("name", tables.TABLES)
def test_stata_files_have_labels_and_quarters(result, folder, name):
    frame = result.tables[name]
    with pd.io.stata.StataReader(folder / f"{name}.dta") as reader:
        back, labels = reader.read(), reader.variable_labels()
        assert reader.data_label == f"juste-retour: {name}"
    assert list(back.columns) == list(frame.columns)
    for column in tables.columns(name):
        assert labels[column.name] == export.label_of(column, 80)
        assert len(labels[column.name]) <= 80
        if column.unit not in ("", "1", "quarter"):
            assert labels[column.name].endswith(f"({column.unit})")
        if column.kind == "quarter":
            expected = pd.PeriodIndex(frame[column.name], freq="Q").to_timestamp()
            assert list(back[column.name].dropna()) == list(expected.dropna())
        elif column.kind == "string":
            assert list(back[column.name]) == list(frame[column.name].fillna(""))
        else:
            pd.testing.assert_series_equal(
                back[column.name].astype("float64"), frame[column.name].astype("float64"), check_exact=True
            )


def test_large_seeds_are_exact_in_stata(tmp_path):
    seed = 2**60 + 1
    export.write({"worlds": pd.DataFrame({"seed": [seed], "sites": [2**40]})}, tmp_path, ("dta",), {})
    back = pd.read_stata(tmp_path / "worlds.dta")
    assert (int(back.seed[0]), int(back.sites[0])) == (seed, 2**40)


def test_provenance_lists_the_files(result, folder):
    record = json.loads((folder / "provenance.json").read_text())
    assert record["scenario"]["digest"] == result.scenario.digest
    assert set(record["tables"]) == {f"{t}.{e}" for t in tables.TABLES for e in ("parquet", "csv", "dta")}
    assert {path.name for path in folder.iterdir()} == {*record["tables"], "provenance.json"}


def test_earlier_result_is_replaced_completely(result, tmp_path):
    result.write(tmp_path, ("csv", "parquet"))
    (tmp_path / "notes.txt").write_text("mine")
    export.write({"worlds": result.worlds.head(2)}, tmp_path, ("csv",), {})
    assert {path.name for path in tmp_path.iterdir()} == {"worlds.csv", "provenance.json", "notes.txt"}
    assert len(pd.read_csv(tmp_path / "worlds.csv")) == 2


def test_removed_files_of_an_earlier_result_are_reported(call, tmp_path):
    for wanted, is_reported in (("worlds,states", False), ("votes", True)):
        status, out, _ = call("run", "--out", tmp_path / "r", "--tables", wanted, "--format", "csv")
        assert status == 0
        assert ("states.csv, worlds.csv" in " ".join(out.split())) is is_reported
    assert {p.name for p in (tmp_path / "r").iterdir()} == {"votes.csv", "provenance.json"}


@pytest.mark.parametrize("name", ["worlds.csv", "provenance.json"])
def test_other_files_are_not_overwritten(result, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(BadInput, match=name):
        result.write(tmp_path, ("csv",))
    assert (tmp_path / name).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_changed_file_of_an_earlier_result_is_kept(result, tmp_path):
    result.write(tmp_path, ("csv",))
    with (tmp_path / "states.csv").open("a") as file:
        file.write("a line of mine\n")
    with pytest.raises(BadInput, match=r"states\.csv"):
        result.write(tmp_path, ("csv",))


def test_failed_write_keeps_the_earlier_result(result, tmp_path, monkeypatch):
    result.write(tmp_path, ("csv",))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(frame, table, about, path):
        path.write_text("half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setitem(export._WRITERS, "csv", full)
    with pytest.raises(export.CannotWrite, match="No space left") as failed:
        result.write(tmp_path, ("csv",))
    assert failed.value.exit_status == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_run_writes_the_requested_tables_and_formats(call, tmp_path):
    status, out, err = call(
        "run", "--worlds", 3, "--out", tmp_path, "--format", "csv,parquet", "--tables", "worlds,timeline"
    )
    assert status == 0, err
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"{t}.{e}" for t in ("worlds", "timeline") for e in ("csv", "parquet")),
        "provenance.json",
    }
    assert "timeline.parquet" in out
    assert len(pd.read_csv(tmp_path / "timeline.csv")) == 3 * 44
