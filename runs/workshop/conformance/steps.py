"""The checks that every rule must pass, in order. A check that does not apply to the rule returns False."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from juste_retour.abm.family_returns import Answer, RuleCall, check
from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.arrays import Integers
from juste_retour.agents.asking import InvalidReturn
from juste_retour.agents.errors import BadInput
from juste_retour.agents.some_worlds import some_worlds
from juste_retour.runs.base import reading
from juste_retour.runs.workshop.conformance import relabel, watch
from juste_retour.runs.workshop.conformance.comparing import differs, kept, rows_of
from juste_retour.runs.workshop.conformance.scenes import (
    BY_CALL,
    BY_COMMISSION,
    COUNCIL,
    WITHOUT_ACTORS,
    WORLDS,
    Scene,
    parameters,
    scenario_for,
    scene_in,
)
from juste_retour.runs.workshop.conformance.watch import CheckFailed

if TYPE_CHECKING:
    from juste_retour.runs.workshop.conformance.examine import Examination


def documented(x: Examination) -> None:
    """The rule has a docstring with a first line and a source, and parameters with valid defaults."""
    if not x.rule.summary:
        raise InvalidReturn("has no docstring; add one whose first line says what the rule does")
    if not x.rule.source:
        raise InvalidReturn('has no source; add a line "Source: ..." to its docstring, or "Source: my own."')
    for name, argument in inspect.signature(x.rule.function).parameters.items():
        if argument.default is not argument.empty and argument.kind is not argument.KEYWORD_ONLY:
            raise InvalidReturn(
                f"takes {name!r}, which a scenario cannot set; write *, before it to make it a parameter"
            )
    for name, (default, about) in x.rule.parameters.items():
        try:
            about.check(f"the parameter {name}", default, default)
        except BadInput as error:
            raise InvalidReturn(f"has an invalid default: {error}") from None


def answers(x: Examination) -> bool | None:
    """In ordinary scenes the rule returns a valid value of its family and has no side effects."""
    for scene in x.usual():
        handed = scene.again()
        with watch.no_global_draws(x.rule), watch.no_global_writes(x.rule), watch.unchanged(x.rule, handed):
            out = x.ask(scene, handed)
        check(x.rule.family, out, scene.again(), _call_of(scene))
        x.answers[scene.label] = kept(out)
    if x.rule.family == "agenda" and not any(x.answers.values()):
        x.notes.append("it decided nothing in any scene: does it return what council.conclude returns?")
    return None if x.scenes else False


def _call_of(scene: Scene) -> RuleCall:
    return RuleCall(scene.worlds, scene.members.states, scene.members.sites)


def repeats(x: Examination) -> bool | None:
    """Called again with the same arguments, after other calls, the rule returns the same value."""
    called = watch.varying_call(x.rule)
    if called is not None and called[0] == "hash()":
        raise CheckFailed(
            "calls hash(), whose value for a text is another one in each process; use zlib.crc32(text.encode())",
            called[1],
        )
    for scene in x.usual():
        if differs(x.answers[scene.label], kept(x.ask(scene))):
            found = watch.varying_call(x.rule)
            said = f" (see {found[0]})" if found else ""
            raise CheckFailed(
                f"returns another value when called again with the same arguments{said}; {watch.random_source(x.rule)}, "
                "and keep nothing between calls",
                found[1] if found else None,
            )
    return None if x.scenes else False


def alone(x: Examination) -> bool | None:
    """A world's value is the same bit for bit whichever other worlds are in the batch, even with other parameters there."""
    for scene in x.usual():
        given = parameters(x.rule, scene.worlds, place="spread")
        together = kept(x.ask(scene, None, given)) if given else x.answers[scene.label]
        for index in _subsets(scene.worlds, x.rule.family in COUNCIL):
            worlds = np.array(index)
            handed = tuple(some_worlds(thing, worlds) for thing in scene.again())
            if x.rule.family == "voting":
                handed = (_ballots_of(scene.handed[0], worlds), scene.handed[1])
            mine = {k: v[worlds] if isinstance(v, np.ndarray) else v for k, v in given.items()}
            part = kept(x.ask(scene, handed, mine))
            if differs(rows_of(together, worlds, scene.worlds), part):
                raise CheckFailed(
                    "returns another value for a world when other worlds are in the batch; reduce over the last axis "
                    "only, and sum floats with juste_retour.agents.arrays.total",
                    None,
                )
    return None if x.scenes else False


def _subsets(worlds: int, few: bool) -> list[list[int]]:
    """Selections of worlds: single ones, some, and all in another order; only two if a call takes long."""
    backwards = [*range(worlds - 1, -1, -1)]
    if few or worlds == 1:
        return [[0], backwards[::4]]
    return [[0], [1], [worlds - 1], backwards[::4], backwards]


