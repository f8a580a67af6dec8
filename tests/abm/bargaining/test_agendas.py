"""Agenda protocols at the Council's table and at small tables: offers, ballots and constraints."""

import numpy as np
import pytest

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.agenda.nash_bargaining import ideal, least_share, nash_product
from juste_retour.abm.bargaining.tables.bargaining_table import mine, recognized
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import players
from tests.abm.bargaining.tables import council
from tests.theory.games import k_of

VOTED = [
    "closed_rule",
    "open_rule",
    "commission_proposal",
    "omnibus",
    "nash_bargaining",
    "compromise",
    "exchange",
]


@pytest.mark.parametrize("funding", ["gni_key", "host_matches_half"])
@pytest.mark.parametrize("protocol", VOTED)
def test_offers_are_valid_and_passed_ones_have_a_majority(protocol, funding):
    table = council(agenda=protocol, funding=funding, voting="lisbon_qmv")
    result = agenda[protocol](table)
    plan = result.plan
    assert (plan.sum(-1) <= table.known.envelope[:, 0] * (1 + 1e-9)).all()
    assert ((plan == 0) | (plan >= table.p.smallest_eur_bn - 1e-12)).all()
    assert (plan <= table.known.cap + 1e-9).all()
    assert not (result.passed & ~result.held).any()
    assert np.array_equal(result.passed[result.held], table.wins(result.yes)[result.held])
    assert not (result.yes & result.no).any()


# -- the closed rule ---------------------------------------------------------------------------------------------------
def test_recognition_follows_its_probabilities():
    table = council(400, agenda="closed_rule")
    n = table.states.count

    def proposers(recognition):
        table.forced = None
        return np.bincount(recognized(table, recognition), minlength=n) / 400

    assert proposers("equal").max() < 0.1
    by_people = proposers("population")
    assert by_people[table.states.index("DE")] == pytest.approx(0.186, abs=0.06)
    assert by_people[table.states.index("MT")] < 0.02
    by_money = proposers("contribution")
    assert by_money[table.states.index("DE")] == pytest.approx(table.known.split.key[5], abs=0.07)


def test_the_presidency_rotates_every_six_months():
    table = council(50, agenda="closed_rule")
    first = recognized(table, "rotating")
    table.known.now += 1
    table.now += 1
    second = recognized(table, "rotating")
    table.known.now += 1
    table.now += 1
    third = recognized(table, "rotating")
    moved = (third - first) % table.states.count
    assert (moved == 1).all()
    assert ((second == first) | (second == third)).all()


def test_proposers_never_propose_what_leaves_them_worse_off():
    table = council(60, agenda="closed_rule", funding="gni_key", voting="lisbon_qmv")
    table.forced = np.arange(60) % 27
    result = agenda["closed_rule"](table)
    assert (mine(result.gain, table.forced)[result.held] >= -1e-3 - 1e-9).all()
    assert result.held.mean() > 0.8


# -- the open rule -----------------------------------------------------------------------------------------------------
def test_amendments_cost_time_and_without_them_the_first_motion_is_voted_on():
    table = council(30, agenda="open_rule", funding="gni_key", voting="lisbon_qmv")
    table.forced = np.arange(30) % 27
    without = agenda["open_rule"](table, amendments=0)
    assert (without.delay == 0).all()
    amended = agenda["open_rule"](table, amendments=4)
    assert (amended.delay >= 0).all()
    assert (amended.delay <= 4).all()
    changed = (amended.plan != without.plan).any(-1)
    assert changed.any()
    assert (amended.delay[changed] > 0).all()


def test_the_winner_of_motion_and_amendment_has_the_floor():
    """At equal patience the mover pays one of two, is amended half of the time, and then left out."""
    table = Pie(players(3), k_of(2), worlds=2000, patience=0.9, values=np.zeros(3), floor_value=(0.4008, 0.18036))
    table.forced = np.zeros(2000, dtype=np.int64)
    once = agenda["open_rule"](table, amendments=1)
    amended = once.delay > 0
    assert amended.mean() == pytest.approx(0.5, abs=0.05)
    assert (once.plan[amended, 0] == 0).all()
    assert (once.plan[~amended, 0] > 0.6).all()


# -- the omnibus -------------------------------------------------------------------------------------------------------
def test_the_omnibus_includes_all_with_the_norm_and_a_majority_without():
    table = council(40, agenda="omnibus", voting="lisbon_qmv", ambition_sd=0.0)
    wide = agenda["omnibus"](table, universalism=1.0)
    narrow = agenda["omnibus"](table, universalism=0.0)
    both = wide.passed & narrow.passed
    assert both.mean() > 0.8
    sites = [(m.plan > 0).sum(-1)[both] for m in (narrow, wide)]
    assert (sites[0] <= sites[1]).all()
    assert sites[0].mean() < sites[1].mean()
    wanting = (table.asked() > 0).sum(-1)
    assert (sites[1] >= wanting[both] - 2).all()  # a request scaled below the smallest facility is dropped
    between = agenda["omnibus"](table, universalism=0.5)
    assert sites[0].mean() <= (between.plan > 0).sum(-1).mean() <= sites[1].mean()


