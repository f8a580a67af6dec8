"""`juste-retour run`: its text and JSON, for one world and for several."""

import json
import math
import re

import numpy as np
import pytest

from juste_retour.runs.base.statistics import median, quantile
from juste_retour.runs.cli import human

CAPABILITY = (
    "sites",
    "hosts",
    "aggregate_accelerators",
    "largest_run_flop",
    "frontier_flop",
    "years_behind",
    "price_of_politics",
)


@pytest.fixture
def data(call):
    def read(*arguments):
        status, out, err = call("run", *arguments, "--json")
        assert status == 0, err
        return json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))

    return read


def test_json_of_one_world_adds_up(data):
    d = data("eu-status-quo", "--seed", 7)
    assert (d["scenario"], d["seed"], d["worlds"], d["worlds_without_a_run"]) == ("eu-status-quo", 7, 1, 0)
    assert set(CAPABILITY) <= d["capability"].keys()
    assert len(d["states"]) == 27
    assert len(d["facilities"]) == d["capability"]["sites"] == sum(s["sites"] for s in d["states"])
    assert sum(s["sites"] > 0 for s in d["states"]) == d["capability"]["hosts"]
    chips = math.fsum(f["accelerators"] for f in d["facilities"])
    assert chips == pytest.approx(d["capability"]["aggregate_accelerators"], rel=1e-12)
    received, paid, private = (
        math.fsum(s[k] for s in d["states"]) for k in ("received_eur_bn", "paid_eur_bn", "private_eur_bn")
    )
    assert received == pytest.approx(math.fsum(f["spend_eur_bn"] for f in d["facilities"]), rel=1e-12)
    assert received == pytest.approx(paid + private, rel=1e-12)
    for state in d["states"]:
        own = [f for f in d["facilities"] if f["state"] == state["state"]]
        assert len(own) == state["sites"]
        assert math.fsum(f["accelerators"] for f in own) == pytest.approx(state["accelerators"], rel=1e-12)


@pytest.mark.parametrize("several", [False, True])
def test_a_negative_price_is_not_said_to_be_a_cost(several):
    assert human._because("0.3", False, several) == ", 0.3 of them because of politics"
    assert "because of politics" not in human._because("0.3", True, several)


def test_votes_name_every_member_once(data):
    votes = data("--seed", 7)["votes"]
    codes = {s["state"] for s in data("--seed", 7)["states"]} | {"EU"}
    assert len(votes) == 3
    for vote in votes:
        named = vote["yes"] + vote["no"] + vote["abstain"]
        assert len(named) == len(set(named))
        assert set(named) == codes
        assert vote["agenda"] == "open_call"
        assert vote["rule"] == "governing_board"
        assert vote["passed"] is (len(vote["yes"]) > len(vote["no"]))


def test_commission_is_named_only_if_it_votes(data):
    votes = data("--set", "voting=unanimity")["votes"]
    assert votes
    assert all("EU" not in vote["yes"] + vote["no"] + vote["abstain"] for vote in votes)


def test_several_worlds_give_medians_and_quantiles(data, result):
    d = data("--seed", 3, "--worlds", 9)
    assert (d["seed"], d["worlds"]) == (3, 9)
    for name in CAPABILITY:
        column = result.worlds[name]
        assert d["capability"][name] == {
            "median": median(column),
            "low": quantile(column, 0.05),
            "high": quantile(column, 0.95),
        }
        assert d["capability"][name]["median"] == pytest.approx(np.median(column), rel=1e-12)
    germany = next(s for s in d["states"] if s["state"] == "DE")
    own = result.states[result.states.state == "DE"]
    assert germany["paid_eur_bn"]["high"] == pytest.approx(np.quantile(own.paid_eur_bn, 0.95), rel=1e-12)
    built = result.facilities.groupby("site").size()
    assert {f["site"] for f in d["facilities"]} == set(built.index)
    for facility in d["facilities"]:
        assert facility["built_share"] == built[facility["site"]] / 9
        assert facility["power_mw"]["low"] <= facility["power_mw"]["median"] <= facility["power_mw"]["high"]
    assert d["votes"] == [
        {
            "agenda": "open_call",
            "rule": "governing_board",
            "ballots": len(result.votes),
            "passed_share": result.votes.passed.mean(),
        }
    ]


def test_world_of_an_ensemble_equals_its_run_alone(data, result):
    alone = data("--seed", 3, "--replicate", 5)
    row = result.worlds[result.worlds.replicate == 5].iloc[0]
    for name in CAPABILITY:
        assert alone["capability"][name] == row[name]
    sites = result.facilities[result.facilities.replicate == 5]
    assert [f["site"] for f in alone["facilities"]] == list(sites.site)
    assert [f["spend_eur_bn"] for f in alone["facilities"]] == list(sites.spend_eur_bn)


def test_same_seed_gives_the_same_json(call):
    first, second, other = (call("run", "--seed", seed, "--json")[1] for seed in (1, 1, 2))
    assert first == second
    assert json.loads(first)["facilities"] != json.loads(other)["facilities"]


