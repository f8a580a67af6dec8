"""`.each`: a rule written for one actor in one world equals the same operations over arrays, bit for bit."""

import inspect
import math
import types

import numpy as np
import pytest

from juste_retour.abm.bargaining.agenda.family import agenda
from juste_retour.abm.delivery.procurement import Procedure, procurement
from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.entitlement import entitlement
from juste_retour.abm.politics.reversion import reversion
from juste_retour.abm.politics.voting import Ballot, voting
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.arrays import total
from juste_retour.agents.asking import RuleFailed
from juste_retour.agents.commissioner import draft
from juste_retour.agents.endorsement import endorse
from juste_retour.agents.errors import BadInput
from juste_retour.agents.lab import anchor
from juste_retour.agents.member_state import bid, expect, vote
from juste_retour.agents.rules import FAMILIES, family, forget
from juste_retour.runs.workshop.conformance import example

SHORT = {"end": "2026Q2", "window_years": 1.75}
WRITTEN_TWICE = [
    ("bid", "trophy_seeking"),
    ("bid", "capacity_driven"),
    ("vote", "self_interest"),
    ("vote", "sincere_union"),
    ("expect", "adaptive"),
    ("draft", "national"),
    ("draft", "portfolio"),
    ("endorse", "collegial"),
    ("anchor", "home_bias"),
    ("entitlement", "juste_retour"),
    ("entitlement", "cap_sites"),
    ("funding", "host_matches_half"),
    ("reversion", "last_allocation"),
    ("reversion", "go_alone"),
    ("pooling", "independent"),
    ("pooling", "best_of"),
    ("operations", "audit_first"),
    ("procurement", "public_tender"),
    ("access", "strategic"),
    ("standing", "strategic"),
    ("standing_operations", "operator_led"),
    ("leftover", "top_up"),
    ("agenda", "open_call"),
    ("agenda", "commission_proposal"),
]


@pytest.fixture(autouse=True)
def restored_rules():
    before = dict(FAMILIES), {name: dict(group.rules) for name, group in FAMILIES.items()}
    yield
    forget(*before)


def entered_for_one(group, name):
    """Enter a shipped rule's function a second time, by `.each`."""
    rule = family(group)[name]
    whole = inspect.unwrap(rule.function)
    one = types.FunctionType(whole.__code__, whole.__globals__, f"{name}_each", whole.__defaults__, whole.__closure__)
    one.__kwdefaults__, one.__annotations__, one.__doc__ = (
        whole.__kwdefaults__,
        whole.__annotations__,
        whole.__doc__,
    )
    marks = {k: v for k, v in rule.marks.items() if k != "conditions"}
    family(group).each(**marks, **dict.fromkeys(rule.properties, True))(one)
    return one.__name__


def same(a, b):
    for name in a.worlds:
        np.testing.assert_array_equal(a.worlds[name], b.worlds[name], err_msg=name)
    for name in a.states:
        np.testing.assert_array_equal(a.states[name], b.states[name], err_msg=name)


def test_every_family_has_a_rule_written_twice():
    assert {group for group, _ in WRITTEN_TWICE} | {"voting"} == set(FAMILIES)
    assert all(group.lift is not None for group in FAMILIES.values())


@pytest.mark.parametrize(("group", "name"), WRITTEN_TWICE)
def test_rule_for_one_actor_equals_the_rule_over_arrays(group, name):
    each = entered_for_one(group, name)
    protocol = {} if group == "agenda" else {"agenda": "commission_proposal"}
    for more in [protocol] if group in ("draft", "endorse", "agenda") else [protocol, {}]:
        over_arrays = load("eu-status-quo").changed({**SHORT, **more, group: name})
        for_one = over_arrays.changed({group: each})
        same(run(over_arrays, 1, range(3), price=False), run(for_one, 1, range(3), price=False))


def test_voting_rule_for_one_ballot_works_on_leading_axes():
    @voting.each(monotone=True)
    def half_each(ballot, states):
        """Half of the states with half of the population."""
        people = sum(int(n) for n, yes in zip(states.population, ballot.yes[0], strict=True) if yes)
        return 2 * int(ballot.yes.sum()) >= states.count and 2 * people >= int(states.population.sum())

    ballot, states = example("voting", 9)
    rule = voting["half_each"]
    assert rule.properties == {"monotone"}
    many = Ballot(
        np.stack([ballot.yes, ballot.no]),
        np.stack([ballot.no, ballot.yes]),
        np.stack([ballot.union_yes] * 2),
    )
    passed = rule(many, states)
    people = (many.yes * states.population).sum(-1)
    wanted = (2 * many.yes.sum(-1) >= states.count) & (2 * people >= states.population.sum())
    np.testing.assert_array_equal(passed, wanted)
    assert passed.dtype == bool
    assert passed.any()
    assert not passed.all()


