"""Frames need only NumPy, as in a browser, where nothing else is installed."""

import json
import subprocess
import sys

import pytest

from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.visualization.views.stage_frames import play

PLAYED = """
import json, sys


class NumpyAlone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {"juste_retour", "numpy", *sys.stdlib_module_names}:
            raise ModuleNotFoundError(f"{name} is not installed here")


sys.meta_path.insert(0, NumpyAlone())
from juste_retour.abm.worlds.scenario import load
from juste_retour.visualization.views.stage_frames import play

try:
    import scipy
except ModuleNotFoundError:
    pass
else:
    sys.exit("scipy was not hidden")
json.dump({name: play(load(name), 7, 3) for name in sys.argv[1:]}, sys.stdout, allow_nan=False)
"""


@pytest.fixture(scope="module")
def alone():
    command = [sys.executable, "-c", PLAYED, *presets()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", presets())
def test_frames_with_numpy_only_are_identical(alone, name):
    assert alone[name] == json.loads(json.dumps(play(load(name), 7, 3)))
