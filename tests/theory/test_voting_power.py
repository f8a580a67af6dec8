"""Voting power of textbook games, of the Council since 1958 and of the Lisbon rule, to the last published digit.

Values are enumerated, or published where a paper is named. Populations: Eurostat, 1 January 2024, and the Council's
own shares of 2025 (Agence Europe 13544) and 2016 (Agence Europe 11449) in abm/data/voting_populations.csv.
"""

import csv
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import comb, isqrt, pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.base.members import EUROPE, load_members
from juste_retour.abm.politics.power import Game, Power, power_in_a_quarrel, voting_power, weighted_power
from juste_retour.abm.politics.power.double_majority import DoubleMajority
from juste_retour.abm.politics.power.game import only
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import Rule

HERE = Path(__file__).parent
STATES = load_members().states

GAMES = {
    "veto and two others": (51, (50, 49, 1), "3/5 1/5*2", "2/3 1/6*2", 3, 2),
    "four falling": (6, (4, 3, 2, 1), "5/12 1/4*2 1/12", "5/12 1/4*2 1/12", 7, 3),
    "one large": (4, (3, 1, 1, 1, 1), "7/11 1/11*4", "3/5 1/10*4", 16, 5),
    "Nassau 1958": (16, (9, 9, 7, 3, 1, 1), "1/3*3 0*3", "1/3*3 0*3", 32, 3),
    "Nassau 1964": (58, (31, 31, 28, 21, 2, 2), "1/3*3 0*3", "1/3*3 0*3", 32, 3),
    "Security Council 1965": (
        39,
        (7,) * 5 + (1,) * 10,
        "106/635*5 21/1270*10",
        "421/2145*5 4/2145*10",
        848,
        210,
    ),
    "Security Council before": (27, (5,) * 5 + (1,) * 6, "19/105*5 1/63*6", "76/385*5 1/462*6", 57, 15),
    "EU-6 1958": (12, (4, 4, 4, 2, 2, 1), "5/21*3 1/7*2 0", "7/30*3 3/20*2 0", 14, 4),
    "EU-9 1973": (
        41,
        (10,) * 4 + (5, 5, 3, 3, 2),
        "53/317*4 29/317*2 21/317*2 5/317",
        "5/28*4 17/210*2 2/35*2 1/105",
        75,
        25,
    ),
    "EU-10 1981": (
        45,
        (10,) * 4 + (5,) * 3 + (3, 3, 2),
        "50/317*4 26/317*3 13/317*3",
        "73/420*4 1/14*3 19/630*3",
        140,
        46,
    ),
    "EU-12 1986": (
        54,
        (10,) * 4 + (8,) + (5,) * 4 + (3, 3, 2),
        "13/101*4 11/101 74/1111*4 51/1111*2 20/1111",
        "31/231*4 257/2310 589/9240*4 59/1386*2 41/3465",
        402,
        135,
    ),
    "EU-15 1995": (
        62,
        (10,) * 4 + (8,) + (5,) * 4 + (4, 4) + (3,) * 3 + (2,),
        "1849/16565*4 1531/16565 973/16565*4 793/16565*2 119/3313*3 75/3313",
        "7/60*4 860/9009 19883/360360*4 743/16380*2 1588/45045*3 932/45045",
        2549,
        829,
    ),
}


def fractions(text):
    values = []
    for word in text.split():
        value, _, times = word.partition("*")
        values += [Fraction(value)] * int(times or 1)
    return tuple(values)


@pytest.mark.parametrize("name", GAMES)
def test_textbook_games(name):
    quota, weights, banzhaf, shapley, winning, minimal = GAMES[name]
    power = weighted_power(quota, weights)
    assert power.banzhaf == fractions(banzhaf)
    assert power.shapley_shubik == fractions(shapley)
    assert power.winning_coalitions == winning
    assert power.minimal_winning == minimal


@pytest.mark.parametrize(
    ("name", "to_act"),
    [
        ("EU-6 1958", 0.21875),
        ("EU-9 1973", 0.146484),
        ("EU-10 1981", 0.136719),
        ("EU-12 1986", 0.098145),
        ("EU-15 1995", 0.077789),
    ],
)
def test_councils_power_to_act_by_enlargement(name, to_act):
    quota, weights, *_ = GAMES[name]
    assert float(weighted_power(quota, weights).power_to_act) == pytest.approx(to_act, abs=5e-7)


def test_luxembourgs_power_rose_with_enlargement():
    """Brams and Affuso (1976): Luxembourg's share of the votes fell and its power rose."""
    before, after, ten = (weighted_power(*GAMES[name][:2]) for name in ("EU-6 1958", "EU-9 1973", "EU-10 1981"))
    assert before.shapley_shubik[-1] == 0
    assert after.shapley_shubik[-1] == Fraction(1, 105)
    assert ten.shapley_shubik[-1] == ten.shapley_shubik[-2]  # two votes give as much power as Denmark's three


