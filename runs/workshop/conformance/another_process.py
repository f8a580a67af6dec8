"""The answers of a file's rules in other processes: with another hash seed, other environment variables, an empty folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from juste_retour.agents.asking import said
from juste_retour.agents.rules import family
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.workshop.conformance.comparing import kept
from juste_retour.runs.workshop.conformance.examine import Examination

KEPT = ("PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV")  # variables that Python may need
SEEDS = ("1", "2")  # of the hashes of texts
WAIT = 120.0  # seconds for the start of Python and all calls


def answers_of(file: Path, limit: float) -> dict[str, str]:
    """A hash of what each rule of a file returns in the ordinary scenes, or the error that it raises."""
    found = {}
    for group, name in load_rules([file])[0].rules:
        digest = hashlib.sha256()
        try:
            examination = Examination(family(group)[name], limit)
            for scene in examination.usual():
                for label, array in sorted(kept(examination.ask(scene)).items()):
                    digest.update(f"{label} {array.dtype} {array.shape}".encode())
                    digest.update(np.ascontiguousarray(array).tobytes())
            found[f"{group}.{name}"] = digest.hexdigest()
        except Exception as error:
            found[f"{group}.{name}"] = f"raises {said(error)}"
    return found


def answers_elsewhere(file: Path, limit: float) -> list[dict[str, str]]:
    """`answers_of` in two other processes; an empty dictionary for one that did not end well."""
    code = f"from {__name__} import main; main()"
    with tempfile.TemporaryDirectory() as folder:
        begun = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(file.resolve()), str(limit)],
                cwd=folder,
                env={k: os.environ[k] for k in KEPT if k in os.environ} | {"PYTHONHASHSEED": seed},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for seed in SEEDS
        ]
        found = []
        for process in begun:
            try:
                out = process.communicate(timeout=WAIT)[0]
                found.append(json.loads(out.splitlines()[-1]))
            except (subprocess.TimeoutExpired, ValueError, IndexError):
                process.kill()
                process.communicate()
                found.append({})
    return found


def main() -> None:
    """Print the answers of the file that the command line names, as JSON."""
    print(json.dumps(answers_of(Path(sys.argv[1]), float(sys.argv[2]))))
