"""Specs are checked completely before anything runs, and an error is one sentence."""

import re

import numpy as np
import pytest

from juste_retour.abm.base.toml import setting
from juste_retour.agents.errors import BadInput
from juste_retour.runs.cli.settings import value_of
from juste_retour.runs.engine.chunks import ChunkPlan
from juste_retour.runs.engine.factors import Factor
from juste_retour.runs.engine.spec import content_digest, read_spec, spec_of
from tests.runs.small import SPEC, spec_file

GRID = {"kind": "grid"}


def spec(**changes):
    base = {"replications": 4, "design": GRID, "factors": {"voting": ["unanimity", "lisbon_qmv"]}}
    return spec_of(base | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"factors": {"operatoins": ["audit_first"]}}, ["operatoins", "operations"]),
        ({"factors": {"voting": ["unanimty"]}}, ["unanimty", "unanimity"]),
        ({"factors": {"voting": "unanimity"}}, ["voting"]),
        ({"factors": {"voting": []}}, ["voting"]),
        ({"factors": {"voting": ["unanimity", "unanimity"]}}, ["factors.voting"]),
        ({"factors": {"voting": [12]}}, ["voting", "12"]),
        ({"factors": {"side_payments": [True, 3]}}, ["factors.side_payments", "3"]),
        ({"outcomes": ["sitez"]}, ["outcomes", "'sitez'", "'sites'"]),
        ({"factors": {}}, ["factors"]),
        ({"factors": {"envelope_eur_bn": [-1.0]}}, ["envelope_eur_bn", "-1"]),
        ({"factors": {"envelope_eur_bn": {"low": 20, "high": 5}}}, ["envelope_eur_bn", "low"]),
        ({"factors": {"envelope_eur_bn": {"lo": 20}}}, ["'lo'", "low"]),
        (
            {"factors": {"first_trophy_eur_bn": {"low": 0.0, "scale": "log"}}},
            ["first_trophy_eur_bn", "scale"],
        ),
        ({"factors": {"announcement": "range"}}, ["announcement", "levels"]),
        ({"factors": {"agenda": {"max_sites": [1, 2]}}}, ["open_call", "max_sites"]),
        ({"factors": {"agenda": ["planner"], "agenda.max_stes": [1]}}, ["max_stes", "max_sites"]),
        ({"factors": {"vote": {"HU": {"nois": [1]}}}}, ["vote.HU.nois", "self_interest"]),
        ({"factors": {"scenario": ["eu-status-qou"]}}, ["eu-status-quo"]),
        ({"factors": {"funding": ["private"]}}, ["private"]),
        ({"design": {"kind": "gird"}}, ["gird", "grid"]),
        ({"design": {}}, ["kind"]),
        ({"design": {"kind": "grid", "points": 4}}, ["points", "grid"]),
        ({"design": {"kind": "sobol"}}, ["base"]),
        ({"design": {"kind": "sobol", "base": 12}}, ["base", "12"]),
        ({"design": {"kind": "sobol", "base": 8}}, ["sobol"]),
        ({"design": {"kind": "morris", "trajectories": 4, "levels": 3}}, ["levels", "3"]),
        ({"design": {"kind": "latin_hypercube", "points": 0}}, ["points", "0"]),
        ({"design": {"kind": "latin_hypercube", "points": 4, "cross": ["votng"]}}, ["votng", "voting"]),
        ({"design": {"kind": "switches", "to": "essay-refrom"}}, ["essay-reform"]),
        ({"design": {"kind": []}}, ["kind", "[]"]),
        ({"design": {"kind": "latin_hypercube", "points": 4, "cross": 3}}, ["cross", "3"]),
        ({"design": {"kind": "sobol", "base": 8, "second_order": "x"}}, ["second_order", "'x'"]),
        ({"factors": {"envelope_eur_bn": {"low": 1, "high": 9, "steps": 10**9}}}, ["steps", "1000000000"]),
        (
            {"factors": {k: {"low": 0.1, "high": 0.2, "steps": 9999} for k in ("smallest_eur_bn", "race_weight")}},
            ["99,980,001"],
        ),
        (
            {"design": {"kind": "list", "points": [{"votng": "unanimity"}]}, "factors": {}},
            ["votng", "voting"],
        ),
        ({"design": {"kind": "list", "points": [{"voting": "unanimty"}]}, "factors": {}}, ["unanimity"]),
        ({"design": {"kind": "list", "points": [{"label": "a\x00b"}]}, "factors": {}}, ["label"]),
        ({"replications": 0}, ["replications", "0"]),
        ({"replications": None}, ["replications"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"sede": 1}, ["sede", "seed"]),
        ({"tables": ["worldz"]}, ["worldz", "worlds"]),
        ({"tables": "worlds"}, ["tables"]),
        ({"outcomes": ["years_behnd"]}, ["years_behnd", "years_behind"]),
        ({"members": "no/such/folder"}, ["no/such/folder"]),
        ({"rules": ["no/such.py"]}, ["no/such.py"]),
        ({"chunk": 0}, ["chunk", "0"]),
        ({"outcomes": []}, ["outcomes"]),
        ({"scenarios": 3}, ["scenarios", "3"]),
        ({"left_out": {"7": "no reason"}}, ["left_out.7"]),
    ],
)
def test_invalid_specs_are_refused_in_one_sentence(changes, words):
    with pytest.raises(BadInput) as error:
        spec(**changes)
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 400
    for word in words:
        assert word in text, text


