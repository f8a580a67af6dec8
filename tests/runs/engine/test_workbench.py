"""The connector to the EMA workbench: keywords in, a mapping of outcomes out, and it can be pickled."""

import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from juste_retour import simulate
from juste_retour.agents.errors import BadInput
from juste_retour.runs.engine.workbench import workbench_model

FACTORS = {
    "voting": ["unanimity", "lisbon_qmv"],
    "agenda": ["commission_proposal", {"rule": "planner", "max_sites": 2}],
    "envelope_eur_bn": {"low": 5, "high": 20},
    "hardware_failures": "range",
}


class Stated:
    """A stand-in for a parameter or model of the workbench, after its documentation."""

    def __init__(self, name, *arguments, **options):
        self.name, self.arguments, self.options = name, arguments, options


@pytest.fixture
def ema_workbench_module(monkeypatch):
    try:
        import ema_workbench
    except ImportError:
        kinds = ("Model", "RealParameter", "IntegerParameter", "CategoricalParameter", "ScalarOutcome")
        ema_workbench = SimpleNamespace(**{kind: type(kind, (Stated,), {}) for kind in kinds})
        monkeypatch.setitem(sys.modules, "ema_workbench", ema_workbench)
    return ema_workbench


def test_parameters_are_uncertainties_and_rules_are_levers(ema_workbench_module):
    model = workbench_model(FACTORS, ["years_behind", "sites"], worlds=2)
    assert [p.name for p in model.levers] == ["voting", "agenda"]
    assert [p.name for p in model.uncertainties] == ["envelope_eur_bn", "hardware_failures"]
    assert [o.name for o in model.outcomes] == ["years_behind", "sites"]


def test_workbench_experiment_equals_the_run_of_its_scenario(ema_workbench_module):
    model = workbench_model(FACTORS, ["spend_eur_bn", "price_of_politics"], worlds=6, seed=4)
    function = getattr(model, "function", None) or model.options["function"]
    again = pickle.loads(pickle.dumps(function))
    found = again(agenda="planner (max_sites = 2)", voting="unanimity", envelope_eur_bn=7.5)
    alone = simulate(
        {"agenda": {"rule": "planner", "max_sites": 2}, "voting": "unanimity", "envelope_eur_bn": 7.5},
        worlds=6,
        seed=4,
        tables=("worlds",),
    ).worlds
    assert found == {name: np.median(alone[name]) for name in found}
    assert found != again(agenda="commission_proposal", voting="unanimity", envelope_eur_bn=7.5)


def test_invalid_workbench_arguments_are_refused(ema_workbench_module, monkeypatch):
    with pytest.raises(BadInput, match="envelope_eur_bn"):
        workbench_model({"envelope_eur": "range"})
    with pytest.raises(BadInput, match="years_behind"):
        workbench_model(FACTORS, ["years_behnd"])
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    with pytest.raises(BadInput, match="ema-workbench"):
        workbench_model(FACTORS)