def leading(x: Examination) -> bool | None:
    """A voting rule accepts additional leading axes, which the search for coalitions uses."""
    if x.rule.family != "voting":
        return False
    for scene in x.usual():
        ballot, states = scene.handed
        flat = kept(x.ask(scene))
        many = _ballots_of(ballot, None)
        out = x.ask(scene, (many, states))
        if not isinstance(out, np.ndarray) or out.shape != (2, scene.worlds) or differs({"": out[0]}, flat):
            raise CheckFailed(
                "does not count ballots (searches, worlds, states) as it counts ballots (worlds, states); address only "
                "the last axis, as -1",
                None,
            )
    return None


def _ballots_of(ballot: Ballot, worlds: Integers | None) -> Ballot:
    """The ballots of some worlds. For None, two sets on a new leading axis, the second with yes and no exchanged."""
    yes, no, union_yes = ballot.yes, ballot.no, ballot.union_yes
    if worlds is None:
        return replace(ballot, yes=np.stack([yes, no]), no=np.stack([no, yes]), union_yes=np.stack([union_yes] * 2))
    return some_worlds(ballot, worlds)


def corners(x: Examination) -> bool | None:
    """With one state, equal states or no money, the rule returns a valid value or raises BadInput."""
    for scene in x.scenes:
        if not scene.corner:
            continue
        refuse = (
            f"this is the corner case of {scene.label}; a rule may reject it with juste_retour.agents.errors.BadInput"
        )
        try:
            out = x.ask(scene)
            check(x.rule.family, out, scene.again(), _call_of(scene))
        except CheckFailed as failed:
            if isinstance(failed.__cause__, BadInput):
                continue
            raise CheckFailed(f"{failed}; {refuse}", failed.line) from None
        except InvalidReturn as found:
            raise InvalidReturn(f"{found}; {refuse}") from None
    return None if x.scenes else False


def bounds(x: Examination) -> bool | None:
    """With every parameter at its lower or upper bound, the rule returns a valid value."""
    if not any(isinstance(default, float) for default, _ in x.rule.parameters.values()):
        return False
    for scene in x.usual():
        for end in ("low", "high"):
            try:
                out = x.ask(scene, None, parameters(x.rule, scene.worlds, place=end))
                check(x.rule.family, out, scene.again(), _call_of(scene))
            except (CheckFailed, InvalidReturn) as found:
                line = getattr(found, "line", None)
                raise CheckFailed(
                    f"{found}; this is with its parameters at their {end} bounds, so correct the rule or narrow the bounds",
                    line,
                ) from None
    return None


def effective(x: Examination) -> bool | None:
    """Every parameter is read; those that changed nothing in the scenes are reported."""
    if not x.rule.parameters or x.rule.shipped:
        return False
    unread = watch.unread_parameters(x.rule.function, x.rule.parameters)
    if unread:
        raise CheckFailed(f"never reads its parameter {unread[0]!r}; use it or remove it", None)
    if x.rule.family in COUNCIL:
        return None
    for name, (default, about) in x.rule.parameters.items():
        if isinstance(default, float):
            low, high = (parameters(x.rule, WORLDS, place=end)[name] for end in ("low", "high"))
        elif isinstance(default, bool):
            low, high = False, True
        elif about.choices:
            low, high = about.choices[0], about.choices[-1]
        else:
            continue
        if np.array_equal(low, high) or any(_moves(x, scene, name, (low, high)) for scene in x.usual()):
            continue
        x.notes.append(f"its parameter {name!r} changed nothing in the scenes of the checks")
    return None


def _moves(x: Examination, scene: Scene, name: str, ends: tuple[Any, Any]) -> bool:
    """Whether a rule's value in a scene is another one at the two ends of a parameter."""
    given = parameters(x.rule, scene.worlds)
    first, second = (
        kept(x.ask(scene, None, given | {name: e[: scene.worlds] if isinstance(e, np.ndarray) else e})) for e in ends
    )
    return differs(first, second)


