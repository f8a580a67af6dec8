"""The model in the browser: its package runs with NumPy only, and the Pyodide folder is checked."""

import base64
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.visualization import browser_model
from juste_retour.visualization.browser_model import (
    ABSENT,
    LOCK,
    distribution,
    embedded,
    module_names,
    package,
)
from juste_retour.visualization.session import Session

ANSWERED = """
import json, sys


class AsInABrowser:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first in ABSENT or first not in {"juste_retour", "numpy", *sys.stdlib_module_names}:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)


ABSENT = set(sys.argv[2:])
sys.meta_path.insert(0, AsInABrowser())
import numpy

sys.path.insert(0, sys.argv[1])
sys.platform = "emscripten"
from juste_retour.visualization import answering

if not answering.__file__.startswith(sys.argv[1]):
    sys.exit(f"{answering.__file__} is not the package of the file")
answers_given = []
ask = answering.answering(lambda text: answers_given.append(json.loads(text)))
for question in json.load(sys.stdin):
    ask(json.dumps(question))
json.dump(answers_given, sys.stdout)
"""
TODAY, REFORM = {"base": "eu-status-quo", "changes": {}}, {"base": "essay-reform", "changes": {}}
OTHER = {"base": "eu-status-quo", "changes": {"envelope_eur_bn": 15.0, "voting": "unanimity"}}
MONEY = {"base": "eu-status-quo", "changes": {"envelope_eur_bn": -3}}
QUESTIONS = (
    {"kind": "runs", "specs": [OTHER, REFORM], "seed": 77, "replicate": 3},
    {"kind": "runs", "specs": [{"base": "us-private", "changes": {}}], "seed": 4, "replicate": 0},
    {"kind": "spread", "specs": [TODAY], "seed": 5, "worlds": 60},
    {"kind": "vote", "specs": [TODAY], "seed": 1, "side": 0, "ballot": 0, "votes": {"FR": "no"}},
    {"kind": "runs", "specs": [MONEY], "seed": 1},
)
REFUSED = (
    {"kind": "parts", "specs": [TODAY, OTHER]},
    {"kind": "replay", "specs": [TODAY], "seed": 1, "view": {}},
    {"kind": "toml", "spec": OTHER},
    {"kind": "open", "text": 'base = "essay-reform"\nenvelope_eur_bn = 12.5\n'},
    {"kind": "runs", "specs": [{"base": "china-observed", "changes": {}}], "seed": 1, "map": "Europe"},
)


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Ask the unpacked package in a process that has only NumPy, as the worker does."""
    folder = tmp_path_factory.mktemp("held")
    zipfile.ZipFile(io.BytesIO(package())).extractall(folder)

    def answers(questions):
        numbered = [{"n": n, **question} for n, question in enumerate(questions)]
        done = subprocess.run(
            [sys.executable, "-c", ANSWERED, str(folder), *ABSENT],
            input=json.dumps(numbered),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return answers


def answers_of_the_server(questions):
    answers_given = []
    session = Session(answers_given.append)
    for n, question in enumerate(questions):
        before = len(answers_given)
        session.ask({"n": n, **question})
        while question["kind"] == "spread" and not (
            answers_given[before:] and answers_given[-1]["spread"]["worlds"] == 60
        ):
            pass
    return json.loads(json.dumps(answers_given))


@pytest.mark.slow
def test_browser_model_gives_the_servers_answers(ask):
    assert ask(QUESTIONS) == answers_of_the_server(QUESTIONS)


def test_questions_that_need_other_packages_are_refused(ask):
    answers_given = ask(REFUSED)
    errors = [one["error"] for one in answers_given if "error" in one]
    assert len(errors) == len(REFUSED)
    assert all("not in this file" in text and "\n" not in text for text in errors)


@pytest.mark.slow
def test_package_is_small_and_deterministic():
    first = package()
    assert first == package()
    assert 200_000 < len(first) < 600_000
    names = module_names()
    assert "juste_retour.visualization.answering" in names
    assert not any(name.startswith("juste_retour.runs.studies.europe") for name in names)


def pyodide_folder(folder, change=lambda files: None):
    """A folder like the distribution, but with other content than the pinned one."""
    files = {name: name.encode() for name in browser_model.PINNED}
    files[LOCK] = json.dumps({"info": {"version": browser_model.VERSION}, "packages": {"numpy": {}}}).encode()
    change(files)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda files: files.pop("pyodide.asm.wasm"), "pyodide.asm.wasm cannot be read"),
        (lambda files: files.pop(LOCK), f"{LOCK} cannot be read"),
        (lambda files: files.update({LOCK: b"[]"}), "is not Pyodide's list"),
        (lambda files: files.update({LOCK: b"\xff"}), "is not Pyodide's list"),
        (lambda files: files.update({LOCK: b"[" * 100_000}), "is not Pyodide's list"),
        (
            lambda files: files.update({LOCK: b'{"info": {"version": "0.26.0"}, "packages": {"numpy": {}}}'}),
            r"0\.26\.0",
        ),
        (lambda files: None, "pyodide.js .*SHA-256"),
    ],
)
def test_invalid_pyodide_folder_is_refused(tmp_path, change, named):
    with pytest.raises(BadInput, match=named) as refused:
        distribution(pyodide_folder(tmp_path, change))
    assert "\n" not in str(refused.value)


def test_pipe_in_the_pyodide_folder_is_refused(tmp_path):
    folder = pyodide_folder(tmp_path)
    (folder / LOCK).unlink()
    os.mkfifo(folder / LOCK)
    with pytest.raises(BadInput, match="pipe"):
        distribution(folder)


def test_folder_with_the_pinned_files_is_embedded(tmp_path, monkeypatch):
    hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in browser_model.PINNED}
    monkeypatch.setattr(browser_model, "PINNED", hashes)
    files = distribution(pyodide_folder(tmp_path))
    assert set(files) == {LOCK, *hashes}
    held = embedded(files)
    assert set(held["files"]) == {LOCK, "juste_retour.zip", *hashes}
    assert gzip.decompress(base64.b64decode(held["files"]["pyodide.js"])) == b"pyodide.js"
