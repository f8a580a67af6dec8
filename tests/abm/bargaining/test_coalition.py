"""The cheapest winning coalition, checked by an integer program and by enumeration under other rules."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from juste_retour.abm.bargaining.coalition import FEW, MeetInTheMiddle, cheapest, exact
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.base.members import load_members
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.game import Game, only
from juste_retour.agents.arrays import total

STATES = load_members().states
LISBON = Game.of("lisbon_qmv", STATES)
WINS, MAJORITY = LISBON.wins, [LISBON.majority]


def cost(price, members):
    return total(np.where(members, price, 0.0))


def test_coalition_cost_is_within_0_1_percent_of_the_optimum():
    """The mean gap over 1,000 price vectors is 0.015 % (politics/README.md); this is a sample of 100."""
    price = np.random.default_rng(0).random((1000, 27))[:100]
    members, exists = cheapest(price, WINS, STATES)
    assert exists.all()
    assert WINS(members).all()
    best = np.array([(p * exact(p, MAJORITY)).sum() for p in price])
    gap = cost(price, members) / best - 1
    assert gap.min() > -1e-12
    assert gap.mean() < 1e-3
    assert (gap < 1e-12).mean() > 0.9


def test_four_member_clause_is_used_when_cheaper():
    """Three states with over 35 % of the population cannot block. If they are expensive, buy all the others."""
    expensive = np.isin(STATES.codes, ["DE", "FR", "IT"])
    price = np.where(expensive, 50.0, 1.0)[None]
    members, _ = cheapest(price, WINS, STATES)
    assert members[0].tolist() == (~expensive).tolist() == exact(price[0], MAJORITY).tolist()
    without = exact(price[0], [replace(MAJORITY[0], ways=MAJORITY[0].ways[:1])])
    assert cost(price[0], without) > cost(price[0], members[0])


def test_proposer_is_free_and_infinite_prices_are_avoided():
    rng = np.random.default_rng(4)
    price = rng.random((40, 27))
    price[rng.random(price.shape) < 0.15] = np.inf
    always = np.arange(27) == rng.integers(27, size=40)[:, None]
    members, exists = cheapest(price, WINS, STATES, always)
    possible = WINS(np.isfinite(price) | always)
    assert np.array_equal(exists, possible)
    assert WINS(members[exists]).all()
    assert not members[~exists].any()
    assert (members[exists] >= always[exists]).all()
    assert not (members & np.isinf(price) & ~always).any()
    paid = np.where(always, 0.0, price)
    best = [cost(p, exact(p, MAJORITY, a)) for p, a in zip(paid[exists], always[exists], strict=True)]
    assert (cost(paid, members)[exists] / np.array(best) - 1).mean() < 1e-3


def test_nobody_is_bought_if_enough_members_agree():
    price = np.full((3, 27), 0.5)
    price[:, np.argsort(-STATES.population)[:16]] = 0.0
    members, exists = cheapest(price, WINS, STATES)
    assert exists.all()
    assert np.array_equal(members, price == 0)


@pytest.mark.parametrize("rule", ["unanimity", "simple_majority", "nice", "penrose", "reinforced_qmv"])
def test_coalitions_under_other_rules_equal_enumeration(rule):
    states = only(STATES, np.arange(9) + 5)
    wins = Game.of(rule, states).wins
    every = np.array(list(product((False, True), repeat=9)))
    every = every[wins(every)]
    price = np.random.default_rng(5).random((80, 9))
    members, exists = cheapest(price, wins, states, compared=0)  # the search alone, as among many states
    assert exists.all()
    assert wins(members).all()
    best = np.array([cost(p, every).min() for p in price])
    assert (cost(price, members) / best - 1).mean() < 2e-3


@pytest.mark.parametrize("n", [3, 5, FEW])
def test_coalition_is_exact_among_few_states(n):
    """Random weights and quotas; some prices are equal, some are zero and some are infinite."""
    rng = np.random.default_rng(n)
    every = np.array(list(product((False, True), repeat=n)))
    for _ in range(40):
        weights = rng.geometric(0.3, n)
        quota = rng.integers(weights.sum() // 2 + 1, weights.sum() + 1)
        price = rng.integers(0, 8, (20, n)) / 8
        price[rng.random(price.shape) < 0.05] = np.inf

        def wins(yes, weights=weights, quota=quota):
            return yes @ weights >= quota

        members, exists = cheapest(price, wins, only(STATES, np.arange(n)))
        best = [cost(p, every[wins(every)]).min() for p in price]
        assert np.array_equal(exists, np.isfinite(best))
        assert wins(members[exists]).all()
        assert cost(price, members)[exists].tolist() == np.array(best)[exists].tolist()


def test_ties_choose_between_two_sufficient_partners():
    """The third state of weight 1 needs one of the two of weight 4, or all other small ones, which are cheaper each."""
    weights, ties = np.array([1, 1, 1, 2, 4, 4]), np.random.default_rng(1).random((50, 6))
    price, own = (
        np.broadcast_to([0.3, 0.3, 0.0, 0.3, 0.4, 0.4], (50, 6)),
        np.broadcast_to(np.arange(6) == 2, (50, 6)),
    )

    def found(compared=FEW):
        return cheapest(price, lambda yes: yes @ weights >= 5, players(6), own, ties, compared)[0]

    first = ties[:, 4] < ties[:, 5]
    assert np.array_equal(found(), np.stack([0 * first, 0 * first, 0 * first + 1, 0 * first, first, ~first], -1))
    assert (cost(price, found(0)) > 0.5).all()  # the search alone buys one state too many


def test_the_last_bits_of_prices_do_not_decide_between_equally_cheap_sets():
    """They differ between processors. Most votes cost a smallest site, so that many sets are equally cheap."""
    random = np.random.default_rng(5)
    price = np.where(random.random((400, 27)) < 0.6, 0.05, random.random((400, 27)) * 0.2)
    ties, own = random.random(price.shape), np.arange(27) == np.arange(400)[:, None] % 27
    other = np.where(price == 0.05, price, price * (1 + random.integers(-2, 3, price.shape) * 2.0**-52))
    found, again = (cheapest(p, WINS, STATES, own, ties)[0] for p in (price, other))
    assert np.array_equal(found, again)


def test_ties_are_broken_by_the_given_order():
    price, ties = np.ones((2, 27)), np.stack([np.arange(27.0), -np.arange(27.0)])
    simple = Game.of("simple_majority", STATES).wins
    members, _ = cheapest(price, simple, STATES, ties=ties)
    assert members.sum(-1).tolist() == [14, 14]
    assert members[0, :14].all()
    assert members[1, 13:].all()


@pytest.mark.parametrize(
    "rules",
    [
        ("lisbon_qmv", "governing_board"),
        ("unanimity", "lisbon_qmv"),
        ("reverse_qmv",),
        ("penrose", "simple_majority"),
        ("nice", "funders"),
        ("dictator",),
    ],
    ids="+".join,
)
def test_exact_coalition_under_several_rules_equals_enumeration(rules):
    states = only(STATES, np.arange(7) * 3)
    games = [Game.of(rule, states) for rule in rules]
    every = np.array(list(product((False, True), repeat=7)))
    for game in games:
        members = np.concatenate([every, np.ones((len(every), int(game.commission)), bool)], axis=1)
        every = every[game.wins(members)]
    rng = np.random.default_rng(2)
    for price in rng.random((20, 7)) * (rng.random((20, 7)) < 0.8):
        found = exact(price, [game.majority for game in games])
        assert (every == found).all(-1).any()
        assert price @ found == pytest.approx((every @ price).min(), abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_meeting_in_the_middle_equals_enumeration(n):
    """Weighted games, double majorities and both ways to win; some members weigh nothing, some cost nothing."""
    rng = np.random.default_rng(n)
    every = np.array(list(product((False, True), repeat=n)))
    for _ in range(60):
        weights = rng.integers(0, 9, n) + (np.arange(n) == 0)
        quota, members = int(rng.integers(1, weights.sum() + 1)), int(rng.integers(0, n + 1))
        game = DoubleMajority(tuple(weights.tolist()), members, quota, int(rng.integers(members, n + 2)))
        search = MeetInTheMiddle(game)
        wins = game.passes(every.sum(-1), every @ weights)
        for price in rng.random((8, n)) * (rng.random((8, n)) < 0.8):
            found = search(price)
            assert game.passes(found.sum(), found @ weights)
            assert price @ found == pytest.approx((every[wins] @ price).min(), abs=1e-12)


def test_meeting_in_the_middle_equals_the_integer_program_among_27_states():
    game, _ = LISBON.double_majority()
    search = MeetInTheMiddle(game)
    for price in np.random.default_rng(6).random((12, 27)):
        found = search(price)
        assert WINS(found)
        assert cost(price, found) == pytest.approx(cost(price, exact(price, MAJORITY)), abs=1e-9)