def test_set_changes_rules_and_parameters(data):
    d = data("--set", "agenda=planner", "--set", "agenda.max_sites=2", "--set", "envelope_eur_bn=4.5")
    assert d["changes"] == {"agenda": "planner", "agenda.max_sites": 2, "envelope_eur_bn": 4.5}
    assert d["capability"]["sites"] <= 2
    assert d["votes"] == []
    assert d["capability"]["spend_eur_bn"] + d["capability"]["unspent_eur_bn"] == pytest.approx(4.5)


def test_world_without_a_run_is_null_and_counted(data, tmp_path):
    (tmp_path / "states.csv").write_text("state,population\nA,5000000\nB,3000000\nC,2000000\n")
    d = data("--members", tmp_path, "--set", "bid=abstain", "--worlds", 3)
    assert d["worlds_without_a_run"] == 3
    assert d["capability"]["years_behind"] == {"median": None, "low": None, "high": None}
    assert d["facilities"] == []
    assert [s["state"] for s in d["states"]] == ["A", "B", "C"]
    one = data("--members", tmp_path, "--set", "bid=abstain")
    assert one["capability"]["years_behind"] is None
    assert one["worlds_without_a_run"] == 1


def test_text_shows_facilities_and_totals(call):
    status, out, _ = call("run", "--seed", 7)
    d = json.loads(call("run", "--seed", 7, "--json")[1])
    assert status == 0
    assert {str(d["capability"]["sites"]), str(d["capability"]["hosts"])} <= set(out.split())
    assert all(f["city"] in out for f in d["facilities"])
    assert f"{d['capability']['aggregate_accelerators']:,.0f}" in out
    assert f"{d['capability']['years_behind']:.1f}" in out
    assert re.search(r"\b3\b.*governing_board", out)
    assert "\x1b" not in out, "colors outside a terminal"


@pytest.mark.parametrize("columns", [40, 72, 120])
@pytest.mark.parametrize("worlds", [1, 4])
def test_text_fits_the_terminal(call, monkeypatch, columns, worlds):
    monkeypatch.setenv("COLUMNS", str(columns))
    status, out, _ = call("run", "--worlds", worlds)
    assert status == 0
    assert "█" in out
    assert max(map(len, out.splitlines())) <= columns


def test_largest_facility_has_the_longest_bar(call):
    lines = [line for line in call("run", "--seed", 7)[1].splitlines() if "▏" in line or "█" in line]
    lengths = [sum(line.count(block) for block in "█▉▊▋▌▍▎▏") for line in lines]
    assert len(lines) > 5
    assert lengths[0] == max(lengths)
    assert len(set(lengths)) > 2


@pytest.mark.parametrize("worlds", [1, 2])
def test_run_prints_why_nothing_is_built(call, worlds):
    arguments = ("run", "--set", "envelope_eur_bn=0.05", "--worlds", worlds)
    reason = json.loads(call(*arguments, "--json")[1])["nothing_built"]
    status, out, _ = call(*arguments)
    assert status == 0
    assert reason in " ".join(out.split())


def test_json_says_why_nothing_is_built(call):
    assert "call" in json.loads(call("run", "--set", "envelope_eur_bn=0.05", "--json")[1])["nothing_built"]
    found = json.loads(call("run", "--set", "end=2027Q4", "--set", "window_years=2", "--json")[1])
    assert "nothing_built" not in found


OWN = '''"""Own rules and agents."""
from juste_retour import MemberState, agent, voting


@voting
def all_pass(ballot, states):
    """Passes everything.

    Source: my own.
    """
    return ballot.yes.any(-1) | True


@voting
def none_passes(ballot, states):
    """Passes nothing.

    Source: my own.
    """
    return ballot.yes.any(-1) & False


@agent
class Refusing(MemberState):
    """Says no to all."""

    def vote(self, offer):
        return -1
'''


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["voting=all_pass"], ["With voting = governing_board instead, 3 of 3 replications are the same."]),
        (["voting=none_passes"], ["With voting = governing_board instead, 0 of 3 replications are the same."]),
        ([], ["uses none of the rules and agents in the files of --rules; add --set voting=all_pass."]),
        (
            ["agents=Refusing", "vote.HU=sincere_union"],
            ["vote.HU = sincere_union counts only where the agent Refusing asks", "With agents = none instead, 0 of 3"],
        ),
    ],
)
def test_run_says_what_own_rules_change(call, tmp_path, own_rules, changes, says):
    (tmp_path / "own.py").write_text(OWN)
    short = [part for change in ("end=2026Q4", "window_years=2", *changes) for part in ("--set", change)]
    status, out, err = call("run", "--rules", tmp_path / "own.py", "--worlds", 3, *short)
    assert (status, err) == (0, "")
    assert all(text in out for text in says)
    assert "instead" not in call("run", "--worlds", 3, *short[:4])[1]
