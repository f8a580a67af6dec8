"""The checks that every rule must pass, one after the other; a step that has nothing to check returns False."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from juste_retour.abm.outcomes import run
from juste_retour.abm.politics.conditions import Ballot
from juste_retour.abm.returns import Answer, Call, check
from juste_retour.abm.scenario import load
from juste_retour.agents.arrays import Integers
from juste_retour.agents.asking import InvalidReturn
from juste_retour.agents.errors import BadInput
from juste_retour.agents.some_worlds import some_worlds
from juste_retour.runs.workshop.conformance import relabel, watch
from juste_retour.runs.workshop.conformance.comparing import differs, kept, rows_of
from juste_retour.runs.workshop.conformance.scenes import (
    BY_CALL,
    BY_COMMISSION,
    COUNCIL,
    Scene,
    listened,
    parameters,
    scenario_for,
)
from juste_retour.runs.workshop.conformance.watch import Fell

if TYPE_CHECKING:
    from juste_retour.runs.workshop.conformance.examine import Examination


def documented(x: Examination) -> None:
    """A docstring whose first line says what the rule does, a source, and parameters whose defaults are valid."""
    if not x.rule.summary:
        raise InvalidReturn("has no docstring; say in its first line what it does")
    if not x.rule.source:
        raise InvalidReturn(
            'names no source; add a line "Source: ..." to its docstring, or "Source: my own."'
        )
    for name, argument in inspect.signature(x.rule.function).parameters.items():
        if argument.default is not argument.empty and argument.kind is not argument.KEYWORD_ONLY:
            raise InvalidReturn(
                f"takes {name!r}, which no scenario can set; write *, before it to make it a parameter"
            )
    for name, (default, about) in x.rule.parameters.items():
        try:
            about.check(f"the parameter {name}", default, default)
        except BadInput as error:
            raise InvalidReturn(f"has a default that is not valid: {error}") from None


def answers(x: Examination) -> bool | None:
    """It returns what its family wants, in ordinary situations."""
    for scene in x.usual():
        handed = scene.again()
        with watch.own_luck(x.rule), watch.own_globals(x.rule), watch.unchanged(x.rule, handed):
            out = x.ask(scene, handed)
        check(x.rule.family, out, scene.again(), _call_of(scene))
        x.answers[scene.label] = kept(out)
    if x.rule.family == "agenda" and not any(x.answers.values()):
        x.notes.append(
            "it decided nothing wherever it was asked: does it return what council.conclude returns?"
        )
    return None if x.scenes else False


def _call_of(scene: Scene) -> Call:
    return Call(scene.worlds, scene.members.states, scene.members.sites)


def repeats(x: Examination) -> bool | None:
    """Asked again, after other questions, it answers the same."""
    for scene in x.usual():
        if differs(x.answers[scene.label], kept(x.ask(scene))):
            found = watch.whim(x.rule)
            said = f" (see {found[0]})" if found else ""
            raise Fell(
                f"is not deterministic: asked the same again it answers otherwise{said}; {watch.luck_of(x.rule)}, and keep "
                "nothing between calls",
                found[1] if found else None,
            )
    return None if x.scenes else False


def alone(x: Examination) -> bool | None:
    """A world's answer is the same to the bit whoever stands beside it, its parameters differing from theirs."""
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
                raise Fell(
                    "gives a world another answer when other worlds stand beside it; reduce over the last axis "
                    "only, and add real numbers with juste_retour.agents.arrays.total",
                    None,
                )
    return None if x.scenes else False


def _subsets(worlds: int, few: bool) -> list[list[int]]:
    """Worlds alone, apart and in another order; few of them where a question takes long."""
    backwards = [*range(worlds - 1, -1, -1)]
    if few or worlds == 1:  # worlds that are alike are asked about once
        return [[0], backwards[::4]]
    return [[0], [1], [worlds - 1], backwards[::4], backwards]


def leading(x: Examination) -> bool | None:
    """A voting rule counts ballots with more leading axes, as the search for a coalition hands them over."""
    if x.rule.family != "voting":
        return False
    for scene in x.usual():
        ballot, states = scene.handed
        flat = kept(x.ask(scene))
        many = _ballots_of(ballot, None)
        out = x.ask(scene, (many, states))
        if not isinstance(out, np.ndarray) or out.shape != (2, scene.worlds) or differs({"": out[0]}, flat):
            raise Fell(
                "cannot count ballots (searches, worlds, states) as it counts ballots (worlds, states); use the last "
                "axis by -1, and name no other",
                None,
            )
    return None


