import json

import numpy as np
import pytest

from juste_retour import simulate
from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.rules import family
from juste_retour.runs.base.statistics import quantile
from juste_retour.visualization.views.spread import BIN, spread
from juste_retour.visualization.views.stage_frames import play

MEMBERS = load_members()


def same(shown, column):
    return np.array_equal(
        np.array([np.nan if x is None else x for x in shown], dtype=float),
        np.asarray(column, dtype=float),
        equal_nan=True,
    )


@pytest.mark.parametrize("name", presets())
def test_frames_agree_with_the_tables(name):
    run = play(load(name), 5, 3)
    found = simulate(name, seed=5, first=3, tables=("worlds", "states", "facilities", "votes", "timeline"))
    json.dumps(run, allow_nan=False)
    for column in (
        "sites",
        "hosts",
        "committed_eur_bn",
        "spend_eur_bn",
        "unspent_eur_bn",
        "years_behind_at_end",
        "aggregate_accelerators",
        "largest_run_flop",
        "years_behind",
        "price_of_politics",
    ):
        if column == "price_of_politics" and not load(name).priced:
            assert run["outcome"][column] is None
            continue
        assert same([run["outcome"][column]], found.worlds[column]), column
    for column in ("selected", "contracted", "working", "largest_run_flop", "frontier_flop", "years_behind"):
        assert same([f[column] for f in run["frames"]], found.timeline[column]), column
    for column in ("sites", "accelerators", "received_eur_bn", "paid_eur_bn", "yes_votes", "no_votes"):
        assert same([s[column] for s in run["states"]], found.states[column]), column
    last = run["frames"][-1]
    assert last["committed_eur_bn"] == run["outcome"]["committed_eur_bn"]
    assert last["hosts"] == run["outcome"]["hosts"]
    assert last["contracted_accelerators"] == run["outcome"]["aggregate_accelerators"]
    assert [b["quarter"] for b in run["ballots"]] == found.votes.quarter.tolist()
    assert [b["passed"] for b in run["ballots"]] == found.votes.passed.tolist()
    contracted = {f["site"]: f for f in run["facilities"] if f["contracted"] and f["contracted"] <= "2034Q4"}
    assert sorted(contracted) == sorted(found.facilities.site)
    for row in found.facilities.itertuples():
        assert contracted[row.site]["accelerators"] == row.accelerators
        assert contracted[row.site]["spend_eur_bn"] == row.spend_eur_bn


def test_frame_counts_agree_with_its_phases():
    run = play(load("eu-status-quo"), 1)
    for frame in run["frames"]:
        assert sum(p == 4 for p in frame["phase"]) == frame["working"]
        assert sum(p in (2, 3, 4, 6) for p in frame["phase"]) == frame["contracted"]
        there = [run["facilities"][i]["state"] for i, p in enumerate(frame["phase"]) if p not in (0, 5)]
        assert len(there) == frame["selected"]
        assert len(set(there)) == frame["chosen_hosts"]
        assert frame["added_up_flop"] >= frame["largest_run_flop"]
        assert frame["says"]


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"envelope_eur_bn": 0.7, "first_trophy_eur_bn": 2.0}, "money"),
        ({"ceiling_eur_bn": 0.1, "first_trophy_eur_bn": 2.0}, "tender"),
        ({"match_share_of_gdp": 2e-5, "smallest_eur_bn": 0.03}, "match"),
        ({"headroom_scale": 0.05, "match_share_of_gdp": 0.01, "ceiling_eur_bn": 50.0}, "power"),
    ],
)
def test_waves_name_the_limit_that_binds(changes, limit):
    run = play(load("eu-status-quo").changed(changes), 0, price=False)
    waves = run["waves"]
    assert sum(wave["sites"] for wave in waves) == len(run["facilities"])
    assert all(sum(wave["limits"].values()) == wave["sites"] for wave in waves)
    counts = {name: sum(wave["limits"].get(name, 0) for wave in waves) for name in (limit, "choice")}
    assert counts[limit] > counts["choice"], waves


@pytest.fixture
def always_no():
    """A rule that always votes no."""

    def nay(offer, reservation, situation):
        return np.full(offer.utility.shape, -1)

    family("vote")(nay)
    yield "nay"
    del family("vote").rules["nay"]


def test_ballot_names_the_pivotal_states(always_no):
    run = play(
        load("eu-status-quo").changed({"voting": "unanimity", "vote": {"rule": "sincere_union", "CY": always_no}}),
        1,
    )
    ballot = run["ballots"][0]
    assert ballot["no"] == [MEMBERS.states.index("CY")]
    assert not ballot["passed"]
    assert ballot["pivotal"] == ballot["no"]
    assert [c["met"] for c in ballot["conditions"]] == [False, True]
    lisbon = play(load("eu-status-quo"), 1)["ballots"][0]
    people = [c for c in lisbon["conditions"] if c["full"] > 1000]
    assert people[0]["reached"] == sum(int(MEMBERS.states.population[i]) for i in lisbon["yes"])


def test_needed_gain_is_positive_only_for_no_votes():
    run = play(load("eu-status-quo"), 1)
    votes = [d for d in run["decisions"] if d["kind"] == "vote"]
    assert votes
    for d in votes:
        for i in range(27):
            assert sum(term[i] for term in d["terms"].values()) == pytest.approx(d["utility"][i], abs=5e-6)
            assert (d["needed"][i] > 1e-6) <= (d["decision"][i] < 0)


def test_spread_agrees_with_an_ensemble():
    parts = list(spread(load("eu-status-quo"), 2, 120, first=40))
    assert [p["worlds"] for p in parts] == [40, 120]
    found = simulate("eu-status-quo", worlds=120, seed=2, tables=("worlds", "timeline"))
    last = parts[-1]
    for name in ("sites", "years_behind", "price_of_politics"):
        assert last["outcomes"][name]["median"] == quantile(found.worlds[name], 0.5)
        edges, counts = (np.array(last["outcomes"][name][key]) for key in ("edges", "counts"))
        assert np.allclose(np.diff(edges), BIN[name])  # the same bins for every scenario
        assert edges[0] <= found.worlds[name].min() <= found.worlds[name].max() <= edges[-1]
        assert np.array_equal(counts, np.histogram(found.worlds[name], edges)[0])
        assert counts.sum() == 120
    by_quarter = found.timeline[found.timeline.quarter == "2028Q4"].largest_run_flop
    k = 4 * 4 + 3
    assert last["bands"]["largest_run_flop"][2][k] == quantile(by_quarter, 0.5)


def test_delay_without_random_variation_equals_the_plan():
    random_run = play(load("eu-status-quo"), 1, price=False)["facilities"]
    assert any(f["delay"]["award_years"] > f["planned"]["award_years"] + 0.1 for f in random_run)
    certain = {
        "procurement": {"rule": "public_tender", "award_cv": 0, "litigation_hazard": 0, "tender_failure": 0},
        "build_cv": 0,
    }
    facilities = play(load("eu-status-quo").changed(certain), 1, price=False)["facilities"]
    assert facilities
    for f in facilities:
        for part, years in f["planned"].items():
            assert f["delay"].get(part, years) == pytest.approx(years, abs=1e-6), (f["city"], part)
