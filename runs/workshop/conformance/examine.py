"""Put a rule to every check, shipped or a user's own, and say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from juste_retour.abm.returns import Answer
from juste_retour.agents.asking import InvalidReturn
from juste_retour.agents.rules import Handed, Rule
from juste_retour.runs.workshop.conformance import watch
from juste_retour.runs.workshop.conformance.scenes import Parameters, Scene, parameters, scenes, shipped
from juste_retour.runs.workshop.conformance.speed import Speed, speed_of
from juste_retour.runs.workshop.conformance.steps import STEPS
from juste_retour.runs.workshop.conformance.watch import Fell, ask


@dataclass(frozen=True)
class Fault:
    """What is wrong with a rule: the check that found it, a sentence, and where."""

    check: str
    family: str
    rule: str
    says: str
    file: str
    line: int | None

    def sentence(self) -> str:
        """In one plain sentence, the place first."""
        where = Path(self.file).name + (f", line {self.line}" if self.line else "")
        says = self.says if self.says.endswith("?") else f"{self.says}."
        return f"{where}: {self.family}.{self.rule} {says}" if self.rule else f"{where}: {says}"


@dataclass(frozen=True)
class Examined:
    """What was found of one rule: the checks that held, the faults, its speed, and what it could declare besides."""

    family: str
    rule: str
    held: tuple[str, ...]
    faults: tuple[Fault, ...]
    speed: Speed | None
    notes: tuple[str, ...] = ()


def examine(rule: Rule, limit: float = watch.LIMIT, timed: bool = True) -> Examined:
    """Put a rule to every check; where it cannot answer at all, the rest is left out."""
    examination = Examination(rule, limit)
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
    """A rule under examination: its scenes, and what has been found so far."""

    def __init__(self, rule: Rule, limit: float):
        self.rule, self.limit = rule, limit
        self.held: list[str] = []
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.scenes = scenes(rule.family)
        self.answers: dict[str, Answer] = {}  # by ordinary scene
        if "deterministic" in rule.properties and rule.family == "vote":
            self.scenes = tuple(
                replace(s, handed=(*s.handed[:2], replace(s.handed[2], uniforms=None))) for s in self.scenes
            )

    def take(self, name: str, step: Callable[[Examination], bool | None]) -> bool:
        """Take one step; False where the examination ends."""
        try:
            if step(self) is not False:
                self.held.append(name)
            return True
        except (Fell, InvalidReturn) as found:
            line = getattr(found, "line", None) or watch.line_of(self.rule)
            says = str(found).rstrip(".")
            self.faults.append(
                Fault(name, self.rule.family, self.rule.name, says, watch.file_of(self.rule), line)
            )
            return name == "documented"

    def usual(self) -> list[Scene]:
        """The ordinary scenes."""
        return [scene for scene in self.scenes if not scene.corner]

    def ask(self, scene: Scene, handed: Handed | None = None, parameters_: Parameters | None = None) -> Any:
        """Ask the rule in a scene, or what is handed over instead, with its default parameters or others."""
        handed = scene.again() if handed is None else handed
        chosen = parameters(self.rule, scene.worlds) if parameters_ is None else parameters_
        found: Any = ask(self.rule, handed, chosen, self.limit)
        if self.rule.family == "voting" and np.shape(found) == (*handed[0].yes.shape[:-1], 1):
            return np.asarray(found)[..., 0]  # as a run takes it
        return found
