"""The regression of a grid as papers print it, in LaTeX, Word and HTML, with scripts for R and Stata that give the same.

Ordinary least squares on indicators of the factors' levels, with fixed effects of replications and standard errors that are
clustered by replication. The fixed effects are taken out by subtracting each replication's mean from the outcome: every
replication has the same cells, and the effects must not count as parameters, because the clusters contain them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from juste_retour.abm.base.files import refuse_special_output
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.effects import Effects
from juste_retour.runs.base.numerals import shown
from juste_retour.runs.base.pages import page_of
from juste_retour.runs.engine.results import Results
from juste_retour.runs.results.export import cannot_write

TEMPLATES = Path(__file__).parent / "templates"
FORMAT = "b:.4f\n(se:.4f)"  # of a coefficient; no stars: a p-value says whether the simulation was run often enough
SCRIPTS = {"csv": "regression.R", "dta": "regression.do"}  # by the format that a script reads


@dataclass(frozen=True)
class Term:
    """A regressor: the product of indicators, each that a column of the table `worlds` has a level."""

    levels: tuple[tuple[str, object], ...]

    def __str__(self) -> str:
        """The regressor's name in tables."""
        return " x ".join(f"{column} = {shown(level)}" for column, level in self.levels)

    def values(self, worlds: pd.DataFrame) -> pd.Series:
        """The regressor in each run, 0 or 1."""
        return (pd.concat([worlds[c] == level for c, level in self.levels], axis=1)).all(axis=1).astype(float)

    @property
    def in_r(self) -> str:
        """The regressor in R, where the runs are a data frame that was read from a CSV file."""
        said = [(f'runs[["{c}"]]', v) for c, v in self.levels]
        return " * ".join(
            f'(tolower({column}) == "{str(level).lower()}")'
            if isinstance(level, bool)
            else f"({column} == {_quoted(level)})"
            for column, level in said
        )

    @property
    def in_stata(self) -> str:
        """The regressor in Stata, where a column's name has 32 letters, digits and underscores at most."""
        said = [(c, str(int(v)) if isinstance(v, bool) else _quoted(v)) for c, v in self.levels]
        return " * ".join(f"({stata_name(column)} == {level})" for column, level in said)


@dataclass(frozen=True)
class Regression:
    """Two models of one outcome: the factors alone, and with the interaction of two of them if there are two.

    `worlds` are the runs of the replications in which every run has the outcome, `omitted` the other replications, `terms`
    the regressors of the last model, of which the first model has the first `alone`.
    """

    outcome: str
    worlds: pd.DataFrame
    omitted: int
    base: str
    terms: tuple[Term, ...]
    alone: int

    @property
    def sizes(self) -> list[int]:
        """The number of regressors of each model."""
        return sorted({self.alone, len(self.terms)})

    def fit(self) -> list[Any]:
        """The fitted models, as results of statsmodels."""
        from statsmodels.api import OLS

        y, by = self.worlds[self.outcome].astype(float), self.worlds["replicate"]
        within = (y - y.groupby(by).transform("mean") + y.mean()).rename(self.outcome)
        every = {"Constant": np.ones(len(y)), **{str(t): t.values(self.worlds) for t in self.terms}}
        x = pd.DataFrame(every, index=y.index)
        clustered = {"cov_type": "cluster", "cov_kwds": {"groups": by}, "use_t": True}
        return [OLS(within, x.iloc[:, : k + 1]).fit(**clustered) for k in self.sizes]


def regression(results: Results, outcome: str) -> Regression:
    """The regression of an outcome on the factors of a grid.

    Raises:
        BadInput: the design is not a grid of two points or more, the column is no number that varies, fewer than two
            replications have it in every run, or a level is a table of several values.
    """
    if results.spec.design.kind != "grid" or len(results.spec.kept) < 2:
        raise BadInput(
            "--regression needs a grid of two points or more; for other designs use `juste-retour sensitivity`."
        )
    worlds = results.table("worlds")
    if outcome not in worlds.columns or worlds[outcome].dtype.kind not in "iufb":
        raise BadInput(
            f"--regression is {outcome!r}, which is no number of the table worlds; see `export --tables worlds`."
        )
    effects = Effects(results, outcome)
    levels = {key: list(dict.fromkeys(worlds.sort_values("point")[key].tolist())) for key in effects.keys}
    for key, several in levels.items():
        if len(several) != len(next(f for f in results.spec.factors if f.key == key).levels):
            raise BadInput(
                f"--regression: {key} has levels that its column does not tell apart; give each level one value."
            )
    incomplete = worlds.groupby("replicate")[outcome].transform(lambda y: y.isna().any())
    kept = worlds[~incomplete]
    if kept["replicate"].nunique() < 2 or kept[outcome].nunique() < 2:
        raise BadInput(f"--regression: {outcome} is missing or does not vary; choose another outcome.")
    mains = [Term(((key, level),)) for key, several in levels.items() for level in several[1:]]
    both = [
        Term(((a, one), (b, other)))
        for a, b in ([effects.ordered] if effects.ordered else [])
        for one in levels[a][1:]
        for other in levels[b][1:]
    ]
    base = ", ".join(f"{key} = {shown(several[0])}" for key, several in levels.items())
    omitted = worlds["replicate"].nunique() - kept["replicate"].nunique()
    return Regression(outcome, kept, omitted, base, (*mains, *both), len(mains))


def write_regression(results: Results, outcome: str, out: Path, formats: tuple[str, ...]) -> list[Path]:
    """Write `regression.tex`, `.docx` and `.html`, and the script of each format that one reads; return the files."""
    from maketables import ETable

    found = regression(results, outcome)
    fits = found.fit()
    without = f" {found.omitted} replications lack the outcome in some run and are left out." if found.omitted else ""
    note = (
        f"Ordinary least squares with fixed effects of replications ({found.worlds['replicate'].nunique()}); standard errors, "
        f"clustered by replication, in parentheses. The constant is the mean at {found.base}.{without}"
    )
    paths = [out.absolute() / f"regression.{kind}" for kind in ("tex", "docx", "html")]
    scripts = [out.absolute() / name for ending, name in SCRIPTS.items() if ending in formats]
    try:
        for path in paths:
            refuse_special_output(path)
            said = _in_latex if path.suffix == ".tex" else str
            table = ETable(
                fits,
                caption=said(results.spec.title),
                notes=said(note),
                labels={name: said(name) for name in (outcome, *map(str, found.terms))},
                model_stats=["N", "r2"],
                coef_fmt=FORMAT,
            )
            table.save(path.suffix[1:], str(path), show=False, replace=True)
        for path in scripts:
            refuse_special_output(path)
            page = page_of(TEMPLATES / f"{path.name}.jinja", regression=found, fits=fits, stata_name=stata_name)
            path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise cannot_write(out, error) from None
    return [*paths, *scripts]


def stata_name(column: str) -> str:
    """A column's name in the Stata file, as pandas writes it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", column)[:32]


def _in_latex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


def _quoted(level: object) -> str:
    return f'"{level}"' if isinstance(level, str) else repr(level)
