"""Read talk files, which list the moments of a talk in order.

A talk file is TOML; `visualization/README.md` describes its keys. Texts refer to numbers in braces, such as
`{a.years_behind}`. The page fills them in from its runs, so that numbers in a talk are never out of date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from juste_retour.abm.base.calendar import quarter
from juste_retour.abm.base.keys import (
    ANY,
    BOOLEAN,
    TABLE,
    TEXT,
    Key,
    checked,
    integer,
    is_number,
    is_text,
    one_of,
)
from juste_retour.abm.base.toml import JsonMapping, JsonObject, read_toml
from juste_retour.abm.worlds.scenario import Scenario, presets
from juste_retour.agents.errors import BadInput, near
from juste_retour.visualization.session import scenarios_of, union_asked
from juste_retour.visualization.views.spread import COUNTED, MEASURED

FOLDER = Path(__file__).parent
MOST_MOMENTS, MOST_MINUTES = 60, 120
VIEWS = ("one", "two")
PANELS = ("rules", "vote", "help", "audience", "passing")
REGIONS = {  # of the stage, by view
    "one": ("caption", "map", "number", "money", "adds", "race", "votes", "answer", "spreads"),
    "two": ("map", "number", "money", "race", "votes", "differences", "spreads"),
}
PLACES = ("start", "window", "end")  # times in a run, besides quarters
# outcomes that are known for a single run only
ALSO_RUN = ("largest_site_accelerators", "committed_eur_bn", "unspent_eur_bn", "envelope_eur_bn")
# means over many runs
ANSWERS = ("a", "b", "difference", "price_of_politics", "price_where", "price_unspent")
SPREAD = (*COUNTED, *MEASURED)  # outcomes that are known for many runs, too
IN_YEARS = tuple(name for name in SPREAD if name.startswith(("years", "price")))
# placeholders that are not outcomes
TEXTS = ("worlds", "window", "a.title", "b.title", "answer.worlds", "answer.largest", "passing.best")
VERDICT = ("a", "b", "gain", "named", "named_spending")  # numbers over all uncertain numbers
# of the packages between A and B: their number, those that pass, the whole reform, and the best that passes
PASSING = ("packages", "passes", "gain", "in_favor", "best_gain", "best_in_favor")
_HERE: list[JsonObject] = []  # the talk with which the app was started
NAMED = re.compile(r"\{([^{}]*)\}")
QUARTER = re.compile(r"\d{4}Q[1-4]")
SEED = integer(0, 10**15 - 1)


def shipped_talks() -> list[str]:
    """Names of the shipped talks."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_talk(given: str) -> JsonObject:
    """Read and check a talk.

    Args:
        given: name of a shipped talk, or path of a talk file.

    Returns:
        `title`, `clean`, `big` and `moments`. Every moment is complete: keys that it omits keep their previous values.

    Raises:
        BadInput: the talk has an error, or there is no such talk.
    """
    path = Path(given)
    if given in shipped_talks():
        path = FOLDER / f"{given}.toml"
    elif not path.suffix and not path.exists():
        raise BadInput(f"--talk {given!r} is neither a file nor a shipped talk; {near(given, shipped_talks())}")
    content = read_toml(path)
    talk = checked(content, path.name, TALK)
    moments, seed = talk.pop("moment"), talk.pop("seed")
    if not isinstance(moments, list) or not 1 <= len(moments) <= MOST_MOMENTS:
        raise BadInput(f"{path.name} must have 1 to {MOST_MOMENTS} moments; begin each one with a line [[moment]].")
    before: JsonObject = {"a": "eu-status-quo", "b": "essay-reform", "seed": seed}
    talk["moments"] = []
    for k, given_moment in enumerate(moments):
        moment = _moment(given_moment, f"{path.name}, moment {k + 1}", before)
        if moment["name"] in [m["name"] for m in talk["moments"]]:
            raise BadInput(f"{path.name}: two moments have the name {moment['name']!r}; rename one of them.")
        talk["moments"].append(moment)
        before = moment
    return talk


