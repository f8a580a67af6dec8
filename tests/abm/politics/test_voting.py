from dataclasses import replace

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.ballot_analysis import explain_vote
from juste_retour.abm.politics.power.game import Game, only
from juste_retour.abm.politics.voting import Ballot, voting
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule

STATES = load_members().states
SHIPPED = [rule.name for rule in voting if rule.place.split(":")[0].endswith("voting.py")]


def passes(rule, yes, states=STATES, **more):
    return explain_vote(rule, states, yes, **more).passed


def without(*codes, states=STATES):
    return [code for code in states.codes if code not in codes]


def largest(k, states=STATES):
    return [states.codes[i] for i in np.argsort(-states.population)[:k]]


def test_14_states_with_80_percent_of_the_population_fail():
    yes = largest(14)
    found = explain_vote("lisbon_qmv", STATES, yes)
    assert found.population_share > 0.8
    assert not found.passed
    assert found.failed_conditions[0] == "55 % of the states: 15 of 27 needed, 14 in favor"
    assert passes("lisbon_qmv", largest(15))


def test_15_states_below_65_percent_of_the_population_fail():
    states = replace(STATES, population=np.array([433] * 14 + [437] + [291] * 11 + [300]))
    yes = states.codes[:15]
    assert states.population.sum() == 10_000
    found = explain_vote("lisbon_qmv", states, yes)
    assert found.population_share == 0.6499
    assert not found.passed
    assert found.could_tip == list(states.codes[15:])
    exactly = replace(states, population=np.array([433] * 14 + [438] + [291] * 11 + [299]))
    assert explain_vote("lisbon_qmv", exactly, yes).population_share == 0.65
    assert passes("lisbon_qmv", yes, exactly)


def test_blocking_minority_needs_four_members():
    against = ("DE", "FR", "IT", "PL")
    found = explain_vote("lisbon_qmv", STATES, without(*against))
    assert not found.passed
    assert found.members_for == 23
    assert found.could_tip == sorted(against)
    assert found.failed_conditions == [
        "65 % of the people: 292,043,901 of 449,298,308 needed, 201,782,701 in favor",
        "or else all states but three: 24 of 27 needed, 23 in favor",
    ]
    assert passes("lisbon_qmv", without("DE", "FR", "IT"))
    assert not passes("reinforced_qmv", without("DE", "FR", "IT"))


def test_abstentions_count_as_support_only_under_unanimity():
    assert not passes("lisbon_qmv", without("DE", "FR", "IT", "PL"), abstain=["PL"])
    assert passes("unanimity", without("HU"), abstain=["HU"])
    assert explain_vote("unanimity", STATES, without("HU"), abstain=["HU"]).could_tip == list(STATES.codes)
    assert explain_vote("unanimity", STATES, without("HU")).could_tip == ["HU"]
    assert not passes("unanimity", without("HU"))
    assert passes("unanimity", ["MT"], abstain=without("MT"))
    nobody = np.zeros((1, 27), dtype=bool)
    assert not voting["unanimity"](Ballot(nobody, nobody, nobody[:, 0]), STATES)[0]


def test_reinforced_majority_needs_20_states():
    assert passes("reinforced_qmv", largest(20))
    assert not passes("reinforced_qmv", largest(19))


def test_reverse_majority_passes_unless_rejected():
    assert not passes("reverse_qmv", ["DE"])
    found = explain_vote("reverse_qmv", STATES, ["DE"])
    assert found.failed_conditions == [
        "rejected by 55 % of the states: 26 of 27 say no",
        "rejected by 65 % of the people: 365,842,263 of 449,298,308 say no",
    ]
    assert passes("reverse_qmv", ["DE"], abstain=without("DE"))
    assert passes("reverse_qmv", ["DE", "FR", "IT", "PL"], no=without("DE", "FR", "IT", "PL"))


def test_governing_board_needs_the_commissions_yes():
    everyone = list(STATES.codes)
    assert passes("governing_board", [*everyone, "EU"])
    found = explain_vote("governing_board", STATES, everyone)
    assert found.failed_conditions == ["the Commission's yes is missing"]
    assert found.could_tip == ["EU"]
    # three states of more than 35 % block: the Statutes have no four-member clause
    assert not passes("governing_board", [*without("DE", "FR", "IT"), "EU"])
    assert passes("governing_board", [*without("DE", "FR"), "EU"])


