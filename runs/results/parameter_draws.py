"""Draws of parameters for contrasts of scenarios, from the posterior of a calibration or from all plausible ranges.

Draw k is run with replication k, so that the spread of a contrast covers both parameter uncertainty and random draws. A
parameter is drawn only if all scenarios that use it set it to the same value; otherwise each keeps its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.base.files import content_of
from juste_retour.abm.worlds.scenario import Scenario, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.base.chunked import Progress
from juste_retour.runs.results.ensemble import checked_integer
from juste_retour.runs.results.frames import EXACT
from juste_retour.runs.results.parameter_ranges import about, changed, range_draws, ranged, setting

POSTERIORS = "juste_retour.posteriors"  # entry points: functions of (draws, seed, progress) that return a table
LEAST = 20
READ_BY = ("window_years", "lag_cap_years")  # choices of measurement, not uncertain quantities
Posterior = Callable[[int, int, Progress | None], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class ParameterDraws:
    """Draws of parameters that several scenarios share.

    Attributes:
        table: one row per draw, one column per parameter by its full name.
        names: the columns that are drawn, because all scenarios set them to the same value.
        left_out: number of draws omitted because a scenario refuses them.
        source: what is drawn from, in words.
        each: replications of each draw.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    left_out: int
    source: str
    each: int = 1

    @property
    def count(self) -> int:
        """The number of draws."""
        return len(self.table)

    def at(self, scenario: Scenario, replicates: Iterable[int]) -> list[Scenario]:
        """The scenario with the draws of some replications, one scenario per replication."""
        rows = [k // self.each for k in replicates]
        few = list(dict.fromkeys(rows))
        drawn = self.table[list(self.names)].iloc[few].to_dict("records")
        made = {
            k: changed(scenario, {str(name): float(v) for name, v in row.items()})
            for k, row in zip(few, drawn, strict=True)
        }
        return [made[k] for k in rows]


def prior(count: int, seed: int) -> pd.DataFrame:
    """A scrambled Sobol sequence of draws from the plausible ranges of all float parameters; one row per draw.

    Integers are not drawn, since they set the shapes of arrays that draws share; nor are the window and the cap on the
    lag, which are choices of measurement.
    """
    names = [name for name in ranged() if _real(name) and name not in READ_BY]
    return pd.DataFrame(range_draws(names, count, seed))


def _real(name: str) -> bool:
    """Whether a parameter is a float."""
    family, _, rest = name.partition(".")
    if not rest:
        return isinstance(parameters()[name][0], float)
    rule, _, own = rest.partition(".")
    return isinstance(FAMILIES[family][rule].parameters[own][0], float)


def posterior(count: int, seed: int, progress: Progress | None = None) -> pd.DataFrame:
    """Draws from the posterior of the calibration, which an installed study provides through an entry point."""
    found = next(iter(entry_points(group=POSTERIORS)), None)
    if found is None:
        raise BadInput("no study with a calibration is installed; use --prior to draw from the plausible ranges.")
    give: Posterior = found.load()
    return give(count, seed, progress)


def read_draws(path: Path) -> pd.DataFrame:
    """Read a table of draws with one column per parameter, such as the posterior.csv of `calibrate --out`."""
    try:
        table = pd.read_csv(io.BytesIO(content_of(path)), **EXACT)
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise BadInput(
            f"{path} is not a table of draws ({why}); give the posterior.csv of `calibrate --out`."
        ) from None
    table = table.drop(columns=[c for c in ("weight",) if c in table])
    for name in map(str, table):
        about(name)
        if table[name].dtype.kind not in "if" or not np.isfinite(table[name]).all():
            raise BadInput(f"{path}, column {name}: some values are not finite numbers; give a number in every row.")
    return table


def draws_of(
    scenarios: Sequence[Scenario],
    count: int,
    seed: int = 0,
    *,
    from_prior: bool = False,
    table: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> ParameterDraws:
    """Draws of parameters for several scenarios, without draws that any scenario refuses.

    Args:
        scenarios: the scenarios that are compared.
        count: number of draws, at least 20.
        seed: of the draws.
        from_prior: draw from the plausible ranges of all parameters, not from the posterior.
        table: a table of draws to use, of which the first `count` are taken.
        progress: passed to the calibration that the posterior comes from.

    Raises:
        BadInput: too few draws, or no parameter that all scenarios set to the same value.
    """
    count = checked_integer(count, "draws", LEAST, 1_000_000)
    if table is not None:
        if len(table) < count:
            raise BadInput(f"--draws is {count}, but the table has {len(table)} rows; ask for {len(table)} or fewer.")
        found, source = table.iloc[:count].reset_index(drop=True), "the given table"
    elif from_prior:
        found, source = prior(count, seed), "the plausible ranges"
    else:
        found, source = posterior(count, seed, progress), "the posterior"
    names = [str(name) for name in found if _alike(scenarios, str(name))]
    if not names:
        raise BadInput(
            "the scenarios set every parameter in the draws differently, so none can be drawn; omit --draws."
        )
    every = ParameterDraws(found, tuple(names), 0, source)
    good = [k for k in range(count) if all(_accepts(every, s, k) for s in scenarios)]
    if len(good) < LEAST:
        raise BadInput(
            f"only {len(good)} of {count} draws are valid in all scenarios, and {LEAST} are needed; ask for more draws."
        )
    return ParameterDraws(found.iloc[good].reset_index(drop=True), tuple(names), count - len(good), source)


def _alike(scenarios: Sequence[Scenario], name: str) -> bool:
    """Whether at least one scenario uses a parameter, and all that use it set the same value."""
    if name == "envelope_eur_bn" and any(s.schedule for s in scenarios):
        return False  # a schedule determines the envelope
    used = {value for s in scenarios if (value := setting(s, name)) is not None}
    return len(used) == 1


def _accepts(draws: ParameterDraws, scenario: Scenario, k: int) -> bool:
    try:
        draws.at(scenario, [k])
    except BadInput:
        return False
    return True
