"""Many runs: the `juste-retour` command, ensembles, result tables, experiments and their analysis.

The functions that notebooks use are also attributes of this package; they are imported on first use.
"""

import juste_retour

_NAMES = {"simulate", "compare", "attribute", "batch", "verify", "Results"}


def __getattr__(name: str) -> object:
    if name not in _NAMES:
        raise AttributeError(f"module 'juste_retour.runs' has no attribute {name!r}")
    return getattr(juste_retour, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
