"""The numbers behind the figures and tables of a report, which depend on the design of the experiment."""

from __future__ import annotations

from functools import cached_property

from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.analysis.attribution import Attribution, attributed
from juste_retour.runs.analysis.clustered import over_replications
from juste_retour.runs.analysis.contrasts import paired_difference
from juste_retour.runs.analysis.crossed_effects import LevelContrast
from juste_retour.runs.analysis.effects import CROSSED, Effects
from juste_retour.runs.analysis.robustness import RobustnessMap, institution_of, robustness
from juste_retour.runs.analysis.sensitivity import MainEffect
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.engine.design import TO
from juste_retour.runs.engine.factors import SCENARIO
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import said
from juste_retour.runs.reports.wording import label

MOST_POINTS = 48
MAPS = 4
CLUSTERED = "95 % intervals clustered by sample point and by replication"


class Findings:
    """The numbers of an experiment; each is computed once, when it is first used.

    `asked` holds the effects of the factors.

    Args:
        results: the experiment, with the table `worlds`.

    Raises:
        BadInput: the table `worlds` was not kept.
    """

    def __init__(self, results: Results):
        self.results, self.spec = results, results.spec
        if "worlds" not in results.tables:
            raise BadInput(
                f"{results.out} has no table 'worlds', which a report needs; add it to `tables` in the spec and run the "
                "batch again."
            )
        self.numbers: list[int] = []
        self.values: dict[str, Floats] = {}
        for name in self.spec.outcomes:
            self.numbers, self.values[name] = results.outcome(name)
        self.headline = self.spec.outcomes[0]
        self.points = [self.spec.points[n] for n in self.numbers]
        self.labels = [label(point) for point in self.points]
        self.notes: list[str] = []
        self.asked = Effects(results, self.headline)

    @cached_property
    def attributions(self) -> list[tuple[str, Attribution]]:
        """The attributions of the headline outcome in a `switches` design, one per setting of its other factors."""
        built = self.spec.switching
        size = 1 if built is None else 2 ** len(built.units)
        if built is None or self.spec.refused or len(self.numbers) % size:
            return []
        units = {unit[0] for unit in built.units}
        values = self.values[self.headline]
        out = []
        for start in range(0, len(values), size):
            context = said({k: v for k, v in self.points[start].items() if k not in units})
            some, seeds = values[start : start + size], self.results.solver_seeds
            out.append((context, attributed(built, some, self.headline, self.spec.seed, seeds)))
        return out

    @cached_property
    def contrasts(self) -> list[LevelContrast]:
        """Contrasts of factors' levels; in a list, contrasts of the points with the first one."""
        if self.spec.design.kind == "list" or len(self.spec.varied) == 1:
            return self._against_first()
        return self.asked.contrasts

    @property
    def answering(self) -> list[LevelContrast]:
        """The contrasts of the factor that the question names first; in a list all of them."""
        return [c for c in self.contrasts if not c.factor or c.factor in self.asked.focus[:1]]

    @property
    def some(self) -> list[int]:
        """Rows of the points that tables and figures show; empty if there are too many to read."""
        rows = list(range(len(self.numbers)))
        if self.spec.switching is not None:
            units = [unit[0] for unit in self.spec.switching.units]
            telling = (0, 1, len(units) - 1, len(units))
            switched = [sum(point[u] == TO for u in units) for point in self.points]
            rows = [r for r in rows if switched[r] in telling]
            rows.sort(key=lambda r: (r // 2 ** len(units), switched[r]))
        return rows if len(rows) <= MOST_POINTS else []

    @cached_property
    def groups(self) -> list[tuple[str, list[int]]]:
        """The lines of tables and figures: a label each, with the rows of the points that it combines.

        In a sample, or with many points, single points say little; there each level of one factor combines its points.
        """
        key = self.pooled_by
        if key is not None:
            found: dict[str, list[int]] = {}
            for row, point in enumerate(self.points):
                found.setdefault(shown(point.get(key)), []).append(row)
            return list(found.items()) if len(found) <= MOST_POINTS else []
        return [(self.labels[r], [r]) for r in self.some or self.ends]

    @cached_property
    def pooled_by(self) -> str | None:
        """The factor whose levels combine their points; None if points are shown one by one."""
        if self.spec.design.kind == "latin_hypercube":
            return institution_of(self.spec.factors)
        if self.some or self.spec.design.kind not in CROSSED or self.spec.switching is not None:
            return None
        return next(iter(self.asked.focus), None)

    def pooled(self, name: str, rows: list[int]) -> Floats:
        """An outcome in all replications of some rows."""
        return self.values[name][rows].ravel()

    @cached_property
    def effects(self) -> tuple[list[MainEffect], float] | None:
        """Each factor's share of the headline's variance alone, and that of random draws; None in small designs."""
        if self.spec.design.kind in ("sobol", "morris") or len(self.numbers) <= 2:
            return None
        split = self.asked.split
        if split is None:
            return self.asked.mains
        return [MainEffect(f.factor, f.alone.share, f.alone.low, f.alone.high) for f in split.factors], split.noise

    @cached_property
    def robustness(self) -> RobustnessMap | None:
        """Which institution does best where, if one is crossed with two or more numerical parameters; else None."""
        spec = self.spec
        numeric = [
            f
            for f in spec.factors
            if not f.levels or all(isinstance(v, int | float) and not isinstance(v, bool) for v in f.levels)
        ]
        idle = {i.factor for i in self.asked.idle if not i.levels and not i.under}
        numeric = [f for f in numeric if f.key not in idle]
        crossed = spec.design.kind in ("grid", "latin_hypercube") and institution_of(spec.factors) is not None
        if not crossed or len(numeric) < 2 or len(self.numbers) < 20:
            return None
        families = [f.key for f in spec.factors if f.key == SCENARIO or f.key in FAMILIES]
        institution = next((key for key in self.asked.focus if key in families), families[0])
        return robustness(self.results, self.headline, institution)

    @property
    def ends(self) -> list[int]:
        """Rows of the points that get a map; empty if there are too many."""
        count = len(self.numbers)
        if self.spec.switching is not None:
            size = 2 ** len(self.spec.switching.units)
            return [0, size - 1] if count >= size else [0]
        return list(range(count)) if count <= MAPS else []

    def _against_first(self) -> list[LevelContrast]:
        values = self.results.independent(self.headline)[1]
        ends = zip(*over_replications(paired_difference(values[1:], values[:1])), self.labels[1:], strict=True)
        return [
            LevelContrast("", label, self.labels[0], float(mean), float(low), float(high), 1)
            for mean, low, high, label in ends
        ]
