"""The effects of the factors that an experiment's question names: main effects, interactions, and where they hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.crossed_effects import (
    CellMeans,
    ConditionalEffect,
    Crossed,
    LevelContrast,
    ThreeWay,
)
from juste_retour.runs.analysis.interactions import Decomposition, decomposition
from juste_retour.runs.analysis.sampled_effects import SampledDesign, Slope
from juste_retour.runs.analysis.sensitivity import MainEffect, Pair, Sobol, main_effects, sobol
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.engine.agreement import Agreed, agreement
from juste_retour.runs.engine.idle import Idle, idle, signature
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import Spec

CROSSED = ("grid", "list", "switches")  # designs whose points are the whole population, not a sample
SAMPLED = ("sobol", "latin_hypercube")
PAIRLESS = ("sobol", "morris")  # designs in which levels are not contrasted at points that agree in all else
UNITS = ("_eur_bn", "_flop", "_years", "_eur_m")
STOP = {"rule", "share", "years", "scale", "cost", "mean"}  # too common in questions to name a factor


class Effects:
    """The effects of an experiment's factors on one outcome; each is computed once, when it is first used.

    Args:
        results: the experiment.
        outcome: a column of the table `worlds`.
    """

    def __init__(self, results: Results, outcome: str):
        self.results, self.spec, self.outcome = results, results.spec, outcome
        self.keys = [key for key in self.spec.varied if key != "label"]

    @cached_property
    def split(self) -> Decomposition | None:
        """The variance by factor and pair; None in sampled designs and with fewer than three points."""
        if self.spec.design.kind not in CROSSED or len(self.spec.kept) < 3 or not self.keys:
            return None
        return decomposition(self.results, self.outcome)

    @cached_property
    def sample(self) -> SampledDesign | None:
        """The points as a sample; None in designs that are not sampled, or if the variance cannot be decomposed."""
        if self.spec.design.kind not in SAMPLED:
            return None
        try:
            _ = self.indices if self.spec.design.kind == "sobol" else self.mains
            return SampledDesign(self.results, self.outcome)
        except BadInput:
            return None

    @cached_property
    def indices(self) -> Sobol:
        """The Sobol indices of a `sobol` design."""
        return sobol(self.results, self.outcome)

    @cached_property
    def mains(self) -> tuple[list[MainEffect], float]:
        """Each factor's share of the variance alone, and that of random draws, in a hypercube."""
        return main_effects(self.results, self.outcome)

    @cached_property
    def contrasts(self) -> list[LevelContrast]:
        """Each level of each factor less its first, averaged over the points that agree in all else.

        In a sample, the quarters of a range are its levels, and intervals are clustered by sample point and replication.
        """
        if self.sample is not None:
            return [self._with_each(c) for c in self.sample.contrasts()]
        return self._crossed.contrasts() if self.spec.design.kind not in PAIRLESS else []

    @cached_property
    def _crossed(self) -> Crossed:
        return Crossed.of(self.results, self.outcome)

    def _with_each(self, contrast: LevelContrast) -> LevelContrast:
        """A contrast with its differences at each sample point, for a crossed factor of a hypercube."""
        found = self._at_places.get((contrast.factor, contrast.level, contrast.against))
        return contrast if found is None else replace(contrast, matches=found.matches, each=found.each)

    @cached_property
    def _at_places(self) -> dict[tuple[str, str, str], LevelContrast]:
        crossed = self.spec.design.settings.get("cross", ())
        found = self._crossed.contrasts() if crossed else []
        return {(c.factor, c.level, c.against): c for c in found if c.factor in crossed}

    @cached_property
    def slopes(self) -> list[Slope]:
        """The linear slope along each range of a sample."""
        return [] if self.sample is None else self.sample.slopes()

    @cached_property
    def asked(self) -> list[str]:
        """The factors whose names occur in the question."""
        return named_factors(self.spec)

    @cached_property
    def focus(self) -> list[str]:
        """The factors that the question names; if none, the one with the largest share of the variance."""
        return self.asked or self._strongest[:1]

    @cached_property
    def _strongest(self) -> list[str]:
        """The factors by their share of the variance, largest first; empty if the design gives no shares."""
        shares: dict[str, float] = {}
        if self.split is not None:
            shares = {f.factor: f.alone.share for f in self.split.factors}
        elif self.sample is not None and self.spec.design.kind == "sobol":
            shares = {i.factor: i.total for i in self.indices.indices}
        elif self.sample is not None:
            shares = {m.factor: m.share for m in self.mains[0]}
        return sorted(shares, key=lambda key: -shares[key])

    @cached_property
    def pair(self) -> Pair | None:
        """The two factors whose interaction is shown.

        These are the two that the question names, or the first of them and the one with which it interacts most. A
        hypercube gives no shares of interactions; there the share is NaN and the factors with the largest shares are shown.
        """
        pairs = self.split.pairs if self.split else []
        if self.sample is not None and self.spec.design.kind == "sobol":
            pairs = self.indices.pairs
        elif self.sample is not None:
            keys = list(dict.fromkeys([*self.focus, *self._strongest]))[:2]
            return Pair((keys[0], keys[1]), np.nan, np.nan, np.nan) if len(keys) == 2 else None
        two = [p for p in pairs if set(p.factors) <= set(self.focus)]
        one = [p for p in pairs if set(p.factors) & set(self.focus[:1])]
        return max(two or one or pairs, key=lambda p: p.share, default=None)

    @cached_property
    def ordered(self) -> tuple[str, str] | None:
        """The two factors of `pair`: the one whose effect is shown, and the one on which it depends."""
        if self.pair is None:
            return None
        a, b = self.pair.factors
        return (b, a) if self.focus and self.focus[0] == b else (a, b)

    @cached_property
    def conditional(self) -> list[ConditionalEffect]:
        """The effect of the first factor of `ordered` at each level of the second."""
        return [] if self.ordered is None else (self.sample or self._crossed).conditional(*self.ordered)

    @cached_property
    def cells(self) -> CellMeans | None:
        """The mean at each pair of levels of the factors in `ordered`; None if the design gives none."""
        return None if self.ordered is None else (self.sample or self._crossed).cells(*self.ordered)

    @cached_property
    def three_way(self) -> ThreeWay | None:
        """The interaction of two factors at each level of a third: the first three that the question names.

        In a design of three factors it is also shown if the question names fewer. None if the design gives none.
        """
        known = list(dict.fromkeys([*self.asked, *(self.ordered or ())]))
        if len(known) < 3 and len(self.keys) == 3:
            known += [key for key in self.keys if key not in known]
        if len(known) < 3 or self.spec.design.kind in ("morris", "list", "switches"):
            return None
        if self.spec.design.kind in SAMPLED and self.sample is None:
            return None
        return (self.sample or self._crossed).three_way(*known[:3])

    @cached_property
    def agreed(self) -> list[Agreed]:
        """At each point, the shares of runs without a site, and with only the lag of earlier machines."""
        return agreement(self.results)

    @cached_property
    def idle(self) -> list[Idle]:
        """Factors and levels that change no outcome of any run."""
        points = self.spec.points
        if self.spec.design.kind not in CROSSED:
            return []
        by_point = self.results.table("worlds").sort_values(["point", "replicate"]).groupby("point")
        numbers = [int(str(number)) for number, _ in by_point]
        here = [points[n] for n in numbers]
        return idle(here, [signature(table) for _, table in by_point])


