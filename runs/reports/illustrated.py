"""The figures of an experiment, which depend on its design, with titles, captions and descriptions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from juste_retour.agents.errors import JusteRetourError
from juste_retour.runs.analysis.sensitivity import DRAWN, morris
from juste_retour.runs.base.numerals import brief, counted, span
from juste_retour.runs.reports import effect_figures, figures, titles
from juste_retour.runs.reports.drawing import Drawn
from juste_retour.runs.reports.figures import Bar
from juste_retour.runs.reports.findings import CLUSTERED, MOST_POINTS, Findings
from juste_retour.runs.reports.wording import percent, unit_of, words

SHOWN_POINTS = 12
NAMED = 6  # factors that a caption names
DRAWS = "random draws"


class Illustrated(Findings):
    """The findings of an experiment with their figures."""

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
    def _basis(self) -> str:
        """The last sentence of every caption: what was varied, and the number of replications."""
        varied = self.spec.varied
        what = ", ".join(varied) if len(varied) <= NAMED else f"{len(varied)} factors"
        count = len(self.numbers)
        return (
            f"Varied: {what}; {counted(self.values[self.headline].shape[1], 'replication')} at "
            f"{'the point' if count == 1 else f'each of {count:,} points'}, with common random numbers."
        )

    def _drawn(self, name: str, title: str, caption: str, alt: str, draw: Callable[[], Figure]) -> Drawn:
        return Drawn(name, title, f"{caption} {self._basis}", alt, draw)

    def _attributions(self) -> list[Drawn]:
        out, name = [], words(self.headline)
        for k, (context, found) in enumerate(self.attributions):
            where = f", {context}" if context else ""
            rows = [(s.group, s.share) for s in found.shares]
            out.append(
                self._drawn(
                    f"attribution-{k + 1}" if k else "attribution",
                    titles.of_attribution(found, name),
                    f"The difference in {name} from {found.source} to {found.target}{where} is "
                    f"{unit_of(brief(found.difference), self.headline)} (95 % interval {span(found.low, found.high)}). Bars: "
                    "Shapley shares over all mixtures, with 95 % intervals; hatched if they work against the difference. Tick: "
                    "the change if this group is switched first. Diamond: the change if it is switched last, which is larger if "
                    "the group complements others, and smaller if it is a substitute for them.",
                    f"Bar chart, a bar for each group: {titles.numbers_of(rows)}",
                    partial(figures.attribution, found, unit_of(name, self.headline)),
                )
            )
        return out

    def _intervals(self) -> list[Drawn]:
        if self.spec.design.kind in ("sobol", "morris") or len(self.groups) > MOST_POINTS or not self.groups:
            return []  # no point of a sample stands for much
        labels = [label for label, _ in self.groups]
        out = []
        for name in list(self.values)[:2]:
            values = [self.pooled(name, rows) for _, rows in self.groups]
            medians = list(zip(labels, titles.ends_of(values), strict=True))
            out.append(
                self._drawn(
                    f"points-{name.replace('_', '-')}",
                    titles.of_intervals(labels, values, words(name)),
                    f"{words(name).capitalize()} {self._each}: median and 90 % range of {self._worlds}.",
                    f"Dot plot, a row for each point, with its median: {titles.numbers_of(medians)}",
                    partial(figures.intervals, labels, values, unit_of(words(name), name)),
                )
            )
        return out

    @property
    def _sampled(self) -> bool:
        return any(len(rows) > 1 for _, rows in self.groups)

    @property
    def _each(self) -> str:
        return f"at each level of {self.pooled_by}" if self._sampled else "at each point"

    @property
    def _worlds(self) -> str:
        count = counted(self.values[self.headline].shape[1], "replication")
        return "all replications at the level" if self._sampled else count

    def _contrasts(self) -> list[Drawn]:
        found, name = self.contrasts, words(self.headline)
        if not found:
            return []
        more = (
            f" The figure shows the first {figures.MOST_ROWS} of {len(found)}."
            if len(found) > figures.MOST_ROWS
            else ""
        )
        lines = "95 % intervals over paired replications"
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
        rows = [(f"{c.factor} {c.level}".strip(), c.difference) for c in found]
        return [
            self._drawn(
                "contrasts",
                titles.of_contrasts(found, name),
                f"Differences in {name}. {first}. Lines: {lines}, not corrected for multiple comparisons; hollow where "
                f"the interval includes zero.{apart}{more}",
                f"Dot plot, a row for each difference: {titles.numbers_of(rows)}",
                partial(figures.contrasts, found, unit_of(name, self.headline)),
            )
        ]

    def _interaction(self) -> list[Drawn]:
        cells, pair, name = self.asked.cells, self.asked.pair, words(self.headline)
        if cells is None or pair is None:
            return []
        lines = "95 % intervals over replications" if self.asked.sample is None else CLUSTERED
        caption = (
            f"Mean {name} at each pair of levels of {cells.factor} and {cells.other}, averaged over all other factors, with "
            f"{lines}. Parallel lines mean no interaction."
        )
        if pair.share == pair.share:
            caption += f" The interaction accounts for {pair.share:.1%} of the variance ({span(pair.low, pair.high, percent)})."
        rows = [
            (f"{level} with {ground}", float(cells.mean[i, j]))
            for i, level in enumerate(cells.levels)
            for j, ground in enumerate(cells.grounds)
        ]
        return [
            self._drawn(
                "interaction",
                titles.of_interaction(cells, self.asked.conditional, name),
                caption,
                f"Line chart, a line for each level of {cells.other}: {titles.numbers_of(rows)}",
                partial(effect_figures.interaction, cells, unit_of(name, self.headline)),
            )
        ]

    def _sensitivity(self) -> list[Drawn]:
        kind, name = self.spec.design.kind, words(self.headline)
        if kind == "morris":
            effects = morris(self.results, self.headline)
            rows = [(e.factor, e.mu_star, e.mu_star - e.mu_star_half_width) for e in effects]
            caption = (
                f"Morris screening of {name}: each factor's mean absolute effect across its range, with a 95 % interval. Diamond: "
                "the standard deviation of its effects, which is large if a factor interacts or its effect is not linear."
            )
            return [
                self._drawn(
                    "sensitivity",
                    titles.of_shares(rows, math.nan, name),
                    caption,
                    f"Dot plot, a row for each factor: {titles.numbers_of([row[:2] for row in rows])}",
                    partial(figures.morris, effects, unit_of(name, self.headline)),
                )
            ]
        found = self._shares()
        if found is None:
            return []
        alone, total, noise, caption = found
        rated = [row[:3] for row in total or alone]
        said = [*(row[:2] for row in alone), *([noise[:2]] if noise else [])]
        return [
            self._drawn(
                "sensitivity",
                titles.of_shares(rated, noise[1] if noise else math.nan, name),
                caption,
                "Bar chart, a bar for each factor with its share of the variance: "
                + titles.numbers_of([(factor, round(share, 2)) for factor, share in said]),
                partial(figures.shares, alone, total, noise, name),
            )
        ]

    def _shares(self) -> tuple[list[Bar], list[Bar], Bar | None, str] | None:
        """Shares of the variance alone and in total, those of random draws, and the caption; None in small designs."""
        kind, name = self.spec.design.kind, words(self.headline)
        if kind == "sobol":
            s = self.asked.indices
            ranked = sorted(s.indices, key=lambda i: -i.total)
            caption = (
                f"Sobol indices from {s.base} base points: each factor's share of the variance of {name} alone (first order, "
                "dark) and with all its interactions (total, pale), and the share of random draws at a fixed point. Lines: 95 % "
                "bootstrap intervals."
            )
            return (
                [(i.factor, i.first, i.first_low, i.first_high) for i in ranked],
                [(i.factor, i.total, i.total_low, i.total_high) for i in ranked],
                (DRAWS, s.noise, s.noise_low, s.noise_high) if math.isfinite(s.noise) else None,
                caption,
            )
        split = self.asked.split
        if split is not None:
            factors = sorted(split.factors, key=lambda f: -(f.total or f.alone).share)
            whole = [f.total for f in factors if f.total is not None]
            pale = " (dark) and in total with all its interactions (pale)" if len(whole) == len(factors) else ""
            caption = (
                f"Each factor's share of the variance of {name} alone{pale}. The variance is over the points that were run and "
                "over random draws. Lines: 95 % jackknife intervals over replications."
            )
            return (
                [(f.factor, f.alone.share, f.alone.low, f.alone.high) for f in factors],
                [(f.factor, e.share, e.low, e.high) for f, e in zip(factors, whole, strict=True)] if pale else [],
                (DRAWS, split.noise, math.nan, math.nan),
                caption,
            )
        if self.effects is None:
            return None
        effects, noise = self.effects
        caption = (
            f"Each factor's share of the variance of {name} alone. The variance is over the points that were run and over random "
            "draws; what the shares do not sum to is due to interactions. Lines: 95 % bootstrap intervals over "
            f"{DRAWN.get(kind, 'replications')}."
        )
        ranked_effects = sorted(effects, key=lambda e: -e.share)
        rows = [(e.factor, e.share, e.low, e.high) for e in ranked_effects]
        return rows, [], (DRAWS, noise, math.nan, math.nan), caption

    def _robustness(self) -> list[Drawn]:
        found = self.robustness
        if found is None:
            return []
        best = "lowest" if found.lower_is_better else "highest"
        others = ", ".join(found.parameters[2:])
        caption = (
            f"Each mark is a combination of the other factors. Shape and color: the level of {found.institution} with the "
            f"{best} mean {words(self.headline)}. Size: how often that level is best. Hollow marks: the 95 % interval of its "
            "lead over the second includes zero."
        )
        caption += f" These factors vary as well: {others}." if others else ""
        rows = [f"{name} {titles.percent(share)}" for name, share in found.share.items()]
        return [
            self._drawn(
                "robustness",
                titles.of_robustness(found),
                caption,
                f"Scatter plot of {len(found.table)} combinations; clearly best at: {'; '.join(rows)}",
                partial(figures.robustness, found),
            )
        ]

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
        labels = [self.labels[r] for r in rows]
        largest = [[(members.sites.cities[at[s]], float(np.median(v))) for s, v in sizes[n].items()] for n in wanted]
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
            "Where facilities are built. Area of a circle: median accelerators of the facility over the replications in which it "
            "is built; the paler the circle, the fewer replications build it."
        )
        drawing = partial(figures.facility_map, labels, tables, members.states.codes)
        counts = [(label, float(len(here))) for label, here in zip(labels, largest, strict=True)]
        alt = (
            f"Map of Europe with a disc for each place; places with a facility in any run: {titles.numbers_of(counts)}"
        )
        return [self._drawn("map", titles.of_map(labels, largest), caption, alt, drawing)]

    def _sites(self) -> list[Drawn]:
        if self.spec.design.kind in ("sobol", "morris") or len(self.numbers) > 2000:
            return []
        values = self.values["sites"] if "sites" in self.values else self.results.outcome("sites")[1]
        shown = self.groups
        if not 0 < len(shown) <= SHOWN_POINTS:
            return []
        labels = [label for label, _ in shown]
        counts = [values[rows].ravel() for _, rows in shown]
        medians = list(zip(labels, titles.ends_of(counts), strict=True))
        return [
            self._drawn(
                "sites",
                titles.of_facilities(labels, counts),
                f"The share of {self._worlds} with each number of facilities under contract {self._each}; dashed: the median.",
                f"Histograms, one for each point, with medians: {titles.numbers_of(medians)}",
                partial(figures.distributions, labels, counts, "facilities under contract"),
            )
        ]
