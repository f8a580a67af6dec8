"""What each state hosts, simulated and observed, as arrays of the same form."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from juste_retour.abm.base.files import MOST_WRITTEN, content_of
from juste_retour.abm.base.members import Members, load_members
from juste_retour.abm.base.observed import observed
from juste_retour.agents.arrays import Booleans, Floats, Integers
from juste_retour.agents.errors import BadInput
from juste_retour.runs.results.frames import EXACT
from juste_retour.runs.studies.europe import delays

KEYS = ("scenario", "point", "seed", "replicate")
ENDINGS: dict[str, Callable[[io.BytesIO], pd.DataFrame]] = {
    "parquet": pd.read_parquet,
    "csv": lambda file: pd.read_csv(file, **EXACT),
    "dta": pd.read_stata,
}
SECOND_WAVE = 4 * 2025  # 2025Q1; budgets of later waves are unknown


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables `worlds`, `states` and `facilities` of a result, as far as they exist.

    Raises:
        BadInput: no such folder, no table of states, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder; give a folder that `run --out` or `batch --out` wrote.")
    found: dict[str, pd.DataFrame] = {}
    if (folder / "manifest.json").exists():
        from juste_retour.runs.engine.results import Results

        results = Results(folder)
        found = {name: results.table(name) for name in ("worlds", "states", "facilities") if name in results.tables}
    else:
        for name in ("worlds", "states", "facilities"):
            for ending, reader in ENDINGS.items():
                path = folder / f"{name}.{ending}"
                if path.exists():
                    try:
                        found[name] = reader(io.BytesIO(content_of(path, MOST_WRITTEN)))
                    except (OSError, ValueError, ArrowException) as error:
                        raise BadInput(f"{path} cannot be read ({error}); write the result again.") from None
                    break
    if "states" not in found:
        raise BadInput(
            f"{folder} has no table of states; write one with `run --out {folder} --tables worlds,states,facilities`."
        )
    return found


@dataclass(frozen=True, eq=False)
class PatternTable:
    """The hosts of simulated runs, or of the real Union as one run.

    Attributes:
        members: the union.
        sites: (worlds, states) number of sites.
        wave: (worlds, states) wave of the state's first site; 0 for none.
        money: (worlds, states) EUR bn of the first two waves.
    """

    members: Members
    sites: Floats
    wave: Integers
    money: Floats

    @cached_property
    def hosts(self) -> Booleans:
        """Whether each state has a site (worlds, states)."""
        return self.sites > 0


def simulated(tables: Mapping[str, pd.DataFrame], members: Members | None = None) -> PatternTable:
    """Convert the tables of a result.

    Raises:
        BadInput: the result is not about the European Union.
    """
    members = members or load_members()
    codes = members.states.codes
    states = tables["states"]
    if set(states.state) != set(codes):
        raise BadInput(
            "the result is about another union, but patterns were observed for the European Union only; give another result."
        )
    keys = [key for key in KEYS if key in states]
    sites = states.pivot(index=keys, columns="state", values="sites")[list(codes)]
    wave = states.pivot(index=keys, columns="state", values="first_wave")[list(codes)]
    money = np.full(sites.shape, np.nan)
    if "facilities" in tables:
        early = tables["facilities"]
        early = early[delays.quarters(early.selected) <= SECOND_WAVE]
        by_state = early.pivot_table(index=keys, columns="state", values="spend_eur_bn", aggfunc="sum")
        money = by_state.reindex(index=sites.index, columns=list(codes)).fillna(0.0).to_numpy(dtype=float)
    return PatternTable(members, sites.to_numpy(dtype=float), wave.to_numpy(dtype=np.int64), money)


def real(members: Members | None = None) -> PatternTable:
    """The observed sites, as one run. `money` includes only factories whose whole budget is known."""
    members = members or load_members()
    states = members.states
    sites, wave, money = (np.zeros((1, states.count)) for _ in range(3))
    for row in observed():
        i = states.index(row["state"])
        sites[0, i] += 1
        wave[0, i] = wave[0, i] or int(row["wave"])
        if row["budget_eur_m"] and "services only" not in row["budget_scope"]:
            money[0, i] += float(row["budget_eur_m"]) / 1000
    return PatternTable(members, sites, wave.astype(np.int64), money)
