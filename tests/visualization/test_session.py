import re
import threading
from types import SimpleNamespace

import pytest

from juste_retour import MemberState, agent, compare, outcome
from juste_retour.abm.base.members import load_members
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.visualization.session import RUNS, Session, offered, opened, scenario_of, spec_of

EUROPE = {"base": "eu-status-quo", "changes": {}}
UNANIMOUS = {"base": "unanimous-europe", "changes": {}}
CODES = load_members().states.codes


class Visitor:
    def __init__(self):
        self.heard = []
        self.done = threading.Event()
        self.session = Session(self.hear)

    def hear(self, answer):
        self.heard.append(answer)
        if answer.get("error") or (answer["kind"] == "spread" and answer["spread"]["worlds"] == answer["of"]):
            self.done.set()

    def ask(self, **question):
        self.session.ask({"n": len(self.heard) + 1, **question})
        return self.heard[-1] if self.heard else None


def test_runs_are_kept_for_all_visitors_together(monkeypatch):
    monkeypatch.setattr("juste_retour.visualization.session.KEPT", 2)
    first = Visitor().ask(kind="runs", specs=[EUROPE], seed=1, replicate=0)["runs"][0]
    assert Visitor().ask(kind="runs", specs=[EUROPE], seed=1)["runs"][0] is first
    Visitor().ask(kind="runs", specs=[EUROPE], seed=2)
    Visitor().ask(kind="runs", specs=[EUROPE], seed=3)
    assert len(RUNS) == 2
    assert Visitor().ask(kind="runs", specs=[EUROPE], seed=1)["runs"][0] is not first


@pytest.mark.slow
def test_only_the_newest_pages_wait_for_a_lost_connection():
    from solara.server.kernel_context import PageStatus, contexts

    from juste_retour.visualization.page import forget_oldest

    closed = []

    def page(name, *status):
        return SimpleNamespace(
            page_status=dict(enumerate(status)),
            closed_event=threading.Event(),
            close=lambda reason: closed.append(name),
        )

    lost, here = PageStatus.DISCONNECTED, PageStatus.CONNECTED
    pages = {
        "a": [lost],
        "b": [lost, here],
        "c": [lost, lost],
        "new": [],
        "d": [lost],
        "e": [lost],
        "f": [here],
    }
    contexts.update({name: page(name, *status) for name, status in pages.items()})
    try:
        forget_oldest(2)
    finally:
        for name in pages:
            del contexts[name]
    assert closed == ["a", "c"]


def test_pair_uses_the_window_of_the_first():
    specs = [EUROPE, {"base": "gigafactories"}]
    runs = Visitor().ask(kind="runs", specs=specs, seed=3)["runs"]
    found = compare("eu-status-quo", "gigafactories", worlds=2, seed=3, outcomes=["years_behind"])
    assert [run["outcome"]["years_behind"] for run in runs] == found.values["years_behind"][:, 0].tolist()
    assert {(run["window_start"], run["window_end"]) for run in runs} == {("2024Q4", "2029Q3")}
    alone = Visitor().ask(kind="runs", specs=specs[1:], seed=3)["runs"][0]
    assert (alone["window_start"], alone["window_end"]) == ("2025Q2", "2033Q1")


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ({"kind": "runs", "specs": [{"base": "atlantis"}], "seed": 1}, "atlantis"),
        (
            {"kind": "runs", "specs": [{"base": "eu-status-quo", "changes": {"budget": 3}}], "seed": 1},
            "budget",
        ),
        (
            {"kind": "runs", "specs": [{"base": "eu-status-quo", "changes": {"voting": 3}}], "seed": 1},
            "voting",
        ),
        (
            {"kind": "runs", "specs": [{"base": "eu-status-quo", "changes": [1]}], "seed": 1},
            "scenario",
        ),
        ({"kind": "runs", "specs": ["eu-status-quo"], "seed": 1}, "scenario"),
        ({"kind": "runs", "specs": [EUROPE], "seed": -1}, "seed.*-1"),
        ({"kind": "runs", "specs": [EUROPE], "seed": None}, "seed.*None"),
        ({"kind": "runs", "specs": [EUROPE], "seed": 1, "replicate": 1.5}, r"world.*1\.5"),
        ({"kind": "spread", "specs": [EUROPE], "seed": 1, "worlds": 10**9}, "worlds"),
        ({"kind": "open", "text": "color = 3"}, "color"),
        ({"kind": "open", "text": "= nothing"}, "TOML"),
        ({"kind": "dance"}, "dance"),
        ({"kind": ["runs"]}, "runs"),
        ({"kind": "runs", "specs": 3, "seed": 1}, "scenario"),
        ({"kind": "runs", "specs": [EUROPE] * 3, "seed": 1}, "scenario"),
        ({"kind": "runs", "specs": [], "seed": 1}, "scenario"),
        (
            {"kind": "runs", "specs": [EUROPE | {"changes": {"envelope_eur_bn": 10**400}}], "seed": 1},
            "money to place",
        ),
        (
            {
                "kind": "spread",
                "specs": [EUROPE | {"changes": {"end": "2273Q4"}}],
                "seed": 1,
                "worlds": 200,
            },
            "end",
        ),
    ],
)
def test_invalid_question_is_answered_in_one_sentence(question, named):
    answer = Visitor().ask(**question)
    assert re.search(named, answer["error"])
    assert "\n" not in answer["error"]


