"""A sealed forecast cannot be changed unnoticed, is told from a changed program, and is scored beside simple forecasts."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.forecast_scores import log_score_of_count
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.provenance import content_hash
from juste_retour.runs.reports import sealed
from juste_retour.runs.reports.sealed import COIN, HASH, LAW, MODEL, check_seal, read_seal, score, seal

SHIPPED = Path(sealed.__file__).resolve().parents[1] / "specs" / "sealed"
SPEC = """
title = "Sites"
decision = "The board decides"
decided_by = "2030-01-01"
worlds = 24
seed = 5
draw = "none"
expected = 3
known = [{ fact = "A call is open.", source = "the call" }]
questions = [
  { name = "hosts", asks = "Who hosts?", of = "states", column = "sites", above = 0 },
  { name = "sites", asks = "How many?", of = "worlds", column = "sites" },
  { name = "large", asks = "A large one?", of = "facilities", column = "spend_eur_bn", above = 0.3 },
]
"""
OUTCOME = 'decided = "2029-05-01"\nsource = "press"\nhosts = ["DE", "FI"]\nsites = 4\nlarge = false\n'


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    path = tmp_path_factory.mktemp("sealed") / "sites.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture(scope="module")
def content(spec):
    return seal(spec, today="2026-12-03")


@pytest.fixture
def place(content, tmp_path):
    path = tmp_path / "sites.json"
    path.write_text(json_text(content))
    return path


def changed(place, change):
    content = json.loads(place.read_text())
    change(content)
    place.write_text(json.dumps(content))


def test_seal_holds_the_forecasts_beside_simple_ones(content, result):
    hosts = content["forecasts"]["hosts"]
    assert {MODEL, COIN, "uniform", "proportional to GDP", "proportional to population"} <= hosts.keys()
    assert sum(hosts["uniform"].values()) == pytest.approx(27 * (1 - (26 / 27) ** 3))
    assert sum(content["forecasts"]["sites"][MODEL].values()) == 24
    assert {"code", "commit", "juste_retour", "members", "numpy"} <= content["program"].keys()
    assert content["known"][0]["source"] == "the call"
    assert content["sealed"] == "2026-12-03"


def test_forecasts_are_the_shares_of_the_runs(content):
    from juste_retour import simulate

    runs = simulate(worlds=24, seed=5)
    host = runs.states.pivot(index="replicate", columns="state", values="sites") > 0
    assert content["forecasts"]["hosts"][MODEL] == pytest.approx(host.mean().to_dict())
    large = runs.facilities.groupby("replicate").spend_eur_bn.max() > 0.3
    assert content["forecasts"]["large"][MODEL] == large.reindex(range(24), fill_value=False).mean()


def test_intact_seal_is_repeated_by_the_same_program(place, call):
    found = check_seal(place)
    assert (found.seal, found.changed, found.differences) == (True, [], [])
    status, out, _ = call("verify", place)
    assert (status, found.sha256 in out) == (0, True)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["forecasts"]["hosts"][MODEL].update(DE=0.5),
        lambda c: c.update(sealed="2020-01-01"),
        lambda c: c["known"].append({"fact": "later", "source": "later"}),
        lambda c: c["program"].update(code="other"),
    ],
    ids=["forecast", "date", "facts", "program"],
)
def test_changed_content_breaks_the_seal(place, call, tmp_path, change):
    changed(place, change)
    assert not check_seal(place).seal
    assert call("verify", place)[0] == 1
    (tmp_path / "outcome.toml").write_text(OUTCOME)
    assert call("score", place, tmp_path / "outcome.toml")[0] == 1


def test_changed_program_is_named_and_breaks_nothing(place, call, monkeypatch):
    monkeypatch.setattr("juste_retour.runs.base.provenance.code_digest", lambda *modules: "other")
    found = check_seal(place)
    assert found.seal
    assert "code" in found.changed[0]
    assert call("verify", place)[0] == 0


def test_same_program_that_forecasts_something_else_is_an_error(place, call):
    def other(content):
        content["forecasts"]["hosts"][MODEL]["DE"] -= 0.25
        content[HASH] = content_hash(content)

    changed(place, other)
    assert "hosts" in check_seal(place).differences[0]
    assert call("verify", place)[0] == 1


def test_scores_are_those_of_their_definitions(place, content, tmp_path):
    (tmp_path / "outcome.toml").write_text(OUTCOME)
    table = score(place, tmp_path / "outcome.toml").set_index(["question", "forecast"])
    hosts = pd.Series(content["forecasts"]["hosts"][MODEL])
    happened = hosts.index.isin(["DE", "FI"])
    assert table.brier["hosts", MODEL] == pytest.approx(((hosts - happened) ** 2).mean())
    assert table.brier["hosts", COIN] == 0.25
    assert table.log_score["hosts", COIN] == pytest.approx(np.log(0.5))
    runs = content["forecasts"]["sites"][MODEL]
    draws = np.repeat([int(k) for k in runs], list(runs.values()))
    assert table.log_score["sites", MODEL] == pytest.approx(log_score_of_count(draws, 4))
    below = [(draws >= k).mean() - (k <= 4) for k in range(1, 7)]
    assert table.brier["sites", MODEL] == pytest.approx(np.mean(np.square(below)))
    assert table.brier["large", MODEL] == pytest.approx(content["forecasts"]["large"][MODEL] ** 2)
    assert table.difference["sites", LAW] == pytest.approx(table.brier["sites", MODEL] - table.brier["sites", LAW])


@pytest.mark.parametrize(
    "outcome",
    [
        OUTCOME.replace("2029-05-01", "2026-12-03"),
        OUTCOME.replace('"DE"', '"XX"'),
        OUTCOME.replace("sites = 4", "sites = -1"),
        OUTCOME.replace("large = false", "large = 3"),
        OUTCOME.replace("large", "huge"),
        OUTCOME.replace('source = "press"', ""),
        'decided = "2029-05-01"\nsource = "press"\n',
    ],
)
def test_outcomes_that_fit_no_question_are_refused(place, tmp_path, outcome):
    (tmp_path / "outcome.toml").write_text(outcome)
    with pytest.raises(BadInput):
        score(place, tmp_path / "outcome.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2030-01-01", "2026-12-02"),
        ("2030-01-01", "soon"),
        ('column = "sites", above = 0', 'column = "sits", above = 0'),
        ('of = "states"', 'of = "nations"'),
        (", above = 0.3", ""),
        ('draw = "none"', 'draw = "some"'),
        ("expected = 3", ""),
        ('source = "the call"', "why = 1"),
        ("seed = 5", "seeds = 5"),
    ],
)
def test_specs_that_cannot_be_sealed_are_refused(tmp_path, old, new):
    (tmp_path / "other.toml").write_text(SPEC.replace(old, new, 1))
    with pytest.raises(BadInput):
        seal(tmp_path / "other.toml", today="2026-12-03")


def test_seal_is_never_replaced(spec, call):
    assert call("seal", spec)[0] == 0
    before = spec.with_suffix(".json").read_bytes()
    assert call("seal", spec)[0] == 2
    assert spec.with_suffix(".json").read_bytes() == before


@pytest.mark.slow
def test_reform_is_forecast_from_the_draws_in_which_it_passes(tmp_path):
    question = '{ name = "reform", asks = "Is it adopted?", reform = "essay-reform" }'
    text = SPEC[: SPEC.index("questions")] + f"questions = [{question}]\n"
    (tmp_path / "reform.toml").write_text(text)
    forecasts = seal(tmp_path / "reform.toml", today="2026-12-03")["forecasts"]["reform"]
    assert forecasts[COIN] == 0.5
    assert 0 <= forecasts[MODEL] <= 1


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_shipped_seals_are_intact(path):
    content = read_seal(path)
    assert content_hash(content) == content[HASH]
    asked = sealed._read(path.with_suffix(".toml"))
    assert all(content[key] == asked[key] for key in asked)