def test_bid_rule_with_plain_if_statements():
    @bid.each
    def stepwise(situation):
        """Tries three sizes and takes the one it likes best."""
        best, worth = 0.0, situation.standing.utility
        if situation.room < situation.p.smallest_eur_bn:
            return best
        for share in (0.2, 0.5, 1.0):
            size = np.maximum(share * situation.room, situation.p.smallest_eur_bn)
            value = situation.alone(size).utility
            if value > worth:
                best, worth = size, value
        return best

    (situation,) = example("bid", 3)
    found = bid["stepwise"](situation)
    best, worth = np.zeros(situation.room.shape), situation.standing.utility
    for share in (0.2, 0.5, 1.0):
        size = np.maximum(share * situation.room, situation.p.smallest_eur_bn)
        value = situation.alone(np.where(situation.room < situation.p.smallest_eur_bn, 0.0, size)).utility
        better = (value > worth) & (situation.room >= situation.p.smallest_eur_bn)
        best, worth = np.where(better, size, best), np.where(better, value, worth)
    np.testing.assert_array_equal(found, best)
    assert len(np.unique(found)) > 10


def test_state_sees_only_its_own_entries_and_parameters():
    seen = []

    @vote.each
    def records(offer, reservation, situation, *, share: float = 0.25):
        """Records what it is given."""
        seen.append(
            (
                situation.states.codes,
                situation.states.count,
                situation.states.gdp,
                offer.terms()["race"],
                offer.utility,
                reservation,
                situation.p.patience,
                share,
            )
        )
        return 0

    offer, reservation, situation = example("vote", 2)
    out = vote["records"](offer, reservation, situation, share=np.array([[0.1], [0.2]]))
    assert (out == 0).all()
    assert out.dtype == np.int64
    assert len(seen) == 54
    codes, count, gdp, race, utility, mine, patience, share = seen[27 + 5]
    assert codes == (situation.states.codes[5],)
    assert count == 27
    for x, wanted in (
        (gdp, situation.states.gdp[5]),
        (race, offer.race[1, 5]),
        (utility, offer.utility[1, 5]),
        (mine, reservation[1, 5]),
        (patience, situation.p.patience[1, 0]),
        (share, 0.2),
    ):
        assert isinstance(x, float | np.integer)
        assert x == wanted


def test_rule_for_one_actor_gets_numbers():
    seen = set()

    @bid.each
    def prints(situation, *, share: float = 0.25):
        """Bids by what Python's own functions make of numbers."""
        seen.add(f"{situation.states.code} {situation.states.population:,} {round(situation.room, 2)} {share:.1f}")
        wanted = {True: 0.0, False: math.sqrt(float(situation.room))}[bool(situation.lost)]
        return min(sorted([wanted, share]))

    @procurement.each
    def rounded(purchase, *, years: float = 2.04):
        """Rounds its parameter."""
        return Procedure(float(f"{round(years, 1):.1f}"), 0.1, 1.0, 0.0, 0.0, 0.0, 1.0)

    (situation,) = example("bid", 2)
    found = bid["prints"](situation, share=np.array([[0.1], [0.2]]))
    np.testing.assert_array_equal(found, np.minimum(np.sqrt(situation.room), [[0.1], [0.2]]) * ~situation.lost)
    assert any(line.startswith("MT ") and line.endswith(" 0.2") for line in seen)
    procedure = procurement["rounded"](*example("procurement"), years=np.array([[1.04], [3.26]]))
    np.testing.assert_array_equal(procedure.award_years, [[1.0], [3.3]])


def test_rule_written_for_arrays_of_length_one_still_works():
    @bid.each
    def first_entries(situation, *, share: float = 0.25):
        """Reads the first entry of each array."""
        assert len(situation.room) == 1
        return float((situation.room * share)[0])

    @procurement.each
    def first_entry(*, years: float = 2.0):
        """Reads the first entry of its parameter."""
        return Procedure(years[0, 0], 0.1, 1.0, 0.0, 0.0, 0.0, 1.0)

    @bid.each
    def fails(situation):
        """Fails both ways."""
        return situation.room.no_such_name

    (situation,) = example("bid", 2)
    np.testing.assert_array_equal(bid["first_entries"](situation), situation.room * 0.25)
    np.testing.assert_array_equal(
        procurement["first_entry"](years=np.array([[1.0], [3.0]])).award_years, [[1.0], [3.0]]
    )
    with pytest.raises(RuleFailed, match=r"float64.*no_such_name"):
        bid["fails"](situation)


