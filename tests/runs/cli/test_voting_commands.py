import json
import re
from pathlib import Path

import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.power import voting_power

STATES = load_members().states
EMA = Path(__file__).parents[2] / "theory" / "ema_2017.csv"


def data(answer):
    status, out, err = answer
    assert status == 0, err
    return json.loads(out)


def refused(answer, *words):
    status, out, err = answer
    assert status == 2, (out, err)
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


@pytest.fixture
def file(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def weights(file, *values):
    return file("member,weight\n" + "".join(f"{m},{w}\n" for m, w in zip("ABCDEFGH", values, strict=False)))


def test_json_of_power(call):
    found = data(call("power", "lisbon_qmv", "--json"))
    assert {"rule", "members", "winning_coalitions", "power_to_act", "states", "blocking"} <= found.keys()
    assert (found["rule"], found["members"], found["winning_coalitions"]) == ("lisbon_qmv", 27, 17_763_363)
    assert found["blocking"] == {"minimal": 3_597_618, "smallest": 4}
    assert [s["state"] for s in found["states"]] == list(STATES.codes)
    assert {"state", "swings", "banzhaf", "penrose", "shapley_shubik"} <= found["states"][0].keys()
    assert sum(s["shapley_shubik"] for s in found["states"]) == pytest.approx(1)


def test_text_of_power(call):
    status, out, _ = call("power", "governing_board")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("governing_board")
    assert {"28", "17,763,339", "268,435,456"} <= set(lines[0].split())
    assert lines[3].split()[:2] == ["EU", "0.350978"]
    assert "14,155,463" in out


def test_power_of_a_weighted_game(call, file):
    found = data(call("power", "--quota", 12, "--weights", weights(file, 4, 4, 4, 2, 2, 1), "--json"))
    assert found["members"] == 6
    assert [s["swings"] for s in found["states"]] == [10, 10, 10, 6, 6, 0]
    assert found["winning"]["minimal"] == 4


def test_power_in_an_enlarged_union(call):
    found = data(call("power", "lisbon_qmv", "--add", "UA=33_443_000", "--add", "MD=2400000", "--json"))
    assert found["members"] == 29
    before = voting_power("lisbon_qmv", STATES).shapley_shubik[STATES.index("DE")]
    after = {s["state"]: s["shapley_shubik"] for s in found["states"]}
    assert after["DE"] < float(before)
    assert after["PL"] > after["UA"] > after["RO"]


def test_participants_use_enhanced_cooperation(call):
    found = data(call("power", "lisbon_qmv", "--participants", "DE,FR,IT,ES,BE,NL,LU,AT,PT", "--json"))
    assert (found["rule"], found["members"]) == ("enhanced_cooperation", 9)
    same = data(call("power", "enhanced_cooperation", "--participants", "DE,FR,IT,ES,BE,NL,LU,AT,PT", "--json"))
    assert same == found
    plain = data(call("power", "simple_majority", "--participants", "DE,FR,IT", "--json"))
    assert (plain["rule"], plain["winning_coalitions"]) == ("simple_majority", 4)


def test_power_and_vote_with_another_union_and_a_user_rule(call, file, own_rules):
    union = file("state,population\nAA,60\nBB,30\nCC,10\n", "union.csv")
    mine = file(
        "from juste_retour.abm.politics.voting import voting\n\n\n@voting(monotone=True)\ndef larger_half(ballot, states):\n"
        '    """Passes with more than half of the population."""\n'
        "    return 2 * (ballot.yes * states.population).sum(-1) > states.population.sum()\n",
        "mine.py",
    )
    found = data(call("power", "larger_half", "--rules", mine, "--members", union, "--json"))
    assert [s["shapley_shubik"] for s in found["states"]] == [1, 0, 0]
    union.rename(union.with_name("states.csv"))
    folder = union.parent
    vote = data(call("vote", "larger_half", "--rules", mine, "--members", folder, "--yes", "BB,CC", "--json"))
    assert (vote["passed"], vote["could_tip"]) == (False, ["AA"])


def test_json_and_text_of_vote(call):
    rest = [c for c in STATES.codes if c not in ("DE", "FR", "IT", "PL")]
    found = data(call("vote", "lisbon_qmv", "--yes", ",".join(rest), "--abstain", "PL", "--json"))
    assert {"passed", "members_for", "population_share", "failed_conditions", "could_tip"} <= found.keys()
    assert (found["passed"], found["members_for"], found["could_tip"]) == (
        False,
        23,
        ["DE", "FR", "IT", "PL"],
    )
    assert found["no"] == ["DE", "FR", "IT"]
    status, out, _ = call("vote", "lisbon_qmv", "--yes", ",".join(rest))
    assert status == 0
    assert out.startswith("lisbon_qmv")
    assert {"23", "44.91%"} <= set(out.split())
    assert "DE FR IT PL" in out
    assert data(call("vote", "dictator", "--yes", "EU", "--json"))["passed"] is True
    status, out, _ = call("vote", "dictator", "--yes", "EU")
    assert (status, out.startswith("dictator")) == (0, True)


def test_json_of_ballot(call):
    found = data(call("ballot", EMA, "--json"))
    assert [r["round"] for r in found["rounds"]] == [1, 2, 3]
    assert found["rounds"][0]["scores"]["Milan"] == 25
    assert found["rounds"][2]["advance"] == [found["winner"]]
    assert found["by_lot"] is True
    assert found == data(call("ballot", EMA, "--json"))


def test_lot_depends_on_the_seed_and_is_fair(call):
    winners = [data(call("ballot", EMA, "--seed", seed, "--json"))["winner"] for seed in range(40)]
    assert 10 <= winners.count("Amsterdam") <= 30
    assert set(winners) == {"Amsterdam", "Milan"}


def test_text_of_ballot(call):
    status, out, _ = call("ballot", EMA, "--seed", 3)
    assert status == 0
    found = data(call("ballot", EMA, "--seed", 3, "--json"))
    for number, held in enumerate(found["rounds"], 1):
        assert re.search(rf"(?m)^\w+ {number}\b", out)
        assert all(f"{score:g}" in out for score in held["scores"].values())
    (last,) = [line for line in out.splitlines() if "seed 3" in line.lower() or "(seed" in line.lower()]
    assert found["winner"] in last
    assert re.search(r"\bSK\b", out)
    _, out, _ = call("ballot", EMA, "--withdrawn", "Milan", "--withdrawn", "Copenhagen=2")
    assert "Milan" not in out
    assert "Copenhagen" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["power", "lisbon_qvm"], ["lisbon_qmv"]),
        (["power", "nice", "--add", "UA=33443000"], ["UA", "nice_votes"]),
        (["power", "--quota", "3"], ["--weights"]),
        (["power", "lisbon_qmv", "--participants", "DE,XX"], ["--participants", "XX"]),
        (["power", "lisbon_qmv", "--participants", "DE,DE"], ["DE"]),
        (["power", "lisbon_qmv", "--add", "ua"], ["--add", "NAME=POPULATION"]),
        (["power", "lisbon_qmv", "--add", "UA"], ["UA", "populations"]),
        (["power", "lisbon_qmv", "--add", "UA=-3"], ["UA=-3"]),
        (["power", "lisbon_qmv", "--add", "UA=" + "9" * 5000], ["NAME=POPULATION"]),
        (["power", "lisbon_qmv", "--add", "DE=1000"], ["DE=1000"]),
        (["power", "lisbon_qmv", "--members", "no/such.csv"], ["no/such.csv"]),
        (["power", "lisbon_qmv", "--rules", "no/such.py"], ["no/such.py"]),
        (["vote", "lisbon_qmv", "--yes", "DE,XX"], ["XX"]),
        (["vote", "lisbon_qmv", "--yes", "DE,BEL"], ["BEL", "'BE'"]),
        (["vote", "lisbon_qmv", "--yes", "DE,DE"], ["DE"]),
        (["vote", "lisbon_qmv", "--yes", ""], ["yes"]),
        (["vote", "lisbon_qmv", "--yes", "DE", "--no", "DE"], ["DE"]),
        (["vote", "lisbon_qmv", "--yes", "EU"], ["EU", "lisbon_qmv"]),
        (["ballot", "no/such.csv"], ["no/such.csv"]),
        (["ballot", str(EMA), "--seed", "-1"], ["seed", "-1"]),
        (["ballot", str(EMA), "--offers", "Milan,Amsterdam"], ["Amsterdam", "Milan"]),
        (["ballot", str(EMA), "--withdrawn", "Milano"], ["Milano", "'Milan'"]),
        (["ballot", str(EMA), "--withdrawn", "Milan=x"], ["Milan=x"]),
        (["ballot", str(EMA), "--withdrawn", "Milan=" + "9" * 5000], ["Milan=99"]),
    ],
)
def test_invalid_arguments_are_refused(call, arguments, words):
    refused(call(*arguments), *words)


