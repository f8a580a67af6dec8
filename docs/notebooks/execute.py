"""Executes the notebooks beside this file and keeps what they print and draw:

uv run --with nbclient python docs/notebooks/execute.py
"""

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

for page in sorted(Path(__file__).parent.glob("*.ipynb")):
    notebook = nbformat.read(page, nbformat.NO_CONVERT)
    with tempfile.TemporaryDirectory() as folder:
        there = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, record_timing=False, resources=there).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":  # progress depends on the machine's speed
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, page)
