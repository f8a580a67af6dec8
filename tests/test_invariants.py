"""What must hold in every world under every combination of rules: money, bounds, counts, and the price of politics.

The number of random scenarios is small here and larger on request: INVARIANTS=2000 uv run pytest tests/test_invariants.py
"""

import os
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm.members import load_members
from abm.outcomes import run
from abm.scenario import load, parameters
from agents.errors import BadInput
from agents.rules import FAMILIES

EXAMPLES = int(os.environ.get("INVARIANTS", "40"))
WORLDS = 3


@cache
def union(states: int):
    """A made-up union of so many states, by the loader's own defaults; the European one for 27."""
    if states == 27:
        return load_members()
    folder = Path(mkdtemp())
    rows = [f"S{k:03d},{100_000 * (1 + (7 * k) % 90)}" for k in range(states)]
    (folder / "states.csv").write_text("state,population\n" + "\n".join(rows) + "\n")
    return load_members(folder)


@st.composite
def scenarios(draw):
    changes: dict[str, object] = {}
    for name, family in FAMILIES.items():
        if draw(st.booleans()):
            rule = draw(st.sampled_from(sorted(family.rules)))
            table: dict[str, object] = {"rule": rule}
            for key, (default, about) in family.rules[rule].parameters.items():
                span = about.range or (about.low, about.high)
                if isinstance(default, float) and None not in span and draw(st.booleans()):
                    table[key] = draw(st.floats(span[0], span[1]))
            changes[name] = table
    for name, (default, about) in parameters().items():
        if isinstance(default, float) and about.range is not None and draw(st.integers(0, 5)) == 0:
            changes[name] = draw(st.floats(*about.range))
    if draw(st.integers(0, 9)) == 0:
        changes["envelope_eur_bn"] = 0.0
    changes["end"] = draw(st.sampled_from(["2028Q4", "2030Q1", "2034Q4"]))
    changes["side_payments"] = draw(st.booleans())
    return changes


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenarios(), st.sampled_from([1, 2, 5, 27, 40]), st.integers(0, 2**32 - 1))
def test_every_combination_of_rules_keeps_its_books(changes, states, seed):
    members = union(states)
    try:
        scenario = load("eu-status-quo").changed(changes)
        out = run(scenario, seed, range(WORLDS), members)
    except BadInput as refusal:  # a pair that makes no sense, or a rule that this union's data cannot serve
        assert "\n" not in str(refusal)  # noqa: PT017  one sentence
        return
    check_books(scenario, out)


def check_books(scenario, out):
    w, s, f = out.worlds, out.states, out.facilities
    received, paid, private = (s[k] for k in ("received_eur_bn", "paid_eur_bn", "private_eur_bn"))
    assert np.allclose(received.sum(-1), paid.sum(-1) + private.sum(-1), rtol=1e-9, atol=1e-12)
    for amount in (received, paid, private):
        assert np.isfinite(amount).all()
        assert (amount >= -1e-9).all()
    assert np.array_equal(w["sites"], s["sites"].sum(-1))
    assert np.array_equal(np.bincount(f["world"], minlength=WORLDS), w["sites"])
    assert (w["hosts"] <= w["sites"]).all()
    assert np.isfinite(w["aggregate_accelerators"]).all()
    assert np.isfinite(w["welfare_eur_bn"]).all()
    assert (w["largest_run_flop"] >= 0).all()
    assert (w["price_of_politics"] >= 0).all()
    assert (w["hhi_spend"] <= 1 + 1e-9).all()
    assert (f["spend_eur_bn"] > 0).all()
    assert (f["accelerators"] > 0).all()
    if scenario.rules["reversion"].rule != "go_alone":
        spent = w["spend_eur_bn"] + w["unspent_eur_bn"]
        assert (spent <= scenario.envelope_eur_bn * (1 + 1e-9) + 1e-12).all()
    for ballot in out.votes:
        assert not (ballot["yes"] & ballot["no"]).any()


@pytest.mark.parametrize("states", [1, 200])
@pytest.mark.parametrize("agenda", ["open_call", "commission_proposal", "planner", "single_decider"])
def test_one_state_and_two_hundred(states, agenda):
    scenario = load("eu-status-quo").changed({"agenda": agenda})
    check_books(scenario, run(scenario, 1, range(WORLDS), union(states)))


def test_one_quarter_and_four_hundred():
    base = load("eu-status-quo")
    short = base.changed({"start": "2024Q4", "end": "2024Q4", "assess": "2024Q4"})
    check_books(short, run(short, 1, range(WORLDS)))
    long = base.changed({"end": "2123Q4", "assess": "2123Q4"})
    check_books(long, run(long, 1, range(WORLDS)))
