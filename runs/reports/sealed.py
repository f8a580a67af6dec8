"""Sealed forecasts: a forecast of a decision that is still open, in one file with its hash, which is scored afterwards.

The file holds the questions, what was known, the scenario, the seed, the program, the forecasts of the model and of simple
rules, and the scoring rule. The hash covers all of these, so that a forecast whose hash is published cannot change.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.base.files import MOST_WRITTEN, content_of
from juste_retour.abm.base.keys import ANY, TABLE, TEXT, Key, checked, integer, one_of
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.base.observed import observed
from juste_retour.abm.base.toml import JsonMapping, JsonObject, read_toml
from juste_retour.abm.worlds.scenario import Scenario, load
from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, JusteRetourError, near
from juste_retour.runs.analysis.reforms import reforms
from juste_retour.runs.analysis.simple_forecasts import baselines, scored
from juste_retour.runs.base.chunked import Progress, chunks, run_worlds
from juste_retour.runs.base.forecast_scores import brier, log_score_of_count, log_score_of_poisson
from juste_retour.runs.base.printing import json_text
from juste_retour.runs.base.provenance import changes_between, content_hash, made_with, same_bits
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.export import cannot_write
from juste_retour.runs.results.frames import frames, joined
from juste_retour.runs.results.parameter_draws import POSTERIORS, draws_of
from juste_retour.runs.results.result_tables import TABLES, columns

BROKEN = "{}: the seal is broken: its content is not the one that was hashed."
FORMAT = "juste-retour sealed forecast 1"
HASH, MODEL, COIN, LAW = "sha256", "the model", "a coin toss", "a Poisson law"
KEYS = {
    "scenario": ANY.otherwise("eu-status-quo"),
    "changes": TABLE.otherwise({}),
    "worlds": integer(20, 100_000).otherwise(400),
    "seed": integer(0).otherwise(0),
    "draw": one_of(("posterior", "ranges", "none"), "posterior"),
    "title": TEXT,
    "decision": TEXT,
    "decided_by": Key("a date as YYYY-MM-DD", lambda v: isinstance(v, str) and _is_day(v)),
    "expected": integer(1, 1000),
    "known": Key("a list of tables with a fact and its source", lambda v: _tables(v, "fact", "source")),
    "questions": Key("a list of tables, each with its name and what it asks", lambda v: _tables(v, "name", "asks")),
}
COLUMNS = ["question", "forecast", "brier", "log_score", "difference", "low", "high"]
RULE = (
    "For each question whose outcome is known: the Brier score (mean squared error of the probabilities; for a number, the "
    "mean over the thresholds 1, 2, ... up to twice the expected number) and the mean log probability, with probabilities "
    "limited to 0.001 and 0.999 (for a number, the log probability of the number, with half a run added to each integer). "
    "A forecast is better than another if its Brier score is lower."
)
SAME = 1e-9  # largest difference of a probability on another machine


@dataclass(frozen=True)
class SealCheck:
    """The outcome of checking a sealed forecast.

    Attributes:
        sha256: the hash in the file.
        seal: whether the content is that which was hashed.
        changed: phrases for code, data and libraries that have changed since.
        differences: the questions whose forecast differs in a rerun, with the largest difference.
    """

    sha256: str
    seal: bool
    changed: list[str]
    differences: list[str]


class BrokenSeal(JusteRetourError):
    """A sealed forecast was changed, or the same program does not repeat it."""


def seal(
    spec: Path | str, out: Path | None = None, *, today: str | None = None, progress: Progress | None = None
) -> JsonObject:
    """Forecast a decision and return the content of the file, with its hash.

    Args:
        spec: a TOML file with the keys of `docs/sealed-forecasts.md`.
        out: a new file to write.
        today: the date of the seal, by default that of the computer.
        progress: called with runs done and of all.

    Raises:
        BadInput: a key or value that cannot be used, a decision whose date has passed, or a file that exists.

    Example:
        `seal("runs/specs/sealed/gigafactories-2026.toml")["sha256"]` is the hash to publish.
    """
    asked, on = _read(Path(spec)), today or date.today().isoformat()
    if on > asked["decided_by"]:
        raise BadInput(f"{spec}: decided_by is {asked['decided_by']}, which has passed; seal an open decision.")
    if out is not None and out.exists():
        raise BadInput(f"{out} exists, and a seal is not replaced; give another file with --out.")
    scenario, members = _scenario(asked)
    content = {
        "format": FORMAT,
        "sealed": on,
        **asked,
        "scenario_toml": scenario.toml(base=None),
        "program": _program(members),
        "scoring_rule": RULE,
        "forecasts": _forecasts(asked, scenario, members, progress),
    }
    content[HASH] = content_hash(content)
    if out is not None:
        try:
            out.write_text(json_text(content), encoding="utf-8")
        except OSError as error:
            raise cannot_write(out, error) from None
    return content


def read_seal(path: Path | str) -> JsonObject:
    """The content of a sealed forecast; `BadInput` if it is none."""
    try:
        content = json.loads(content_of(path, MOST_WRITTEN))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not a sealed forecast ({error}); give a file that `seal` wrote.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or HASH not in content:
        raise BadInput(f"{path} is not a sealed forecast of this format; give a file that `seal` wrote.")
    return content


def check_seal(path: Path | str, *, progress: Progress | None = None) -> SealCheck:
    """Check the hash of a sealed forecast, name what has changed in the program, and forecast again.

    A changed program is no fault of the seal: the forecast that counts is the one in the file.
    """
    content = read_seal(path)
    if content_hash(content) != content[HASH]:
        return SealCheck(content[HASH], False, [], [])
    scenario, members = _scenario(content)
    then, now = content["program"], _program(members)
    again, most = _forecasts(content, scenario, members, progress), 0.0 if same_bits(then, now) else SAME
    gaps = {name: _farthest(kept[MODEL], again[name][MODEL]) for name, kept in content["forecasts"].items()}
    differences = [f"{name} by {gap:.3g}" for name, gap in gaps.items() if gap > most]
    return SealCheck(content[HASH], True, changes_between(then, now), differences)


def verdict_on(found: SealCheck, path: Path | str) -> str:
    """A sentence on a check; raises `BrokenSeal` if the seal is broken, or this same program gives another forecast."""
    differ = f"forecasts something else ({'; '.join(found.differences)})"
    if not found.seal:
        raise BrokenSeal(BROKEN.format(path))
    if found.differences and not found.changed:
        raise BrokenSeal(f"{path}: the seal is intact, but the same program {differ}.")
    then = f"The program has changed, {', '.join(found.changed)}, and" if found.changed else "This program"
    return f"The seal is intact ({found.sha256}). {then} {differ if found.differences else 'repeats the forecast'}."


def score(path: Path | str, outcome: Path | str) -> pd.DataFrame:
    """Score the forecasts of a file once the outcome is known.

    Args:
        path: the sealed forecast.
        outcome: a TOML file with `decided`, `source`, and for each question, by its name, what happened: a list of the
            states, a number, or true or false. Questions without an answer are not scored.

    Returns:
        One row per question and forecast: the Brier and the log score, and the `difference` of the model's Brier score to
        this one, which is negative where the model is better, with a 90 % interval over the states.

    Raises:
        BrokenSeal: the content is not the one that was hashed.
        BadInput: an outcome that fits no question, or a decision that is not later than the seal.
    """
    content, known = read_seal(path), read_toml(Path(outcome))
    if content_hash(content) != content[HASH]:
        raise BrokenSeal(BROKEN.format(path))
    decided, source = str(known.pop("decided", "")), known.pop("source", "")
    if not source or decided <= content["sealed"]:
        raise BadInput(
            f"{outcome}: decided is {decided!r} and source {source!r}; give both, and a day (YYYY-MM-DD) after the seal of "
            f"{content['sealed']}."
        )
    forecasts, parts = content["forecasts"], []
    for name, answer in known.items():
        if name not in forecasts:
            raise BadInput(f"{outcome}: {name!r} is no question of the forecast; {near(name, forecasts)}")
        parts.append(_scored(forecasts[name], answer, f"{outcome}: {name}").assign(question=name))
    if not parts:
        raise BadInput(f"{outcome} answers no question; give at least one of {', '.join(forecasts)}.")
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _scored(forecasts: JsonMapping, answer: object, place: str) -> pd.DataFrame:
    first = forecasts[MODEL]
    if LAW in forecasts:
        return _scored_number(first, forecasts[LAW]["mean"], checked_integer(answer, place, 0))
    if isinstance(first, dict):
        if not isinstance(answer, list) or not set(map(str, answer)) <= first.keys():
            raise BadInput(f"{place} is {answer!r}; give a list of the states' codes, such as {[*first][:2]}.")
        happened = np.array([state in answer for state in first])
        given = {name: np.array([*p.values()]) for name, p in forecasts.items()}
    else:
        if not isinstance(answer, bool):
            raise BadInput(f"{place} is {answer!r}; give true or false.")
        happened, given = np.array([answer]), {name: np.array([p]) for name, p in forecasts.items()}
    return scored(given, happened, MODEL).rename(columns={"model_less_this": "difference"})


def _scored_number(runs: Mapping[str, int], mean: float, seen: int) -> pd.DataFrame:
    """The scores of a number's distribution, and of a Poisson law with the expected mean."""
    draws = np.repeat([int(k) for k in runs], [*runs.values()])
    most = np.arange(1, 2 * math.ceil(mean) + 1)
    law = np.exp([log_score_of_poisson(mean, int(k)) for k in most - 1])
    found = pd.DataFrame(
        {
            "forecast": [MODEL, LAW],
            "brier": [brier(p, seen >= most) for p in ((draws[:, None] >= most).mean(0), 1 - np.cumsum(law))],
            "log_score": [log_score_of_count(draws, seen), log_score_of_poisson(mean, seen)],
        }
    )
    return found.assign(difference=found.brier[0] - found.brier, low=np.nan, high=np.nan)


