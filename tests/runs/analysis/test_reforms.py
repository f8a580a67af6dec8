"""Packages of a reform: votes, rules, compensation, frontier, draws and break-even values, checked by enumeration."""

from itertools import combinations, product

import numpy as np
import pytest

from juste_retour.abm.base.csv_tables import read_rows
from juste_retour.abm.base.members import EUROPE, load_members
from juste_retour.abm.politics.voting import voting
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.consent import Adoption, Poll, cycle_of, frontier, legal_bases
from juste_retour.runs.analysis.institution_choice import choose
from juste_retour.runs.analysis.packages import packages_between
from juste_retour.runs.analysis.reform_values import runs_of
from juste_retour.runs.analysis.reforms import Package, Reforms, best_of, reforms

SHORT = {"end": "2029Q4"}
TODAY = load("eu-status-quo").changed(SHORT)
FASTER = TODAY.changed({"procurement": "rapid", "funding": "gni_key", "agenda": "planner"}, "faster")


@pytest.fixture(scope="module")
def found():
    return reforms(TODAY, FASTER, worlds=12, seed=3, equal="spending")


def four_states(tmp_path_factory):
    folder = tmp_path_factory.mktemp("four")
    (folder / "states.csv").write_text("state,population\nAA,50\nBB,30\nCC,15\nDD,5\n")
    return load_members(folder)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return four_states(tmp_path_factory)


def test_every_package_of_the_parts_is_voted_on(found):
    parts = ("funding", "placement", "procurement")
    wanted = {c for size in (1, 2, 3) for c in combinations(parts, size)}
    assert {p.parts for p in found.packages} == wanted
    assert all(p.in_favor + p.against == 27 for p in found.packages)
    assert found.package == parts


def test_states_changes_are_sums_of_terms_and_decide_the_vote(found):
    whole = found.packages[-1]
    assert sum(s.change_eur_bn > 0 for s in found.states) == whole.in_favor
    for s in found.states:
        assert s.change_eur_bn == pytest.approx(sum(s.terms.values()), abs=1e-12)
        assert s.in_favor == (s.change_eur_bn > 1e-9)
        assert 0 <= s.share_of_worlds_gaining <= 1
        assert s.undecided == (abs(s.change_eur_bn) <= 2 * s.error_eur_bn)


def test_gain_is_the_contrast_of_the_lags_at_equal_envelopes_and_spending(found):
    from juste_retour.runs.analysis.contrasts import compare

    contrast = compare(TODAY, FASTER.changed({"anchor": "home_bias"}), worlds=12, seed=3, outcomes=["years_behind"])
    whole = found.packages[-1]
    assert whole.gain_years == pytest.approx(contrast.contrasts[0].difference, abs=1e-12)
    assert (whole.low, whole.high) == pytest.approx((contrast.contrasts[0].low, contrast.contrasts[0].high))
    held = contrast.at_equal_spending[0].difference
    assert whole.gain_years_at_equal_spending == pytest.approx(held, abs=1e-12)


def test_reverse_reform_has_the_opposite_changes(found):
    back = reforms(FASTER, TODAY, worlds=12, seed=3, by="simple_majority")
    for there, here in zip(found.states, back.states, strict=True):
        assert there.change_eur_bn == pytest.approx(-here.change_eur_bn, abs=1e-12)
    assert any(abs(s.change_eur_bn) > 1e-3 for s in found.states)


def test_workers_draws_of_common_numbers_and_progress_change_no_result(found):
    told = []
    again = reforms(TODAY, FASTER, worlds=12, seed=3, progress=lambda done, every: told.append((done, every)))
    assert [p.in_favor for p in again.packages] == [p.in_favor for p in found.packages]
    assert again.states == found.states
    assert told[-1] == (8, 8)


def test_a_package_must_pass_the_rule_of_each_part(found):
    strict = {p.parts: p.rules for p in found.packages}
    assert strict["funding", "procurement"] == ("lisbon_qmv", "unanimity")
    lenient = reforms(TODAY, FASTER, worlds=2, reading="lenient")
    assert {p.parts: p.rules for p in lenient.packages}["funding", "placement"] == (
        "governing_board",
        "lisbon_qmv",
    )
    assert {p.rules for p in reforms(TODAY, FASTER, worlds=2, by="unanimity").packages} == {("unanimity",)}


def test_legal_bases_name_known_rules_and_a_basis_for_each_reading():
    rows = read_rows(EUROPE / "legal_bases.csv")
    for row in rows:
        assert {row["strict"], row["lenient"]} <= set(voting.rules)
        assert all("article" in row[f"{reading}_basis"] for reading in ("strict", "lenient"))
    assert {"placement", "funding", "procurement", "operations", "access", "other"} <= set(legal_bases("strict"))


