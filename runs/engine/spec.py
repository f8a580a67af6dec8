"""The specification (spec) of an experiment, which is checked completely before the first run.

A spec names the scenario, what is varied (`[factors]`) and how (`[design]`), the replications per point, and the tables
to keep.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from juste_retour.abm.bargaining.continuation import solver_seed, with_seed
from juste_retour.abm.base.files import content_of
from juste_retour.abm.base.members import Members, union_of
from juste_retour.abm.base.toml import JsonMapping, JsonObject, read_toml
from juste_retour.abm.worlds.scenario import DEFAULT, Scenario, load
from juste_retour.abm.worlds.stacked import check_actors
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.base.chunked import Progress
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.reading import read_by
from juste_retour.runs.base.user_modules import UserModule
from juste_retour.runs.base.user_rules import RulesFile, in_use, load_rules
from juste_retour.runs.engine.design import TO, Design, Point, points, read_design, scenario_at
from juste_retour.runs.engine.factors import Factor, Level, check_rule, read_factors
from juste_retour.runs.engine.hypotheses import Hypothesis, read_hypotheses
from juste_retour.runs.engine.studies import RESULT, known_study, study_module
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.paired import asks_price, outcome
from juste_retour.runs.results.result_tables import chosen
from juste_retour.runs.results.switches import Switches, mixed, switches
from juste_retour.runs.results.windows import in_one_window

KEYS = {
    "title": "",
    "question": "",
    "scenario": DEFAULT,
    "seed": 0,
    "replications": None,
    "solver_seeds": 1,
    "tables": ("worlds",),
    "outcomes": (
        "years_behind",
        "price_of_politics",
        "sites",
        "aggregate_accelerators",
        "largest_run_flop",
        "committed_eur_bn",
        "spend_eur_bn",
        "unspent_eur_bn",
    ),
    "members": None,
    "rules": (),
    "chunk": None,
    "design": None,
    "factors": {},
    "study": None,
    "settings": {},
    "hypotheses": (),
}
RESOLVED = (
    "scenarios",
    "left_out",
)  # keys that reading adds, so that workers need not check the points again
CHUNK = 1024
LEAST_CHUNKS = 10
LEAST = 64  # smallest default size of a chunk, in runs


@dataclass(frozen=True)
class Refused:
    """A point without a valid scenario, and why."""

    point: int
    values: Point
    reason: str


@dataclass(frozen=True, eq=False)
class Spec:
    """A checked spec. `content` is plain data with all settings and resolved paths, from which workers rebuild the spec."""

    content: JsonMapping
    scenario: Scenario
    scenarios: Mapping[str, Scenario]
    design: Design
    factors: tuple[Factor, ...]
    members: Members
    switching: Switches | None = None
    refused: tuple[Refused, ...] = ()
    modules: tuple[UserModule, ...] = ()
    text: str = ""

    @property
    def rules(self) -> dict[str, str]:
        """The modules that users' rules depend on: hashes by place, or the version of an installed package."""
        return {module.place: module.sha256 for module in self.modules}

    def read(self) -> dict[str, str]:
        """What the modules read besides in this process, at import and in runs: hashes of contents, by path or variable."""
        paths = {str(module.path) for module in self.modules}
        return {k: v for k, v in read_by(sorted(paths)).items() if k not in paths}

    @property
    def seed(self) -> int:
        """The seed of all runs."""
        return int(self.content["seed"])

    @property
    def replications(self) -> int:
        """The number of replications per point."""
        return int(self.content["replications"])

    @property
    def solver_seeds(self) -> int:
        """The number of seeds with which each point's stationary values are solved."""
        return int(self.content.get("solver_seeds", 1))

    @property
    def each(self) -> int:
        """The number of replications of a point that share a solver seed: the first ones seed 0, the next ones seed 1."""
        return self.replications // self.solver_seeds

    @property
    def study(self) -> tuple[str, ...]:
        """The module of the study whose jobs are the points; empty if the points are scenarios."""
        name = self.content.get("study")
        return () if name is None else (study_module(name),)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables to keep."""
        return tuple(self.content["tables"])

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that the report shows; the first is analyzed in detail."""
        return tuple(self.content["outcomes"])

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The hypotheses about effects."""
        return [Hypothesis(**one) for one in self.content.get("hypotheses", ())]

    @property
    def title(self) -> str:
        """The title, or the scenario's name if there is none."""
        return str(self.content["title"] or self.scenario.name)

    @cached_property
    def points(self) -> list[Point]:
        """All points of the design in order, including invalid ones."""
        units = [unit[0] for unit in self.switching.units] if self.switching else ()
        return points(self.design, self.factors, self.seed, units)

    @cached_property
    def kept(self) -> list[int]:
        """The numbers of the valid points, which are run."""
        gone = {r.point for r in self.refused}
        return [p for p in range(len(self.points)) if p not in gone]

    @property
    def runs(self) -> int:
        """The number of runs in all."""
        return len(self.kept) * self.replications

    @property
    def chunk(self) -> int:
        """The size of a chunk in runs, which is rounded to whole blocks of replications."""
        return _chunk(self.content["chunk"], self.runs)

    @cached_property
    def digest(self) -> str:
        """Hash of everything in the spec that results depend on, which excludes titles and the outcomes shown."""
        return content_digest(self.content, self.members.digest, self.rules, self.runs)

    def scenario_at(self, point: int, replicate: int = 0) -> Scenario:
        """The scenario of a point, given its number; the seed of the stationary solver depends on the replication."""
        return with_seed(self.built(self.points[point]), replicate // self.each)

    def built(self, point: Point) -> Scenario:
        """The scenario of any point, also of one that is not in the design."""
        if self.switching is None:
            return scenario_at(point, self.scenario, self.scenarios)
        units = {unit[0]: unit for unit in self.switching.units}
        taken = [group for key, unit in units.items() if point[key] == TO for group in unit]
        fixed = {key: value for key, value in point.items() if key not in units}
        ends = [scenario_at(fixed, end, self.scenarios) for end in (self.switching.source, self.switching.target)]
        return mixed(ends[0], ends[1], taken)

    @cached_property
    def varied(self) -> list[str]:
        """The keys in which points differ, in order: factors, switches, or the keys of a list's points."""
        return list(dict.fromkeys(key for point in self.points for key in point))


def content_digest(content: JsonMapping, members: str, rules: Mapping[str, str], runs: int) -> str:
    """Hash of a spec's content. It can also be computed for a content that another version of the code wrote.

    Of the outcomes, only the presence of a price of politics matters.

    Args:
        content: of the spec.
        members: digest of the members.
        rules: hashes of the modules that rules depend on, or versions of their packages, by place.
        runs: number of runs in all.
    """
    said = {
        k: v for k, v in content.items() if k not in ("title", "question", "outcomes", "members", "rules", "hypotheses")
    }
    if said.get("left_out"):
        said["left_out"] = sorted(said["left_out"])  # the points, without the wording of the reasons
    said |= {
        "price": asks_price(content.get("outcomes", ())),
        "members": members,
        "rules": dict(rules),
        "chunk": _chunk(content.get("chunk"), runs),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _chunk(given: int | None, runs: int) -> int:
    return int(given) if given else max(min(CHUNK, max(runs // LEAST_CHUNKS, LEAST)), 1)


def read_spec(path: Path | str, rules: Sequence[Path] = ()) -> Spec:
    """Read a spec from a TOML file; paths in it are relative to its folder.

    Args:
        path: the file.
        rules: files with users' rules, in addition to those that the spec names.

    Raises:
        BadInput: the spec is invalid.
    """
    path = Path(path)
    content = read_toml(path)
    try:
        if rules:
            content["rules"] = [
                *_texts(content.get("rules", ()), "rules"),
                *(str(r.resolve()) for r in rules),
            ]
        return replace(spec_of(content, path.parent), text=content_of(path).decode("utf-8"))
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def spec_of(content: JsonMapping, folder: Path | str = ".", check: Progress | None = None) -> Spec:
    """Build a spec from a dictionary with the keys of a spec file, or from the `content` of another spec.

    Args:
        content: the dictionary.
        folder: the folder to which paths in it are relative.
        check: called with points checked and all points.

    Raises:
        BadInput: the spec is invalid.
    """
    folder = Path(folder)
    said = _complete(content)
    rules = _rules_of(said, folder)
    members_folder = None if said["members"] is None else _found(folder, said["members"])

    def scenario(what: Level) -> Scenario:
        if isinstance(what, str) and what.endswith(".toml"):
            return load(_found(folder, what))
        return load(what)

    base = scenario(said["scenario"])
    members = union_of(members_folder, base.members)
    design, factors, scenarios = _varied(said, base, scenario)
    if "outcomes" not in content and any(f.continuous for f in factors):  # each point would need its own planner
        said["outcomes"] = [name for name in said["outcomes"] if not asks_price((name,))]
    switching = None
    if design.kind == "switches":
        one, other = in_one_window([base, scenario(design.settings["to"])])
        switching = switches(one, other)
        design = Design(design.kind, {"to": switching.target.plain()})
    _check_plain(said)
    resolved = {
        **{key: said[key] for key in ("title", "question", "seed", "replications", "chunk")},
        "scenario": base.plain(),
        "scenarios": {name: s.plain() for name, s in scenarios.items()},
        "tables": [] if said["study"] else list(chosen(_texts(said["tables"], "tables"))),
        "outcomes": [outcome(name, "outcomes") for name in _texts(said["outcomes"], "outcomes")],
        "members": None if members_folder is None else str(members_folder.resolve()),
        "rules": [str(r.path.resolve()) for r in rules],
        "design": {"kind": design.kind, **design.settings},
        "factors": {f.key: _plain(f) for f in factors},
    }
    if said["solver_seeds"] > 1:
        resolved["solver_seeds"] = said["solver_seeds"]
    if said["study"] is not None:
        resolved |= {"study": known_study(said["study"]), "settings": said["settings"], "tables": [RESULT]}
        resolved |= {"replications": 1, "chunk": 1}
    modules = in_use(resolved, rules)
    spec = Spec(resolved, base, scenarios, design, factors, members, switching, (), modules)
    refused = _refused(spec, content["left_out"]) if "left_out" in content else _check_points(spec, check)
    if said["hypotheses"]:
        asked = read_hypotheses(said["hypotheses"], design.kind, spec.points, spec.outcomes[0])
        resolved["hypotheses"] = [asdict(one) for one in asked]
    resolved["left_out"] = {str(r.point): r.reason for r in refused}
    return Spec(resolved, base, scenarios, design, factors, members, switching, refused, modules)


def _check_plain(said: JsonMapping) -> None:
    """Raise `BadInput` for counts and texts of a spec that cannot be used."""
    checked_integer(said["replications"], "replications", 1, 2**40)
    checked_integer(said["seed"], "seed", 0)
    seeds = checked_integer(said["solver_seeds"], "solver_seeds", 1, 1024)
    if said["replications"] % seeds:
        raise BadInput(
            f"replications is {said['replications']}, which {seeds} solver seeds cannot share equally; give a multiple."
        )
    if said["chunk"] is not None:
        checked_integer(said["chunk"], "chunk", 1, 65_536)
    for key in ("title", "question"):
        if not isinstance(said[key], str):
            raise BadInput(f"{key} is {said[key]!r}, which is no text; write it in quotation marks.")


def _complete(content: JsonMapping) -> JsonObject:
    """The content of a spec with the defaults of omitted keys; `BadInput` if a key is unknown or missing."""
    for key in content:
        if key not in KEYS and key not in RESOLVED:
            raise BadInput(f"{key!r} is not a key of an experiment; {near(key, KEYS)}")
    said = {**KEYS, **content}
    for key in RESOLVED:
        if not isinstance(said.get(key, {}), Mapping):
            raise BadInput(f"{key} is {said[key]!r}, not a table; omit it, and it is computed.")
    if not isinstance(said["settings"], Mapping):
        raise BadInput(f"settings is {said['settings']!r}, not a table; write [settings] and the study's settings.")
    if said["settings"] and said["study"] is None:
        raise BadInput("settings are those of a study; add study = its name, or omit them.")
    if not said["outcomes"]:
        raise BadInput("outcomes is empty; list the outcomes that the report shows, or omit it.")
    for key in ("replications", "design"):
        if said[key] is None:
            raise BadInput(f"the experiment has no {key}; add it.")
    return said


def _rules_of(said: Mapping[str, object], folder: Path) -> list[RulesFile]:
    """Load the files of rules that a spec names; `BadInput` if two have the same name."""
    rules = load_rules(_found(folder, file) for file in _texts(said["rules"], "rules"))
    places: dict[str, Path] = {}
    for file in rules:
        first = places.setdefault(file.path.name, file.path)
        if first.resolve() != file.path.resolve():
            raise BadInput(
                f"rules: {first} and {file.path} have the same file name, which results must tell apart; rename one."
            )
    return rules


def _varied(
    said: JsonMapping, base: Scenario, scenario: Callable[[Level], Scenario]
) -> tuple[Design, tuple[Factor, ...], dict[str, Scenario]]:
    """The design, the factors, and the scenarios that either names."""
    design = read_design(said["design"])
    factors: tuple[Factor, ...] = ()
    scenarios: dict[str, Scenario] = {}
    known = {name: load(plain) for name, plain in said.get("scenarios", {}).items()}

    def find(what: Level) -> Scenario:
        return known[what] if isinstance(what, str) and what in known else scenario(what)

    if design.kind != "list" or not isinstance(said["factors"], Mapping) or said["factors"]:
        factors, scenarios = read_factors(said["factors"], base, find)
    if design.kind == "list":
        design, more = _listed(design, base, find)
        scenarios |= more
    elif not factors and design.kind != "switches":
        raise BadInput("[factors] is empty; add what is varied, as in voting = ['unanimity', 'lisbon_qmv'].")
    return design, factors, scenarios


def _refused(spec: Spec, given: Mapping[str, str]) -> tuple[Refused, ...]:
    """The invalid points that a resolved spec lists."""
    for n in given:
        if not str(n).isdecimal() or int(n) >= len(spec.points):
            raise BadInput(f"left_out.{n} is not a point; omit left_out, and it is computed.")
    return tuple(Refused(int(n), spec.points[int(n)], why) for n, why in given.items())


def _plain(factor: Factor) -> Level:
    if factor.levels:
        return list(factor.levels)
    low, high = (int(x) if factor.integer else x for x in (factor.low, factor.high))
    return {"low": low, "high": high, "scale": factor.scale, "steps": factor.steps}


def _listed(design: Design, base: Scenario, find: Callable[[Level], Scenario]) -> tuple[Design, dict[str, Scenario]]:
    """Check the points of a list design: tables of changes, each with an optional `scenario` and `label`."""
    given = design.settings["points"]
    if not isinstance(given, list | tuple) or not all(isinstance(p, Mapping) for p in given):
        raise BadInput("design.points must be a list of tables, such as [{ voting = 'unanimity' }].")
    scenarios: dict[str, Scenario] = {}
    out: list[Point] = []
    for number, point in enumerate(given):
        plain = dict(point)
        name = plain.get("label", "")
        if not isinstance(name, str) or not name.isprintable():
            raise BadInput(f"design.points[{number}].label is {name!r}; give a text on one line.")
        if "scenario" in plain:
            found = find(plain["scenario"])
            scenarios[found.name] = found
            plain["scenario"] = found.name
        for key, level in plain.items():
            if key in base.rules and not (isinstance(level, Mapping) and "rule" not in level):
                check_rule(key, level, f"design.points[{number}].{key}")
        out.append(plain)
    return Design(design.kind, {"points": out}), scenarios


def _check_points(spec: Spec, check: Progress | None) -> tuple[Refused, ...]:
    """Build every point's scenario and return the invalid points; `BadInput` if the design must not omit any."""
    codes = {
        "state": spec.members.states.codes,
        "lab": spec.members.labs.names,
        "commissioner": [spec.members.states.codes[i] for i in spec.members.college.state],
    }
    refused, solves = [], False
    for number, point in enumerate(spec.points):
        try:
            built = spec.built(point)
            if spec.content["members"] is None and built.members != spec.scenario.members:
                raise BadInput(
                    f"members is {built.members!r}, but {spec.scenario.members!r} in the spec's scenario, and a spec has one "
                    "union; write a spec for each."
                )
            check_actors(built, codes)
            solves |= built.bargains_on
            if spec.solver_seeds > 1 and built.bargains_on and solver_seed(built):
                raise BadInput("expect.seed is given, but solver_seeds sets it; omit one of them.")
        except BadInput as error:
            if not spec.design.left_out:
                raise BadInput(f"point {number} ({said(point)}): {error}") from None
            refused.append(Refused(number, point, str(error)))
        if check is not None:
            check(number + 1, len(spec.points))
    if len(refused) == len(spec.points):
        raise BadInput(f"no combination of the factors is valid, the first because {refused[0].reason}")
    if spec.solver_seeds > 1 and not solves:
        raise BadInput(
            f"solver_seeds is {spec.solver_seeds}, but no point uses stationary values; omit it, or set expect = 'stationary'."
        )
    return tuple(refused)


def said(point: Point) -> str:
    """A point as text: its label, or its factors and levels."""
    if "label" in point:
        return str(point["label"])
    return ", ".join(f"{key} = {shown(value)}" for key, value in point.items())


def _found(folder: Path, file: object) -> Path:
    path = Path(str(file)).expanduser()
    return path if path.is_absolute() else folder / path


def _texts(value: object, name: str) -> list[str]:
    if isinstance(value, str) or not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise BadInput(f"{name} is {value!r}, not a list of strings; write them in square brackets.")
    return list(value)