def _read(path: Path) -> JsonObject:
    """The content of a forecast's TOML file with the defaults, checked."""
    asked = checked(read_toml(path), str(path), KEYS)
    for question in asked["questions"]:
        _check_question(question, f"{path}, question {question['name']}")
    return asked


def _is_day(text: str) -> bool:
    """Whether a text is a date as YYYY-MM-DD."""
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _tables(value: object, *keys: str) -> bool:
    """Whether a value is a list of tables, at least one, all with some keys."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and v.keys() >= {*keys} for v in value)


def _check_question(question: JsonMapping, place: str) -> None:
    of, column = question.get("of"), question.get("column")
    if "reform" in question:
        load(question["reform"])
        return
    if of not in TABLES:
        raise BadInput(f"{place}: of is {of!r}; {near(str(of), TABLES)}")
    names = [c.name for c in columns(of) if c.kind in ("integer", "float", "boolean")]
    if column not in names:
        raise BadInput(f"{place}: column is {column!r}; {near(str(column), names)}")
    if not isinstance(question.get("above", None if of != "worlds" else 0), int | float):
        raise BadInput(f"{place}: above is {question.get('above')!r}; give the number above which it counts.")


def _scenario(asked: JsonMapping) -> tuple[Scenario, Members]:
    base = load(asked["scenario"])
    scenario = base.changed(asked["changes"]) if asked["changes"] else base
    return scenario, union_of(None, scenario.members)


def _program(members: Members) -> dict[str, object]:
    """What a forecast rests on besides the file, with this module and the study that draws parameters."""
    return made_with(members, __name__, *(point.module for point in entry_points(group=POSTERIORS)))


def _forecasts(
    asked: JsonMapping, scenario: Scenario, members: Members, progress: Progress | None
) -> dict[str, JsonObject]:
    """For each question, the model's forecast and those of simple rules, by name."""
    count, seed, prior, draws = asked["worlds"], asked["seed"], asked["draw"] == "ranges", None
    if asked["draw"] != "none":
        usual = load("eu-status-quo")  # what the scenario sets otherwise than this, it keeps
        draws = draws_of([scenario, usual], count, seed, from_prior=prior)
        count = draws.count
    wanted = tuple(name for name in TABLES if any(q.get("of") == name for q in asked["questions"]))
    parts = []
    for part in chunks(count if wanted else 0, progress):
        runs = range(part.start, part.stop)
        worlds = scenario if draws is None else draws.at(scenario, runs)
        done = run_worlds(worlds, seed, runs, members, price="worlds" in wanted, timeline="timeline" in wanted)
        parts.append(frames(done, wanted))
    tables, found = joined(parts) if parts else {}, dict[str, JsonObject]()
    for question in asked["questions"]:
        if "reform" in question:
            many = asked["worlds"] if draws else None
            result = reforms(scenario, question["reform"], worlds=count, seed=seed, draws=many, from_prior=prior)
            passing = {p.parts: float(p.passes) for p in result.packages}
            passing |= {p.parts: p.passing for p in result.in_draws}
            found[question["name"]] = {MODEL: passing[max(passing, key=len)], COIN: 0.5}
            continue
        values = _values(tables[question["of"]], question, members, count)
        if "above" not in question:
            numbers = {str(int(k)): int(n) for k, n in zip(*np.unique(values, return_counts=True), strict=True)}
            found[question["name"]] = {MODEL: numbers, LAW: {"mean": float(asked["expected"])}}
        elif question["of"] != "states":
            found[question["name"]] = {MODEL: float(values.mean()), COIN: 0.5}
        else:
            rules = {MODEL: values.mean(0), COIN: np.full(values.shape[1], 0.5)}
            if question["column"] == "sites":
                rules |= _simple(members, asked["expected"])
            codes = members.states.codes
            found[question["name"]] = {k: dict(zip(codes, map(float, p), strict=True)) for k, p in rules.items()}
    return found


