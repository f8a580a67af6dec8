"""The digest of the code covers what results depend on, and differences between programs are named."""

import subprocess
import sys
from pathlib import Path

import pytest

from juste_retour.runs.base import provenance
from juste_retour.runs.base.provenance import changes_between, code_digest, mixing

VERDICT = "juste_retour.runs.studies.europe.verdict"
ROOT = Path(provenance.__file__).resolve().parents[2]
LOADED = "import sys, {}; print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('juste_retour.') and m.__file__))"


def covered(monkeypatch, *modules):
    found = []
    monkeypatch.setattr(provenance, "digest_of", lambda files: found.extend(files) or "")
    code_digest.__wrapped__(*modules)
    return {path.resolve() for path in found}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("further", "module"),
    [
        ((), "juste_retour.runs.engine.chunks"),
        ((VERDICT,), VERDICT),
    ],
)
def test_digest_covers_every_module_that_a_chunk_imports(monkeypatch, further, module):
    loaded = subprocess.run([sys.executable, "-c", LOADED.format(module)], capture_output=True, text=True, check=True)
    files = {Path(name).resolve() for name in loaded.stdout.split()}
    inside = {
        path for path in files if path.is_relative_to(ROOT) and "juste_retour" not in path.relative_to(ROOT).parts
    }
    assert len(inside) > 50
    assert inside <= covered(monkeypatch, *further)


def test_digest_does_not_cover_what_only_prints():
    assert code_digest() != code_digest(VERDICT)


def test_another_version_cannot_be_mixed_and_another_commit_is_named():
    then = {"juste_retour": "1.0", "commit": {"id": "a" * 40, "changed": False}}
    assert "1.1" in changes_between(then, {**then, "juste_retour": "1.1"})[0]
    other = {**then, "commit": {"id": "b" * 40, "changed": False}}
    assert not changes_between(then, other)
    assert "b" * 40 in mixing(then, other)[0]