def deterministic(x: Examination) -> bool | None:
    """A rule declared deterministic draws no random numbers, and depends on nothing but its arguments."""
    at_import = {} if x.rule.shipped else reading.read_by([x.file])
    unread = [name for name in at_import if name.startswith(reading.VARIABLE) and name not in x.reads]
    outside = [f"{name} when it is called" for name in x.reads if not name.endswith(".py")]
    outside += [f"the {name} when it is imported" for name in unread]
    data = [name for name in at_import if Path(name).is_absolute() and not name.endswith(".py")]
    files = [f"{name} when it is imported" for name in data]
    if "deterministic" in x.rule.properties and outside:
        raise CheckFailed(
            f"declares deterministic but reads {outside[0]}; make it a parameter, read a file at import, or omit the "
            "declaration",
            None,
        )
    known = ("program ", "connection ")  # what these answer cannot be recorded
    x.notes += [
        f"it reads {name}; results record {'only that it does' if name.startswith(known) else 'its content'}"
        for name in (*outside, *files)
    ]
    if not x.scenes:
        return False
    if "deterministic" not in x.rule.properties:
        if x.rule.family == "vote" and not _uses_draws(x):
            x.notes.append(
                "it uses no random numbers: declare @vote(deterministic=True), or proposers simulate every ballot 16 times"
            )
        return False
    for scene in x.usual():
        handed = scene.again()
        found: list[str] = []
        handed = tuple(watch.recording(thing, found) for thing in handed)
        x.ask(scene, handed)
        drawn = [name for name in found if name not in ("vote", "rehearsal")]
        if drawn:
            raise CheckFailed(
                f"declares deterministic but draws from the random stream {drawn[0]!r}; omit the declaration",
                None,
            )
    return None


def _uses_draws(x: Examination) -> bool:
    for scene in x.usual():
        offer, reservation, situation = scene.handed
        for turned in (situation.uniforms[:, ::-1].copy(), 1 - situation.uniforms):
            other = (offer, reservation, replace(situation, uniforms=turned))
            if differs(kept(x.ask(scene)), kept(x.ask(scene, other))):
                return True
    return False


def anonymous(x: Examination) -> bool | None:
    """A rule declared anonymous returns the same values when the actors exchange names or are listed in another order."""
    declared = "anonymous" in x.rule.properties
    if not x.scenes:
        return False
    try:
        _alike(x, names=False)
        _alike(x, names=True)
    except CheckFailed:
        if declared:
            raise
        return False
    if not declared:
        if x.rule.family not in ("operations", "procurement") and not watch.names_actors(x.rule):
            x.notes.append(f"it does not depend on names: it could declare @{x.rule.family}(anonymous=True)")
        return False
    if x.rule.shipped or x.rule.family in COUNCIL:
        return None
    if _depends_on(x, "population", lambda people: people + 1, 1e-5):
        raise CheckFailed("declares anonymous but depends on the exact population of a state", None)
    if watch.names_actors(x.rule):
        x.notes.append(
            "its file reads names or places of actors: that it ignores them is declared, not tested beyond these calls"
        )
    columns = {name for scene in x.usual() for name in scene.members.states.more} - {"contribution"}
    by = [c for c in ("power_price", "temperature", "specialists", *sorted(columns)) if _depends_on(x, c)]
    if by:
        x.notes.append(
            f"anonymous is declared, not tested, for {', '.join(by)}: by such a column a rule can single out an actor"
        )
    return None


def _depends_on(
    x: Examination, column: str, change: Callable[[Any], Any] = lambda a: np.roll(a, 1), within: float = 0.0
) -> bool:
    """Whether the rule's value changes, by more than the tolerance `within`, if one column of the states does."""
    return any(
        differs(
            x.answers[scene.label],
            kept(x.ask(scene, relabel.with_column(scene.handed, column, change))),
            within,
        )
        for scene in x.usual()
        if scene.label in x.answers
    )


def ordered(x: Examination) -> bool | None:
    """The rule does not depend on the order of the actors. If it is not declared anonymous, a violation is only a note."""
    if not x.scenes or x.rule.family in WITHOUT_ACTORS:
        return False
    try:
        _alike(x, names=True)
    except CheckFailed as failed:
        if "anonymous" in x.rule.properties:
            raise
        if failed.__cause__ is None:
            x.notes.append("its result depends on the order in which the actors are listed; find an actor by its code")
        return False
    return None


def _alike(x: Examination, *, names: bool) -> None:
    """Raise if the result changes when the actors are reordered. With `names`, codes and names move with the actors."""
    rng = np.random.default_rng(11)
    says = "are listed in another order" if names else "exchange names"
    for scene in x.usual():
        order = rng.permutation(relabel.actors(x.rule.family, scene))
        if x.rule.family in COUNCIL:
            other = _renamed_table(x.rule.family, scene, order, names)
            handed = None if other is None else other.again()
        else:
            handed = relabel.renamed(x.rule.family, scene.again(), order, scene)
            if handed is not None and not names:
                handed = relabel.with_names_of(handed, scene)
        if handed is None:
            continue
        out = (
            x.ask(scene) if x.rule.family not in COUNCIL else None
        )  # plans there are (worlds, sites): no states to permute
        wanted = x.answers[scene.label] if out is None else kept(relabel.returned(x.rule.family, out, order))
        if differs(_plans(wanted), _plans(kept(x.ask(scene, handed))), 1e-7):
            raise CheckFailed(f"declares anonymous but returns another value when the actors {says}", None)