@pytest.mark.parametrize(
    ("quarrel", "banzhaf", "shapley"),
    [((1, 2), "1/2 1/4*2", "1/2 1/4*2"), ((0, 1), "1/2 0 1/2", "1/2 0 1/2")],
)
def test_power_in_a_quarrel(quarrel, banzhaf, shapley):
    """Kilgour (1974), Brams (1975): in [5; 3, 2, 2] the two small members gain by never voting together."""
    before = weighted_power(5, [3, 2, 2])
    assert before.shapley_shubik == fractions("2/3 1/6*2")
    assert before.banzhaf == fractions("3/5 1/5*2")
    assert power_in_a_quarrel(5, [3, 2, 2], quarrel) == (fractions(banzhaf), fractions(shapley))


def test_quarrel_is_refused_as_not_monotone():
    """Kilgour (1974): a quarrel makes the game non-monotone, because another yes can defeat a proposal."""
    three = only(STATES, np.arange(3))
    quarrel = Rule("voting", "quarrel", _quarrel, {}, frozenset())
    with pytest.raises(BadInput, match=r"'quarrel'.*monotone"):
        voting_power(quarrel, three)


def _quarrel(ballot, states):
    weights = np.array([3, 2, 2])
    return ((ballot.yes * weights).sum(-1) >= 5) & ~(ballot.yes[..., 1] & ballot.yes[..., 2])


