"""The server's side of one visitor: it answers the browser's questions and keeps no state except a cache.

The browser keeps the choice of scenarios, time and view. Each answer has the number of its question, and either a result or
one sentence with an error.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from importlib import resources
from uuid import uuid4

from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.base.toml import JsonObject, parsed
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.abm.worlds.scenario import DEFAULT, Scenario, load, parameters, presets
from juste_retour.agents.errors import BadInput, JusteRetourError, near
from juste_retour.agents.rules import FAMILIES, Parameter
from juste_retour.agents.user_agents import USER_AGENTS
from juste_retour.runs.base.user_rules import loaded
from juste_retour.runs.results.windows import in_one_window
from juste_retour.visualization.audience.ballots import HeldBallot, HeldReform
from juste_retour.visualization.audience.desk import desk_here
from juste_retour.visualization.background import PARTS, WORKERS, TaskStopped, said
from juste_retour.visualization.geometry import drawn_map, in_europe
from juste_retour.visualization.names import (
    ELSEWHERE,
    GROUPS,
    LEVERS,
    NUMBERS,
    TITLES,
    described,
    in_sentences,
    rule_title,
    unit_words,
)
from juste_retour.visualization.replay import replay
from juste_retour.visualization.union import shown, union_for
from juste_retour.visualization.views.parts import stored
from juste_retour.visualization.views.passing import stored_passing
from juste_retour.visualization.views.spread import spread
from juste_retour.visualization.views.stage_frames import Votes, play
from juste_retour.visualization.views.verdict import ranges

KEPT = 64  # finished runs in memory, for all visitors together
MOST_WORLDS = 2000
MOST_QUARTERS = MOST_WORLDS * 44  # for all runs of a question; the default scenario has 44 quarters
WAYS = {"yes": 1, "abstain": 0, "no": -1}
LONGEST = 20_000  # limit on the characters of a scenario file


def scenario_of(spec: object) -> Scenario:
    """The scenario of a specification from the browser: `base`, a preset, and `changes` as in a scenario file.

    Raises:
        BadInput: the specification is not valid.
    """
    changes = spec.get("changes", {}) if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(changes, Mapping):
        raise BadInput(f"{spec!r} is not a scenario; choose one of {', '.join(presets())}.")
    base = load(shipped(spec.get("base", DEFAULT)))
    changes = {key: value for key, value in changes.items() if key != "votes"}  # see `given_in`
    return base.changed(changes, f"{base.name}, changed") if changes else base


def shipped(base: object) -> str:
    """The name of a preset. Raises `BadInput` for anything else, so that visitors cannot read files of this machine."""
    if base not in presets():
        raise BadInput(f"base is {base!r}, which is not a shipped scenario; {near(base, presets())}")
    return base


def spec_of(scenario: Scenario, base: str = DEFAULT) -> dict[str, object]:
    """The browser's specification of a scenario: a preset and the changes to it."""
    there = load(base).plain()
    changes = {k: v for k, v in scenario.plain().items() if k != "name" and v != there.get(k)}
    return {"base": base, "changes": changes}


def opened(text: str) -> dict[str, object]:
    """The browser's specification of the scenario in a TOML text.

    Raises:
        BadInput: the text is too long or not a valid scenario.
    """
    if len(text) > LONGEST:
        raise BadInput(
            f"The file has {len(text):,} characters; a scenario may have {LONGEST:,} at most. Open another file."
        )
    content = parsed(text, "the file")
    return spec_of(load(content), shipped(content.get("base", DEFAULT)))


def offered() -> dict[str, object]:
    """Everything that the page offers: presets, families of rules with parameters, and parameters of scenarios."""
    own = {rule for file in loaded() for rule in file.rules}
    titles = TITLES if in_europe(shown()) else TITLES | ELSEWHERE
    desk = desk_here()
    return {
        "audience": desk and desk.code(),
        "presets": [
            _preset(name, titles)
            for name in sorted(presets(), key=lambda n: list(TITLES).index(n) if n in TITLES else 99)
        ],
        "groups": GROUPS,
        "numbers": NUMBERS,
        "levers": LEVERS,
        "parts": stored() if shown().digest == load_members().digest else [],
        "verdict": ranges() if shown().digest == load_members().digest else None,
        "families": [
            {
                "name": family.name,
                "decides": family.decides,
                "group": family.group,
                "actor": family.actor,
                "rules": [
                    {
                        "name": rule.name,
                        "title": rule_title(rule.name),
                        "summary": in_sentences(rule.summary),
                        "source": rule.source,
                        "yours": (family.name, rule.name) in own,
                        "parameters": [_about(n, default, p) for n, (default, p) in rule.parameters.items()],
                    }
                    for rule in family
                ],
            }
            for family in FAMILIES.values()
        ],
        "parameters": [_about(name, default, about) for name, (default, about) in parameters().items()],
        "agents": [
            {
                "name": agent.name,
                "summary": agent.summary,
                "actor": agent.kind,
                "parameters": [_about(n, default, p) for n, (default, p) in agent.parameters.items()],
            }
            for agent in USER_AGENTS.values()
        ],
        "outcomes": [{"name": o.name, "about": o.meaning, "unit": o.unit} for o in USER_OUTCOMES.values()],
    }