def test_funders_vote_in_proportion_to_their_payments():
    n = STATES.count
    yes = np.ones((3, n), dtype=bool)
    yes[1, 0] = False
    yes[2, 1:] = False
    paid = np.zeros(n)
    paid[0], paid[1] = 0.3, 0.1 + 0.2  # equal in euros, though not in the last bit
    union = np.ones(3, dtype=bool)
    rule = voting["funders"]
    assert rule(Ballot(yes, ~yes, union, paid), STATES).tolist() == [True, True, True]
    assert rule(Ballot(yes, ~yes, ~union, paid), STATES).tolist() == [False, False, False]
    paid[0] = 0.300000002  # two euros more
    assert rule(Ballot(yes, ~yes, union, paid), STATES).tolist() == [True, False, True]
    assert rule(Ballot(yes, ~yes, union, paid * 0), STATES).tolist() == [True, True, False]


def test_funders_votes_do_not_depend_on_the_batch():
    rng = np.random.default_rng(1)
    yes, paid, union = rng.random((50, 27)) < 0.5, rng.random((50, 27)), np.ones(50, dtype=bool)
    together = voting["funders"](Ballot(yes, ~yes, union, paid), STATES)
    assert 5 < together.sum() < 45
    for w in range(50):
        alone = voting["funders"](Ballot(yes[w], ~yes[w], union[w], paid[w]), STATES)
        assert alone == together[w] == (paid[w][yes[w]].sum() >= paid[w].sum() / 2)


def nice_conditions(states):
    majority = Game.of("nice", states).majority
    assert majority is not None
    return majority.ways


