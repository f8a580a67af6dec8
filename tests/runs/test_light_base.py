"""The wheel alone, in an empty environment: the base is small, runs the model, and says which extra a command lacks."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("uv") is None, reason="uv builds and installs the wheel"),
]

ROOT = Path(__file__).parents[2]
CODE = """
import importlib.metadata, importlib.util, json
from juste_retour import simulate
print(json.dumps({
    "sites": len(simulate("eu-status-quo", worlds=3, seed=1).worlds),
    "installed": [d.name for d in importlib.metadata.distributions()],
    "model": importlib.util.find_spec("juste_retour.abm.world_model") is not None,
}))
"""


def _done(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if "connect" in done.stderr.lower():
        pytest.skip("without internet and with an empty cache the base cannot be installed")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    place = tmp_path_factory.mktemp("base")
    python = place / "env" / "bin" / "python"
    _done("uv", "build", "--quiet", "--wheel", "--out-dir", place, ROOT)
    _done("uv", "venv", "--quiet", "--python", sys.executable, place / "env")
    _done("uv", "pip", "install", "--quiet", "--python", python, *place.glob("*.whl"))
    return place


def test_base_runs_the_model_with_few_packages(environment):
    done = subprocess.run(
        [environment / "env" / "bin" / "python", "-c", CODE], capture_output=True, text=True, cwd=environment
    )
    found = json.loads(done.stdout)
    assert found["sites"] == 3
    assert found["model"]
    assert len(found["installed"]) <= 25
    assert not {"solara", "matplotlib", "jinja2", "distributed", "SALib", "salib"} & {*found["installed"]}


@pytest.mark.parametrize(("command", "extra"), [("app", "app"), ("report results", "report")])
def test_command_without_its_extra_names_it(environment, command, extra):
    program = environment / "env" / "bin" / "juste-retour"
    done = subprocess.run([program, *command.split()], capture_output=True, text=True, cwd=environment)
    assert done.returncode == 1
    assert f"juste-retour[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
