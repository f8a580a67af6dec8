"""RESULTS.md: reproduced from the shipped numbers, with no number that is not among them."""

import copy
from itertools import pairwise

import pytest

from juste_retour.abm.worlds.scenario import load
from juste_retour.runs.base.numerals import number, within
from juste_retour.runs.reports.drawing import svg
from juste_retour.runs.results.parameter_ranges import setting, span
from juste_retour.runs.studies.europe.alternatives import ALTERNATIVES
from juste_retour.runs.studies.europe.bench import HELD, uncertain
from juste_retour.runs.studies.europe.claims import (
    CLAIMS,
    IDENTITY,
    LEVEL,
    NOT_SUPPORTED,
    QUESTIONS,
    SENSITIVE,
    UNKNOWN,
    wilson_low,
)
from juste_retour.runs.studies.europe.commands.verdict_command import NUMBERS, PAGE, ROOM, TABLES, read
from juste_retour.runs.studies.europe.evidence import plan_of
from juste_retour.runs.studies.europe.results_figures import FOLDER, results_figures
from juste_retour.runs.studies.europe.results_page import BEGIN, END, front_page, page, tables_page, unsettled
from juste_retour.runs.studies.europe.trials import BARON_FEREJOHN, PROTOCOLS
from juste_retour.runs.studies.europe.verdict import SEED

README = ROOM.parents[2] / "README.md"


