"""Run every check on one rule and collect the faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from juste_retour.abm.family_returns import Answer
from juste_retour.agents.asking import InvalidReturn
from juste_retour.agents.rules import Handed, Rule
from juste_retour.runs.base import reading
from juste_retour.runs.workshop.conformance import watch
from juste_retour.runs.workshop.conformance.scenes import (
    COUNCIL,
    Parameters,
    Scene,
    at_other_time,
    parameters,
    scenes,
    shipped,
    times_named,
)
from juste_retour.runs.workshop.conformance.speed import Speed, speed_of
from juste_retour.runs.workshop.conformance.steps import STEPS
from juste_retour.runs.workshop.conformance.watch import CheckFailed, ask


@dataclass(frozen=True)
class Fault:
    """A failed check: its name, the rule, what is wrong, and the file and line. `says` completes "the rule ..."."""

    check: str
    family: str
    rule: str
    says: str
    file: str
    line: int | None

    def sentence(self) -> str:
        """The fault as one sentence that begins with file and line."""
        where = Path(self.file).name + (f", line {self.line}" if self.line else "")
        says = self.says if self.says.endswith("?") else f"{self.says}."
        return f"{where}: {self.family}.{self.rule} {says}" if self.rule else f"{where}: {says}"


@dataclass(frozen=True)
class Examined:
    """The result for one rule: the checks it passed, its faults, its speed, and notes such as properties to declare."""

    family: str
    rule: str
    held: tuple[str, ...]
    faults: tuple[Fault, ...]
    speed: Speed | None
    notes: tuple[str, ...] = ()


def examine(rule: Rule, limit: float = watch.LIMIT, timed: bool = True) -> Examined:
    """Run the checks on a rule, with `limit` seconds per call. They stop at a failure, unless it is of `documented`."""
    examination = Examination(rule, limit)
    if not examination.scenes and rule.properties:
        declared = ", ".join(sorted(rule.properties))
        examination.notes.append(f"declared, not tested, because its family has no examples: {declared}")
    for name, step in STEPS:
        if not examination.take(name, step):
            break
    speed = speed_of(rule) if timed and not examination.faults and shipped(rule.family) else None
    return Examined(
        rule.family,
        rule.name,
        tuple(examination.held),
        tuple(examination.faults),
        speed,
        tuple(examination.notes),
    )


class Examination:
    """The checks of one rule in progress: its scenes, and the results so far."""

    def __init__(self, rule: Rule, limit: float):
        self.rule, self.limit = rule, limit
        self.held: list[str] = []
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.scenes = scenes(rule.family)
        self.file = watch.file_of(rule)
        self.reads: dict[str, str] = {}  # what its calls read besides their arguments
        if not rule.shipped:
            reading.watch([self.file])
            if self.scenes and rule.family not in COUNCIL:
                times = times_named(watch.numbers_in(rule))
                self.scenes += tuple(at_other_time(self.usual()[-1], *time) for time in times)
        self.answers: dict[str, Answer] = {}  # return values, by label of the ordinary scene
        if "deterministic" in rule.properties and rule.family == "vote":
            self.scenes = tuple(
                replace(s, handed=(*s.handed[:2], replace(s.handed[2], uniforms=None))) for s in self.scenes
            )

    def take(self, name: str, step: Callable[[Examination], bool | None]) -> bool:
        """Run one check. Returns False if the checks must stop here."""
        try:
            if step(self) is not False:
                self.held.append(name)
            return True
        except (CheckFailed, InvalidReturn) as found:
            line = getattr(found, "line", None) or watch.line_of(self.rule)
            says = str(found).rstrip(".")
            self.faults.append(Fault(name, self.rule.family, self.rule.name, says, watch.file_of(self.rule), line))
            return name == "documented"

    def usual(self) -> list[Scene]:
        """The scenes that are not corner cases."""
        return [scene for scene in self.scenes if not scene.corner]

    def ask(self, scene: Scene, handed: Handed | None = None, parameters_: Parameters | None = None) -> Any:
        """Call the rule in a scene. `handed` replaces the scene's arguments, `parameters_` the default parameters."""
        handed = scene.again() if handed is None else handed
        chosen = parameters(self.rule, scene.worlds) if parameters_ is None else parameters_
        with reading.during(self.file) as read:
            found: Any = ask(self.rule, handed, chosen, self.limit)
        self.reads |= read
        if self.rule.family == "voting" and np.shape(found) == (*handed[0].yes.shape[:-1], 1):
            return np.asarray(found)[..., 0]  # a run drops a last axis of length 1, too
        return found
