import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.visualization import background
from juste_retour.visualization.background import PartsDesk, TaskStopped
from juste_retour.visualization.session import Session

TODAY, REFORM = load("eu-status-quo"), load("essay-reform")
SPECS = [{"base": "eu-status-quo"}, {"base": "essay-reform"}]


class Work:
    """A stand-in for `parts` that waits until it is released and then reports progress."""

    def __init__(self, monkeypatch):
        self.let, self.begun, self.pairs = threading.Event(), threading.Event(), []
        monkeypatch.setattr(background, "parts", self)

    def __call__(self, source, target, worlds, *, members, progress):
        self.pairs.append((source.name, target.name))
        self.begun.set()
        assert self.let.wait(30)
        progress(1, 2)
        return {"pair": [source.name, target.name]}


class Asker:
    def __init__(self):
        self.heard, self.done, self.gone = [], threading.Event(), False

    def still(self):
        if self.gone:
            raise TaskStopped

    def tell(self, answer):
        self.heard.append(answer)
        if "done" not in answer:
            self.done.set()

    def ask(self, desk, source=TODAY, target=REFORM):
        desk.ask(source, target, load_members(), self.still, self.tell)


@pytest.fixture
def desk():
    with ThreadPoolExecutor(2) as pool:
        yield PartsDesk(pool)


def test_pair_is_computed_once_for_all_visitors(desk, monkeypatch):
    work, one, other, late = Work(monkeypatch), Asker(), Asker(), Asker()
    work.let.set()
    one.ask(desk)
    other.ask(desk)
    assert one.done.wait(30)
    assert other.done.wait(30)
    late.ask(desk)
    assert one.heard[:2] == [{"done": 0.0}, {"done": 0.5}]
    assert one.heard[-1] == other.heard[-1] == late.heard[-1] == {"parts": {"pair": [TODAY.name, REFORM.name]}}
    assert len(late.heard) == len(work.pairs) == 1


def test_one_pair_at_a_time_with_runs_in_between(desk, monkeypatch):
    work, one, other = Work(monkeypatch), Asker(), Asker()
    one.ask(desk)
    assert work.begun.wait(30)
    other.ask(desk, REFORM, TODAY)
    assert desk.pool.submit(lambda: "a run").result(30) == "a run"
    assert work.pairs == [(TODAY.name, REFORM.name)]
    work.let.set()
    assert other.done.wait(30)
    assert work.pairs[1:] == [(REFORM.name, TODAY.name)]


def test_leaving_visitor_stops_the_computation_for_the_next(desk, monkeypatch):
    work, one, other = Work(monkeypatch), Asker(), Asker()
    one.ask(desk)
    assert work.begun.wait(30)
    other.ask(desk)
    one.gone = True
    work.let.set()
    assert other.done.wait(30)
    assert one.heard == [{"done": 0.0}]
    assert len(work.pairs) == 2


def test_error_is_one_sentence_and_the_next_pair_is_computed(desk, monkeypatch):
    def broken(*given, **more):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(background, "parts", broken)
    asker = Asker()
    asker.ask(desk)
    assert asker.done.wait(30)
    assert asker.heard[-1]["error"].count("ZeroDivisionError: by zero") == 1
    work, other = Work(monkeypatch), Asker()
    work.let.set()
    other.ask(desk)
    assert other.done.wait(30)
    assert "parts" in other.heard[-1]


def test_identical_or_too_long_scenarios_are_refused(desk):
    with pytest.raises(BadInput, match="same"):
        Asker().ask(desk, TODAY, TODAY)
    with pytest.raises(BadInput, match="at most"):
        Asker().ask(desk, TODAY, REFORM.changed({"end": "2044Q4"}))


def test_visitor_receives_parts_and_may_cancel_them(monkeypatch):
    monkeypatch.setattr(background, "PARTS", None)
    heard, done = [], threading.Event()

    def hear(answer):
        heard.append(answer)
        if "parts" in answer or "error" in answer:
            done.set()

    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr("juste_retour.visualization.session.PARTS", PartsDesk(pool))
        work, session = Work(monkeypatch), Session(hear)
        session.ask({"n": 1, "kind": "parts", "specs": SPECS})
        assert work.begun.wait(30)
        session.ask({"n": 2, "kind": "parts"})
        work.let.set()
        session.ask({"n": 3, "kind": "parts", "specs": SPECS[::-1]})
        assert done.wait(30)
    assert [answer["n"] for answer in heard if "parts" in answer] == [3]
    assert heard[0] == {"n": 1, "kind": "parts", "done": 0.0}


@pytest.mark.parametrize(
    ("specs", "named"),
    [
        (SPECS[:1], "two"),
        ([SPECS[0], SPECS[0]], "same"),
        ([SPECS[0], {"base": "us-observed"}], "map"),
        ([SPECS[0], {"base": "atlantis"}], "atlantis"),
    ],
)
def test_impossible_parts_are_refused_in_one_sentence(specs, named):
    heard = []
    Session(heard.append).ask({"n": 1, "kind": "parts", "specs": specs})
    assert named in heard[-1]["error"]