def _ballots_of(ballot: Ballot, worlds: Integers | None) -> Ballot:
    """Ballots of some worlds, or all of them twice over on a new leading axis."""
    yes, no, union_yes = ballot.yes, ballot.no, ballot.union_yes
    if worlds is None:
        return replace(
            ballot, yes=np.stack([yes, no]), no=np.stack([no, yes]), union_yes=np.stack([union_yes] * 2)
        )
    return some_worlds(ballot, worlds)


def corners(x: Examination) -> bool | None:
    """One state, all equal, no money: it answers lawfully, or refuses in one sentence."""
    for scene in x.scenes:
        if not scene.corner:
            continue
        refuse = f"this is in the corner case of {scene.label}, which it may refuse by raising juste_retour.agents.errors.BadInput"
        try:
            out = x.ask(scene)
            check(x.rule.family, out, scene.again(), _call_of(scene))
        except Fell as fell:
            if isinstance(fell.__cause__, BadInput):
                continue
            raise Fell(f"{fell}; {refuse}", fell.line) from None
        except InvalidReturn as found:
            raise InvalidReturn(f"{found}; {refuse}") from None
    return None if x.scenes else False


def bounds(x: Examination) -> bool | None:
    """With each parameter at its ends, it answers lawfully."""
    if not any(isinstance(default, float) for default, _ in x.rule.parameters.values()):
        return False
    for scene in x.usual():
        for end in ("low", "high"):
            try:
                out = x.ask(scene, None, parameters(x.rule, scene.worlds, place=end))
                check(x.rule.family, out, scene.again(), _call_of(scene))
            except (Fell, InvalidReturn) as found:
                line = getattr(found, "line", None)
                raise Fell(
                    f"{found}; this is with its parameters at their {end} ends, so mend the rule or narrow them",
                    line,
                ) from None
    return None


def deterministic(x: Examination) -> bool | None:
    """What declares that it draws no random numbers draws none."""
    if "deterministic" not in x.rule.properties:
        if x.rule.family == "vote" and not _moved_by_luck(x):
            x.notes.append(
                "it draws no random numbers: declare @vote(deterministic=True), or proposers rehearse every ballot 16 times"
            )
        return False
    for scene in x.usual():
        handed = scene.again()
        spies = [watch.Spied(thing) for thing in handed if x.rule.family in COUNCIL]
        x.ask(scene, handed)
        drawn = [channel for spy in spies for channel in spy.drawn if channel not in ("vote", "rehearsal")]
        if drawn:
            raise Fell(
                f"declares deterministic and draws from the stream {drawn[0]!r}; leave the declaration out",
                None,
            )
    return None


def _moved_by_luck(x: Examination) -> bool:
    for scene in x.usual():
        offer, reservation, situation = scene.handed
        for turned in (situation.uniforms[:, ::-1].copy(), 1 - situation.uniforms):
            other = (offer, reservation, replace(situation, uniforms=turned))
            if differs(kept(x.ask(scene)), kept(x.ask(scene, other))):
                return True
    return False


def anonymous(x: Examination) -> bool | None:
    """What declares that names do not matter answers alike when the actors change names."""
    declared = "anonymous" in x.rule.properties
    if not x.scenes:
        return False
    try:
        _alike(x, names=False)
        _alike(x, names=True)
    except Fell:
        if declared:
            raise
        return False
    if not declared and x.rule.family not in ("operations", "procurement") and not watch.names_actors(x.rule):
        x.notes.append(f"names make no difference to it: it could declare @{x.rule.family}(anonymous=True)")
    return None if declared else False


def ordered(x: Examination) -> bool | None:
    """In what order a table lists the actors makes no difference; what declares nothing of the kind gets a note."""
    if not x.scenes or x.rule.family in ("operations", "procurement", "access", "leftover"):
        return False
    try:
        _alike(x, names=True)
    except Fell as fell:
        if "anonymous" in x.rule.properties:
            raise
        if fell.__cause__ is None:
            x.notes.append(
                "its answer depends on the order in which the actors are listed; find an actor by its code"
            )
        return False
    return None


