"""The verdict's runs as a batch: after a stop, the same call goes on from the finished jobs."""

import numpy as np
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.engine.experiment import SomeFailed
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.verification import verify
from juste_retour.runs.studies.europe import verdict as judging
from juste_retour.runs.studies.europe.commands.verdict_command import _kept
from juste_retour.runs.studies.europe.sizes import Size

SMALL = Size(worlds=20, few=2, base=2, draws=256)
CALLS: list[str] = []
BROKEN: list[str] = []


def job(name, bench):
    """A job that returns the replications of its bench."""
    CALLS.append(name)
    if name in BROKEN:
        raise ValueError("broken")
    return {"replicates": bench.replicates.astype(float)}


@pytest.fixture
def cheap(monkeypatch):
    """A verdict of two jobs, which is returned as the results of its jobs by name."""

    def jobs_of(size, seed, plan, posterior):
        bench = judging.benches(size, seed, plan, posterior)[0]
        return {name: [(job, (name, bench))] for name in ("one", "other")}

    calibrated = []
    calibrate = judging.calibrate
    monkeypatch.setattr(judging, "jobs_of", jobs_of)
    monkeypatch.setattr(judging, "calibrate", lambda *given: calibrated.append(1) or calibrate(*given))
    monkeypatch.setattr(judging, "assembled", lambda size, seed, plan, posterior, done: (posterior, done))
    CALLS.clear()
    BROKEN.clear()
    return calibrated


def test_stopped_verdict_goes_on_without_another_calibration(cheap, tmp_path):
    out = tmp_path / "runs"
    BROKEN.append("other")
    with pytest.raises(SomeFailed):
        judging.judge(SMALL, seed=3, workers=1, out=out)
    assert (CALLS, cheap) == (["one", "other"], [1])
    BROKEN.clear()
    posterior, done = judging.judge(SMALL, seed=3, workers=1, out=out)
    assert (CALLS, cheap) == (["one", "other", "other"], [1])
    assert np.array_equal(done["other"][0]["replicates"], np.arange(20.0))
    again = judging.calibrate(judging._plan(SMALL))
    assert posterior.summary().equals(again.summary())
    assert posterior.sample(9, 1).equals(again.sample(9, 1))
    assert (posterior.unused, posterior.effective) == (again.unused, again.effective)
    assert Results(out).spec.points == [{"label": "one 1"}, {"label": "other 1"}]
    assert verify(out, every=True, workers=0).differences == []


def test_folder_of_another_verdict_is_refused(cheap, tmp_path):
    judging.judge(SMALL, seed=3, workers=1, out=tmp_path / "runs")
    with pytest.raises(BadInput, match="another experiment"):
        judging.judge(SMALL, seed=4, workers=1, out=tmp_path / "runs")


def test_verdict_by_other_code_is_named_and_kept(cheap, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JUSTE_RETOUR_CACHE", str(tmp_path))
    with monkeypatch.context() as earlier:
        for module in ("base.provenance", "studies.europe.commands.verdict_command"):
            earlier.setattr(f"juste_retour.runs.{module}.code_digest", lambda *modules: "other")
        before = _kept(SMALL, 3)
        judging.judge(SMALL, seed=3, workers=1, out=before)
    assert before != _kept(SMALL, 3)
    assert str(before) in capsys.readouterr().err.replace("\n", "")
    _kept(SMALL, 4)
    assert not capsys.readouterr().err
