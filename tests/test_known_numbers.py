"""Regression test: the first world of each shipped scenario keeps the numbers stored in known_numbers.json.

If a change is intended, say `Numbers change:` in the changelog and rewrite the file:

    uv run python -m tests.test_known_numbers
"""

import json
from pathlib import Path

import pytest

from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load, presets

FILE = Path(__file__).parent / "known_numbers.json"
SEED, WORLD = 0, 0


def numbers(preset):
    """All numeric columns of the tables `worlds` and `states`, the latter summed over the states."""
    found = run(load(preset), SEED, [WORLD])
    states = {f"{name}_of_all_states": column.sum() for name, column in found.states.items()}
    worlds = {name: column[0] for name, column in found.worlds.items()}
    return {name: value.item() for name, value in (worlds | states).items()}


@pytest.mark.parametrize("preset", presets())
def test_numbers_equal_the_stored_ones(preset):
    known, found = json.loads(FILE.read_text())[preset], numbers(preset)
    assert list(found) == list(known)
    for name, value in known.items():
        if isinstance(value, int):
            assert found[name] == value, name
        else:  # the last bits differ between classes of processors
            assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True), name


if __name__ == "__main__":
    FILE.write_text(json.dumps({preset: numbers(preset) for preset in presets()}, indent=1) + "\n")
