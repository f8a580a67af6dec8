import pytest

from juste_retour.abm.base.members import load_members
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.analysis.reforms import reforms
from juste_retour.visualization.session import Session
from juste_retour.visualization.views.parts import PAIR
from juste_retour.visualization.views.passing import DRAWS, passing, stored_passing


def test_packages_carry_votes_thresholds_and_reasons():
    target = load(PAIR[0]).changed({"pooling": "best_of", "funding": "gni_key"}, "two parts")
    found = passing(PAIR[0], target, worlds=4)
    count = load_members().states.count
    assert len(found["packages"]) == 3
    for package in found["packages"]:
        assert sorted(package["yes"] + package["no"] + package["unsure"]) == list(range(count))
        assert sum(x > 1e-9 for x in package["change"]) == pytest.approx(package["in_favor"], abs=1)
        for i in range(count):
            total = sum(column[i] for column in package["terms"].values())
            assert total == pytest.approx(package["change"][i], abs=1e-5)
        assert package["conditions"]
        assert all(test["met"] == (test["reached"] >= test["quota"]) for test in package["conditions"])
        if package["in_favor"] == count:
            assert package["passes"]
            assert all(test["met"] for test in package["conditions"] if not test["against"])
    assert {unit for units in found["units"] for unit in units} == {"pooling", "funding"}


def test_stored_votes_are_about_the_shipped_scenarios():
    held = stored_passing()
    assert tuple(held["pair"]) == PAIR
    assert held["digests"] == [load(name).digest for name in PAIR]
    assert held["draws"] == DRAWS
    assert all(0 <= p["in_draws"][1] <= p["in_draws"][0] <= p["in_draws"][2] <= 1 for p in held["packages"])


@pytest.mark.slow
def test_stored_votes_are_reproduced():
    held = stored_passing()
    found = reforms(*PAIR, worlds=held["worlds"], seed=held["seed"])
    for package, kept in zip(found.packages, held["packages"], strict=True):
        assert list(package.parts) == kept["parts"]
        assert package.gain_years == pytest.approx(kept["gain_years"], rel=1e-9)
        assert (package.in_favor, package.passes) == (kept["in_favor"], kept["passes"])


def test_session_answers_at_once_with_the_stored_votes():
    said = []
    session = Session(said.append)
    specs = [{"base": name, "changes": {}} for name in PAIR]
    session.ask({"n": 3, "kind": "passing", "specs": specs})
    assert said == [{"n": 3, "kind": "passing", "passing": stored_passing()}]
    session.ask({"n": 4, "kind": "passing", "specs": specs[:1]})
    assert "two scenarios" in said[-1]["error"]
