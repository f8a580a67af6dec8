"""A small experiment for several test files."""

import json
from pathlib import Path

from juste_retour.runs.engine.experiment import batch

SPEC = """
title = "A <small> experiment"
question = "Does voting matter & how much?"
scenario = "eu-status-quo"
seed = 11
replications = 6
tables = ["worlds", "facilities", "votes"]
chunk = 6
[design]
kind = "grid"
[factors]
voting = ["lisbon_qmv", "unanimity"]
operations = ["audit_first", "operator_led"]
"""


def spec_file(folder: Path, text: str = SPEC) -> Path:
    path = folder / "spec.toml"
    path.write_text(text)
    return path


def run_small(folder: Path, out: str = "out", text: str = SPEC, **options) -> Path:
    batch(spec_file(folder, text), folder / out, **({"workers": 0} | options))
    return folder / out


def files(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*.parquet"))}


def manifest(out: Path) -> dict:
    return json.loads((out / "manifest.json").read_text())


def change_manifest(out: Path, **changes) -> None:
    (out / "manifest.json").write_text(json.dumps(manifest(out) | changes))
