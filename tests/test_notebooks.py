"""Execute each notebook again, without Jupyter: its cells must print and return what the file shows."""

import ast
import io
import json
import re
from contextlib import redirect_stdout
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
LARGEST = 500_000  # bytes

pytestmark = pytest.mark.slow


def cells(notebook):
    return [c for c in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]


def words(text):
    """The visible words, with numbers as floats."""
    text = unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", text, flags=re.S))
    text = re.sub(r"\b[0-9a-f]{16}\b", "a hash", text)  # the spec's hash changes with its wording
    return [float(word) if re.fullmatch(r"-?\d+(\.\d+)?", word) else word for word in text.split()]


def assert_same(found, stated):
    """Words must be equal, and numbers equal up to differences between processors."""
    found, stated = words(found), words(stated)
    assert len(found) == len(stated)
    for a, b in zip(found, stated, strict=True):
        assert a == (pytest.approx(b, rel=1e-6, abs=1e-9) if isinstance(b, float) else b)


def execute(source, names):
    """Run a cell and return what it prints and the value of its last expression."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)
        value = None if last is None else eval(compile(last, "cell", "eval"), names)
    return printed.getvalue(), value


def test_notebooks_exist_and_are_small():
    assert NOTEBOOKS
    assert all(0 < path.stat().st_size < LARGEST for path in NOTEBOOKS)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_outputs_are_reproduced(notebook, tmp_path, monkeypatch):
    pytest.importorskip("statsmodels", reason="statsmodels is of the group `analysis`: uv sync")
    import matplotlib
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    plt.close("all")  # figures of earlier tests
    names, shown = {}, set()
    for number, cell in enumerate(cells(notebook), 1):
        assert cell["execution_count"] == number, "execute the notebook whole, from its first cell"
        printed, value = execute("".join(cell["source"]), names)
        stated = [o for o in cell["outputs"] if o["output_type"] != "stream"]
        assert_same(printed, "".join(t for o in cell["outputs"] if o["output_type"] == "stream" for t in o["text"]))
        kinds = {kind: "".join(data) for o in stated for kind, data in o["data"].items()}
        shown |= set(kinds)
        assert ("image/png" in kinds) == bool(plt.get_fignums())
        plt.close("all")
        if "text/html" in kinds:
            assert_same(value._repr_html_(), kinds["text/html"])
        elif "image/png" not in kinds and kinds:
            assert_same(repr(value), kinds["text/plain"])
        assert (value is None) == (not any(o["output_type"] == "execute_result" for o in stated))
    assert {"text/html", "image/png"} <= shown