def named_factors(spec: Spec) -> list[str]:
    """The factors that an experiment's question names, by their own names or by those of their levels."""
    keys = [key for key in spec.varied if key != "label"]
    levels = {f.key: [shown(v).partition(" ")[0] for v in f.levels] for f in spec.factors}
    return asked_about(str(spec.content["question"]), keys, levels)


def asked_about(question: str, keys: Sequence[str], levels: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """The factors whose names, or first words of names, occur in a question, in the order of the question.

    `levels` are the names of the factors' levels, which name their factor unless two factors share them.

    >>> asked_about("Does unanimity cost more?", ["voting"], {"voting": ["lisbon_qmv", "unanimity"]})
    ['voting']
    >>> asked_about("Does the voting rule matter more with side payments?", ["side_payments", "patience", "voting"])
    ['voting', 'side_payments']
    """
    text = re.sub(r"[^a-z0-9]+", " ", question.lower())
    found: dict[str, int] = {}
    counts = Counter(name for names in (levels or {}).values() for name in set(names))
    for key in keys:
        name = key.rpartition(".")[2]
        for unit in UNITS:
            name = name.removesuffix(unit)
        plain = name.replace("_", " ")
        own = [name.replace("_", " ") for name in (levels or {}).get(key, ()) if counts[name] == 1]
        for said in (plain, plain.removesuffix("s"), plain.split()[0], *own):
            place = re.search(rf"\b{re.escape(said)}", text)
            if place and len(said) > 3 and said not in STOP:
                found[key] = min(place.start(), found.get(key, place.start()))
                break
    return sorted(found, key=lambda key: found[key])


def same_sign(contrast: LevelContrast) -> tuple[int, int]:
    """The number of points at which a contrast has the sign of its mean, and the number of all points."""
    each = np.array(contrast.each)
    return int((np.sign(each) == np.sign(contrast.difference)).sum()), len(each)
