"""The cheapest winning coalition against the integer program, and against plain enumeration under other rules."""

from itertools import product

import numpy as np
import pytest

from juste_retour.abm.members import load_members
from juste_retour.abm.politics.coalition import cheapest, exact
from juste_retour.abm.politics.power.game import Game, only
from juste_retour.agents.arrays import total

STATES = load_members().states
WINS = Game.of("lisbon_qmv", STATES).wins


def cost(price, members):
    return total(np.where(members, price, 0.0))


def test_within_a_tenth_of_a_per_cent_of_the_integer_optimum():
    """On a thousand vectors the mean gap is 0.015 % (politics/README.md); here a sample of them."""
    price = np.random.default_rng(0).random((1000, 27))[:100]
    members, exists = cheapest(price, WINS, STATES)
    assert exists.all()
    assert WINS(members).all()
    best = np.array([(p * exact(p, STATES)).sum() for p in price])
    gap = cost(price, members) / best - 1
    assert gap.min() > -1e-12
    assert gap.mean() < 1e-3
    assert (gap < 1e-12).mean() > 0.9


def test_the_blocking_clause_is_used_where_it_is_cheaper():
    """Three states of more than 35 % of the people cannot block: if they are dear, all the others are bought."""
    dear = np.isin(STATES.codes, ["DE", "FR", "IT"])
    price = np.where(dear, 50.0, 1.0)[None]
    members, _ = cheapest(price, WINS, STATES)
    assert members[0].tolist() == (~dear).tolist() == exact(price[0], STATES).tolist()
    without = exact(price[0], STATES, blocking=False)
    assert cost(price[0], without) > cost(price[0], members[0])


def test_the_proposer_comes_for_nothing_and_some_cannot_be_had():
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
    best = [cost(p, exact(p, STATES, a)) for p, a in zip(paid[exists], always[exists], strict=True)]
    assert (cost(paid, members)[exists] / np.array(best) - 1).mean() < 1e-3


def test_nobody_is_bought_where_enough_agree_anyway():
    price = np.full((3, 27), 0.5)
    price[:, np.argsort(-STATES.population)[:16]] = 0.0
    members, exists = cheapest(price, WINS, STATES)
    assert exists.all()
    assert np.array_equal(members, price == 0)


@pytest.mark.parametrize("rule", ["unanimity", "simple_majority", "nice", "penrose", "reinforced_qmv"])
def test_other_rules_against_every_coalition(rule):
    states = only(STATES, np.arange(9) + 5)
    wins = Game.of(rule, states).wins
    every = np.array(list(product((False, True), repeat=9)))
    every = every[wins(every)]
    price = np.random.default_rng(5).random((80, 9))
    members, exists = cheapest(price, wins, states)
    assert exists.all()
    assert wins(members).all()
    best = np.array([cost(p, every).min() for p in np.broadcast_to(price[:, None], (80, len(every), 9))])
    assert (cost(price, members) / best - 1).mean() < 2e-3


def test_ties_are_broken_as_one_says():
    price, ties = np.ones((2, 27)), np.stack([np.arange(27.0), -np.arange(27.0)])
    simple = Game.of("simple_majority", STATES).wins
    members, _ = cheapest(price, simple, STATES, ties=ties)
    assert members.sum(-1).tolist() == [14, 14]
    assert members[0, :14].all()
    assert members[1, 13:].all()