def test_paths_in_a_spec_are_relative_to_its_file(tmp_path):
    path = spec_file(tmp_path, SPEC.replace("unanimity", "unanimty"))
    with pytest.raises(BadInput, match=re.escape(str(path))):
        read_spec(path)
    (tmp_path / "mine.toml").write_text('voting = "unanimity"\n')
    read = read_spec(spec_file(tmp_path, SPEC.replace('"eu-status-quo"', '"mine.toml"')))
    assert read.scenario.name == "mine"
    assert read.text.startswith("\ntitle")


def test_spec_content_round_trips():
    made = spec(
        factors={
            "scenario": ["eu-status-quo", "essay-reform"],
            "race_weight": "range",
            "agenda": [{"rule": "planner", "max_sites": 3}, "open_call"],
        },
        design={"kind": "latin_hypercube", "points": 3, "cross": ["scenario"]},
    )
    again = spec_of(made.content)
    assert again.digest == made.digest
    assert again.points == made.points
    assert [again.scenario_at(p).digest for p in again.kept] == [made.scenario_at(p).digest for p in made.kept]


def test_refused_combinations_are_omitted_and_listed():
    made = spec(factors={"funding": ["private", "gni_key"], "voting": ["unanimity", "dictator"]})
    assert len(made.points) == 4
    assert [made.points[p]["funding"] for p in made.kept] == ["gni_key", "gni_key"]
    assert all("private" in r.reason for r in made.refused)
    with pytest.raises(BadInput, match="point"):
        spec(
            factors={"funding": ["private", "gni_key"], "race_weight": "range"},
            design={"kind": "sobol", "base": 4},
        )


def test_designs_have_the_expected_points():
    factors = {"voting": ["unanimity", "lisbon_qmv", "dictator"], "race_weight": "range"}
    sobol = spec(factors=factors, design={"kind": "sobol", "base": 8})
    assert len(sobol.points) == 8 * (2 + 2)
    morris = spec(factors=factors, design={"kind": "morris", "trajectories": 5})
    assert len(morris.points) == 5 * (2 + 1)
    cube = spec(factors=factors, design={"kind": "latin_hypercube", "points": 9, "cross": ["voting"]})
    assert len(cube.points) == 27
    weights = np.array([p["race_weight"] for p in cube.points])
    assert weights.min() >= 0.2
    assert weights.max() <= 3
    strata = np.floor(np.log(weights[::3] / 0.2) / np.log(3 / 0.2) * 9)
    assert sorted(strata) == list(range(9))
    together = spec(
        factors={"voting": ["unanimity", "dictator"], "operations": ["audit_first", "operator_led"]},
        design={"kind": "list"},
    )
    assert together.points == [
        {"voting": "unanimity", "operations": "audit_first"},
        {"voting": "dictator", "operations": "operator_led"},
    ]


