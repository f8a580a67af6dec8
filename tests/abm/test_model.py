"""The Mesa model: steps, data collection, seeds, facilities over time, and explanations of decisions."""

import copy

import mesa
import numpy as np
import pytest

from juste_retour.abm.explanations.reasons import reasons
from juste_retour.abm.model import AGENT_REPORTERS, AllocationModel
from juste_retour.abm.outcomes import run
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput
from juste_retour.agents.mesa_agents import Commissioner, Lab, MemberState
from juste_retour.agents.mesa_facility import Facility

SHORT = {"end": "2028Q1", "window_years": 3.5}


def ended(**arguments):
    model = AllocationModel(**arguments)
    while model.running:
        model.step()
    return model


@pytest.fixture(scope="module")
def model():
    return ended(rng=3, replicate=5)


def test_model_has_the_agents_and_the_calendar(model):
    assert isinstance(model, mesa.Model)
    assert {type(agent) for agent in model.agents} == {MemberState, Commissioner, Lab, Facility}
    assert len(model.agents_by_type[MemberState]) == 27
    assert model.time == 44
    assert model.quarter == "2034Q4"
    assert len(model.agents_by_type[Facility]) == model.sites == model.contracted > 0


def test_step_after_the_last_quarter_does_nothing():
    model = ended(rng=1, **SHORT)
    rows = len(model.datacollector.get_model_vars_dataframe())
    model.step()
    assert not model.running
    assert model.world.now == model.world.last
    assert len(model.datacollector.get_model_vars_dataframe()) == rows == 18


def test_model_data_are_collected_at_the_start_and_each_quarter(model):
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame["quarter"][:2]) == ["2023Q4", "2024Q1"]
    assert frame["contracted"][0] == 0
    assert 0 < frame["largest_run_flop"][0] <= frame["largest_run_flop"][1]  # machines that exist at the start
    begun = frame.index[frame["quarter"] == "2024Q4"][0]
    assert frame["years_behind_in_window"].isna().sum() == begun
    in_window = frame["years_behind"][begun : begun + 20]
    assert frame["years_behind_in_window"].iloc[-1] == pytest.approx(in_window.mean(), abs=1e-9)
    assert frame["price_of_politics"].isna().sum() == len(frame) - 1


def test_agent_data_are_collected_on_request():
    model = ended(rng=3, agent_reporters=True, **SHORT)
    frame = model.datacollector.get_agent_vars_dataframe()
    assert list(frame.columns) == list(AGENT_REPORTERS)
    last = frame.loc[model.time]
    assert last["sites"].sum() == model.sites
    assert last["working"].dropna().sum() == model.working
    own = ended(rng=3, agent_reporters={"where": "state"}, **SHORT)
    assert "DE" in set(own.datacollector.get_agent_vars_dataframe()["where"])


def test_facilities_exist_from_contract_to_cancellation():
    model = AllocationModel(rng=2)
    seen = {}
    while model.running:
        model.step()
        there = {f.place for f in model.agents if isinstance(f, Facility)}
        assert there == set(np.flatnonzero(model.world.contracted[0]))
        for place in there - seen.keys():
            seen[place] = model.quarter
        if model.quarter == "2027Q1":
            cancelled = max(there)
            model.world.program.delivered.cancelled[0, cancelled] = True
    assert len(seen) > len(there) >= 1
    assert cancelled not in there
    for f in model.agents_by_type[Facility]:
        assert f.contracted == seen[f.place]


def test_missing_seed_is_drawn_and_stored():
    first, second = AllocationModel(rng=None, **SHORT), AllocationModel(rng=None, **SHORT)
    assert first.seed != second.seed
    again = ended(rng=first.seed, **SHORT)
    while first.running:
        first.step()
    assert first.spend_eur_bn == again.spend_eur_bn
    assert AllocationModel(rng=np.random.default_rng(4)).seed == AllocationModel(rng=np.random.default_rng(4)).seed
    assert AllocationModel(rng=np.random.SeedSequence(4)).seed == AllocationModel(rng=np.random.SeedSequence(4)).seed


def test_scenario_keys_as_keyword_arguments():
    model = AllocationModel("essay-reform", voting="unanimity", envelope_eur_bn=20, **{"agenda.max_sites": 2}, **SHORT)
    assert model.chosen == load("essay-reform").changed(
        {"voting": "unanimity", "envelope_eur_bn": 20, "agenda.max_sites": 2} | SHORT
    )
    with pytest.raises(BadInput, match="lisbon_qmv"):
        AllocationModel(voting="lisbon_qvm")
    with pytest.raises(BadInput, match="voting"):
        AllocationModel(votting="lisbon_qmv")
    with pytest.raises(BadInput, match="eu-status-quo"):
        AllocationModel("eu-status-qou")
    with pytest.raises(BadInput, match=r"replicate.*-1"):
        AllocationModel(replicate=-1)