def test_best_that_passes_gains_most_with_the_fewest_parts(found):
    passing = [p for p in found.packages if p.passes and p.gain_years > 0]
    best = found.best_that_passes
    assert best == best_of(passing)
    assert found.price_of_consent_years == pytest.approx(found.best.gain_years - (best.gain_years if best else 0))


def package(parts, gain):
    values = dict.fromkeys(Package.__dataclass_fields__, 0) | {"parts": parts, "gain_years": gain}
    return Package(**values)


def test_among_equal_gains_the_fewest_parts_then_the_name_decide():
    listed = [package(("a", "b"), 1.0), package(("b",), 1.0), package(("a",), 1.0), package(("c",), 0.5)]
    assert best_of(listed).parts == ("a",)
    assert best_of([package(("a",), -1.0), package(("b",), 0.0)]) is None


@pytest.mark.parametrize("rules", [["simple_majority"], ["lisbon_qmv", "unanimity"], ["lisbon_qmv", "governing_board"]])
def test_compensation_and_frontier_equal_enumeration_among_four_states(few, rules):
    every = np.array(list(product((False, True), repeat=4)))
    vote = Adoption(TODAY, few)
    games = [choice for rule in rules for choice in Adoption(TODAY, few, rule).rules([])]
    winning = every[vote.passes(every, games)]
    rng = np.random.default_rng(7)
    for _ in range(200):
        change = np.where(rng.random(4) < 0.2, 0.0, rng.normal(size=4))
        least = (winning * np.maximum(-change, 0)).sum(1).min()
        assert vote.compensation(change, games) == pytest.approx(least, abs=1e-12)
        gains, consent = rng.integers(0, 4, 6).astype(float), rng.integers(0, 4, 6).astype(float)
        undominated = [
            not any(
                gains[k] >= gains[j] and consent[k] >= consent[j] and (gains[k], consent[k]) != (gains[j], consent[j])
                for k in range(6)
            )
            for j in range(6)
        ]
        assert frontier(gains, consent).tolist() == undominated


def test_no_cash_suffices_where_the_rule_cannot_be_met(few):
    @voting
    def never(ballot, states):
        """Never passes. Source: a test."""
        return np.zeros(ballot.yes.shape[:-1], bool)

    try:
        vote = Adoption(TODAY, few, "never")
        assert vote.compensation(np.array([1.0, -1, 1, 1]), vote.rules([])) is None
    finally:
        del voting.rules["never"]


def test_a_rule_without_conditions_is_compensated_by_search(few):
    @voting
    def two_of_four(ballot, states):
        """Passes with two states. Source: a test."""
        return ballot.yes.sum(-1) >= 2

    try:
        vote = Adoption(TODAY, few, "two_of_four")
        cash = vote.compensation(np.array([-3.0, -1.0, -2.0, 0.5]), vote.rules([]))
        assert cash == pytest.approx(1.0)
    finally:
        del voting.rules["two_of_four"]


def test_a_package_passes_up_to_the_cost_that_it_bears(few):
    vote = Adoption(TODAY, few, "simple_majority")
    rng, share = np.random.default_rng(3), few.states.gdp / few.states.gdp.sum()
    for _ in range(50):
        change = rng.normal(size=4)
        cost = vote.cost_borne(change, vote.rules([]))
        passes = bool(vote.passes(change > 1e-9, vote.rules([])))
        assert (cost > 0) == passes
        assert cost == pytest.approx(np.sort(change / share)[1] if passes else 0.0, rel=1e-6)


def test_unchanged_states_vote_no_and_are_not_undecided():
    poll = Poll(np.array([0.0, 1e-12, 0.1, -0.1, 1.0]), np.array([0.0, 1.0, 0.06, 0.01, 0.1]))
    assert poll.unchanged.tolist() == [True, True, False, False, False]
    assert poll.yes.tolist() == [False, False, True, False, True]
    assert poll.undecided.tolist() == [False, False, True, False, False]


def test_a_part_that_changes_nothing_is_shown_as_such():
    """Nobody gains or loses if only the machines of a canceled program would train together."""
    nothing = TODAY.changed({"bid": "abstain"})
    found = reforms(nothing, nothing.changed({"procurement": "rapid"}), worlds=4)
    (only,) = found.packages
    assert only.unchanged
    assert only.states_unchanged == 27
    assert (only.in_favor, only.against, only.passes, only.compensation_eur_bn) == (0, 27, False, 0.0)
    assert found.best is found.best_that_passes is None
    assert found.stable == [(), ("procurement",)]


def test_behavior_is_not_reformed():
    target = TODAY.changed({"bid": "abstain", "anchor": "best_effective_compute", "procurement": "rapid"})
    built = packages_between(TODAY, target)
    assert built.units == (("procurement",),)
    assert {m.rules["bid"].rule for m in built.mixtures} == {TODAY.rules["bid"].rule}


