"""Fourteen rules, agents and outcomes that no tutorial shows: each is one small file, passes the checks and has an effect."""

from pathlib import Path

import numpy as np
import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.workshop.conformance import check_file

EXAMPLES = Path(__file__).parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
SHORT = {"end": "2029Q4", "window_years": 2.0}


def played(worlds=12, scenario="eu-status-quo", **changes):
    return run(load(scenario).changed({**SHORT, **changes}), 3, range(worlds), price=False)


def loaded(name):
    load_rules([EXAMPLES / f"{name}.py"])


@pytest.mark.parametrize("name", NAMES)
def test_example_is_short_and_passes_the_checks(name):
    path = EXAMPLES / f"{name}.py"
    assert len(path.read_text().splitlines()) <= 60
    found = check_file(path)
    assert found.sentences() == []
    assert found.rules


def test_court_stops_all_sites_of_a_call_or_none():
    loaded("court")
    later = {"end": "2033Q4", "procurement.ruling_years": 3.0}
    found = played(worlds=40, procurement="court", **later)
    calls = {}
    for world, selected, contracted in zip(
        *(found.facilities[name].tolist() for name in ("world", "selected", "contracted")), strict=True
    ):
        calls.setdefault((world, selected), []).append(contracted - selected)
    many = {call: np.median(quarters) for call, quarters in calls.items() if len(quarters) > 3}
    stopped = [median > 11 for median in many.values()]
    assert 0.1 < np.mean(stopped) < 0.5
    never = played(worlds=40, procurement="court", **later, **{"procurement.hazard": 0.0})
    assert never.worlds["spend_eur_bn"].mean() != found.worlds["spend_eur_bn"].mean()