def _about(name: str, default: object, about: Parameter) -> dict[str, object]:
    kind = {bool: "boolean", str: "string"}.get(type(default), "number")
    title, more = described(name, about.about)
    return {
        "name": name,
        "title": title,
        "default": default,
        "kind": kind,
        "integer": isinstance(default, int) and not isinstance(default, bool),
        "unit": unit_words(name, about.unit),
        "low": about.low,
        "high": about.high,
        "range": about.range,
        "scale": about.scale,
        "about": more,
        "source": about.source,
        "group": about.group,
        "choices": [{"name": choice, "title": rule_title(choice)} for choice in about.choices],
    }


def _preset(name: str, titles: Mapping[str, str]) -> dict[str, object]:
    text = (resources.files("juste_retour.abm.scenarios") / f"{name}.toml").read_text(encoding="utf-8")
    head = [line[1:].strip() for line in text.splitlines() if line.startswith("#")]
    title = titles.get(name, name.replace("-", " ").capitalize())
    return {"name": name, "title": title, "about": " ".join(head), "plain": load(name).plain()}


RUNS: OrderedDict[tuple[str, int, int, str], dict[str, object]] = OrderedDict()  # the last ones played
PAGES: set[str] = set()  # names of the sessions that are not closed


class Session:
    """The session of one visitor. The browser calls `ask`; answers go to `send`."""

    def __init__(self, send: Callable[[dict[str, object]], None] = lambda answer: None):
        self.send, self.name = send, uuid4().hex
        PAGES.add(self.name)
        self.wanted: object = 0  # number of the latest question about many runs; work on earlier ones stops
        self.compared: dict[str, object] = {}  # the same for parts of a difference and votes on reforms
        self.lock = threading.Lock()
        self.closed = False

    def close(self) -> None:
        """End the session, when the visitor has left."""
        self.closed = True
        PAGES.discard(self.name)

    def ask(self, question: Mapping[str, object]) -> None:
        """Answer a question. It never raises, so that the page keeps working."""
        question = question if isinstance(question, Mapping) else {}
        n, kind = question.get("n", 0), str(question.get("kind"))
        try:
            answers = {
                "runs": self._runs,
                "spread": self._spread,
                "parts": self._compared,
                "passing": self._compared,
                "open": self._open,
                "toml": self._toml,
                "replay": self._replay,
                "audience": self._audience,
                "vote": self._vote,
            }
            if kind not in answers:
                raise BadInput(f"{kind!r} is not a kind of question; reload the page.")
            found = answers[kind](question)
        except Exception as error:
            plain = kind == "open" and isinstance(error, JusteRetourError)
            found = {"error": str(error) if plain else said(error)}
        if found is not None:
            self._say({"n": n, "kind": kind} | found)

    def _say(self, answer: dict[str, object]) -> None:
        with self.lock:
            if not self.closed:
                self.send(answer)

    def _run(
        self, scenario: Scenario, seed: object, replicate: object, given: Votes | None = None
    ) -> dict[str, object]:
        number, world = checked_integer(seed, "seed"), checked_integer(replicate, "world")
        key = (scenario.digest, number, world, f"{scenario.name} {given or ''}")
        run = RUNS.pop(key, None) or play(scenario, number, world, union_for(scenario), given)
        RUNS[key] = run
        while len(RUNS) > KEPT:
            RUNS.popitem(last=False)
        return run

    def _runs(self, question: Mapping[str, object]) -> dict[str, object]:
        """The runs of one or two scenarios with common random numbers, and the map if the browser has another one."""
        union = union_asked(question)
        answer: dict[str, object] = {"runs": self._played(question)}
        if question.get("map", union.digest) != union.digest:
            answer["geometry"] = drawn_map(union)
        return answer

    def _played(self, question: Mapping[str, object]) -> list[dict[str, object]]:
        seed, replicate = question.get("seed"), question.get("replicate", 0)
        return [
            self._run(scenario, seed, replicate, given_in(spec, union_for(scenario)))
            for spec, scenario in zip(asked(question), scenarios_of(question), strict=True)
        ]

    def _spread(self, question: Mapping[str, object]) -> None:
        """Run many worlds of each scenario in the background and send the summaries as they grow."""
        self.wanted = n = question.get("n", 0)
        seed = checked_integer(question.get("seed"), "seed")
        worlds = checked_integer(question.get("worlds", 200), "worlds", 1, MOST_WORLDS)
        scenarios = scenarios_of(question)
        for scenario in scenarios:
            quarters = scenario.quarters
            if worlds * quarters > MOST_QUARTERS:
                raise BadInput(
                    f"{worlds} runs of {quarters} quarters are too many for the page; choose an end before {scenario.end}."
                )

        def work() -> None:
            try:
                for side, scenario in enumerate(scenarios):
                    for summary in spread(scenario, seed, worlds, union_for(scenario)):
                        if self.wanted != n or self.closed:
                            return
                        self._say({"n": n, "kind": "spread", "side": side, "of": worlds, "spread": summary})
            except Exception as error:
                self._say({"n": n, "kind": "spread", "error": said(error)})

        WORKERS.submit(work)

    def _compared(self, question: Mapping[str, object]) -> dict[str, object] | None:
        """Compare two scenarios in the background. A question without scenarios cancels this."""
        kind = str(question["kind"])
        self.compared[kind] = n = question.get("n", 0)
        if not question.get("specs"):
            return None
        source, target = (scenario_of(spec) for spec in pair_asked(question))
        union = union_asked(question)
        if kind == "passing" and (held := self.passing(source, target, union)):
            return held

        def still() -> None:
            if self.compared[kind] != n or self.closed:
                raise TaskStopped

        def tell(answer: dict[str, object]) -> None:
            if self.compared[kind] == n:
                self._say({"n": n, "kind": kind} | answer)

        PARTS.ask(source, target, union, still, tell, kind)
        return None

    @staticmethod
    def passing(source: Scenario, target: Scenario, union: Members) -> JsonObject | None:
        """The stored votes on the packages between two scenarios, if these are the shipped ones."""
        held = stored_passing()
        same = held["digests"] == [source.digest, target.digest] and union.digest == load_members().digest
        return {"passing": held} if same else None

    def _open(self, question: Mapping[str, object]) -> dict[str, object]:
        """Read a scenario from the text of a file."""
        return {"spec": opened(str(question.get("text", "")))}

    def _toml(self, question: Mapping[str, object]) -> dict[str, object]:
        """Write a scenario as the text of a file."""
        return {"text": scenario_of(question.get("spec", {})).toml()}

    def _replay(self, question: Mapping[str, object]) -> dict[str, object]:
        """A page that plays the runs without a server."""
        view = question.get("view") or {}
        try:
            json.dumps(view, allow_nan=False)
        except ValueError:
            view = None
        if not isinstance(view, Mapping):
            raise BadInput("The view of the replay is not a table of finite numbers and texts; reload the page.")
        return {"text": replay(self._played(question), view, drawn_map(union_asked(question)))}

    def _audience(self, question: Mapping[str, object]) -> dict[str, object]:
        """Ask the phones a question (`guess`, `vote`, `reform`), close it, `watch` their answers, or `speak` a language."""
        desk, act = desk_here(), question.get("act")
        if desk is None:
            raise BadInput("The app runs without phones; start it with --audience.")
        desk.turned_to(question.get("lang", desk.lang))
        if act == "watch":
            desk.watch(self._told)
        elif act == "close":
            desk.close()
        elif act in ("guess", "vote"):
            scenario, union = scenarios_of(question)[0], union_asked(question)
            seed, replicate = question.get("seed"), question.get("replicate", 0)
            if act == "guess":
                run = self._run(scenario, seed, replicate, given_in(asked(question)[0], union))
                desk.guess(question.get("what"), run, question.get("title"), union)
            else:
                desk.vote(held_ballot(question, scenario), question.get("title"), union)
        elif act == "reform":
            source, target = (scenario_of(spec) for spec in pair_asked(question))
            union = union_asked(question)
            found = self.passing(source, target, union) or PARTS.found(source, target, union, "passing")
            if not found:
                raise BadInput("The packages of this reform are not computed yet; open “Would it pass?” first.")
            held = HeldReform(source, union, found["passing"], question.get("parts"))
            desk.vote(held, question.get("title"), union)
        elif act != "speak":
            raise BadInput(f"{act!r} is not an action for the audience; reload the page.")
        return {"audience": desk.told()}

    def _told(self, told: dict[str, object]) -> bool:
        """Pass on an update from the desk. Returns False once the visitor has left."""
        self._say({"n": 0, "kind": "audience"} | told)
        return not self.closed

    def _vote(self, question: Mapping[str, object]) -> dict[str, object]:
        """Count a ballot of one of the runs again, with some votes changed."""
        scenarios, changes = scenarios_of(question), question.get("votes")
        if not isinstance(changes, Mapping):
            raise BadInput("The question has no changed votes; reload the page.")
        side = checked_integer(question.get("side"), "side", 0, len(scenarios) - 1)
        held = held_ballot(question, scenarios[side], side)
        given = votes_of(changes, union_for(scenarios[side]))
        return {"ballot": held.count([given.get(i, vote) for i, vote in enumerate(held.model)])}


