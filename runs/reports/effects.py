"""What an experiment's question asks about: which factors, their effects, what they do together, and where it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from juste_retour.runs.experiments.idle import Idle, idle, signature
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.reports.interactions import (
    CellMeans,
    ConditionalEffect,
    Decomposition,
    cell_means,
    conditional_effects,
    decomposition,
)
from juste_retour.runs.reports.level_contrasts import LevelContrast, level_contrasts
from juste_retour.runs.reports.sensitivity import Pair

CROSSED = ("grid", "list", "switches")  # designs whose points are all that there is
UNITS = ("_eur_bn", "_flop", "_years", "_eur_m")
STOP = {"rule", "share", "years", "scale", "cost", "mean"}  # too common in questions to name a factor


class Effects:
    """The effects of an experiment's factors on one outcome, worked out once.

    Args:
        results: the experiment.
        outcome: a column of the table `worlds`.
    """

    def __init__(self, results: Results, outcome: str):
        self.results, self.spec, self.outcome = results, results.spec, outcome
        self.keys = [key for key in self.spec.varied if key != "label"]

    @cached_property
    def split(self) -> Decomposition | None:
        """The variance by factor and pair; None in designs that only sample their space, or of one factor."""
        if self.spec.design.kind not in CROSSED or len(self.spec.kept) < 3 or not self.keys:
            return None
        return decomposition(self.results, self.outcome)

    @cached_property
    def contrasts(self) -> list[LevelContrast]:
        """Each level of each factor less its first, averaged over the points that agree in all else."""
        return level_contrasts(self.results, self.outcome)

    @cached_property
    def asked(self) -> list[str]:
        """The factors that the question names, as far as their names stand in it."""
        return asked_about(str(self.spec.content["question"]), self.keys)

    @cached_property
    def focus(self) -> list[str]:
        """The factors of the question; where it names none, the one that makes most of the variance."""
        if self.asked or self.split is None:
            return self.asked
        return [max(self.split.factors, key=lambda f: f.alone.share).factor]

    @cached_property
    def pair(self) -> Pair | None:
        """The two factors whose interaction is shown: those of the question, or the strongest, with the first asked."""
        pairs = self.split.pairs if self.split else []
        two = [p for p in pairs if set(p.factors) <= set(self.focus)]
        one = [p for p in pairs if set(p.factors) & set(self.focus[:1])]
        return max(two or one or pairs, key=lambda p: p.share, default=None)

    @cached_property
    def ordered(self) -> tuple[str, str] | None:
        """The shown pair: the factor whose effect is asked for, and the one that it depends on."""
        if self.pair is None:
            return None
        a, b = self.pair.factors
        return (b, a) if self.focus and self.focus[0] == b else (a, b)

    @cached_property
    def conditional(self) -> list[ConditionalEffect]:
        """The effect of the one at each level of the other."""
        if self.ordered is None:
            return []
        return conditional_effects(self.results, *self.ordered, self.outcome)

    @cached_property
    def cells(self) -> CellMeans | None:
        """Means at their pairs of levels."""
        return None if self.ordered is None else cell_means(self.results, *self.ordered, self.outcome)

    @cached_property
    def idle(self) -> list[Idle]:
        """Factors and levels that change nothing, in any outcome of any run."""
        points = self.spec.points
        if self.spec.design.kind not in CROSSED:
            return []
        by_point = self.results.table("worlds").sort_values(["point", "replicate"]).groupby("point")
        numbers = [int(str(number)) for number, _ in by_point]
        return idle([points[n] for n in numbers], [signature(table) for _, table in by_point])


def asked_about(question: str, keys: Sequence[str]) -> list[str]:
    """The factors whose names, or the first word of them, stand in a question, in its order.

    >>> asked_about("Does the voting rule matter more with side payments?", ["side_payments", "patience", "voting"])
    ['voting', 'side_payments']
    """
    text = re.sub(r"[^a-z0-9]+", " ", question.lower())
    found: dict[str, int] = {}
    for key in keys:
        name = key.rpartition(".")[2]
        for unit in UNITS:
            name = name.removesuffix(unit)
        plain = name.replace("_", " ")
        for said in (plain, plain.removesuffix("s"), plain.split()[0]):
            place = re.search(rf"\b{re.escape(said)}", text)
            if place and len(said) > 3 and said not in STOP:
                found[key] = min(place.start(), found.get(key, place.start()))
                break
    return sorted(found, key=lambda key: found[key])


def same_sign(contrast: LevelContrast) -> tuple[int, int]:
    """At how many of the points that a contrast is averaged over it has its mean's sign, and how many there are."""
    each = np.array(contrast.each)
    return int((np.sign(each) == np.sign(contrast.difference)).sum()), len(each)
