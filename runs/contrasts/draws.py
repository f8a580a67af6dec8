"""Draws of parameters over which scenarios are compared: the posterior of a calibration, or all plausible ranges.

Draw k has replication k, so that a contrast holds what is not known of the parameters and the random draws together.
A parameter is drawn where all scenarios set it alike; where they differ in it, each keeps what it sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pandas as pd

from juste_retour.abm.scenario import Scenario, parameters
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.chunked import Progress
from juste_retour.runs.drawn import about, changed, ranged, setting, sobol_draws
from juste_retour.runs.ensemble import whole
from juste_retour.runs.frames import EXACT

POSTERIORS = (
    "juste_retour.posteriors"  # entry points: a function of (draws, seed, progress) to a table of draws
)
LEAST = 20
READ_BY = ("window_years", "lag_cap_years")  # how the race is read is not an unknown
Posterior = Callable[[int, int, Progress | None], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws that some scenarios have in common.

    Attributes:
        table: one row per draw, one column per parameter by its full name.
        names: the columns in which all of the scenarios may be drawn.
        left_out: draws that some scenario refuses.
        source: what they are draws of.
    """

    table: pd.DataFrame
    names: tuple[str, ...]
    left_out: int
    source: str

    @property
    def count(self) -> int:
        """How many draws there are."""
        return len(self.table)

    def at(self, scenario: Scenario, replicates: Iterable[int]) -> list[Scenario]:
        """The scenario at the draws of some replications."""
        rows = self.table[list(self.names)].iloc[list(replicates)].to_dict("records")
        return [changed(scenario, {str(k): float(v) for k, v in row.items()}) for row in rows]


def prior(count: int, seed: int) -> pd.DataFrame:
    """Draws from the plausible ranges of all real parameters that have one, a scrambled Sobol sequence; one row per draw.

    Integers stay as they are, since they shape the arrays that draws share, and so does how the race is read.
    """
    names = [name for name in ranged() if _real(name) and name not in READ_BY]
    return pd.DataFrame(sobol_draws(names, count, seed))


def _real(name: str) -> bool:
    """Whether a parameter is a real number."""
    family, _, rest = name.partition(".")
    if not rest:
        return isinstance(parameters()[name][0], float)
    rule, _, own = rest.partition(".")
    return isinstance(FAMILIES[family][rule].parameters[own][0], float)


def posterior(count: int, seed: int, progress: Progress | None = None) -> pd.DataFrame:
    """Draws from the posterior of the published calibration, as the study that is installed gives them."""
    found = next(iter(entry_points(group=POSTERIORS)), None)
    if found is None:
        raise BadInput(
            "no study with a calibration is installed; draw from the plausible ranges with --prior."
        )
    give: Posterior = found.load()
    return give(count, seed, progress)


def read_draws(path: Path) -> pd.DataFrame:
    """Draws from a table with one column per parameter, such as the posterior.csv that `calibrate --out` writes."""
    try:
        table = pd.read_csv(path, **EXACT)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path} is not a table of draws ({error}); name the posterior.csv of `calibrate --out`."
        ) from None
    table = table.drop(columns=[c for c in ("weight",) if c in table])
    for name in map(str, table):
        about(name)
        if table[name].dtype.kind not in "if" or not np.isfinite(table[name]).all():
            raise BadInput(f"{path}, column {name}: not all of it is numbers; give a number in every row.")
    return table


def draws_of(
    scenarios: Sequence[Scenario],
    count: int,
    seed: int = 0,
    *,
    from_prior: bool = False,
    table: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Draws:
    """Draws for some scenarios, without those that any of them refuses.

    Args:
        scenarios: what is compared.
        count: draws to take.
        seed: of the draws.
        from_prior: from the plausible ranges of all parameters instead of the posterior.
        table: draws to take instead, the first `count` of them.
        progress: of the calibration behind the posterior.
    """
    count = whole(count, "draws", LEAST, 1_000_000)
    if table is not None:
        if len(table) < count:
            raise BadInput(f"draws = {count} are more than the {len(table)} of the table; ask for fewer.")
        found, source = table.iloc[:count].reset_index(drop=True), "the given table"
    elif from_prior:
        found, source = prior(count, seed), "the plausible ranges"
    else:
        found, source = posterior(count, seed, progress), "the posterior"
    names = [str(name) for name in found if _alike(scenarios, str(name))]
    if not names:
        raise BadInput(
            "the scenarios differ in every parameter that is drawn, so that nothing can be drawn in both."
        )
    every = Draws(found, tuple(names), 0, source)
    good = [k for k in range(count) if all(_accepts(every, s, k) for s in scenarios)]
    if len(good) < LEAST:
        raise BadInput(f"only {len(good)} of {count} draws suit all scenarios; ask for more draws.")
    return Draws(found.iloc[good].reset_index(drop=True), tuple(names), count - len(good), source)


def _alike(scenarios: Sequence[Scenario], name: str) -> bool:
    """Whether a parameter is used, and set alike by all scenarios that use it."""
    if name == "envelope_eur_bn" and any(s.schedule for s in scenarios):
        return False  # a schedule says what the envelope is
    used = {value for s in scenarios if (value := setting(s, name)) is not None}
    return len(used) == 1


def _accepts(draws: Draws, scenario: Scenario, k: int) -> bool:
    try:
        draws.at(scenario, [k])
    except BadInput:
        return False
    return True