def hold(talk: JsonObject | None) -> None:
    """Set the talk of the app; None for no talk."""
    _HERE[:] = [] if talk is None else [talk]


def talk_here() -> JsonObject | None:
    """The talk with which the app was started; None for no talk."""
    return _HERE[0] if _HERE else None


def _place(value: object) -> bool:
    return isinstance(value, str) and (value in PLACES or QUARTER.fullmatch(value) is not None)


SCENARIO = Key("a scenario's name, or a table with base and changes", lambda v: isinstance(v, str | Mapping), None)
STRING = Key("a string", lambda v: isinstance(v, str), "")
A_QUARTER = Key(f'a quarter such as "2026Q3", or one of {", ".join(PLACES)}', _place, None)
TALK = {
    "title": TEXT,
    "seed": SEED.otherwise(0),
    "clean": BOOLEAN.otherwise(True),
    "big": BOOLEAN.otherwise(False),
    "moment": ANY.otherwise(None),
}
MOMENT = {
    "name": Key("a short string that differs from the other names", is_text),
    "minutes": Key(f"a number above 0 and up to {MOST_MINUTES}", lambda v: is_number(v) and 0 < v <= MOST_MINUTES),
    "notes": STRING,
    "say": STRING,
    "tell": STRING,
    "a": SCENARIO,
    "b": SCENARIO,
    "view": one_of(VIEWS, None),
    "many": BOOLEAN.otherwise(False),
    "answer": BOOLEAN.otherwise(False),
    "seed": SEED.otherwise(None),
    "world": Key('an integer, or "ordinary"', lambda v: v == "ordinary" or SEED.good(v), None),
    "quarter": A_QUARTER,
    "play": A_QUARTER,
    "panel": one_of(PANELS, None),
    "why": Key("the code of a state, such as CY", is_text, None),
    "spotlight": one_of((name for names in REGIONS.values() for name in names), None),
    "guess": TABLE.otherwise(None),
}
GUESS = {
    "question": TEXT,
    "options": Key("two or three strings", lambda v: isinstance(v, list) and 2 <= len(v) <= 3 and all(map(is_text, v))),
    "answer": Key('the name of the number to guess, such as "a.years_behind"', is_text),
    "edges": Key(
        "numbers in increasing order, one fewer than options",
        lambda v: isinstance(v, list) and all(map(is_number, v)) and v == sorted(set(v)),
    ),
    "room": Key("1, 2 or 3", lambda v: v in (1, 2, 3) and not isinstance(v, bool), None),
}


def _moment(content: object, place: str, before: JsonMapping) -> JsonObject:
    """A complete moment, with omitted keys taken from the moment before."""
    moment = checked(content, place, MOMENT)
    place = f"{place} ({moment['name']})"
    for key, first in (("a", None), ("b", None), ("view", "one"), ("seed", 0), ("world", "ordinary")):
        if moment[key] is None:
            moment[key] = before.get(key, first)
    moment["a"], moment["b"] = (_spec(moment[key], f"{place}: {key}") for key in ("a", "b"))
    specs = [moment["a"], moment["b"]][: 1 + VIEWS.index(moment["view"])]
    try:
        scenarios, union = scenarios_of({"specs": specs}), union_asked({"specs": specs})
    except BadInput as error:
        raise BadInput(f"{place}: {error}") from None
    if moment["quarter"] is None:
        moment["quarter"] = "start" if moment["play"] else before.get("play") or before.get("quarter", "start")
    for key in ("quarter", "play"):
        _within(moment[key], scenarios[0], f"{place}: {key}")
    there = [name for name in REGIONS[moment["view"]] if name != "answer" or moment["answer"]]
    if moment["spotlight"] not in (None, *there):
        known = ", ".join(there)
        raise BadInput(
            f"{place}: spotlight is {moment['spotlight']!r}, which this view does not show; choose one of {known}."
        )
    if moment["why"] is not None:
        codes = list(union.states.codes)
        if moment["why"] not in codes:
            raise BadInput(
                f"{place}: why is {moment['why']!r}, which is not a code of a state; {near(moment['why'], codes)}"
            )
        moment["why"] = codes.index(moment["why"])
    if moment["guess"] is not None:
        moment["guess"] = _guess(moment["guess"], f"{place}, guess", moment["view"])
    for key in ("notes", "say", "tell"):
        _check_names(moment[key], f"{place}: {key}", moment["view"])
    return moment