def test_outcomes_are_available_after_the_last_quarter(model):
    there = run(load("eu-status-quo"), 3, [5])
    assert model.outcomes().worlds["price_of_politics"] == there.worlds["price_of_politics"]
    with pytest.raises(BadInput, match="2023Q4"):
        AllocationModel().outcomes()


def test_reporters_of_the_last_quarter_agree_with_outcomes():
    model = ended(scenario="china-observed", rng=5)
    found = model.outcomes().worlds
    for name in ("spend_eur_bn", "aggregate_accelerators"):
        assert getattr(model, name) == found[name][0]


def test_deep_copy_runs_independently():
    model = AllocationModel(rng=5, **SHORT)
    for _ in range(6):
        model.step()
    fork = copy.deepcopy(model)
    while fork.running:
        fork.step()
    assert model.quarter == "2025Q2"
    while model.running:
        model.step()
    assert model.spend_eur_bn == fork.spend_eur_bn
    assert fork.agents_by_type[MemberState].to_list()[0].model is fork


# Why
def test_explained_terms_sum_to_utility_and_votes_match_the_counts(model):
    for state in model.agents_by_type[MemberState]:
        decisions = model.why(state)
        assert {d.family for d in decisions} == {"bid", "vote"}
        for d in decisions:
            assert sum(d.terms.values()) == pytest.approx(d.utility, abs=1e-12)
            assert state.code in d.says
        votes = [d for d in decisions if d.family == "vote"]
        assert sum(d.result == "yes" for d in votes) == state.yes_votes
        assert sum(d.result == "no" for d in votes) == state.no_votes
        assert votes[-1].result == state.last_vote
        assert votes[-1].reservation == state.reservation


def test_pivotal_votes_under_unanimity():
    class Stubborn(MemberState):
        def vote(self, offer):
            return False

    arguments = {"rng": 1, "voting": "unanimity", "agenda": "commission_proposal", **SHORT}
    passing = ended(**arguments)
    assert all(d.passed and d.pivotal for d in passing.why("DE")[-1:])
    stopped = ended(**arguments, agents={"HU": Stubborn})
    hungary, germany = stopped.why("HU"), stopped.why("DE")
    assert len(hungary) > 1
    for mine, theirs in zip(hungary, germany, strict=True):
        assert mine.result == "no"
        assert mine.rule == "Stubborn"
        assert not mine.passed
        assert mine.pivotal == (theirs.result == "yes" and _noes(stopped, mine.quarter) == 1)
        assert not theirs.pivotal
    assert any(d.pivotal for d in hungary)
    assert "alone decided" in next(d for d in hungary if d.pivotal).says


def _noes(model, quarter):
    return sum(int(b.no.sum()) for b in model.simulation.env.ballots if b.quarter == quarter)


def test_needed_gain_of_a_no_reaches_the_reservation_value():
    model = ended(
        rng=4,
        agenda="commission_proposal",
        voting="simple_majority",
        funding="gni_key",
        race_value_eur_bn=10,
        **SHORT,
    )
    noes = [
        d
        for state in model.agents_by_type[MemberState]
        for d in model.why(state)
        if d.family == "vote" and d.result == "no"
    ]
    assert noes
    for d in noes:
        assert d.needed > 0
        assert d.utility + d.needed >= d.reservation - model.chosen.dissent_cost_eur_bn - 1e-12


def test_commissioners_labs_and_facilities_are_explained():
    model = ended(rng=1, agenda="commission_proposal", **SHORT)
    college = model.agents_by_type[Commissioner].to_list()
    lead = next(c for c in college if c.leads)
    families = [d.family for d in lead.why()]
    assert families.count("draft") == families.count("endorse") >= 1
    assert {d.family for c in college if not c.leads for d in c.why()} == {"endorse"}
    lab = next(x for x in model.agents_by_type[Lab] if x.state)
    assert {d.result for d in model.why(lab.name) if isinstance(d.result, str)} <= {"stays", "leaves"}
    facility = model.agents_by_type[Facility].to_list()[0]
    (selected,) = facility.why()
    assert selected.result == pytest.approx(model.world.program.planned[0, facility.place])
    assert facility.contracted in selected.says


def test_decisions_that_cannot_be_explained():
    model = AllocationModel()
    with pytest.raises(BadInput, match="'DK'"):
        model.why("DK-1")
    assert model.why("DE") == []
    with pytest.raises(BadInput, match="trace=True"):
        reasons(Simulation(load("eu-status-quo"), 0, [0]).env, 0, "state", 0)
