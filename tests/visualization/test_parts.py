import json

import numpy as np
import pytest

from juste_retour.abm.base.members import EUROPE, load_members
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.runs.base.chunked import run_worlds
from juste_retour.runs.base.statistics import HIGH, LOW, quantile
from juste_retour.runs.results.windows import in_one_window
from juste_retour.visualization.geometry import in_europe
from juste_retour.visualization.session import offered
from juste_retour.visualization.union import show
from juste_retour.visualization.views.parts import PAIR, PAIRS, PRICES, parts, stored


def check_sums(found):
    steps = sum(share["mean"] for share in found["shares"])
    assert found["a"]["mean"] + steps == pytest.approx(found["b"]["mean"], abs=1e-9)
    assert steps == pytest.approx(found["difference"]["mean"], abs=1e-9)
    if found["prices"][PRICES[0]]["mean"] is not None:
        whole, where, unspent = (found["prices"][name]["mean"] for name in PRICES)
        assert where + unspent == pytest.approx(whole, abs=1e-9)


def test_stored_answers_cover_the_shipped_pairs_and_add_up():
    answers = stored()
    assert [tuple(found["pair"]) for found in answers] == list(PAIRS)
    about_today = {pair[1] for pair in PAIRS if pair[0] == PAIR[0]}
    comparable = {name for name in presets() if load(name).members == load(PAIR[0]).members and load(name).trains}
    assert about_today == comparable - {PAIR[0]}
    catalog = offered()
    assert catalog["parts"] == answers
    for found in answers:
        assert found["digests"] == [load(name).digest for name in found["pair"]]
        groups = [group for share in found["shares"] for group in (share["group"], *share["also"])]
        assert set(groups) <= {*catalog["groups"], "parameters"}
        assert len(set(groups)) == len(groups)
        check_sums(found)


@pytest.mark.slow
def test_stored_means_are_reproduced():
    ends = {}
    for found in stored():
        for side, scenario in zip("ab", in_one_window([load(name) for name in found["pair"]]), strict=True):
            if scenario.digest not in ends:
                worlds = np.arange(found["worlds"])
                ends[scenario.digest] = run_worlds(scenario, found["seed"], worlds, price=False).worlds
            values = ends[scenario.digest]["years_behind"]
            assert found[side]["mean"] == pytest.approx(values.mean(), rel=1e-9)
            assert found[side]["low"] == pytest.approx(quantile(values, LOW), rel=1e-9)
            assert found[side]["high"] == pytest.approx(quantile(values, HIGH), rel=1e-9)


def test_other_unions_have_no_stored_answers(tmp_path):
    for table in EUROPE.glob("*.csv"):
        (tmp_path / table.name).write_text(table.read_text("utf-8").replace("Sweden", "Scandinavia"), "utf-8")
    show(load_members(tmp_path))
    try:
        assert in_europe(load_members(tmp_path))
        assert offered()["parts"] == []
    finally:
        show(None)


@pytest.mark.slow
def test_parts_use_the_window_of_the_first_scenario():
    found = parts(load("eu-status-quo"), load("gigafactories"), worlds=4, seed=2)
    _, b = in_one_window([load("eu-status-quo"), load("gigafactories")])
    assert found["b"]["mean"] == run_worlds(b, 2, np.arange(4), price=False).worlds["years_behind"].mean()
    assert found["window"] == "2024Q4 to 2029Q3"
    check_sums(found)


def test_progress_callback_can_stop_the_parts():
    seen = []

    def stop(done, of):
        seen.append((done, of))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parts(*PAIR, worlds=2, progress=stop)
    assert len(seen) == 1
    assert 0 < seen[0][0] < seen[0][1]


@pytest.mark.slow
def test_first_stored_answer_is_reproduced_completely():
    found = stored()[0]
    again = json.loads(json.dumps(parts(*PAIR, worlds=found["worlds"], seed=found["seed"])))
    check_sums(again)

    def numbers(answer):
        rows = [answer["a"], answer["b"], answer["difference"], *answer["shares"], *answer["prices"].values()]
        return [row[name] for row in rows for name in ("mean", "low", "high")]

    assert again["window"] == found["window"]
    assert numbers(again) == pytest.approx(numbers(found), rel=1e-9)
