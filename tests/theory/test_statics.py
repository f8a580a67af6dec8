"""Comparative statics of the whole model: quotas, side payments, the planner and the order of players.

Others are in `test_setter.py`, `test_distribution.py` and `test_bargaining.py`.
"""

import numpy as np
import pytest

from juste_retour.abm.bargaining.agenda import agenda
from juste_retour.abm.bargaining.tables.bargaining_table import mine, recognized
from juste_retour.abm.bargaining.tables.pie import Pie
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.base.members import load_members
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from tests.abm.bargaining.tables import council
from tests.theory.games import k_of, solved_pie, weighted

pytestmark = pytest.mark.slow

MEMBERS = load_members()
WORLDS, SEED = 12, 3
STRICTER = ["simple_majority", "lisbon_qmv", "reinforced_qmv", "unanimity"]


def played(worlds=WORLDS, **changes):
    return run(load("eu-status-quo").changed(changes), SEED, range(worlds), MEMBERS, price=False)


@pytest.mark.parametrize("protocol", ["closed_rule", "commission_proposal"])
def test_delay_grows_with_the_quota(protocol):
    rounds = [
        played(200, agenda=protocol, funding="gni_key", voting=voting).worlds["rounds"].mean() for voting in STRICTER
    ]
    assert (np.diff(rounds) >= 0).all()
    assert rounds[-1] > rounds[0]


def test_proposers_share_falls_with_the_quota():
    rents = [
        agenda["closed_rule"](Pie(players(27), k_of(q), values=np.full(27, 1 / 27), patience=0.9)).plan.max()
        for q in range(2, 28)
    ]
    assert (np.diff(rents) < 0).all()


def test_side_payments_do_not_reduce_the_proposers_gain():
    how = {"agenda": "closed_rule", "funding": "gni_key", "voting": "unanimity", "access": "dedicated"}
    sites, either = council(40, **how), council(40, side_payments=True, **how)
    gains, used = [], np.zeros(40, dtype=bool)
    for table in (sites, either):
        proposer = recognized(table, "equal")
        always = np.arange(table.states.count) == proposer[:, None]
        draft = table.offers.favorite(proposer)
        offer = table.prices.with_coalition(draft, 0.0, always)
        cash = offer[:, table.sites.count :]
        gain = mine(table.utility(offer) - table.disagreement(), proposer)
        gains.append(table.chance(offer, 0.0) * gain)
        used |= (cash != 0).any(-1)
    assert used.any()
    assert (gains[1] >= gains[0] - 1e-9).all()


def test_side_payments_do_not_reduce_passage_or_enlarge_coalitions():
    """Snyder (1991): with side payments at least as many offers pass, with coalitions that are not larger."""
    how = {"agenda": "closed_rule", "funding": "gni_key", "voting": "unanimity", "access": "dedicated"}
    sites, either = played(**how), played(side_payments=True, **how)

    def ayes(out):
        return np.concatenate([ballot.yes.sum(-1) for ballot in out.votes if ballot.passed.any()])

    passed = [(out.worlds["sites"] > 0).mean() for out in (sites, either)]
    assert passed[1] >= passed[0] > 0.5
    assert ayes(either).mean() <= ayes(sites).mean() + 0.5


def test_cash_is_reported_by_state_and_costs_more_than_it_pays():
    how = {"agenda": "closed_rule", "funding": "gni_key", "voting": "unanimity", "access": "dedicated"}
    cash = played(side_payments=True, cost_of_public_funds=0.3, **how).states["transfer_eur_bn"]
    got, given = np.maximum(cash, 0).sum(-1), np.maximum(-cash, 0).sum(-1)
    assert (got > 0).any()
    assert given == pytest.approx(1.3 * got, rel=1e-9)  # the proposer alone pays
    assert not played(**how).states["transfer_eur_bn"].any()


PROTOCOLS = [rule.name for rule in agenda if rule.name != "planner"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"funding": "gni_key", "voting": "lisbon_qmv"},
        {"funding": "gni_key", "voting": "unanimity", "entitlement": "juste_retour"},
        {"funding": "hosts_only", "voting": "simple_majority", "reversion": "go_alone"},
    ],
    ids=["status quo", "qualified majority", "unanimity", "own pocket"],
)
def test_the_welfare_planner_is_at_least_as_good_as_any_protocol(changes):
    how = changes | {
        "end": "2028Q4",
        "window_years": 4.25,
        "rounds_limit": 2,
        "cancellation": 0.0,
    }  # so that welfare is that of the decision, before random cancellations
    best = played(4, agenda={"rule": "planner", "objective": "welfare"}, **how).worlds["welfare_eur_bn"]
    for protocol in PROTOCOLS:
        reached = played(4, agenda=protocol, **how).worlds["welfare_eur_bn"]
        assert (reached <= best + 1e-9).all(), (protocol, float((reached - best).max()))


def test_payoffs_do_not_depend_on_the_order_of_players():
    """Renamed players have their payoffs renamed; in the Council every rule that declares it is checked by relabelling."""
    apex = np.array([1, 1, 3, 1, 1])
    assert solved_pie(players(apex), weighted(4, apex), 0.9, "population").values == pytest.approx(apex / 7, abs=5e-3)
