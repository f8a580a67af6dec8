"""Tournaments of behavioral rules: mixed populations, payoffs and invasions."""

import json

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.outcomes import outcomes, run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import family
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.workshop.tournament import Roles, _Game, tournament

pytestmark = pytest.mark.slow

SHORT = {"end": "2026Q4", "window_years": 2.25}


def played(name, rules, who, scenario):
    """The worlds of a scenario in which `who` (worlds, actors) gives the rule of each actor."""
    simulation = Simulation(scenario, 0, np.arange(len(who)), load_members())
    simulation.institutions.cast = Roles(simulation.institutions, name, [family(name)[rule] for rule in rules], who)
    return simulation.run()


@pytest.mark.parametrize(("name", "usual", "other"), [("bid", "trophy_seeking", "abstain"), ("vote", "self_interest", "sincere_union")])  # fmt: skip
def test_mixed_population_equals_a_scenario_with_the_same_actors(name, usual, other):
    """Each world has its own mixture and equals the run of a scenario that assigns these rules to the actors."""
    scenario = load("eu-status-quo").changed(SHORT)
    codes = load_members().states.codes
    who = np.zeros((3, len(codes)), dtype=np.int64)
    who[1, 3] = 1
    who[2, ::2] = 1
    simulation = played(name, [usual, other], who, scenario)
    world, sites = simulation.world, outcomes(simulation.env).states["sites"]
    for k in range(3):
        actors = {codes[i]: other for i in np.flatnonzero(who[k])}
        alone = run(scenario.changed({name: {"rule": usual, **actors}}), 0, [k], price=False)
        np.testing.assert_array_equal(alone.states["sites"][0], sites[k])
        np.testing.assert_array_equal(alone.states["yes_votes"][0], world.bargaining.yes_votes[k])
    assert (world.hosted[0] != world.hosted[2]).any() or name == "vote"


def test_bidding_beats_and_invades_abstaining():
    found = tournament("bid", rules=["abstain", "trophy_seeking"], worlds=54, changes=SHORT)
    assert [place.rule for place in found.places] == ["trophy_seeking", "abstain"]
    assert [place.rank for place in found.places] == [1, 2]
    assert found.places[0].low > 0 > found.places[1].high
    assert found.places[1].alone["sites"] == 0
    assert found.places[0].alone["sites"] > 5
    for place in found.places:
        assert place.alone.keys() == place.alone_low.keys() == place.alone_high.keys()
        assert all(place.alone_low[k] <= place.alone[k] <= place.alone_high[k] for k in place.alone)
    assert found.places[0].alone_low["payoff"] < found.places[0].alone_high["payoff"]
    verdict = {(one.resident, one.invader): one for one in found.invasions}
    assert verdict["abstain", "trophy_seeking"].invades
    assert verdict["trophy_seeking", "abstain"].high < 0


