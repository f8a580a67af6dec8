"""Which assumed parameters matter: Sobol indices over everything that nobody has measured.

What the calibration speaks about enters as one factor, a draw of the posterior; every other assumed parameter of the
status quo's and the reform's rules is drawn from its plausible range. What is left is luck.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from juste_retour.abm.outcomes import run
from juste_retour.abm.scenario import Scenario, load, parameters
from juste_retour.agents.arrays import Floats
from juste_retour.agents.rules import FAMILIES, Parameter
from juste_retour.runs.chunked import CHUNK, chunks
from juste_retour.runs.drawn import changed
from juste_retour.runs.europe.doubts import REFORM, STATUS_QUO, Bench
from juste_retour.runs.experiments.design import Design, read_design, unit_sample
from juste_retour.runs.experiments.factors import Factor
from juste_retour.runs.reports.sensitivity import sobol_indices

BASE = 256  # points of the Sobol sequence, a power of two
LUCK = 2  # worlds a point
POLITICS = "the politics: a draw of the posterior"
SIGNS = ("assumed", "estimated")
SWITCHES = {
    "life_years"
}  # nought stands for never, so that no range leads there; the verdict has a doubt for it
OUTCOMES = ("years behind", "what the reform gains")


def unmeasured(about: Parameter) -> bool:
    """Whether a parameter's source says that it is assumed or estimated, and it has a plausible range."""
    return about.range is not None and any(sign in about.source for sign in SIGNS)


def factors(bench: Bench) -> list[Factor]:
    """The posterior's draw first, then each assumed parameter, a rule's own by family, rule and name."""
    out = [Factor(POLITICS, high=1.0)]
    for name, (_, about) in parameters().items():
        if unmeasured(about) and about.range and name not in bench.draws and name not in SWITCHES:
            out.append(Factor(name, (), *about.range, about.scale))
    for family in FAMILIES.values():
        for rule in sorted({load(name).rules[family.name].rule for name in (STATUS_QUO, REFORM)}):
            for name, (_, about) in family[rule].parameters.items():
                key = f"{family.name}.{rule}.{name}"
                if unmeasured(about) and about.range and key not in bench.draws:
                    out.append(Factor(key, (), *about.range, about.scale))
    return out


def at(scenario: Scenario, chosen: list[Factor], share: Floats, bench: Bench) -> Scenario:
    """The scenario at a point of the unit cube; another scenario's rules' parameters leave it as it is."""
    draw = min(int(share[0] * bench.count), bench.count - 1)
    values = {str(name): float(value) for name, value in bench.draws.iloc[draw].items()}
    scenario = changed(scenario, values)
    changes: dict[str, object] = {}
    for factor, u in zip(chosen[1:], share[1:], strict=True):
        family, _, rest = factor.key.partition(".")
        rule, _, name = rest.partition(".")
        if not rest:
            changes[factor.key] = factor.at(u)
        elif scenario.rules[family].rule == rule:
            changes[f"{family}.{name}"] = factor.at(u)
    return scenario.changed(changes)


def design(base: int) -> Design:
    """The Sobol design of as many base points; BadInput where they are no power of two."""
    return read_design({"kind": "sobol", "base": base})


def lags(bench: Bench, name: str, base: int = BASE) -> Floats:
    """(points, worlds a point) years behind of a preset over the sample; all points of a base row share their luck."""
    chosen = factors(bench)
    unit = unit_sample(design(base), chosen, bench.seed)
    row = np.arange(len(unit)) // (len(chosen) + 2)
    scenario = load(name)
    out = np.empty((len(unit), LUCK))
    for part in chunks(len(unit), size=CHUNK // LUCK):
        worlds = [s for share in unit[part] for s in [at(scenario, chosen, share, bench)] * LUCK]
        replicates = (LUCK * row[part, None] + np.arange(LUCK)).ravel()
        found = run(worlds, bench.seed, replicates, bench.members, price=False)
        out[part] = np.reshape(found.worlds["years_behind"], (-1, LUCK))
    return out


def which_matter(bench: Bench, quo: Floats, reform: Floats) -> pd.DataFrame:
    """A row an outcome and factor: first and total shares of the variance with 95 % intervals, and luck's share.

    Args:
        bench: the posterior's draws.
        quo: (points, worlds a point) years behind of the status quo, by `lags`.
        reform: the same of the reform.
    """
    names = [f.key for f in factors(bench)]
    parts = []
    for outcome, values in zip(OUTCOMES, (quo, quo - reform), strict=True):
        found = sobol_indices(values, names, outcome, seed=bench.seed)
        parts.append(found.table.assign(outcome=outcome, luck=found.noise, spread=found.variance**0.5))
    return pd.concat(parts, ignore_index=True)