def _values(table: pd.DataFrame, question: JsonMapping, members: Members, count: int) -> Floats:
    """A number per run, or whether it is above a bound: (runs,), or (runs, states) of the table `states`.

    A run without a row counts as zero, and of several rows the largest counts.
    """
    values = table[question["column"]].astype(float)
    if "above" in question:
        values = (values > question["above"]).astype(float)
    if question["of"] == "states":
        wide = pd.DataFrame(values.groupby([table["replicate"], table["state"]]).max().unstack())
        return wide.reindex(index=range(count), columns=[*members.states.codes]).fillna(0.0).to_numpy()
    return values.groupby(table["replicate"]).max().reindex(range(count)).fillna(0.0).to_numpy()


def _simple(members: Members, expected: int) -> dict[str, Floats]:
    """Forecasts of the hosts that need no model, from the number of sites expected and the earlier AI factories."""
    states = members.states
    earlier = np.zeros((states.count, 3), dtype=np.int64)
    for row in observed():
        if row["state"] in states.codes:
            earlier[states.index(row["state"]), int(row["wave"]) - 1] += 1
    return baselines(members, float(expected), earlier)


def _farthest(one: Any, other: Any) -> float:
    """The largest difference between two forecasts of a question; for a number, between shares of the runs."""
    a, b = (x if isinstance(x, dict) else {"": x} for x in (one, other))
    runs = max(sum(a.values()), 1) if all(isinstance(n, int) for n in a.values()) else 1
    return max(abs(a.get(key, 0) - b.get(key, 0)) / runs for key in {*a, *b})
