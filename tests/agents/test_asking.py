"""Calling a user's rule: read-only input, a time limit, and errors that name the rule."""

import os
import re
import signal

import numpy as np
import pytest

from juste_retour import simulate
from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.politics.voting import voting
from juste_retour.abm.worlds.institutions import Institutions
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.asking import SECONDS, InvalidReturn, RuleFailed, RuleTooLong, staying
from juste_retour.agents.errors import BadInput
from juste_retour.agents.member_state import bid
from juste_retour.agents.rules import FAMILIES, Family, forget

STATES = load_members().states


@pytest.fixture(autouse=True)
def own_rules():
    before = dict(FAMILIES), {name: dict(family.rules) for name, family in FAMILIES.items()}
    yield
    forget(*before)


def ballot(worlds=3):
    yes = np.ones((worlds, STATES.count), bool)
    return Ballot(yes, ~yes, np.ones(worlds, bool))


def asked(body, **parameters):
    @voting
    def mine(ballot, states):
        """Counts."""
        return body(ballot, states)

    return FAMILIES["voting"]["mine"](ballot(), STATES, **parameters)


def leave(ballot, states):
    raise SystemExit(0)


def change(ballot, states):
    ballot.yes[:, 0] = False
    return ballot.yes.all(-1)


def change_by_force(ballot, states):
    ballot.yes.setflags(write=True)
    ballot.yes[...] = ~ballot.yes
    return ballot.yes.all(-1)


def replace(ballot, states):
    object.__setattr__(ballot, "yes", ~ballot.yes)
    return ballot.yes.all(-1)


def end_the_process(ballot, states):
    os._exit(0)


def change_a_copy(ballot, states):
    yes = ballot.yes.copy()
    yes[:, 0] = False
    return yes.all(-1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda ballot, states: True, ["True", "(worlds,)", "booleans"]),
        (lambda ballot, states: None, ["None", "(worlds,)"]),
        (lambda ballot, states: ballot.yes, ["(3, 27)", "(3,)"]),
        (lambda ballot, states: ballot.yes.sum(-1), ["int64", "booleans"]),
        (leave, ["SystemExit"]),
        (change, ["copy"]),
        (change_by_force, ["copy"]),
        (replace, ["copy"]),
        (end_the_process, ["os._exit(0)"]),
    ],
)
def test_error_in_a_rule_names_rule_file_and_line(body, words):
    with pytest.raises(RuleFailed) as failed:
        asked(body)
    for word in ["voting.mine", __file__, f"line {failed.value.line}", *words]:
        assert word in str(failed.value)


def test_input_of_a_rule_is_read_only_during_the_call():
    assert not asked(change_a_copy).any()
    shared = ballot()
    voting(change)
    with pytest.raises(RuleFailed):
        FAMILIES["voting"]["change"](shared, STATES)
    assert shared.yes.all()
    assert shared.yes.flags.writeable


def test_endless_loop_is_interrupted(monkeypatch):
    monkeypatch.setenv(SECONDS, "0.1")

    def endless(ballot, states):
        while True:
            sum(range(100))

    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(RuleTooLong, match=r"0\.1 s"):
        asked(endless)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_invalid_time_limit_is_refused(monkeypatch):
    monkeypatch.setenv(SECONDS, "soon")
    with pytest.raises(BadInput, match="soon"):
        asked(lambda ballot, states: ballot.yes.all(-1))


def test_keyboard_interrupt_is_not_reported_as_the_rules_error():
    def stop(ballot, states):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(stop)


class Kind:
    """A class, not a function."""


def pieces(ballot, states):
    yield True


async def later(ballot, states):
    return True


@pytest.mark.parametrize("odd", [Kind, pieces, later, sum, lambda ballot: True])
def test_rules_of_the_wrong_kind_are_refused_when_entered(odd):
    with pytest.raises(BadInput, match="voting"):
        voting(odd)


def test_float_parameters_have_a_world_axis_in_every_family():
    seen = {}

    @voting
    def counting(ballot, states, *, share: float = 0.5, count: int = 2):
        """Passes with a share."""
        seen["voting"] = (np.shape(share), count)
        return ballot.yes.sum(-1, keepdims=True) > share * states.count

    @bid
    def bidding(situation, *, part: float = 0.5):
        """Applies for a part."""
        seen["bid"] = np.shape(part)
        return situation.room * part

    institutions = Institutions(
        [load({"voting": {"rule": "counting", "share": s}, "bid": "bidding"}) for s in (0.1, 0.9, 1.0)],
        load_members(),
    )
    yes = np.arange(STATES.count) < 10
    passed = institutions.decide("voting", Ballot(np.stack([yes] * 3), np.stack([~yes] * 3), np.ones(3, bool)), STATES)
    assert passed.tolist() == [True, False, False]
    assert seen["voting"] == ((3, 1), 2)
    assert institutions.settings("bid")["part"].shape == (3, 1)
    with pytest.raises(ValueError, match="read-only"):
        institutions.settings("bid")["part"][0] = 3.0


def test_user_family_may_check_return_values():
    def positive(returned, handed, parameters):
        if returned <= 0:
            raise InvalidReturn("returns a number below 0; return one above")
        return returned

    queue = Family("queue", decides="who is served", signature="rule(place)", returns=positive)

    @queue
    def last(place):
        """The last."""
        return -place

    with pytest.raises(RuleFailed, match=r"queue\.last.*above"):
        queue["last"](3)


def test_invalid_return_value_ends_the_run_and_names_the_rule():
    @bid
    def everything(situation):
        """Returns a list instead of an array."""
        return [1.0] * situation.states.count

    with pytest.raises(RuleFailed, match=re.escape("bid.everything")):
        simulate({"bid": "everything"})


def test_child_that_a_rule_forks_ends_with_its_call():
    with staying():
        child = os.fork()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