@pytest.fixture(scope="module")
def numbers():
    return read(NUMBERS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text():
    return PAGE.read_text(encoding="utf-8")


def test_results_page_is_reproduced(numbers, text):
    assert text == page(numbers), "run `uv run juste-retour verdict --stored --write`"
    assert TABLES.read_text(encoding="utf-8") == tables_page(numbers)
    assert len(text.split()) <= 6000


def test_findings_of_the_front_page_are_reproduced(numbers):
    shown = README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert shown.strip() == front_page(numbers).strip(), "run `uv run juste-retour verdict --stored --write`"


@pytest.mark.newest
def test_figures_are_reproduced(numbers, text):
    other = results_figures(scaled(numbers))
    for name, drawn in results_figures(numbers).items():
        shipped = (PAGE.parent / FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert shipped == svg(drawn), "run `uv run juste-retour verdict --stored --write`"
        assert shipped != svg(other[name]), name
        assert f"({FOLDER}/{name}.svg)" in text + TABLES.read_text(encoding="utf-8")
    others = {"majority"}  # of MAJORITY.md
    assert {path.stem for path in (PAGE.parent / FOLDER).iterdir()} - others == set(other)


def test_numbers_answer_the_current_questions(numbers):
    asked = [(q.claim, q.name, q.unit, q.least, list(q.variants)) for q in QUESTIONS]
    assert sorted(asked) == sorted(
        (f["claim"], f["question"], f["unit"], f["least"], list(f["variants"])) for f in numbers["findings"]
    )
    assert [r["assumption"] for r in numbers["robustness"]] == [a.name for a in ALTERNATIVES]
    assert numbers["seed"] == SEED
    assert (numbers["draws"], numbers["kept"]) == (plan_of().draws, plan_of().keep)
    assert numbers["uncertain"] == uncertain(numbers["identified"])
    assert numbers["held"] == HELD
    tried = {row["protocol"]: row["tried"] for row in numbers["votes"]}
    assert tried == {name: numbers["few" if name == BARON_FEREJOHN else "worlds"] for name in PROTOCOLS}


def test_defaults_lie_in_the_posterior_intervals(numbers):
    quo = load("eu-status-quo")
    for row in numbers["parameters"]:
        name = row["parameter"]
        assert (row["prior_low"], row["prior_high"]) == span(name)[:2], name
        inside = row["low"] <= setting(quo, name) <= row["high"]
        assert inside or name in ("agenda.open_call.sunk", "access.calls.year_share"), name


def test_status_follows_from_the_numbers(numbers):
    for f in numbers["findings"]:
        supported = f["answer"]["share_low"] >= LEVEL
        if f["status"] == IDENTITY:
            assert f["identity"]
            continue
        if f["status"] == UNKNOWN:
            assert f["answer"]["draws"] == 0
            continue
        assert (f["status"] == NOT_SUPPORTED) == (not supported), f["question"]
        differs = [name for name, a in f["variants"].items() if a["draws"] and (a["share_low"] >= LEVEL) != supported]
        assert differs == list(f["sensitive"])
        assert (f["status"] == SENSITIVE) == (supported and bool(differs))


def test_shares_of_the_gain_are_complete_and_in_their_intervals(numbers):
    """Each share has its window and comparison and lies in its interval. Medians do not add up, so this checks no sum."""
    keys = {(r["equal"], r["window_years"], r["part"]) for r in numbers["shares"]}
    assert len(keys) == len(numbers["shares"]) == 2 * 3 * 7
    assert all(r["low"] <= r["median"] <= r["high"] for r in numbers["shares"])


def test_observed_moments_counts_and_patterns_lie_in_their_intervals(numbers):
    for row in numbers["moments"] + numbers["counts"]:
        assert row["low"] <= row["observed"] <= row["high"], row
    presets = {row["scenario"] for row in numbers["presets"]}
    patterns = {r["pattern"]: r for r in numbers["patterns"] if r["group"] not in presets}
    assert patterns["sites"]["observed"] == 19
    assert patterns["hosts"]["observed"] == 16
    assert all(patterns[name]["inside"] for name in ("sites", "hosts", "months from selection to operation"))


def scaled(value):
    """The same structure with every float a little larger."""
    if isinstance(value, dict):
        return {k: scaled(v) for k, v in value.items()}
    if isinstance(value, list):
        return [scaled(v) for v in value]
    return value * 1.37 if isinstance(value, float) else value


def test_numbers_of_the_page_come_from_the_results(numbers):
    other = page(scaled(numbers))
    for f in numbers["findings"]:
        answer = f["answer"]
        if answer["low"] != answer["high"] and answer["median"]:
            assert within({k: 1.37 * answer[k] for k in ("median", "low", "high")}) in other, f["question"]
    for key in ("audit_break_even", "geography_flips_at"):
        changed = copy.deepcopy(numbers)
        changed[key]["median"] = 0.77
        assert tables_page(changed) != tables_page(numbers), key


def test_every_finding_is_under_its_claim(numbers, text):
    first = text.split("# The tables")[0]
    for claim, title in CLAIMS.items():
        assert f"{claim}. *{title}.*" in first
    for f in numbers["findings"]:
        assert f["question"] in text
        if f["status"] != IDENTITY:
            assert f["says"][1:].rstrip(".").split(" (")[0] in first
    for row in numbers["robustness"]:
        assert f"| {row['assumption']} |" in TABLES.read_text(encoding="utf-8")


def test_first_screen_is_short(text):
    """At 250 words per minute it takes two minutes to read."""
    assert len(text.split("\n## ")[0].split()) < 500


def test_captions_are_paragraphs_of_their_own(numbers, text):
    for shown in (text, tables_page(numbers)):
        lines = shown.splitlines()
        assert not [b for a, b in pairwise(lines) if a.endswith(".") and b and b[0] in "*!"]


def test_number_format():
    assert [number(v, 0) for v in (0.0, 10.0, 54.4)] == ["0", "10", "54"]
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


@pytest.mark.parametrize(
    ("share", "draws", "is_open"),
    [(0.9375, 48, True), (1.0, 8, True), (1.0, 60, False), (0.0, 7, False), (1.0, 35, True)],
)
def test_few_draws_near_90_percent_leave_a_finding_open(numbers, share, draws, is_open):
    changed = copy.deepcopy(numbers)
    finding = next(f for f in changed["findings"] if f["status"] == NOT_SUPPORTED)
    finding["answer"] |= {"share_above": share, "draws": draws, "share_low": wilson_low(share, draws)}
    assert bool(unsettled([finding])) == is_open
    listed = page(changed).split("**What more draws could change.**")[1].split("\n")[0]
    assert (finding["says"].rstrip(".")[1:] in listed) == is_open
