"""The figures and numbers of a report, which depend on the design of the experiment."""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np
import pandas as pd

from juste_retour.agents.arrays import Floats
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.contrasts.attribution import Attribution, attributed
from juste_retour.runs.contrasts.contrasts import contrasts
from juste_retour.runs.experiments.design import TO
from juste_retour.runs.experiments.factors import SCENARIO
from juste_retour.runs.experiments.results import Results
from juste_retour.runs.experiments.spec import said
from juste_retour.runs.numerals import brief, shown, span
from juste_retour.runs.reports import effect_figures, figures
from juste_retour.runs.reports.effects import CROSSED, Effects
from juste_retour.runs.reports.figures import Drawn
from juste_retour.runs.reports.level_contrasts import LevelContrast
from juste_retour.runs.reports.robustness import RobustnessMap, institution_of, robustness
from juste_retour.runs.reports.sensitivity import DRAWN, MainEffect, morris
from juste_retour.runs.reports.wording import label, percent, unit_of, words

MOST_POINTS = 48
SHOWN_POINTS = 12
MAPS = 4
CLUSTERED = "95 % intervals clustered by sample point and by replication"


class Findings:
    """The figures and numbers of an experiment; each is computed once, when it is first used.

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
    def figures(self) -> list[Drawn]:
        """All figures that the design allows; a figure that cannot be drawn leaves a note in `notes`."""
        makers = (
            self._attributions,
            self._contrasts,
            self._interaction,
            self._sensitivity,
            self._robustness,
            self._intervals,
            self._maps,
            self._sites,
        )
        found: list[Drawn] = []
        for make in makers:
            try:
                found += make()
            except JusteRetourError as error:
                if str(error) not in self.notes:
                    self.notes.append(str(error))
        return found

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
            out.append(
                (context, attributed(built, values[start : start + size], self.headline, self.spec.seed))
            )
        return out

    @cached_property
    def contrasts(self) -> list[LevelContrast]:
        """Contrasts of factors' levels; in a list, contrasts of the points with the first one."""
        if self.spec.design.kind == "list" or len(self.spec.varied) == 1:
            return self._against_first()
        return self.asked.contrasts

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
        return [
            MainEffect(f.factor, f.alone.share, f.alone.low, f.alone.high) for f in split.factors
        ], split.noise

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
        name, values = self.headline, self.values[self.headline]
        out = []
        for k in range(1, len(values)):
            (c,) = contrasts(
                {name: values[k]}, {name: values[0]}, self.labels[k], self.labels[0], self.spec.seed
            )
            out.append(LevelContrast("", self.labels[k], self.labels[0], c.difference, c.low, c.high, 1))
        return out

    def _attributions(self) -> list[Drawn]:
        out = []
        for k, (context, found) in enumerate(self.attributions):
            where = f" ({context})" if context else ""
            out.append(
                Drawn(
                    f"attribution-{k + 1}" if k else "attribution",
                    f"Which institutions account for the difference in {words(self.headline)}{where}.",
                    f"From {found.source} to {found.target}: {unit_of(brief(found.difference), self.headline)} "
                    f"(95 % interval {span(found.low, found.high)}). Bars: Shapley shares over all mixtures, with "
                    f"{found.worlds} replications and common random numbers. Lines: 95 % intervals. A group with a larger effect "
                    "when it is switched last complements other groups; one with a larger effect when it is switched first is a "
                    "substitute for them.",
                    partial(figures.attribution, found, words(self.headline)),
                )
            )
        return out

    def _intervals(self) -> list[Drawn]:
        if len(self.groups) > MOST_POINTS or not self.groups:
            return []
        labels, worlds = [label for label, _ in self.groups], self._worlds
        return [
            Drawn(
                f"points-{name.replace('_', '-')}",
                f"{words(name).capitalize()} {self._each}.",
                f"Median and the range of 90 % of {worlds}.",
                partial(
                    figures.intervals,
                    labels,
                    [self.pooled(name, rows) for _, rows in self.groups],
                    unit_of(words(name), name),
                ),
            )
            for name in list(self.values)[:2]
        ]

    @property
    def _sampled(self) -> bool:
        return any(len(rows) > 1 for _, rows in self.groups)

    @property
    def _each(self) -> str:
        return f"at each level of {self.pooled_by}" if self._sampled else "at each point"

    @property
    def _worlds(self) -> str:
        count = self.values[self.headline].shape[1]
        return (
            f"{count} replications at all points of the level" if self._sampled else f"{count} replications"
        )

    def _contrasts(self) -> list[Drawn]:
        found = self.contrasts
        if not found:
            return []
        more = (
            f" The figure shows the first {figures.MOST_ROWS} of {len(found)}."
            if len(found) > figures.MOST_ROWS
            else ""
        )
        lines = "95 % bootstrap intervals over paired replications"
        if not found[0].factor:
            first = "The mean of each point less that of the first point"
        elif self.asked.sample is not None:
            first = (
                "The mean at each level, or in each quarter of a range, less that at its factor's first level, averaged over "
                "the sample of all other factors"
            )
            lines = CLUSTERED
        else:
            first = (
                "The mean at each level less that at its factor's first level, averaged over the points that agree in all "
                "other factors"
            )
        apart = (
            " Thin marks: the difference at each of those points; if they are far apart, factors interact."
            if any(c.matches > 1 for c in found)
            else ""
        )
        return [
            Drawn(
                "contrasts",
                f"Contrasts in {words(self.headline)}.",
                f"{first}, with common random numbers. Lines: {lines}, not corrected for multiple comparisons.{apart}{more}",
                partial(figures.contrasts, found, unit_of(words(self.headline), self.headline)),
            )
        ]

    def _interaction(self) -> list[Drawn]:
        cells, pair = self.asked.cells, self.asked.pair
        if cells is None or pair is None:
            return []
        lines = "95 % bootstrap intervals over replications" if self.asked.sample is None else CLUSTERED
        caption = (
            f"The mean at each pair of levels, averaged over all other factors, with {lines}. Parallel lines mean no "
            "interaction."
        )
        if pair.share == pair.share:
            caption += f" The interaction accounts for {pair.share:.1%} of the variance ({span(pair.low, pair.high, percent)})."
        name = unit_of(words(self.headline), self.headline)
        title = f"{words(self.headline).capitalize()} by {cells.factor} and {cells.other}."
        return [Drawn("interaction", title, caption, partial(effect_figures.interaction, cells, name))]

    def _sensitivity(self) -> list[Drawn]:
        kind, name = self.spec.design.kind, words(self.headline)
        if kind == "sobol":
            indices = self.asked.indices
            caption = (
                f"Sobol indices from {indices.base} base points with {indices.replications} replications: each factor's share "
                "of the variance alone (first order) and with all its interactions (total), and the share of random draws at a "
                "fixed point. Lines: 95 % bootstrap intervals."
            )
            return [
                Drawn("sensitivity", f"Which factors drive {name}.", caption, partial(figures.sobol, indices))
            ]
        if kind == "morris":
            effects = morris(self.results, self.headline)
            caption = (
                "Morris screening: each factor's mean absolute effect across its range, with a 95 % interval, and the standard "
                "deviation of its effects."
            )
            return [
                Drawn(
                    "sensitivity",
                    f"Which factors drive {name}.",
                    caption,
                    partial(figures.morris, effects, name),
                )
            ]
        if self.asked.split is not None:
            caption = (
                "Each factor's share of the variance alone, and in total with all its interactions. The variance is over the "
                "points that were run and over random draws. Lines: 95 % jackknife intervals over replications."
            )
            drawing = partial(effect_figures.shares, self.asked.split, name)
            return [Drawn("sensitivity", f"Which factors drive {name}.", caption, drawing)]
        if self.effects is None:
            return []
        shares, noise = self.effects
        caption = (
            "Each factor's share of the variance alone. The variance is over the points that were run and over random draws; "
            "what the shares do not sum to is due to interactions. Lines: 95 % bootstrap intervals over "
            f"{DRAWN.get(kind, 'replications')}."
        )
        drawing = partial(figures.main_effects, shares, noise, name)
        return [Drawn("sensitivity", f"Which factors drive {name}.", caption, drawing)]

    def _robustness(self) -> list[Drawn]:
        found = self.robustness
        if found is None:
            return []
        best = "lowest" if found.lower_is_better else "highest"
        others = ", ".join(found.parameters[2:])
        caption = (
            f"Each mark is a combination of the other factors. Shape and color: the level of {found.institution} with the "
            f"{best} mean {words(self.headline)}. Size: how often that level is best, with common random numbers. Hollow marks: "
            "the 95 % interval of its lead over the second includes zero."
        )
        caption += f" These factors vary as well: {others}." if others else ""
        title = f"Which level of {found.institution} does best at which parameters."
        return [Drawn("robustness", title, caption, partial(figures.robustness, found))]

    def _maps(self) -> list[Drawn]:
        members = self.spec.members
        if members.name != "European Union":
            return []
        if "facilities" not in self.results.tables:
            self.notes.append(
                "There is no map, because the results have no table 'facilities'; add it to `tables` in the spec."
            )
            return []
        rows = self.ends
        if not rows:
            return []
        wanted = [self.numbers[r] for r in rows]
        sizes: dict[int, dict[str, list[float]]] = {n: {} for n in wanted}
        for part in self.results.parts("facilities"):
            here = part[part["point"].isin(wanted)]
            for number, site, size in zip(here["point"], here["site"], here["accelerators"], strict=True):
                sizes[int(number)].setdefault(str(site), []).append(float(size))
        at = {name: k for k, name in enumerate(members.sites.names)}
        worlds = self.values[self.headline].shape[1]
        tables = [
            pd.DataFrame(
                {
                    "latitude": [members.sites.latitude[at[s]] for s in sizes[n]],
                    "longitude": [members.sites.longitude[at[s]] for s in sizes[n]],
                    "accelerators": [float(np.median(v)) for v in sizes[n].values()],
                    "share": [min(len(v) / worlds, 1.0) for v in sizes[n].values()],
                }
            )
            for n in wanted
        ]
        caption = (
            "Area of a circle: median accelerators of the facility over the replications in which it is built. The paler the "
            "circle, the fewer replications build it."
        )
        drawing = partial(figures.facility_map, [self.labels[r] for r in rows], tables, members.states.codes)
        return [Drawn("map", "Where facilities are built.", caption, drawing)]

    def _sites(self) -> list[Drawn]:
        if self.spec.design.kind in ("sobol", "morris") or len(self.numbers) > 2000:
            return []
        values = self.values["sites"] if "sites" in self.values else self.results.outcome("sites")[1]
        shown = self.groups
        if not 0 < len(shown) <= SHOWN_POINTS:
            return []
        caption = f"The share of {self._worlds} with each number of facilities under contract."
        drawing = partial(
            figures.distributions,
            [label for label, _ in shown],
            [values[rows].ravel() for _, rows in shown],
            "facilities",
        )
        return [Drawn("sites", "Number of facilities.", caption, drawing)]
