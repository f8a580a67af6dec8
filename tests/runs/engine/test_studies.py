"""Studies: batches whose points are jobs of an installed study."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pandas as pd
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.engine import studies
from juste_retour.runs.engine.experiment import SomeFailed, batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import spec_of
from juste_retour.runs.engine.studies import packed, unpacked
from juste_retour.runs.engine.verification import verify

CALLS: list[float] = []
BROKEN: list[float] = []


def squares(settings):
    """Jobs that square the numbers in the settings; each call is counted."""

    def job(number):
        CALLS.append(number)
        if number in BROKEN:
            raise ValueError("broken")
        return {"square": np.array([number**2]), "table": pd.DataFrame({"n": [number], "word": ["a"]})}

    return [lambda number=number: job(number) for number in settings["numbers"]]


@pytest.fixture
def spec(monkeypatch):
    """A study of four jobs."""
    known = EntryPoints([EntryPoint("squares", f"{__name__}:squares", studies.STUDIES)])
    monkeypatch.setattr(studies, "entry_points", known.select)
    CALLS.clear()
    BROKEN.clear()
    numbers = [3.0, 1.0, 4.0, 0.1]
    return {
        "replications": 1,
        "design": {"kind": "list", "points": [{"label": f"square of {n}"} for n in numbers]},
        "study": "squares",
        "settings": {"numbers": numbers},
    }


def test_jobs_are_resumed_where_they_stopped_and_returned_in_the_order_of_points(spec, tmp_path):
    BROKEN.append(4.0)
    with pytest.raises(SomeFailed, match="broken"):
        batch(spec, tmp_path / "out", workers=0)
    assert sorted(CALLS) == [0.1, 1.0, 3.0, 4.0]
    BROKEN.clear()
    CALLS.clear()
    batch(spec, tmp_path / "out", workers=0)
    assert CALLS == [4.0]
    found = Results(tmp_path / "out").returned()
    assert [part["square"].item() for part in found] == [9.0, 1.0, 16.0, 0.1**2]
    assert found[2]["table"].to_dict("records") == [{"n": 4.0, "word": "a"}]


def test_verification_reruns_jobs_and_finds_a_different_result(spec, tmp_path, monkeypatch):
    batch(spec, tmp_path / "out", workers=0)
    CALLS.clear()
    assert verify(tmp_path / "out", every=True, workers=0).differences == []
    assert len(CALLS) == 4
    other = EntryPoints([EntryPoint("squares", f"{__name__}:others", studies.STUDIES)])
    monkeypatch.setattr(studies, "entry_points", other.select)
    from juste_retour.runs.engine.chunks import plan_of

    plan_of.cache_clear()
    assert len(verify(tmp_path / "out", every=True, workers=0).differences) == 4


def others(settings):
    """Jobs that return something else."""
    return [lambda: {"square": np.array([-1.0])} for _ in settings["numbers"]]


def test_study_that_is_not_installed_is_refused(spec):
    with pytest.raises(BadInput, match="cubes"):
        spec_of({**spec, "study": "cubes"})


def test_digest_of_a_spec_without_a_study_does_not_depend_on_studies(spec):
    plain = {key: value for key, value in spec.items() if key not in ("study", "settings")}
    assert "study" not in spec_of(plain).content
    assert spec_of(plain).digest != spec_of(spec).digest
    assert spec_of({**spec, "settings": {"numbers": [1.0, 2.0, 3.0, 4.0]}}).digest != spec_of(spec).digest


@dataclass
class Both:
    """Two arrays."""

    wide: np.ndarray
    none: np.ndarray


def test_results_survive_packing_to_the_last_bit():
    value = {
        "numbers": np.array([0.1, np.nan, -np.inf, 5e-324]),
        "counts": np.arange(3),
        "parts": (pd.DataFrame({"x": [0.1, 2.0], "s": ["p", None], "b": [True, False]}), {"k": 1, "t": "x"}),
        "both": Both(np.ones((2, 3)) / 3, np.empty((0, 2))),
        "empty": {},
        "bare": pd.DataFrame({"q": []}),
    }
    found = unpacked(packed(value))
    assert packed(found) == packed(value) == packed(unpacked(packed(found)))
    assert found["numbers"].tobytes() == value["numbers"].tobytes()
    assert found["counts"].dtype == value["counts"].dtype
    pd.testing.assert_frame_equal(found["parts"][0], value["parts"][0], check_dtype=False)
    assert found["parts"][1] == {"k": 1, "t": "x"}
    assert found["both"]["wide"].tobytes() == value["both"].wide.tobytes()
    assert found["both"]["none"].shape == (0, 2)
    assert (found["empty"], list(found["bare"])) == ({}, ["q"])


@pytest.mark.parametrize("wrong", [{"study": None}, {"settings": 3}])
def test_settings_that_no_study_reads_are_refused(spec, wrong):
    with pytest.raises(BadInput, match="settings"):
        spec_of({**spec, **wrong})