@pytest.mark.parametrize(("voters", "power"), [(101, 0.0795892), (1001, 0.0252250)])
def test_penrose_power_falls_with_the_square_root_of_the_electorate(voters, power):
    """Penrose (1946): C(N-1, (N-1)/2) / 2^(N-1), approximately sqrt(2 / (pi N))."""
    found = weighted_power(voters // 2 + 1, [1] * voters).penrose[0]
    assert found == Fraction(comb(voters - 1, voters // 2), 2 ** (voters - 1))
    assert float(found) == pytest.approx(power, abs=5e-8)
    assert float(found) == pytest.approx(sqrt(2 / (pi * voters)), rel=3e-3)


def test_jagiellonian_quota_makes_power_proportional_to_weight():
    """Slomczynski and Zyczkowski (2006)."""
    roots = [sqrt(n) for n in STATES.population]
    quota = (1 + sqrt(STATES.population.sum()) / sum(roots)) / 2
    assert quota == pytest.approx(0.615808, abs=5e-7)
    weights = [round(root / 100) for root in roots]
    power = weighted_power(565, weights)
    assert float(power.power_to_act) == pytest.approx(0.16201, abs=5e-6)
    shares = np.array(weights) / sum(weights)
    banzhaf = np.array([float(b) for b in power.banzhaf])
    assert np.abs(banzhaf - shares).max() <= 3e-4
    assert np.abs(banzhaf / shares - 1).max() <= 3e-3

    exact = voting_power("penrose", STATES)
    shares = np.array(roots) / sum(roots)
    assert np.abs(np.array([float(b) for b in exact.banzhaf]) / shares - 1).max() <= 4e-3


def test_quota_of_the_penrose_rule_is_the_jagiellonian_quota():
    majority = Game.of("penrose", STATES).majority
    assert majority is not None
    (condition,) = majority.ways[0]
    whole = sum(isqrt(10**6 * int(n)) for n in STATES.population)
    assert condition.quota / whole == pytest.approx(0.615808, abs=5e-7)


def council_table():
    with open(HERE / "eu27_power.csv", newline="") as file:
        return list(csv.DictReader(file))


def council_shares(column):
    """States whose populations are the Council's own shares, in hundredths of a percent."""
    with open(EUROPE / "voting_populations.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[column]]
    none = np.zeros(len(rows))
    return replace(
        only(STATES, np.zeros(len(rows), dtype=np.int64)),
        codes=tuple(row["state"] for row in rows),
        names=tuple(row["name"] for row in rows),
        population=np.array([round(100 * float(row[column])) for row in rows]),
        gdp=none,
    )


def test_lisbon_power_equals_published_values():
    """Winning coalitions and power to act agree with the 13.2 % published by Petroczy and Csato."""
    power = voting_power("lisbon_qmv", STATES)
    assert STATES.population.sum() == 449_298_308
    assert -(-65 * STATES.population.sum() // 100) == 292_043_901
    assert power.winning_coalitions == 17_763_363
    assert float(power.power_to_act) == pytest.approx(0.1323474, abs=5e-8)
    place = {code: i for i, code in enumerate(power.members)}
    table = council_table()
    assert len(table) == 27
    for row in table:
        i = place[row["state"]]
        assert power.swings[i] == int(row["swings"]), row["state"]
        assert float(power.banzhaf[i]) == pytest.approx(float(row["banzhaf"]), abs=5.1e-7)
        assert float(power.shapley_shubik[i]) == pytest.approx(float(row["shapley_shubik"]), abs=5.1e-7)
        assert float(power.penrose[i]) == pytest.approx(float(row["penrose"]), abs=5.1e-7)


def test_lisbon_power_with_the_councils_population_shares():
    power = voting_power("lisbon_qmv", council_shares("council_share_2025_pct"))
    assert power.winning_coalitions == 17_729_938
    assert float(power.power_to_act) == pytest.approx(0.1320983, abs=5e-8)
    place = {code: i for i, code in enumerate(power.members)}
    for row in council_table():
        i = place[row["state"]]
        assert float(power.shapley_shubik[i]) == pytest.approx(float(row["shapley_shubik_2025"]), abs=5.1e-7)
        assert float(power.banzhaf[i]) == pytest.approx(float(row["banzhaf_2025"]), abs=5.1e-7)


def test_lisbon_power_with_the_united_kingdom():
    power = voting_power("lisbon_qmv", council_shares("council_share_2016_pct"))
    assert power.winning_coalitions == 30_356_303
    assert float(power.power_to_act) == pytest.approx(0.113086, abs=5e-7)
    place = {code: i for i, code in enumerate(power.members)}
    assert float(power.shapley_shubik[place["UK"]]) == pytest.approx(0.10914, abs=5.1e-6)
    assert float(power.banzhaf[place["UK"]]) == pytest.approx(0.08270, abs=5.1e-6)
    for row in council_table():
        i = place[row["state"]]
        assert float(power.shapley_shubik[i]) == pytest.approx(float(row["shapley_shubik_2016"]), abs=5.1e-6)


def test_reinforced_majority_power():
    power = voting_power("reinforced_qmv", STATES)
    assert power.winning_coalitions == 1_045_327
    assert float(power.power_to_act) == pytest.approx(0.0077883, abs=5e-8)
    place = {code: i for i, code in enumerate(power.members)}
    for row in council_table():
        shapley = power.shapley_shubik[place[row["state"]]]
        assert float(shapley) == pytest.approx(float(row["shapley_shubik_reinforced"]), abs=5.1e-6)


def test_four_member_clause_adds_24_coalitions_and_shifts_power():
    """The clause adds 24 of 17.8 million coalitions. They are large, so they matter for the Shapley value."""
    found = Game.of("lisbon_qmv", STATES).double_majority()
    assert found is not None
    game, veto = found
    assert not veto
    without = replace_sure(game)
    assert sum(game.tally().winning) - sum(without.tally().winning) == 24
    assert sum(without.tally().winning) == 17_763_339
    with_it = shapley(game, STATES.codes)
    alone = shapley(without, STATES.codes)
    for code, a, b in (
        ("DE", 0.176432, 0.178911),
        ("FR", 0.135123, 0.137217),
        ("IT", 0.114658, 0.115214),
        ("ES", 0.093727, 0.093898),
        ("PL", 0.065840, 0.066011),
        ("MT", 0.008695, 0.008353),
    ):
        assert (with_it[code], alone[code]) == (pytest.approx(a, abs=5.1e-7), pytest.approx(b, abs=5.1e-7))


def replace_sure(game):
    return DoubleMajority(game.weights, game.members, game.quota, len(game.weights) + 1)


def shapley(game, codes):
    return dict(zip(codes, map(float, Power("", tuple(codes), game.tally()).shapley_shubik), strict=True))


def coalitions(states, size):
    sets = np.array(list(combinations(range(states.count), size)))
    members = np.zeros((len(sets), states.count), dtype=bool)
    np.put_along_axis(members, sets, True, axis=-1)
    return members


@pytest.mark.parametrize(
    ("column", "triples", "fours", "without_germany", "fives", "smallest_fifteen", "germany_and_france"),
    [
        (None, 24, 518, 65, 5743, 13.76, 33.81),
        ("council_share_2025_pct", 20, 514, 66, 5711, 13.72, 33.66),
    ],
)
def test_number_of_blocking_minorities_by_size(
    column, triples, fours, without_germany, fives, smallest_fifteen, germany_and_france
):
    states = STATES if column is None else council_shares(column)
    game = Game.of("lisbon_qmv", states)
    share = states.population / states.population.sum()
    heavy = {k: coalitions(states, k) for k in (2, 3, 4, 5)}
    people = {k: (c * states.population).sum(-1) for k, c in heavy.items()}
    over = {k: 100 * p > 35 * states.population.sum() for k, p in people.items()}
    assert not over[2].any()
    assert over[3].sum() == triples
    assert game.wins(~heavy[3]).all()  # three states never block, whatever their population
    blocking = ~game.wins(~heavy[4])
    assert blocking.sum() == fours
    assert (blocking & ~heavy[4][:, states.index("DE")]).sum() == without_germany
    assert over[5].sum() == fives
    assert (~game.wins(~heavy[5])).sum() == fives

    largest = np.sort(states.population)[::-1]
    assert np.argmax(100 * np.cumsum(largest) >= 65 * largest.sum()) + 1 == 5
    assert 100 * largest[-15:].sum() / largest.sum() == pytest.approx(smallest_fifteen, abs=0.006)
    assert 100 * (share[states.index("DE")] + share[states.index("FR")]) == pytest.approx(germany_and_france, abs=0.006)
    power = voting_power("lisbon_qmv", states)
    assert power.smallest_blocking == 4


def test_13_states_always_block_and_24_always_pass():
    tally = voting_power("lisbon_qmv", STATES).tally
    assert tally.winning[14] == 0
    assert tally.winning[15] > 0
    assert tally.winning[24] == comb(27, 24)
    assert tally.winning[23] < comb(27, 23)


@pytest.mark.parametrize(
    ("group", "share", "blocks"),
    [
        ("PL CZ SK HU", 13.92, False),
        ("AT DK NL SE", 9.71, False),
        ("DE NL AT DK SE", 28.28, False),
        ("PL CZ SK HU RO BG HR SI EE LV LT", 22.29, False),
        ("FR IT ES EL PT MT CY", 44.21, True),
    ],
)
def test_blocking_power_of_named_groups(group, share, blocks):
    members = np.isin(STATES.codes, group.split())
    assert members.sum() == len(group.split())
    assert 100 * STATES.population[members].sum() / STATES.population.sum() == pytest.approx(share, abs=0.006)
    assert bool(Game.of("lisbon_qmv", STATES).wins(~members[None])[0]) is not blocks


def test_reverse_majority_is_the_dual_of_the_majority():
    """Regulation (EU) 1173/2011: the probability of passing rises from 13 to 87 %."""
    ordinary, reverse = (voting_power(rule, STATES) for rule in ("lisbon_qmv", "reverse_qmv"))
    assert float(reverse.power_to_act) == pytest.approx(0.8676526, abs=5e-8)
    assert float(reverse.power_to_act / ordinary.power_to_act) == pytest.approx(6.556, abs=5e-4)
    assert reverse.power_to_act == 1 - ordinary.power_to_act
    assert reverse.shapley_shubik == ordinary.shapley_shubik
    assert reverse.swings == ordinary.swings
    some = np.random.default_rng(7).random((5000, 27)) < 0.6
    assert np.array_equal(Game.of("reverse_qmv", STATES).wins(some), ~Game.of("lisbon_qmv", STATES).wins(~some))


@pytest.mark.parametrize(("n", "union"), [(2, Fraction(2, 3)), (10, Fraction(6, 11)), (35, Fraction(1, 2))])
def test_power_of_the_union_under_the_funders_rule(n, union):
    """[75; 50 Union, 50/n each state]: the Union's Shapley value is (n - ceil(n/2) + 1) / (n + 1)."""
    states = only(STATES, np.arange(n) % 27)
    states = replace(states, codes=tuple(f"S{i}" for i in range(n)))
    power = voting_power("funders", states)
    assert power.members[-1] == "EU"
    assert power.shapley_shubik[-1] == union
    assert len(set(power.shapley_shubik[:-1])) == 1
    by_weight = weighted_power(75, [*[Fraction(50, n)] * n, 50])
    assert by_weight.shapley_shubik == power.shapley_shubik
    assert by_weight.swings == power.swings
    assert power.power_to_prevent[-1] == 1


def test_the_college_decides_by_simple_majority():
    """TFEU, article 250."""
    power = voting_power("simple_majority", STATES)
    assert set(power.shapley_shubik) == {Fraction(1, 27)}
    assert set(power.penrose) == {Fraction(10_400_600, 67_108_864)}
    assert float(power.penrose[0]) == pytest.approx(0.154981, abs=5e-7)
    assert power.power_to_act == Fraction(1, 2)


def test_the_dictator_has_all_power():
    power = voting_power("dictator", STATES)
    assert power.shapley_shubik == (*[0] * 27, 1)
    assert voting_power("dictator", STATES, decider=3).shapley_shubik == tuple(int(i == 3) for i in range(27))


def test_commission_has_a_veto_on_the_governing_board():
    power = voting_power("governing_board", STATES)
    assert power.members[-1] == "EU"
    assert power.winning_coalitions == 17_763_339
    assert power.power_to_prevent[-1] == 1
    assert power.smallest_blocking == 1
    assert max(power.shapley_shubik) == power.shapley_shubik[-1]