def test_identical_rules_gain_nothing_against_each_other(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(
        '"""Mine."""\nimport numpy as np\n\nfrom juste_retour.agents.member_state import bid, sized, wanted_size\n\n\n'
        '@bid(anonymous=True, deterministic=True)\ndef twin(situation):\n    """As trophy_seeking.\n\n'
        '    Source: my own.\n    """\n'
        "    wanted = wanted_size(situation.scale, situation.own_cost, situation.p) - situation.received\n"
        "    size = sized(wanted, situation)\n"
        "    return np.where(situation.alone(size).utility > situation.standing.utility, size, 0.0)\n"
    )
    load_rules([path])
    found = tournament("bid", rules=["twin", "trophy_seeking"], worlds=30, changes=SHORT)
    assert all(one.gain == one.low == one.high == 0 for one in found.invasions)
    assert all(abs(place.advantage) < 1e-12 for place in found.places)


AGENTS = '''"""States."""
from juste_retour import MemberState, agent


@agent
class Refusing(MemberState):
    """Says no to all."""

    def vote(self, offer):
        return -1


@agent
class Twin(MemberState):
    """Decides by the rules of the scenario."""
'''


def test_agents_play_like_rules(tmp_path, own_rules):
    (tmp_path / "states.py").write_text(AGENTS)
    load_rules([tmp_path / "states.py"])
    voted = SHORT | {"agenda": "commission_proposal"}
    found = tournament("vote", rules=["Twin", "self_interest"], worlds=4, changes=voted)
    assert all(one.changes_nothing for one in found.invasions)
    assert found.places[0].alone == found.places[1].alone
    found = tournament("vote", rules=["Refusing", "self_interest"], worlds=4, changes=voted)
    alone = {place.rule: place.alone["sites"] for place in found.places}
    assert alone["Refusing"] == 0 < alone["self_interest"]
    with pytest.raises(BadInput, match="'Refusing'"):
        tournament("endorse", rules=["Refusing", "self_interest"], worlds=4, changes=voted)


def test_mixture_of_agents_and_rules_equals_a_scenario_with_the_same_actors(tmp_path, own_rules):
    (tmp_path / "states.py").write_text(AGENTS)
    load_rules([tmp_path / "states.py"])
    scenario = load("eu-status-quo").changed(SHORT | {"agenda": "commission_proposal"})
    players = [USER_AGENTS["Refusing"], *(family("vote")[name] for name in ("self_interest", "sincere_union"))]
    game = _Game(scenario, "vote", players, load_members(), 5)
    who = np.ones((3, 27), dtype=np.int64)
    who[1, :14], who[2, ::2] = 0, 2
    played = game.play(lambda uniforms: who, 3)
    codes = load_members().states.codes
    changes = [{}, {"agents": {"Refusing": " ".join(codes[:14])}}, {"vote": dict.fromkeys(codes[::2], "sincere_union")}]
    alone = [run(scenario.changed(c), 5, [k], price=False).worlds for k, c in enumerate(changes)]
    assert alone[1]["sites"][0] == 0 < alone[0]["sites"][0]
    for name in ("sites", "spend_eur_bn"):
        assert played.outcomes[name][0] == np.median([found[name][0] for found in alone])
    assert game.asked > 0


def test_random_votes_get_random_numbers(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(
        '"""Mine."""\nimport numpy as np\n\nfrom juste_retour.agents.member_state import vote\n\n\n@vote\n'
        'def whim(offer, reservation, situation):\n    """By the toss of a coin.\n\n    Source: my own.\n    """\n'
        "    return np.where(situation.uniforms < 0.5, 1, -1)\n"
    )
    load_rules([path])
    found = tournament("vote", rules=["self_interest", "whim"], worlds=20, changes=SHORT)
    alone = {place.rule: place.alone["sites"] for place in found.places}
    assert alone["whim"] < alone["self_interest"]


def test_tournaments_of_commissioners_and_labs():
    found = tournament("endorse", worlds=4, changes=SHORT | {"agenda": "commission_proposal"})
    assert len(found.places) == len(family("endorse").rules)
    assert found.unit == "EUR bn"
    short = {"end": "2029Q4", "window_years": 4.0}
    found = tournament("anchor", "essay-reform", ["home_bias", "exit_to_cloud"], worlds=12, changes=short)
    assert found.unit == "log units"
    assert found.places[0].rule == "home_bias"
    assert {(one.invader, one.invades) for one in found.invasions} == {
        ("home_bias", True),
        ("exit_to_cloud", False),
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("voting",), "voting"),
        (("vote", "eu-status-quo", ["self_interest"]), "self_interest|two|2"),
        (("draft",), "draft"),
        (("vote", "eu-status-quo", ["self_interst", "sincere_union"]), "'self_interest'"),
        (("bid", "eu-status-quo", (), 1), "worlds.*2"),
    ],
)
def test_invalid_tournaments_are_refused(arguments, words):
    with pytest.raises(BadInput, match=words):
        tournament(*arguments, changes=SHORT)


def test_command_prints_ranks_and_invasions(call):
    short = ["--institution", "end=2026Q4", "--institution", "window_years=2", "--worlds", 6]
    status, out, err = call("tournament", "--family", "bid", *short)
    assert (status, err) == (0, "")
    found = json.loads(call("tournament", "--family", "bid", *short, "--json")[1])
    count = len(family("bid").rules)
    assert all(rule["rule"] in out for rule in found["rules"])
    assert [rule["rank"] for rule in found["rules"]] == [*range(1, count + 1)]
    assert len(found["invasions"]) == count * (count - 1)
    assert found["institution"]["agenda"] == "open_call"