def asked(question: Mapping[str, object]) -> list[object]:
    """The specifications of the one or two scenarios of a question."""
    specs = question.get("specs")
    if not isinstance(specs, list) or not 1 <= len(specs) <= 2:
        raise BadInput("The question must have one or two scenarios; reload the page.")
    return specs


def pair_asked(question: Mapping[str, object]) -> list[object]:
    """The specifications of the two scenarios of a question."""
    specs = asked(question)
    if len(specs) != 2:
        raise BadInput("The parts of a difference need two scenarios; reload the page.")
    return specs


def scenarios_of(question: Mapping[str, object]) -> list[Scenario]:
    """The scenarios of a question. All have the window of the first one, so that numbers of a pair are comparable."""
    return in_one_window([scenario_of(spec) for spec in asked(question)])


def votes_of(changes: object, union: Members) -> dict[int, int]:
    """Votes (1, 0, -1) by index of the state, from a table by code: "yes", "no" or "abstain"."""
    codes = union.states.codes
    if not isinstance(changes, Mapping):
        raise BadInput(f"votes are {changes!r}; give a table of states with yes, no or abstain.")
    for code, way in changes.items():
        if code not in codes:
            raise BadInput(f"{code!r} is not a code of a state; {near(code, codes)}")
        if not isinstance(way, str) or way not in WAYS:
            raise BadInput(f"the vote of {code} is {way!r}; it must be yes, no or abstain.")
    return {union.states.index(code): WAYS[way] for code, way in changes.items()}


