"""Numbers that hold on any processor: NumPy's instructions and OpenBLAS's kernel change the last bits only.

`LANE=processor .ci/run` also compares stationary values in the Council, and reruns known and stated numbers.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from juste_retour.abm.bargaining.mean_world import MeanWorld
from juste_retour.abm.bargaining.tables.theory import players
from juste_retour.abm.base.members import union_of
from juste_retour.abm.worlds.scenario import load
from tests.test_known_numbers import numbers
from tests.theory.games import solved_pie, weighted

pytestmark = pytest.mark.slow

KERNELS = {"Haswell": "AVX2", "Nehalem": "SSE42"}  # kernels of OpenBLAS, and the instructions that they need
NEWEST = [name for name in __cpu_dispatch__ if name.startswith(("X86_V4", "AVX512"))]
SETTINGS = [(NEWEST, "Haswell"), (list(__cpu_dispatch__), "Nehalem")]
COUNCILS = [
    {"voting": "unanimity"},
    {"funding": "gni_key"},
    {"funding": "gni_key", "voting": "simple_majority"},
]


def shares():
    """Stationary shares of textbook games of 7 and 12 players, (19,)."""
    games = [
        ([20, 15, 14, 3, 2, 18, 13], [8, 3, 5, 10, 0, 4, 9], 20, 0.9),
        ([35, 20, 25, 50, 36, 92, 52, 32, 95, 81, 64, 35], [1, 2, 4, 4, 2, 1, 1, 2, 1, 4, 1, 1], 15, 0.98),
    ]
    found = [solved_pie(players(p), weighted(quota, votes), d, "population") for p, votes, quota, d in games]
    return np.concatenate([one.values for one in found]).tolist()


def councils():
    """Stationary values at the Council's table: values, standard errors, and whether there is one equilibrium."""
    found = []
    for how in COUNCILS:
        scenario = load({"agenda": "closed_rule", "expect": "stationary", "voting": "lisbon_qmv", **how})
        one = MeanWorld(scenario, union_of(None, scenario.members), 0).search()
        found.append([one.found.tolist(), one.error.tolist(), one.equilibria, one.rough])
    return found


def elsewhere(setting, call):
    """What a call returns in a process with a setting that this processor offers."""
    features, kernel = setting
    if not features or not __cpu_features__.get(KERNELS[kernel]):
        pytest.skip("this processor does not offer it")
    plain = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features), "OPENBLAS_CORETYPE": kernel}
    code = f"import json; from tests.test_processors import *; print(json.dumps({call}))"
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("setting", SETTINGS, ids=["Haswell", "Nehalem"])
def test_processor_changes_only_the_last_bits_of_a_run(setting):
    there, here = elsewhere(setting, "numbers('essay-reform')"), numbers("essay-reform")
    assert list(there) == list(here)
    for name, value in here.items():
        if isinstance(value, int):
            assert there[name] == value, name
        else:
            assert there[name] == pytest.approx(value, rel=1e-12, nan_ok=True), name


@pytest.mark.parametrize("setting", SETTINGS, ids=["Haswell", "Nehalem"])
def test_processor_does_not_change_shares_of_textbook_games(setting):
    assert elsewhere(setting, "shares()") == pytest.approx(shares(), abs=1e-9)


@pytest.mark.skipif(os.environ.get("LANE") != "processor", reason="minutes of computing: LANE=processor")
@pytest.mark.parametrize("setting", SETTINGS, ids=["Haswell", "Nehalem"])
def test_processor_changes_values_in_the_council_within_their_errors(setting):
    for how, (there, off, number, rough), here in zip(
        COUNCILS, elsewhere(setting, "councils()"), councils(), strict=True
    ):
        assert [number, rough] == here[2:], how
        apart = np.abs(np.subtract(there, here[0]))
        assert (apart <= 3 * np.hypot(off, here[1])).all(), how
