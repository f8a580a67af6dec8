"""Many runs: the `juste-retour` command, ensembles, result tables, experiments and what is read from them.

What notebooks use is found here by name and imported when it is first asked for: `from runs import simulate`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runs.contrasts.attribution import attribute as attribute
    from runs.contrasts.contrasts import compare as compare
    from runs.ensemble import Result as Result
    from runs.ensemble import simulate as simulate
    from runs.experiments.experiment import batch as batch
    from runs.experiments.results import Results as Results
    from runs.experiments.verification import verify as verify

_HOMES = {
    "simulate": "runs.ensemble",
    "Result": "runs.ensemble",
    "compare": "runs.contrasts.contrasts",
    "attribute": "runs.contrasts.attribution",
    "batch": "runs.experiments.experiment",
    "verify": "runs.experiments.verification",
    "Results": "runs.experiments.results",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'runs' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
