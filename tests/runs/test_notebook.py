import json
import pydoc

import pandas as pd
import pytest

import juste_retour as jr
from juste_retour.agents.errors import BadInput
from tests.runs.small import SPEC, change_manifest, run_small


def test_result_completes_its_tables():
    found = jr.simulate(worlds=2, tables=("worlds", "states"))
    assert {"worlds", "states", "plot", "write"} <= set(dir(found))
    assert "votes" not in dir(found)
    shown = found._repr_html_()
    assert "<table" in shown
    assert "years_behind" in shown


def test_progress_true_equals_a_callback(monkeypatch):
    reported = []
    monkeypatch.setattr(
        "juste_retour.runs.base.chunked.progress_lines",
        lambda what: lambda done, total: reported.append((what, done, total)),
    )
    jr.simulate(worlds=3, chunk=2, tables=("worlds",), progress=True)
    assert [counts for _, *counts in reported] == [[2, 3], [3, 3]]
    found = jr.compare("eu-status-quo", "eu-status-quo", changes_b={"voting": "unanimity"}, worlds=2, progress=True)
    assert reported[-1][0] == "runs"
    assert "<table" in found._repr_html_()
    reported.clear()
    jr.simulate(worlds=3, tables=("worlds",), progress=False)
    assert reported == []


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return run_small(tmp_path_factory.mktemp("notebook"))


def test_results_complete_their_tables_and_show_html(out):
    found = jr.Results(out)
    assert found._ipython_key_completions_() == ["worlds", "facilities", "votes"]
    pd.testing.assert_frame_equal(found["worlds"], found.table("worlds"))
    with pytest.raises(BadInput, match="states"):
        found["states"]
    shown = found._repr_html_()
    assert "A &lt;small&gt; experiment" in shown
    assert shown.count("<tr") == 6
    assert "years_behind" in shown
    result = jr.simulate(worlds=2, tables=("worlds", "states"))
    assert result._ipython_key_completions_() == ["worlds", "states"]
    assert len(result["states"]) == 54
    with pytest.raises(BadInput, match="world"):
        result["wolds"]


def test_html_begins_with_the_caution(out, tmp_path):
    import shutil

    part = shutil.copytree(out, tmp_path / "part")
    change_manifest(part, continued_with=[{"python": "0"}])
    found = jr.Results(part)
    assert found.caution
    assert found._repr_html_().startswith("<p><strong>")
    assert "<strong>" in jr.sensitivity(found)._repr_html_()
    assert "<strong>" not in jr.Results(out)._repr_html_()


def test_sensitivity_contains_data_frames(out, call):
    found = jr.sensitivity(out)
    assert {"shares", "pairs", "marginal_effects", "conditional_effects"} <= set(found._ipython_key_completions_())
    status, text, _ = call("sensitivity", out, "--json")
    printed = json.loads(text)["marginal_effects"]
    assert (status, len(printed)) == (0, len(found["marginal_effects"]))
    assert found["marginal_effects"].difference.tolist() == [row["difference"] for row in printed]
    assert {"factor", "total_low"} <= set(found["shares"])
    assert "<table" in found._repr_html_()
    assert "operator_led" in repr(found)
    assert found.plot().get_xlabel() in ("voting", "operations")
    with pytest.raises(BadInput, match="slopes"):
        found["slopes"]


def test_long_functions_accept_progress_true(out, tmp_path, monkeypatch):
    reported = []
    monkeypatch.setattr(
        "juste_retour.runs.base.chunked.progress_lines",
        lambda what: lambda done, total: reported.append((what, done, total)),
    )
    spec = tmp_path / "spec.toml"
    spec.write_text(SPEC, encoding="utf-8")
    done = jr.batch(spec, tmp_path / "again", workers=0, progress=True)
    assert reported == [("chunks", k, 4) for k in (1, 2, 3, 4)]
    assert "24 runs in 4 chunks" in repr(done)
    reported.clear()
    jr.verify(out, workers=0, sample=1, progress=True)
    assert reported == [("chunks", 1, 1)]
    reported.clear()
    frame = pd.DataFrame({"issue": "a", "actor": ["DE", "FR"], "position": [0, 100], "salience": 50})
    shown = jr.positions(frame, ["mean", "median"], progress=True)._repr_html_()
    assert {(what, total) for what, _, total in reported} == {("models", 2)}
    assert "<table" in shown
    jr.attribute("eu-status-quo", {"voting": "unanimity", "access": "dedicated"}, worlds=2, progress=True)
    assert reported[-1][0] == "runs"


def test_html_of_a_comparison_contains_its_cautions():
    found = jr.compare("eu-status-quo", "eu-status-quo", changes_b={"envelope_eur_bn": 0.01}, worlds=2)
    assert found._ipython_key_completions_()[0] in found._repr_html_()
    assert max(c.standing_b for c in found.contrasts if c.outcome == "years_behind") > 0
    assert any("machines" in text for text in found.cautions)
    assert all(text in found._repr_html_() for text in found.cautions)


def test_help_lists_the_functions_and_their_examples():
    page = pydoc.plain(pydoc.render_doc(jr))
    names = ("simulate", "compare", "attribute", "batch", "Results", "sensitivity", "verify", "positions")
    assert all(name in jr.__doc__ for name in jr._HOMES if name not in jr._FAMILIES)
    for name in names:
        assert name in page
        text = pydoc.plain(pydoc.render_doc(getattr(jr, name)))
        assert "Example:" in text
        assert "Args:" in text