def _spec(given: object, place: str) -> dict[str, object]:
    """The browser's specification of a scenario in a talk."""
    if isinstance(given, str):
        given = {"base": given}
    if not isinstance(given, Mapping) or given.get("base") not in presets():
        base = given.get("base") if isinstance(given, Mapping) else given
        raise BadInput(f"{place} is {base!r}, which is not a shipped scenario; {near(base, presets())}")
    if "changes" in given:  # already a specification, taken from the moment before
        return dict(given)
    return {"base": given["base"], "changes": {key: value for key, value in given.items() if key != "base"}}


def _within(place_in_run: str | None, scenario: Scenario, place: str) -> None:
    """Raise `BadInput` for a quarter outside the run."""
    if place_in_run is None or place_in_run in PLACES:
        return
    if not quarter(scenario.start, "start") <= quarter(place_in_run, place) <= quarter(scenario.end, "end"):
        raise BadInput(f"{place} is {place_in_run!r}; it must be a quarter from {scenario.start} to {scenario.end}.")


def _guess(content: object, place: str, view: str) -> JsonObject:
    guess = checked(content, place, GUESS)
    if len(guess["edges"]) != len(guess["options"]) - 1:
        raise BadInput(
            f"{place}: edges is {guess['edges']!r}; for {len(guess['options'])} options it must have "
            f"{len(guess['options']) - 1} numbers."
        )
    if guess["room"] is not None and guess["room"] > len(guess["options"]):
        raise BadInput(
            f"{place}: room is {guess['room']}; it must be from 1 to {len(guess['options'])}, the number of options."
        )
    _check_names(f"{{{guess['answer']}}}", f"{place}: answer", view)
    if guess["answer"] in TEXTS or guess["answer"].endswith(".range"):
        raise BadInput(
            f"{place}: answer is {guess['answer']!r}; it must be the name of one number, such as a.years_behind."
        )
    _check_names(guess["question"], f"{place}: question", view)
    return guess


def _check_names(text: str, place: str, view: str) -> None:
    """Raise `BadInput` for a placeholder that the page cannot fill in."""
    for name in NAMED.findall(text):
        if name not in placeholders():
            raise BadInput(f"{place}: {{{name}}} is not a placeholder; {near(name, placeholders())}")
        if view == "one" and (name == "b.title" or name.startswith(("b.", "gap."))):
            raise BadInput(f'{place}: {{{name}}} needs two scenarios; set view = "two".')


def placeholders() -> list[str]:
    """The valid placeholders: numbers of the run shown, of many runs, and of the comparison over many runs.

    `a`, `b` or `gap` (A minus B) comes before an outcome of the run. With `middle` or `range` after it, the number is the
    median or the range of 200 runs. `answer` is the comparison of A and B in the single view; its `range` is the 95 %
    interval. `verdict` is the lag of today, that of the reform, or the gain over all uncertain numbers. `passing` is about
    the packages of the reform that the states would adopt; it is known while the moment's panel is `passing`.
    """
    of = [f"{who}.{what}" for who in "ab" for what in SPREAD]
    more = [f"{name}.{how}" for name in of for how in ("middle", "range")]
    run = [f"{who}.{what}" for who in "ab" for what in ALSO_RUN]
    gap = [f"gap.{what}{how}" for what in IN_YEARS for how in ("", ".middle")]
    answers = [f"answer.{name}{how}" for name in ANSWERS for how in ("", ".range")]
    verdict = [f"verdict.{name}{how}" for name in VERDICT for how in ("", ".range")]
    return [*TEXTS, *(f"passing.{name}" for name in PASSING), *verdict, *answers, *of, *more, *run, *gap]
