"""The command `verdict`, with few draws."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.numerals import within
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.cli.lazy_group import main
from juste_retour.runs.studies.europe import alternatives, checks, curves, evidence, reform_vote, trials
from juste_retour.runs.studies.europe import verdict as judging
from juste_retour.runs.studies.europe.bench import STATUS_QUO, Bench
from juste_retour.runs.studies.europe.calibration import prior
from juste_retour.runs.studies.europe.claims import QUESTIONS
from juste_retour.runs.studies.europe.commands import verdict_command
from juste_retour.runs.studies.europe.commands.verdict_command import NUMBERS, read
from juste_retour.runs.studies.europe.results_page import page, tables_page
from juste_retour.runs.studies.europe.sizes import FULL, QUICK, Size

pytestmark = pytest.mark.slow

SMALL = Size(worlds=20, few=2, base=2, draws=256)


@pytest.fixture(scope="module")
def found():
    """A small verdict: one alternative, one protocol run in place of two, short curves, and a vote on two parts.

    The price is split at one value of the race in place of three, and four draws are run for what runs many mixtures.
    """
    proposal, split, parts = trials.protocol, checks.split, []
    today, changes = load(STATUS_QUO), {"procurement": "rapid", "operations": "operator_led"}

    def cheap(bench, name):
        if name == trials.OPEN_CALL:
            return proposal(bench, name)  # only here is the time to write bids varied
        known = proposal(bench, trials.PROPOSAL)
        return {key.replace(trials.PROPOSAL, name): values for key, values in known.items()}

    def of_four(job):
        return lambda bench: {key: np.resize(values, bench.count) for key, values in job(bench.part(0, 4)).items()}

    def once(bench, ideal):
        if not parts:
            parts.append(split(bench, ideal))
        return parts[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trials, "protocol", cheap)
        patch.setattr(trials, "attribution", of_four(trials.attribution))
        patch.setattr(trials, "equal_access", of_four(trials.equal_access))
        patch.setattr(checks, "split", once)
        patch.setattr(reform_vote, "REFORM", today.changed(changes, "faster"))
        patch.setattr(judging, "PART", SMALL.worlds)  # mixtures take as long for few draws
        patch.setattr(judging, "ALTERNATIVES", alternatives.ALTERNATIVES[:1])
        patch.setattr(curves, "REFORMED", ("2026Q3", "2030Q3"))
        patch.setattr(curves, "presets", list)  # only the two scenarios that are compared
        patch.setattr(evidence, "presets", list)
        patch.setattr(evidence, "WORLDS_FOR_DELAYS", 8)
        patch.setattr(curves, "ENVELOPES", (10.0,))
        patch.setattr(curves, "OVERPRICING", (0.0, 0.9))
        patch.setattr(curves, "TRENDS", (4.0,))
        patch.setattr(judging, "_split", lambda every: [every[:2]])
        done = []
        result = judging.judge(SMALL, seed=3, workers=1, progress=lambda k, n: done.append((k, n)))
        jobs = [(k, n) for k, n in done if n == done[-1][1]]  # after the draws of the calibration
        assert jobs == [(k, len(jobs)) for k in range(1, len(jobs) + 1)]
        assert (SMALL.draws, SMALL.draws) in done
        return json.loads(json_text(result.plain()))


def test_all_questions_are_answered(found):
    assert {f["question"] for f in found["findings"]} == {q.name for q in QUESTIONS}
    assert [f["claim"] for f in found["findings"]] == sorted(f["claim"] for f in found["findings"])
    assert (found["worlds"], found["draws"], found["base"]) == (20, 256, 2)
    assert page(found).startswith("# ")


def test_tables_and_findings_use_the_same_draws(found):
    total = next(r for r in found["shares"] if (r["equal"], r["window_years"], r["part"]) == ("spending", 5, "total"))
    gain = next(f for f in found["findings"] if f["question"] == "what the reform gains")["answer"]
    assert total["median"] == gain["median"]
    presets = {row["scenario"]: row for row in found["presets"]}
    assert set(presets) == {"eu-status-quo", "essay-reform"}


def test_verdict_writes_the_page_and_the_numbers(found, tmp_path, monkeypatch, capsys):
    class Known:
        def plain(self):
            return found

    asked = {}
    monkeypatch.setattr(verdict_command, "judge", lambda *given, **more: asked.update(given=given) or Known())
    assert main(["verdict", "--worlds", "30", "--base", "8", "--out", str(tmp_path / "v"), "--json"]) == 0
    assert asked["given"] == (Size(30, FULL.few, 8, None), judging.SEED, 2)
    assert json.loads(capsys.readouterr().out) == found
    assert json.loads((tmp_path / "v" / "results.json").read_text(encoding="utf-8")) == found
    written = (tmp_path / "v" / "RESULTS.md").read_text(encoding="utf-8")
    assert written == page(found)
    further = (tmp_path / "v" / "TABLES.md").read_text(encoding="utf-8")
    assert further == tables_page(found)
    written += further
    for figure in re.findall(r"\]\((.+?)\.svg\)", written):
        assert (tmp_path / "v" / f"{figure}.svg").exists()
    assert main(["verdict", "--quick"]) == 0
    assert asked["given"][0] == QUICK
    printed = capsys.readouterr().out
    for f in found["findings"]:
        assert f["question"] in printed
    assert within(found["audit_break_even"]) in printed
    (tmp_path / "file").write_text("")
    assert main(["verdict", "--out", str(tmp_path / "file")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_shipped_numbers_are_reproduced(monkeypatch):
    """A rerun of all draws: the status quo and the reform have the shipped medians."""
    shipped = read(NUMBERS.read_text(encoding="utf-8"))
    size = Size(shipped["worlds"], shipped["few"], shipped["base"], None)
    plan = evidence.plan_of(least=min(size.worlds, 200))
    posterior = judging.calibrate(plan)
    bench = judging.benches(size, shipped["seed"], plan, posterior)[0]
    monkeypatch.setattr(curves, "presets", list)  # no others than the two that are compared
    again = curves.side_by_side(bench).set_index("scenario")
    for row in shipped["presets"][:2]:
        for key in ("sites", "committed_eur_bn", "median", "low", "high"):
            assert again[key][row["scenario"]] == pytest.approx(row[key], rel=1e-9), (row["scenario"], key)
    table = {row["parameter"]: row for row in shipped["parameters"]}
    for row in posterior.summary().to_dict("records"):
        assert np.isclose(row["median"], table[row["parameter"]]["median"])


def test_jobs_divide_the_draws_and_their_results_are_joined_in_order():
    bench = Bench(prior(["local_scale"], 40, 1), 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "benches", lambda *given: (bench, bench, bench))
        jobs = judging.jobs_of(Size(worlds=40, few=10, base=2, draws=256), 5, None, None)
    for name in ("attribution", "opened", "levels", "ends", "geography", trials.PROPOSAL):
        parts = [arguments[0] for _, arguments in jobs[name]]
        assert [part.count for part in parts] == [16, 16, 8], name
        assert pd.concat([part.draws for part in parts], ignore_index=True).equals(bench.draws)
        assert np.concatenate([part.replicates for part in parts]).tolist() == list(range(40))
    whole, first = np.arange(5.0), np.arange(2.0)
    joined = judging._joined([[{"gain": whole[:3]}, {"gain": whole[3:]}], [{"solved": first}]])
    assert np.array_equal(joined["gain"], whole)
    assert np.array_equal(joined["solved"], first)  # no later draw was tried, so none counts as unsolved


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--worlds", "3"], ["worlds", "3"]),
        (["--few", "1"], ["few", "1"]),
        (["--draws", "3"], ["draws", "3"]),
        (["--base", "48"], ["48"]),
        (["--workers", "0"], ["workers", "0"]),
        (["--workers", "1025"], ["workers", "1025"]),
        (["--seed", "-1"], ["seed", "-1"]),
    ],
)
def test_invalid_arguments_are_refused(arguments, words, capsys):
    assert main(["verdict", *arguments]) == 2
    error = capsys.readouterr().err
    assert all(word in error for word in words)
