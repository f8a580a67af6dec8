"""The public checks of outcomes: each kind of fault is found."""

import pytest

from juste_retour.runs.workshop.conformance import check_file
from juste_retour.runs.workshop.conformance.agent_checks import AGAIN, ALONE
from juste_retour.runs.workshop.conformance.outcome_checks import NUMBERS

pytestmark = pytest.mark.slow

FILE = '''"""Mine."""
from itertools import count

import numpy as np

from juste_retour import outcome

calls = count()


@outcome
def mine(found):
    """Years behind the frontier."""
    years = found.worlds["years_behind"]
    return {returned}
'''


@pytest.mark.parametrize(
    ("returned", "check"),
    [
        ("years[:1]", NUMBERS),
        ("years / len(nothing)", NUMBERS),
        ("years + next(calls)", AGAIN),
        ("years - years.mean()", ALONE),
    ],
)
def test_faulty_outcome_is_found(tmp_path, own_rules, returned, check):
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(returned=returned))
    (fault,) = check_file(path).faults
    assert (fault.check, fault.rule, fault.file) == (check, "mine", str(path))
    assert fault.line


def test_valid_outcome_passes_all_checks(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(returned="years"))
    (examined,) = check_file(path).rules
    assert (examined.held, examined.faults) == ((NUMBERS, AGAIN, ALONE), ())


def test_constant_outcome_is_noted(tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(FILE.format(returned="np.full(len(years), np.nan)"))
    assert "NaN" in check_file(path).rules[0].notes[0]