@pytest.mark.parametrize(
    ("quota", "values", "words"),
    [
        (18, (4, 4, 4, 2, 2, 1), ["18", "17"]),
        (0, (1, 1), ["quota", "0"]),
        (-1, (1, 1), ["quota"]),
        ("half", (1, 1), ["--quota", "half"]),
        ("nan", (1, 1), ["--quota", "nan"]),
        (1, (1, -1), ["row 3", "weight", "-1"]),
        (1, (1, "x"), ["row 3", "weight", "'x'"]),
        (1, (1, "inf"), ["row 3", "weight"]),
        (1, (0, 0), ["1", "0"]),
        ("1e999999999", (1, 1), ["--quota", "1e999999999"]),
        (1, (1, "1e-99999999"), ["row 3", "weight", "1e-99999999"]),
    ],
)
def test_invalid_weights_are_refused(call, file, quota, values, words):
    refused(call("power", f"--quota={quota}", "--weights", weights(file, *values)), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("voter,first,second,third\nDE,A,B,A\n", ["DE", "'A'"]),
        ("voter,first,second,third\nDE,A,,B\n", ["row 2", "second"]),
        ("voter,first,second,third\nDE,A,B,C\nDE,A,B,C\n", ["DE"]),
        ("voter,frist,second\nDE,A,B\n", ["first"]),
        ("voter,first\n", ["table.csv"]),
        ("", ["table.csv"]),
    ],
)
def test_invalid_rankings_are_refused(call, file, text, words):
    refused(call("ballot", file(text)), *words)