def _renamed_table(family: str, scene: Scene, order: Integers, names: bool) -> Scene | None:
    members = relabel.of_states(scene.members, order, names=names)
    changes = BY_COMMISSION if scene.label == "the Council" else BY_CALL
    nth = {"the second wave": 1, "the first deadline": 1}.get(scene.label, 0)
    scenario = load("eu-status-quo").changed(changes)
    return scene_in(family, scene.label, scenario, members, nth, prepare=relabel.renaming(order))


def _plans(answer: Answer) -> Answer:
    """Only the plan of a ballot result, because its votes are in another order."""
    return {"plan": answer["plan"]} if "plan" in answer else answer


def monotone(x: Examination) -> bool | None:
    """With a rule declared monotone, an additional yes never makes a ballot fail."""
    if "monotone" not in x.rule.properties:
        return False
    if x.rule.family != "voting":
        raise CheckFailed("declares monotone, which only a voting rule can be; omit the declaration", None)
    for scene in x.scenes:
        ballot, states = scene.handed
        try:
            passed = x.ask(scene)
        except CheckFailed as failed:
            if scene.corner and isinstance(failed.__cause__, BadInput):
                continue  # the rule rejects such a union
            raise
        for i in range(states.count):
            yes, no = ballot.yes.copy(), ballot.no.copy()
            yes[:, i], no[:, i] = True, False
            now = x.ask(scene, (replace(ballot, yes=yes, no=no), states))
            if np.any(passed & ~now):
                raise CheckFailed(
                    f"declares monotone, but a ballot that passes fails once {states.codes[i]} votes yes as well",
                    None,
                )
    return None


def neutral(x: Examination) -> bool | None:
    """A rule declared neutral treats the options alike: its values move with them when they are reordered."""
    if "neutral" not in x.rule.properties:
        return False
    axis = {"draft": -2, "endorse": -2, "anchor": -1}.get(x.rule.family)
    if axis is None and x.rule.family != "voting":
        raise CheckFailed(
            "declares neutral, which only rules of voting, draft, endorse and anchor can be; omit the declaration",
            None,
        )
    for scene in x.usual():
        if axis is None:
            ballot, states = scene.handed
            ballot = replace(ballot, yes=ballot.yes, no=~ballot.yes)
            other = kept(~x.ask(scene, (relabel.swapped(ballot), states)))
            wanted = kept(x.ask(scene, (ballot, states)))
        else:
            options = scene.handed[0].home.shape[1] if axis == -2 else scene.handed[0].usable.shape[-1]
            order = np.random.default_rng(13).permutation(options)
            first = relabel.reordered(scene.handed[0], order, axis)
            other = kept(x.ask(scene, (first, *scene.handed[1:])))
            wanted = kept(relabel.reordered(x.ask(scene), order, axis))
        if differs(wanted, other):
            raise CheckFailed("declares neutral but returns another value when the options are reordered", None)
    return None


def runs_(x: Examination) -> bool | None:
    """Short whole runs with the rule complete, and a world gives the same results alone as in an ensemble."""
    if not x.scenes:
        return False
    scenario = scenario_for(x.rule)
    try:
        with watch.limited(6 * x.limit), np.errstate(all="ignore"):
            many = run(scenario, 3, range(4), price=False)
            one = run(scenario, 3, [2], price=False)
    except Exception as error:
        text = " ".join(str(error).split()).rstrip(".")
        line = getattr(error, "line", None) or watch.line_in(error, watch.file_of(x.rule))
        raise CheckFailed(f"fails in a whole run: {type(error).__name__}: {text}", line) from error
    except watch.TooLong:
        raise CheckFailed(f"makes a short run of four worlds take more than {6 * x.limit:g} s", None) from None
    for name, column in many.worlds.items():
        if not np.array_equal(column[2:3], one.worlds[name], equal_nan=True):
            raise CheckFailed(f"gives another {name} for a world alone than in an ensemble", None)
    for name, column in many.states.items():
        if not np.array_equal(column[2:3], one.states[name]):
            raise CheckFailed(f"gives a state another {name} in a world alone than in an ensemble", None)
    return None


STEPS: tuple[tuple[str, Callable[[Examination], bool | None]], ...] = (
    ("documented", documented),
    ("valid results, no side effects", answers),
    ("same result when called again", repeats),
    ("independent of other worlds", alone),
    ("any leading axes", leading),
    ("corner cases", corners),
    ("parameter bounds", bounds),
    ("parameters are read", effective),
    ("deterministic, as declared", deterministic),
    ("anonymous, as declared", anonymous),
    ("independent of the order of the actors", ordered),
    ("monotone, as declared", monotone),
    ("neutral, as declared", neutral),
    ("whole runs", runs_),
)