@pytest.mark.parametrize("universalism", [0.0, 1.0])
def test_an_empty_package_replaces_none_when_wishes_exceed_the_envelope(universalism):
    table = council(40, agenda="omnibus", voting="simple_majority", funding="gni_key", envelope_eur_bn=0.5)
    every = np.ones((40, 27), bool)
    fits = (table.bundle(every) > 0).sum(-1)
    plan = agenda["omnibus"](table, universalism=universalism).plan
    counts = (plan > 0).sum(-1)
    assert (counts[fits == 0] > 0).any()
    if universalism == 1.0:
        assert (counts >= fits).all()
        assert counts.mean() > fits.mean() + 1


def test_a_bundle_never_exceeds_the_budget():
    table = council(agenda="omnibus", envelope_eur_bn=0.5)
    everyone = np.ones((6, 27), bool)
    assert table.bundle(everyone).sum(-1).max() <= 0.5 + 1e-12


# Mediation
@pytest.mark.parametrize("solution", ["nash", "kalai_smorodinsky"])
def test_no_offer_on_the_menu_is_better_than_the_mediators(solution):
    table = council(agenda="nash_bargaining")
    plan = agenda["nash_bargaining"](table, solution=solution).plan
    stake, weight = table.disagreement(), np.full((6, 27), 1 / 27)

    def worth(offer):
        gain = table.utility(offer) - stake
        if solution == "nash":
            return nash_product(gain, weight)
        return least_share(gain, ideal(table, table.menu(), stake) * weight)

    best = worth(plan)
    for offer in table.menu():
        assert (worth(offer) <= best + 1e-9).all()


def test_bargaining_power_changes_the_mediators_offer():
    even = agenda["nash_bargaining"](Pie(players([6, 3, 1]), "unanimity")).plan[0]
    by_weight = agenda["nash_bargaining"](Pie(players([6, 3, 1]), "unanimity"), power="population").plan[0]
    assert even == pytest.approx(np.full(3, 1 / 3), abs=1e-5)
    assert by_weight == pytest.approx([0.6, 0.3, 0.1], abs=1e-5)


# -- issues ------------------------------------------------------------------------------------------------------------
def test_positions_on_both_issues_are_between_0_and_100():
    table = council(agenda="compromise")
    position, salience = table.positions()
    assert position.shape == salience.shape == (6, 27, 2)
    for x in (position, salience):
        assert (x >= 0).all()
        assert (x <= 100 + 1e-9).all()
    assert salience.max(-1) == pytest.approx(100)


def test_compromise_spends_more_if_positions_on_money_are_higher(tmp_path):
    def spent(money):
        rows = "".join(f"{code},money,{money},100,1\n{code},sites,50,100,1\n" for code in table.states.codes)
        path = tmp_path / f"p{money}.csv"
        path.write_text("actor,issue,position,salience,capability\n" + rows)
        return agenda["compromise"](table, positions=str(path)).plan.sum(-1)

    table = council(agenda="compromise", voting="simple_majority")
    little, much = spent(10), spent(90)
    assert (little < much).all()
    assert (little >= 0.5 * 0.1 * 10).all()


def test_rejected_compromise_returns_with_half_the_money():
    table = council(agenda="compromise", voting="dictator")
    outcome = np.full((6, 2), 60.0)
    whole = table.settled_on(outcome, 0.5).sum(-1)
    table.world.bargaining.rounds[:] = 1
    half = table.settled_on(outcome, 0.5).sum(-1)
    assert half == pytest.approx(whole / 2, rel=0.05)


def test_exchange_without_trades_equals_the_compromise():
    table = council(agenda="exchange")
    assert np.array_equal(agenda["exchange"](table, trades=0).plan, agenda["compromise"](table).plan)


# -- the ballot for seats ----------------------------------------------------------------------------------------------
def test_seats_go_to_different_states_and_the_ballot_is_binding():
    table = council(20, agenda="relocation_ballot")
    result = agenda["relocation_ballot"](table, seats=3)
    hosts = (table.world.by_state(result.plan) > 0).sum(-1)
    assert (hosts == 3).all()
    assert result.passed.all()
    assert result.last.all()
    assert result.plan.max() <= 10 / 3 + 1e-9


# Those who decide alone
def test_planner_respects_its_number_of_sites():
    for fewest, most in ((1, 1), (2, 3), (5, 0)):
        table = council(agenda="planner")
        sites = (agenda["planner"](table, min_sites=fewest, max_sites=most).plan > 0).sum(-1)
        assert (sites >= fewest).all()
        assert (sites <= (most or 99)).all()


def test_deciders_maximize_their_own_objective():
    german, commission = (council(agenda="single_decider", decider=code) for code in ("DE", "EU"))
    theirs, ours = (agenda["single_decider"](table).plan for table in (german, commission))
    de = german.states.index("DE")
    assert (german.utility(theirs)[:, de] > german.utility(ours)[:, de]).all()
    race = [commission.known.outlook.prospect(plan).race[:, 0] for plan in (theirs, ours)]
    assert (race[1] > race[0]).all()
    pays_for_all = council(agenda="single_decider", decider="DE", funding="national")
    # If Germany pays everything, it prefers to build nothing.
    assert agenda["single_decider"](pays_for_all).plan.sum() == 0


def test_uncoordinated_owners_share_money_in_proportion_to_power():
    table = council(agenda="uncoordinated", funding="gni_key", envelope_eur_bn=20.0)
    plan = agenda["uncoordinated"](table).plan
    built, share = plan > 0, plan / table.known.cap
    assert (plan.sum(-1) <= 20.0 + 1e-9).all()
    assert (share.max(-1) - np.where(built, share, 1.0).min(-1) < 1e-9).all()
    assert (table.p.smallest_eur_bn <= np.where(built, plan, 1.0)).all()