def test_ballot_is_recounted_by_the_runs_voting_rule():
    run = Visitor().ask(kind="runs", specs=[UNANIMOUS], seed=1)["runs"][0]
    asked = {"kind": "vote", "specs": [UNANIMOUS], "seed": 1, "side": 0, "ballot": 0}
    assert run["ballots"][0]["passed"]
    assert Visitor().ask(**asked, votes={})["ballot"] == run["ballots"][0]
    for way, passes in (("no", False), ("abstain", True)):
        found = Visitor().ask(**asked, votes={"MT": way})["ballot"]
        assert found["passed"] == passes
        assert [CODES[i] for i in found[way]] == ["MT"]
    wrong = (
        ({"XX": "no"}, 0, 0, "XX"),
        ({"MT": "perhaps"}, 0, 0, "perhaps"),
        ({"MT": None}, 0, 0, "MT is None"),
        ({"MT": []}, 0, 0, "MT is"),
        (3, 0, 0, "votes"),
        ({}, 99, 0, "ballot"),
        ({}, 0, 1, "side"),
    )
    for votes, ballot, side, named in wrong:
        assert named in Visitor().ask(**asked | {"ballot": ballot, "side": side}, votes=votes)["error"]


@pytest.mark.parametrize("view", [{"t": float("nan")}, float("nan"), [1], "late"])
def test_replay_of_no_view_is_refused(view):
    answer = Visitor().ask(kind="replay", specs=[UNANIMOUS], seed=1, view=view)
    assert "view of the replay" in answer["error"]


def test_malformed_question_is_answered():
    visitor = Visitor()
    visitor.session.ask(3)
    assert "reload" in visitor.heard[0]["error"]


def test_visitors_cannot_read_files(tmp_path):
    secret = tmp_path / "secret.toml"
    secret.write_text('voting = "unanimity"')
    for question in (
        {"kind": "runs", "specs": [{"base": str(secret)}], "seed": 1},
        {"kind": "spread", "specs": [{"base": str(secret)}], "seed": 1, "worlds": 1},
        {"kind": "toml", "spec": {"base": str(secret)}},
        {"kind": "open", "text": f"base = {str(secret)!r}"},
    ):
        assert "scenario" in Visitor().ask(**question)["error"]


def test_error_in_an_ensemble_is_reported(monkeypatch):
    def broken(*given):
        raise ZeroDivisionError("by\nzero")
        yield

    monkeypatch.setattr("juste_retour.visualization.session.spread", broken)
    visitor = Visitor()
    visitor.ask(kind="spread", specs=[EUROPE], seed=1, worlds=60)
    assert visitor.done.wait(30)
    assert visitor.heard[-1]["error"].count("ZeroDivisionError: by zero") == 1