def test_commissioners_and_labs_see_one_row_of_options():
    shapes = set()

    @draft.each
    def records(plans, college):
        """Records what it is given."""
        shapes.add((plans.home.shape, plans.union.shape, plans.portfolio(college).shape, len(college.interest)))
        return plans.home[0]

    @endorse.each
    def first_only(plans, college):
        """Backs the first draft only."""
        return np.arange(plans.home.shape[-1]) == 0

    @anchor.each
    def at_home(market):
        """Stays at home."""
        return np.where(market.home, market.gain, -np.inf)

    names = set()

    @draft.each
    def favors_germany(plans, college):
        """Favors the home state if it is Germany."""
        names.add((college.code, college.name))
        return plans.home[0] if college.code == "DE" else 0.0

    @anchor.each
    def only_mistral_stays(market):
        """Stays away unless it is Mistral."""
        names.add((market.code, market.name))
        return market.gain if market.code == "MISTRAL" else -1.0

    plans, college = example("draft")
    (market,) = example("anchor")
    mine = np.array([code == "DE" for code in college.codes])
    assert 0 < mine.sum() < college.count
    np.testing.assert_array_equal(draft["favors_germany"](plans, college), np.where(mine, plans.home, 0.0))
    mine = np.array([name == "mistral" for name in market.names])[:, None]
    np.testing.assert_array_equal(anchor["only_mistral_stays"](market), np.where(mine, market.gain, -1.0))
    assert names == {
        *zip(college.codes, college.names, strict=True),
        *zip(market.codes, market.names, strict=True),
    }

    count = plans.home.shape[1]
    np.testing.assert_array_equal(draft["records"](plans, college), plans.home)
    assert shapes == {((1, count), (1, count), (1, count), 1)}
    backed = endorse["first_only"](plans, college)
    assert backed[:, 0].all()
    assert not backed[:, 1:].any()
    (market,) = example("anchor")
    np.testing.assert_array_equal(anchor["at_home"](market), np.where(market.home, market.gain, -np.inf))


def test_institutional_rules_for_one_world():
    @entitlement.each
    def most_expensive(plan, claims):
        """Keeps only the most expensive site."""
        assert plan.shape[0] == claims.envelope.shape[0] == 1
        out = np.zeros(plan.shape)
        k = int(plan[0].argmax())
        out[0, k] = plan[0, k]
        return out

    @reversion.each
    def shared(council):
        """A tenth in equal parts."""
        assert council.worlds == 1
        return council.plans.one_each(0.1), False

    @agenda.each
    def halves(council):
        """Half of the envelope in equal parts."""
        return council.conclude(council.plans.one_each(0.5), 0.0)

    @procurement.each
    def slow(*, years: float = 2.0):
        """Slow."""
        return Procedure(years, 0.1, 1.0, 0.0, 0.0, 0.0, 1.0)

    plan, claims = example("entitlement", 4)
    left = entitlement["most_expensive"](plan, claims)
    assert ((left > 0).sum(-1) <= 1).all()
    np.testing.assert_array_equal(left.max(-1), plan.max(-1))
    (council,) = example("reversion", 3)
    found, alone = reversion["shared"](council)
    np.testing.assert_array_equal(found, council.plans.one_each(0.1))
    assert alone is False
    (council,) = example("agenda", 3)
    result = agenda["halves"](council)
    whole = council.conclude(council.plans.one_each(0.5), 0.0)
    np.testing.assert_array_equal(result.plan, whole.plan)
    np.testing.assert_array_equal(result.passed, whole.passed)
    np.testing.assert_array_equal(result.gain, whole.gain)
    procedure = procurement["slow"](years=np.array([[1.0], [3.0]]))
    np.testing.assert_array_equal(procedure.award_years, [[1.0], [3.0]])
    assert procedure.award_cv == 0.1
    assert np.all(total(found) <= council.known.envelope[:, 0])


@pytest.mark.parametrize(
    ("group", "answer", "words"),
    [
        (expect, lambda *x: np.zeros(27), r"'odd'.* 27 "),
        (expect, lambda *x: "much", r"'odd'.*\bstr\b"),
        (vote, lambda *x: None, r"'odd'.*\bNoneType\b"),
        (draft, lambda *x: [1.0, 2.0], r"'odd'.* 2 .*\b24\b"),
        (anchor, lambda *x: np.zeros(3), r"'odd'.* 3 "),
        (voting, lambda *x: 1, r"'odd'.*\bint64\b.*True.*False"),
        (reversion, lambda council: (council.plans.one_each(0.1), bool(council.rows[0])), r"True.*False"),
        (agenda, lambda council: None if council.rows[0] else council.conclude(council.plans.one_each(0.1), vote=False), r"NoneType"),
    ],
)  # fmt: skip
def test_invalid_return_value_is_named(group, answer, words):
    def odd(*handed):
        """Odd."""
        return answer(*handed)

    group.each(odd)
    with pytest.raises(BadInput, match=words):
        group["odd"](*example(group.name))