def test_nice_quotas_by_membership():
    """255 of 345 votes until 2013 and 260 of 352 after Croatia's accession, with the United Kingdom's 29."""
    with_uk = replace(
        only(STATES, np.arange(28) % 27),
        codes=(*STATES.codes, "UK"),
        names=(*STATES.names, "United Kingdom"),
        population=np.append(STATES.population, 67_000_000),
        nice_votes=np.append(STATES.nice_votes, 29),
    )
    ((votes, states, people),) = nice_conditions(with_uk)
    assert (votes.quota, votes.weights.sum()) == (260, 352)
    assert states.quota == 15
    assert people.quota == -(-62 * with_uk.population.sum() // 100)
    before = only(with_uk, np.array([i for i, code in enumerate(with_uk.codes) if code != "HR"]))
    votes, states, _ = nice_conditions(before)[0]
    assert (votes.quota, votes.weights.sum(), states.quota) == (255, 345, 14)


def test_nice_without_votes_is_refused():
    with pytest.raises(BadInput, match="nice_votes"):
        passes("nice", ["DE"], replace(STATES, nice_votes=np.zeros(27, dtype=np.int64)))
    some = STATES.nice_votes.copy()
    some[3] = 0
    with pytest.raises(BadInput, match=r"\bCY\b"):
        passes("nice", ["DE"], replace(STATES, nice_votes=some))


def test_enhanced_cooperation_has_its_own_blocking_minority():
    """Of nine equal states four have more than 35 % of the population, so blocking needs five."""
    who = ",".join(STATES.codes[:9])
    equal = replace(STATES, population=np.full(27, 1000))
    setting = {"participants": who}
    assert passes(
        "enhanced_cooperation", STATES.codes[:5], equal, settings=setting
    )  # 56 % of the population; four states are against
    assert not passes("enhanced_cooperation", STATES.codes[:4], equal, settings=setting)
    with pytest.raises(BadInput, match=f"{STATES.codes[10]}.*enhanced_cooperation"):
        passes("enhanced_cooperation", [STATES.codes[10]], equal, settings=setting)
    with pytest.raises(BadInput, match=r"voting\.participants.*'XX'"):
        passes("enhanced_cooperation", ["DE"], settings={"participants": "DE,XX"})
    with pytest.raises(BadInput, match=r"\bDE\b"):
        passes("enhanced_cooperation", ["DE"], settings={"participants": "DE,FR,DE"})


def test_enhanced_cooperation_of_all_states_equals_qualified_majority():
    some = np.random.default_rng(2).random((4000, 27)) < 0.66
    assert np.array_equal(Game.of("enhanced_cooperation", STATES).wins(some), Game.of("lisbon_qmv", STATES).wins(some))


def test_only_euro_states_vote_in_the_euro_area():
    game = Game.of("euro_area", STATES)
    assert set(game.members) == {code for code, euro in zip(STATES.codes, STATES.euro, strict=True) if euro}
    assert not passes("euro_area", without("DE", "FR", "IT", "ES", states=only(STATES, game.voters)))
    with pytest.raises(BadInput, match="euro_area"):
        passes("euro_area", ["DE"], replace(STATES, euro=np.zeros(27, dtype=bool)))


@pytest.mark.parametrize("rule", SHIPPED)
def test_rules_have_the_properties_that_they_declare(rule):
    rng = np.random.default_rng(3)
    yes = rng.random((400, 27)) < rng.random((400, 1))
    no = ~yes & (rng.random((400, 27)) < 0.7)
    union, paid = rng.random(400) < 0.7, rng.random((400, 27))
    entered = voting[rule]
    before = entered(Ballot(yes, no, union, paid), STATES)
    assert before.shape == (400,)
    assert before.dtype == bool
    if "monotone" in entered.properties:
        more = yes | (rng.random((400, 27)) < 0.1)
        assert (entered(Ballot(more, no & ~more, union, paid), STATES) >= before).all()
        assert (entered(Ballot(yes, no, np.ones_like(union), paid), STATES) >= before).all()
    if "anonymous" in entered.properties:
        order = rng.permutation(27)
        shuffled = Ballot(yes[:, order], no[:, order], union, paid[:, order])
        assert np.array_equal(entered(shuffled, only(STATES, order)), before)
    for w in (0, 7, 399):
        alone = entered(Ballot(yes[w], no[w], union[w], paid[w]), STATES)
        assert np.array_equal(alone, before[w])
        grid = entered(
            Ballot(
                yes.reshape(20, 20, 27),
                no.reshape(20, 20, 27),
                union.reshape(20, 20),
                paid.reshape(20, 20, 27),
            ),
            STATES,
        )
        assert np.array_equal(grid.ravel(), before)


@pytest.mark.parametrize("rule", SHIPPED)
def test_every_rule_has_a_summary_and_a_source(rule):
    entered = voting[rule]
    assert entered.summary
    assert entered.source
    assert {"monotone", "deterministic"} <= entered.properties


@pytest.mark.parametrize(
    ("votes", "named"),
    [
        ({"yes": ["DE", "XX"]}, "yes.*'XX'"),
        ({"yes": ["DE", "DE"]}, "DE.*yes"),
        ({"yes": ["DE"], "no": ["DE"]}, r"DE.*yes.*\bno\b"),
        ({"yes": ["DE"], "abstain": ["FR", "FR"]}, "FR.*abstain"),
        ({"yes": []}, "yes"),
        ({"yes": ["DE", "EU"]}, "Commission.*lisbon_qmv"),
        ({"yes": ["GR"]}, "yes.*'GR'"),
    ],
)
def test_invalid_votes_are_refused(votes, named):
    with pytest.raises(BadInput, match=named):
        explain_vote("lisbon_qmv", STATES, **votes)


def test_an_unknown_rule_is_answered_with_near_matches():
    with pytest.raises(BadInput, match="lisbon_qmv"):
        explain_vote("lisbon_qvm", STATES, ["DE"])


def test_user_rule_is_explained_by_its_docstring():
    def rule(ballot, states):
        """Passes if Malta says yes."""
        return ballot.yes[..., states.index("MT")]

    found = explain_vote(Rule("voting", "malta", rule, {}, frozenset()), STATES, ["DE"])
    (failed,) = found.failed_conditions
    assert "malta" in failed
    assert "passes if Malta says yes" in failed
    assert found.could_tip == ["MT"]


@pytest.mark.parametrize("name", ["double_majority", "qualified_majority", "qmv"])
def test_common_names_of_the_double_majority_suggest_lisbon_qmv(name):
    with pytest.raises(BadInput, match="lisbon_qmv"):
        voting[name]