def test_ensemble_arrives_in_parts():
    visitor = Visitor()
    visitor.ask(kind="spread", specs=[EUROPE], seed=1, worlds=60)
    assert visitor.done.wait(30)
    assert [a["spread"]["worlds"] for a in visitor.heard] == [50, 60]


def test_visitor_who_left_gets_no_answers():
    visitor = Visitor()
    visitor.session.close()
    visitor.session.ask({"n": 1, "kind": "runs", "specs": [EUROPE], "seed": 1})
    assert visitor.heard == []


def test_opened_file_is_the_same_scenario():
    text = (
        load("essay-reform")
        .changed({"envelope_eur_bn": 12.0, "vote": {"rule": "sincere_union", "HU": "self_interest"}})
        .toml()
    )
    spec = opened(text)
    assert (
        scenario_of(spec).digest
        == load(
            {
                "base": "essay-reform",
                "envelope_eur_bn": 12.0,
                "vote": {"rule": "sincere_union", "HU": "self_interest"},
            }
        ).digest
    )
    assert spec_of(load("essay-reform"), "essay-reform") == {"base": "essay-reform", "changes": {}}
    with pytest.raises(BadInput, match="base"):
        opened("base = 3")


def test_all_choices_are_described():
    found = offered()
    for family in found["families"]:
        assert family["decides"]
        assert family["group"] in found["groups"], family["name"]
        for rule in family["rules"]:
            assert rule["summary"].endswith("."), rule["name"]
    for parameter in found["parameters"]:
        assert parameter["title"], parameter["name"]
        assert parameter["group"], parameter["name"]
    for preset in found["presets"]:
        assert re.search(r"\w", preset["about"]), preset["name"]


def test_user_agents_and_outcomes_can_be_chosen():
    @agent
    class Refusing(MemberState):
        """Says no to all."""

        def __init__(self, model, place, *, years: float = 1.0):
            super().__init__(model, place)

        def vote(self, offer):
            return -1

    @outcome(unit="ballots")
    def refused(found):
        """Ballots on which someone said no."""
        return (found.states["no_votes"] > 0).any(-1) * 1.0

    try:
        found = offered()
        (mine,) = [one for one in found["agents"] if one["name"] == "Refusing"]
        assert (mine["actor"], mine["summary"]) == ("state", "Says no to all.")
        assert [p["name"] for p in mine["parameters"]] == ["years"]
        assert {"name": "refused", "about": "Ballots on which someone said no", "unit": "ballots"} in found["outcomes"]
        changes = {"agents": {"Refusing": {"of": "HU"}}, "agenda": "commission_proposal", "end": "2030Q1"}
        spec = {"base": "eu-status-quo", "changes": changes}
        assert opened(scenario_of(spec).toml())["changes"]["agents"] == {"Refusing": "HU"}
        (run,) = Visitor().ask(kind="runs", specs=[spec], seed=1, replicate=0)["runs"]
        assert run["outcome"]["refused"] == 1
        hungary = next(state for state in run["states"] if state["state"] == "HU")
        assert hungary["no_votes"] == len(run["ballots"]) > 0
    finally:
        USER_AGENTS.pop("Refusing", None)
        USER_OUTCOMES.pop("refused", None)


def test_scenario_of_another_union_includes_its_map():
    visitor = Visitor()
    america, seed = {"base": "us-observed", "changes": {}}, {"seed": 1, "replicate": 0}
    first = visitor.ask(kind="runs", specs=[america], map="another", **seed)
    assert {s["code"] for s in first["geometry"]["states"]} >= {"TN", "LA"}
    again = visitor.ask(kind="runs", specs=[america], map=first["geometry"]["digest"], **seed)
    assert "geometry" not in again
    assert again["runs"][0]["outcome"]["price_of_politics"] is None
    both = visitor.ask(kind="runs", specs=[america, EUROPE], map="another", **seed)
    assert "One Map" in both["error"].title()