def _alike(x: Examination, *, names: bool) -> None:
    """`Fell` where the rule answers otherwise: the actors in another order, their `names` moved along or left behind."""
    rng = np.random.default_rng(11)
    says = "are listed in another order" if names else "change names"
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
        out = x.ask(scene) if x.rule.family not in COUNCIL else None  # a table's answer names no state
        wanted = x.answers[scene.label] if out is None else kept(relabel.returned(x.rule.family, out, order))
        if differs(_plans(wanted), _plans(kept(x.ask(scene, handed))), 1e-7):
            raise Fell(f"declares anonymous, and answers otherwise when the actors {says}", None)


def _renamed_table(family: str, scene: Scene, order: Integers, names: bool) -> Scene | None:
    members = relabel.of_states(scene.members, order, names=names)
    changes = BY_COMMISSION if scene.label == "the Council" else BY_CALL
    nth = {"the second wave": 1, "the first deadline": 1}.get(scene.label, 0)
    scenario = load("eu-status-quo").changed(changes)
    return listened(family, scene.label, scenario, members, nth, prepare=relabel.renaming(order))


def _plans(answer: Answer) -> Answer:
    """Of a motion, its plan: votes stand in another order."""
    return {"plan": answer["plan"]} if "plan" in answer else answer


def monotone(x: Examination) -> bool | None:
    """What declares that a further yes does no harm never fails by one."""
    if "monotone" not in x.rule.properties:
        return False
    if x.rule.family != "voting":
        raise Fell("declares monotone, which is said of voting rules only; leave it out", None)
    for scene in x.scenes:
        ballot, states = scene.handed
        try:
            passed = x.ask(scene)
        except Fell as fell:
            if scene.corner and isinstance(fell.__cause__, BadInput):
                continue  # it refuses such a union
            raise
        for i in range(states.count):
            yes, no = ballot.yes.copy(), ballot.no.copy()
            yes[:, i], no[:, i] = True, False
            now = x.ask(scene, (replace(ballot, yes=yes, no=no), states))
            if np.any(passed & ~now):
                raise Fell(
                    f"declares monotone, and a ballot that passes fails once {states.codes[i]} says yes as well",
                    None,
                )
    return None


def neutral(x: Examination) -> bool | None:
    """What declares that options do not matter answers alike when they change places."""
    if "neutral" not in x.rule.properties:
        return False
    axis = {"draft": -2, "endorse": -2, "anchor": -1}.get(x.rule.family)
    if axis is None and x.rule.family != "voting":
        raise Fell(
            "declares neutral, which is said of voting, draft, endorse and anchor only; leave it out", None
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
            raise Fell("declares neutral, and answers otherwise when the options change places", None)
    return None


def runs_(x: Examination) -> bool | None:
    """Whole runs come to their end with it, and a world of an ensemble is the same alone."""
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
        raise Fell(f"does not come through a run: {type(error).__name__}: {text}", line) from error
    except watch.TooLong:
        raise Fell(f"makes a short run of four worlds last longer than {6 * x.limit:g} s", None) from None
    for name, column in many.worlds.items():
        if not np.array_equal(column[2:3], one.worlds[name], equal_nan=True):
            raise Fell(f"makes {name} of a world differ between an ensemble and that world alone", None)
    for name, column in many.states.items():
        if not np.array_equal(column[2:3], one.states[name]):
            raise Fell(f"makes {name} of a state differ between an ensemble and a world alone", None)
    return None


STEPS: tuple[tuple[str, Callable[[Examination], bool | None]], ...] = (
    ("documented", documented),
    ("answers lawfully, and changes nothing", answers),
    ("answers the same when asked again", repeats),
    ("is blind to other worlds", alone),
    ("counts any leading axes", leading),
    ("holds in the corners", corners),
    ("holds at its parameters' ends", bounds),
    ("deterministic, as declared", deterministic),
    ("anonymous, as declared", anonymous),
    ("is blind to the order of the actors", ordered),
    ("monotone, as declared", monotone),
    ("neutral, as declared", neutral),
    ("comes through runs", runs_),
)
