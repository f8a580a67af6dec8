"""The shipped page is what the shipped numbers give, and says nothing that is not among them."""

import copy
import json

import pandas as pd
import pytest

from juste_retour.abm.scenario import load, parameters
from juste_retour.runs.europe.claims import CLAIMS, FOUND, HANGS, NOT_FOUND, QUESTIONS, WINDOW
from juste_retour.runs.europe.commands.verdict import NUMBERS, PAGE, read
from juste_retour.runs.europe.curves import RENEWED
from juste_retour.runs.europe.doubts import doubts
from juste_retour.runs.europe.evidence import plan_of
from juste_retour.runs.europe.forecasts import better_than_the_model
from juste_retour.runs.europe.results_figures import FOLDER, results_figures
from juste_retour.runs.europe.results_page import page
from juste_retour.runs.europe.verdict import SEED, WORLDS
from juste_retour.runs.numerals import number, within
from juste_retour.runs.reports.figures import svg


@pytest.fixture(scope="module")
def numbers():
    return read(NUMBERS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text():
    return PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_numbers_give(numbers, text):
    assert text == page(numbers), "run `uv run juste-retour verdict --write`"


def test_the_figures_are_what_the_numbers_give(numbers, text):
    other = results_figures(scaled(numbers))
    for name, drawn in results_figures(numbers).items():
        shipped = (PAGE.parent / FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert shipped == svg(drawn), "run `uv run juste-retour verdict --write`"
        assert shipped != svg(other[name]), name
        assert f"({FOLDER}/{name}.svg)" in text
    assert len(list((PAGE.parent / FOLDER).iterdir())) == len(other)


def test_the_numbers_answer_todays_questions_under_todays_doubts(numbers):
    asked = [(q.claim, q.name, q.unit, q.least) for q in (*QUESTIONS, *WINDOW)]
    assert sorted(asked) == sorted(
        (f["claim"], f["question"], f["unit"], f["least"]) for f in numbers["findings"]
    )
    tried = [{"name": d.name, "kind": d.kind, "changes": dict(d.changes)} for d in (*doubts(), RENEWED)]
    assert tried == [{k: d[k] for k in ("name", "kind", "changes")} for d in numbers["doubts"]]
    assert (numbers["worlds"], numbers["seed"]) == (WORLDS, SEED)
    assert (numbers["draws"], numbers["kept"]) == (plan_of().draws, plan_of().keep)


def test_the_defaults_are_the_posteriors_centre(numbers):
    quo = load("eu-status-quo")
    for row in numbers["parameters"]:
        about = parameters()[row["parameter"]][1]
        assert (row["prior_low"], row["prior_high"]) == about.range, row["parameter"]
        assert row["low"] <= getattr(quo, row["parameter"]) <= row["high"], row["parameter"]


def test_status_follows_from_what_flips(numbers):
    kinds = {d["name"]: d["kind"] for d in numbers["doubts"]}
    for f in numbers["findings"]:
        by_mind = any(kinds[name] == "mind" for name in f["flips"])
        if f["status"] == FOUND:
            assert not f["flips"], f["question"]
        if f["status"] == HANGS:
            assert f["flips"], f["question"]
        if by_mind:
            assert f["status"] == NOT_FOUND, f["question"]
        if f["status"] != NOT_FOUND:
            assert f["median"] > f["least"], f["question"]


def test_what_must_lie_inside_does(numbers):
    rows = numbers["moments"] + numbers["counts"]
    for row in rows:
        assert row["low"] <= row["observed"] <= row["high"], row
    presets = {row["scenario"] for row in numbers["presets"]}
    patterns = {r["pattern"]: r for r in numbers["patterns"] if r["group"] not in presets}
    assert patterns["sites"]["observed"] == 19
    assert patterns["hosts"]["observed"] == 16
    assert all(patterns[name]["inside"] for name in ("sites", "hosts", "months from selection to operation"))


def scaled(value):
    """The same numbers, all of them a little larger, flags and names as they are."""
    if isinstance(value, dict):
        return {k: scaled(v) for k, v in value.items()}
    if isinstance(value, list):
        return [scaled(v) for v in value]
    return value * 1.37 if isinstance(value, float) else value


def test_no_number_is_typed_by_hand(numbers):
    other = page(scaled(numbers))
    for f in numbers["findings"]:
        if f["low"] != f["high"]:
            assert within(f) not in other, f["question"]
            assert within({k: 1.37 * f[k] for k in ("median", "low", "high")}) in other
    for key in ("audit_break_even", "geography_flips_at"):
        changed = copy.deepcopy(numbers)
        changed[key]["median"] = 0.77
        assert page(changed) != page(numbers), key


def test_each_claim_each_doubt_and_what_would_change_it_are_told(numbers, text):
    for claim, title in CLAIMS.items():
        part = text.split(f"## {claim}. {title}\n")[1].split("\n## ")[0]
        for f in numbers["findings"]:
            if f["claim"] == claim:
                assert within(f) in part
                for name in f["by_doubt"]:
                    assert f"| {name} |" in part
                assert all(name in part for name in f["flips"])


def test_a_forecast_that_beats_the_model_is_named(numbers, text):
    for key in ("third_wave", "hosts"):
        ahead = better_than_the_model(pd.DataFrame(numbers[key]))[0]
        assert (", ".join(ahead) if ahead else "none") in text


def test_few_digits():
    assert [number(v) for v in (1.234, 0.0, 0.004, 12345.6, None, True, False, "x")] == [
        "1.23",
        "0",
        "0.004",
        "12k",
        "-",
        "yes",
        "**no**",
        "x",
    ]


def test_json_reads_back_as_it_was_written(numbers):
    assert json.loads(json.dumps(numbers)) == numbers
