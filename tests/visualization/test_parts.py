import json

import pytest

from juste_retour.abm.scenario import load
from juste_retour.visualization.session import offered
from juste_retour.visualization.views.parts import PAIR, PRICES, parts, stored


def check_sums(found):
    steps = sum(share["mean"] for share in found["shares"])
    assert found["a"]["mean"] + steps == pytest.approx(found["b"]["mean"], abs=1e-9)
    assert steps == pytest.approx(found["difference"]["mean"], abs=1e-9)
    whole, where, unspent = (found["prices"][name]["mean"] for name in PRICES)
    assert where + unspent == pytest.approx(whole, abs=1e-9)


def test_the_stored_answer_is_about_the_shipped_pair_and_adds_up():
    (found,) = stored()
    assert found["pair"] == list(PAIR)
    assert found["digests"] == [load(name).digest for name in PAIR]
    check_sums(found)
    catalogue = offered()
    assert catalogue["parts"] == [found]
    assert {share["group"] for share in found["shares"]} == set(catalogue["groups"])


@pytest.mark.slow
def test_the_stored_answer_is_what_a_rerun_finds():
    (found,) = stored()
    again = json.loads(json.dumps(parts(*PAIR, worlds=found["worlds"], seed=found["seed"])))
    check_sums(again)

    def numbers(answer):
        rows = [answer["a"], answer["b"], answer["difference"], *answer["shares"], *answer["prices"].values()]
        return [row[name] for row in rows for name in ("mean", "low", "high")]

    assert again["window"] == found["window"]
    assert numbers(again) == pytest.approx(numbers(found), rel=1e-9)