def test_switches_design_connects_two_scenarios():
    made = spec(factors={"announcement": ["2024Q3", "2024Q4"]}, design={"kind": "switches", "to": "essay-reform"})
    assert len(made.points) == 64
    first, last = made.scenario_at(0), made.scenario_at(31)
    assert first.digest == made.scenario.changed({"announcement": "2024Q3"}).digest
    assert last.rules == made.switching.target.rules
    assert last.announcement == "2024Q3"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999, 1.0])
def test_factor_levels_have_equal_shares(share):
    assert Factor("x", ("a", "b", "c")).at(share) == "abc"[min(int(3 * share), 2)]
    assert Factor("x", low=1, high=4, integer=True).at(share) == 1 + min(int(4 * share), 3)
    assert Factor("x", low=1.0, high=100.0, scale="log").at(share) == pytest.approx(100**share)


def test_values_round_trip_through_set():
    for value in ({"rule": "planner", "max_sites": 3}, 0.1, 1e-5, 7, True, "2028Q4"):
        text = setting(value)
        assert value_of(text) == value


@pytest.mark.parametrize(
    ("points", "replications"), [(1, 1000), (1, 999), (3, 334), (500, 2), (1, 1_000_000), (7, 150)]
)
def test_chunks_cover_each_run_exactly_once(points, replications):
    levels = [float(x) for x in np.linspace(5, 15, points)]
    plan = ChunkPlan(spec(replications=replications, factors={"envelope_eur_bn": levels}))
    assert plan.chunks >= 10 or plan.spec.runs < 1000
    if plan.chunks > 2000:
        return
    seen = {}
    for chunk in range(plan.chunks):
        for cell in plan.cells_of(chunk):
            seen.setdefault(cell.point, []).extend(range(cell.first, cell.first + cell.worlds))
    assert len(seen) == points
    assert all(found == list(range(replications)) for found in seen.values())


def test_digest_does_not_depend_on_title_and_question():
    assert spec(title="x", question="y").digest == spec().digest
    assert spec(seed=1).digest != spec().digest
    assert spec(chunk=7).digest != spec().digest


@pytest.mark.parametrize("factors", [{"vote.HU.noise": [0.1, 0.5]}, {"vote": {"HU": {"noise": [0.1, 0.5]}}}])
def test_parameter_of_one_actors_rule_can_be_a_factor(tmp_path, factors):
    start = tmp_path / "start.toml"
    start.write_text('vote = { rule = "self_interest", HU = "probabilistic" }')
    made = spec(scenario=str(start), factors=factors)
    noise = [made.scenario_at(k).plain()["vote"]["HU"] for k in range(2)]
    assert noise == ["probabilistic", {"rule": "probabilistic", "noise": 0.5}]


def test_two_rule_files_with_one_name_are_refused(tmp_path, own_rules):
    """In an archive both would have the same path."""
    for folder, rule in (("a", "any_yes"), ("b", "some_yes")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(
            "from juste_retour.abm.politics.voting import voting\n\n\n@voting\n"
            f'def {rule}(ballot, states):\n    """Passes with any yes."""\n    return ballot.yes.any(-1)\n'
        )
    said = {"replications": 1, "design": {"kind": "grid"}, "factors": {"voting": ["any_yes", "some_yes"]}}
    with pytest.raises(BadInput, match="rename"):
        spec_of(said | {"rules": ["a/mine.py", "b/mine.py"]}, tmp_path)
    assert spec_of(said | {"rules": ["a/mine.py"], "factors": {"voting": ["any_yes"]}}, tmp_path)


def test_digest_depends_on_the_points_left_out_and_not_on_the_wording_of_the_reasons():
    def digest(left_out):
        return content_digest({"design": {}, "left_out": left_out}, "members", {}, 100)

    assert digest({"3": "a reason"}) == digest({"3": "the same reason in other words"})
    assert digest({"3": "a reason"}) != digest({"4": "a reason"})


@pytest.mark.parametrize("key", ["title", "question"])
@pytest.mark.parametrize("value", [5, None, ["a"], True])
def test_title_that_is_no_text_is_refused(key, value):
    with pytest.raises(BadInput, match=key):
        spec(**{key: value})