def test_cycles_are_found():
    circle = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)
    assert sorted(cycle_of(circle)) == [0, 1, 2]
    assert cycle_of(np.triu(np.ones((4, 4), bool), 1)) == []


@pytest.mark.slow
def test_draws_give_the_share_in_which_a_package_passes():
    target = TODAY.changed({"procurement": "rapid", "funding": "gni_key"})
    found = reforms(TODAY, target, worlds=2, draws=20, each=2, from_prior=True, seed=1)
    assert found.draws.count == 20
    for p in found.in_draws:
        assert 0 <= p.low <= p.passing <= p.high <= 1
        assert p.gain_low <= p.gain_years <= p.gain_high
    assert sum(p.best_that_passes for p in found.in_draws) <= 1 - found.nothing_passes[0] + 1e-12
    assert len({p.passing for p in found.in_draws}) > 1


def test_break_even_values_are_those_at_which_a_package_passes():
    faster = TODAY.changed({"procurement": "rapid"}, "faster")
    found = reforms(TODAY, faster, worlds=2, each=3, seed=2, break_even="race_value_eur_bn")
    (row,) = found.break_even
    assert len(found.tried) == 33
    assert bool(found.stays) == (row.intervals != [(found.tried[0], found.tried[-1])])
    for value in (found.tried[0], found.tried[16], found.tried[-1]):
        ends = [s.changed({"race_value_eur_bn": value}) for s in (TODAY, faster)]
        passes = reforms(*ends, worlds=3, seed=2).packages[0].passes
        assert passes == any(low <= value <= high for low, high in row.intervals)


def test_runs_of_neighbors():
    assert runs_of(np.arange(4.0), np.array([False, True, True, False])) == [(1.0, 2.0)]
    assert runs_of(np.arange(2.0), np.array([False, False])) == []


def test_other_unions_vote_by_the_scenarios_rule(few):
    today = TODAY.changed({"voting": "reinforced_qmv"})
    found = reforms(today, today.changed({"procurement": "rapid"}), worlds=3, members=few)
    assert [p.rules for p in found.packages] == [("reinforced_qmv",)]
    assert len(found.states) == 4
    american = TODAY.changed({"members": "united_states", "voting": "simple_majority"})
    found = reforms(american, american.changed({"procurement": "rapid"}), worlds=2)
    assert [p.rules for p in found.packages] == [("simple_majority",)]


@pytest.mark.parametrize(
    ("ends", "how", "said"),
    [
        (("eu-status-quo", "eu-status-quo"), {}, ["differ in no"]),
        (("eu-status-quo", "us-observed"), {}, ["members"]),
        ((TODAY, FASTER), {"package": ["plcement"]}, ["plcement", "placement"]),
        ((TODAY, FASTER), {"by": "majority"}, ["majority"]),
        ((TODAY, FASTER), {"reading": "loose"}, ["loose", "lenient"]),
        ((TODAY, FASTER), {"break_even": "race"}, ["race"]),
        ((TODAY, FASTER), {"break_even": "race_first_year"}, ["race_first_year"]),
        ((TODAY, FASTER), {"equal": "money"}, ["money"]),
        ((TODAY, FASTER), {"worlds": 1}, ["worlds"]),
    ],
)
def test_bad_input_is_refused_in_one_sentence(ends, how, said):
    with pytest.raises(BadInput) as refused:
        reforms(*ends, **({"worlds": 2} | how))
    text = str(refused.value)
    assert all(word in text for word in said)
    assert "\n" not in text


def test_choice_by_own_rule_and_by_a_given_one():
    names = ["eu-status-quo", "unanimous-europe", "federal-europe"]
    found = choose(*names, worlds=10, seed=1)
    utility = np.array(found.prefer)
    assert found.scenarios == names
    assert not np.diag(found.replaces).any()
    assert found.self_stable == [n for n, row in zip(names, found.replaces, strict=True) if not row.any()]
    by = choose(*names, worlds=10, seed=1, by="simple_majority")
    assert np.array_equal(by.replaces, utility >= 14)
    assert by.utility_eur_bn == found.utility_eur_bn


def test_choice_varies_a_family_and_names_what_it_leaves_out():
    found = choose(TODAY, vary="voting=unanimity,simple_majority", worlds=4, changes={"agenda": "closed_rule"})
    assert found.scenarios == ["unanimity", "simple_majority"] == found.rules
    every = choose(TODAY, vary="funding=all", worlds=2)
    assert "private" in every.left_out
    with pytest.raises(BadInput, match="two"):
        choose(TODAY, worlds=2)
    with pytest.raises(BadInput, match="vary"):
        choose(TODAY, vary="voting", worlds=2)


def test_reforms_are_shown_in_a_notebook(found):
    assert isinstance(found, Reforms)
    assert "price of consent" in repr(found)
    assert found._repr_html_().count("<tr>") == 7