def test_duplicate_weights_are_refused(call, file):
    path = file("member,weight\nA,1\nA,2\n")
    refused(call("power", "--quota", 2, "--weights", path), "'A'")
    refused(call("power", "lisbon_qmv", "--quota", 2, "--weights", path), "RULE")


def test_additional_indices_and_blocs(call, tmp_path):
    file = tmp_path / "seats.csv"
    file.write_text("member,weight\nA,3\nB,2\nC,1\n")
    game = ("power", "--quota", "4", "--weights", str(file))
    asked = ("--index", "johnston", "--index", "colomer_martinez", "--bloc", "B,C")
    found = data(call(*game, *asked, "--json"))
    assert [row["johnston"] for row in found["states"]] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert [row["colomer_martinez"] for row in found["states"]] == pytest.approx([27 / 40, 1 / 5, 1 / 8])
    assert [row["owen"] for row in found["states"]] == pytest.approx([1 / 2, 1 / 4, 1 / 4])
    assert "johnston" not in data(call(*game, "--json"))["states"][0]
    status, out, _ = call(*game, *asked)
    assert status == 0
    assert all(name in out for name in ("Johnston", "Colomer-Martínez", "Owen"))
    refused(call(*game, "--bloc", "A,X"), "'X'")


def test_power_of_members_without_population(call, tmp_path):
    file = tmp_path / "members.csv"
    for text in ("state\nA\nB\nC\n", "state,population\nA,5\nB,\nC,7\n"):
        file.write_text(text)
        found = data(call("power", "simple_majority", "--members", str(file), "--json"))
        assert [row["shapley_shubik"] for row in found["states"]] == pytest.approx([1 / 3] * 3)
        refused(call("power", "lisbon_qmv", "--members", str(file)), "populations", "B")
    assert data(call("power", "simple_majority", "--add", "UA", "--json"))["members"] == 28
    refused(call("vote", "simple_majority", "--yes", "DE", "--add", "UA"), "NAME=POPULATION")
