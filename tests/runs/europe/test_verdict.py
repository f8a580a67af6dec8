"""The verdict from one command, on few draws and without most doubts."""

import json
import re

import pytest

from juste_retour.runs.command import main
from juste_retour.runs.europe import curves, evidence
from juste_retour.runs.europe import verdict as judging
from juste_retour.runs.europe.claims import QUESTIONS, WINDOW
from juste_retour.runs.europe.doubts import doubts
from juste_retour.runs.europe.results_page import page, within
from juste_retour.runs.printing import json_text

pytestmark = pytest.mark.slow

SMALL = {"worlds": 20, "draws": 256, "seed": 3, "workers": 1, "base": 2}


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "REFORMED", ("2026Q3", "2030Q3"))
        patch.setattr(curves, "presets", list)  # no others than the two that are compared
        patch.setattr(evidence, "presets", list)
        patch.setattr(evidence, "WORLDS_FOR_DELAYS", 8)
        patch.setattr(curves, "ENVELOPES", (10.0,))
        patch.setattr(curves, "OVERPRICING", (0.05, 0.9))
        done = []
        result = judging.judge(**SMALL, tried=doubts()[:1], progress=lambda k, n: done.append((k, n)))
        assert done == [(k, len(done)) for k in range(1, len(done) + 1)]
        return json.loads(json_text(result.plain()))


def test_every_question_is_answered_and_the_page_is_written(found):
    assert {f["question"] for f in found["findings"]} == {q.name for q in (*QUESTIONS, *WINDOW)}
    assert [f["claim"] for f in found["findings"]] == sorted(f["claim"] for f in found["findings"])
    assert (found["worlds"], found["draws"], found["base"]) == (20, 256, 2)
    assert page(found).startswith("# ")


def test_the_tables_are_of_the_same_worlds(found):
    presets = {row["scenario"]: row for row in found["presets"]}
    reform = next(f for f in found["findings"] if f["question"] == "years behind that the reform leaves")
    assert presets["essay-reform"]["median"] == reform["median"]
    assert found["audit"][0]["median"] == reform["median"]  # five per cent lost is the default
    money = {row["scenario"]: row["median"] for row in found["money"]}
    assert money["the reform"] == reform["median"]
    assert money["the reform, sites left free"] <= money["the reform"]
    sites = next(p for p in found["patterns"] if p["pattern"] == "sites")
    assert sites["median"] == presets["eu-status-quo"]["sites"]


def test_the_command_writes_the_page_and_the_numbers(found, tmp_path, monkeypatch, capsys):
    class Known:
        def plain(self):
            return found

    asked = {}
    monkeypatch.setattr(judging, "judge", lambda *given, **more: asked.update(given=given) or Known())
    assert main(["verdict", "--worlds", "30", "--base", "8", "--out", str(tmp_path / "v"), "--json"]) == 0
    assert asked["given"] == (30, None, judging.SEED, 2, 8)
    assert json.loads(capsys.readouterr().out) == found
    assert json.loads((tmp_path / "v" / "results.json").read_text(encoding="utf-8")) == found
    written = (tmp_path / "v" / "RESULTS.md").read_text(encoding="utf-8")
    assert written == page(found)
    for figure in re.findall(r"\]\((.+?)\.svg\)", written):
        assert (tmp_path / "v" / f"{figure}.svg").exists()
    assert main(["verdict"]) == 0
    said = capsys.readouterr().out
    for f in found["findings"]:
        assert f["question"] in said
    assert within(found["audit_break_even"]) in said
    (tmp_path / "file").write_text("")
    assert main(["verdict", "--out", str(tmp_path / "file")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--worlds", "3"], "worlds = 3"),
        (["--draws", "3"], "draws = 3"),
        (["--base", "48"], "48"),
        (["--workers", "0"], "workers = 0"),
        (["--workers", "1025"], "workers = 1025"),
        (["--seed", "-1"], "seed = -1"),
    ],
)
def test_bad_input_is_a_sentence(arguments, words, capsys):
    assert main(["verdict", *arguments]) == 2
    assert words in capsys.readouterr().err