def given_in(spec: object, union: Members) -> Votes:
    """The votes that a specification gives in place of the model's, by quarter: `changes.votes`."""
    given = spec["changes"].get("votes", {}) if isinstance(spec, Mapping) and spec.get("changes") else {}
    if not isinstance(given, Mapping):
        raise BadInput(f"votes are {given!r}; give a table of quarters.")
    return {str(quarter): votes_of(votes, union) for quarter, votes in given.items()}


def held_ballot(question: Mapping[str, object], scenario: Scenario, side: int = 0) -> HeldBallot:
    """The ballot of a question, in the run of one of its scenarios."""
    numbers = (("seed", "seed"), ("replicate", "world"))
    seed, world = (checked_integer(question.get(key, 0), name) for key, name in numbers)
    union, ballot = union_for(scenario), checked_integer(question.get("ballot"), "ballot")
    return HeldBallot(scenario, seed, world, union, ballot, given_in(asked(question)[side], union))


def union_asked(question: Mapping[str, object]) -> Members:
    """The union of a question's scenarios. Raises `BadInput` for two different unions, because there is one map."""
    unions = {union.digest: union for union in (union_for(scenario_of(spec)) for spec in asked(question))}
    if len(unions) > 1:
        names = " and ".join(drawn_map(union)["name"] for union in unions.values())
        raise BadInput(f"The two scenarios are about {names}, but there is only one map; show one at a time.")
    return next(iter(unions.values()))


def checked_integer(value: object, name: str, low: int = 0, high: int = 2**53 - 1) -> int:
    """The value as an integer. Raises `BadInput` if it is not one from `low` to `high` (the largest safe one in JavaScript)."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        limits = f"of at least {low}" if high == 2**53 - 1 else f"from {low} to {high}"
        raise BadInput(f"{name} is {value!r}; it must be an integer {limits}.")
    return value
