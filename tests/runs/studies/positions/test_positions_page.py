"""RESULTS.md of the position models equals the output of its command."""

import pytest

from juste_retour.runs.studies.positions.positions_page import PAGE, page


@pytest.mark.slow
def test_position_results_page_is_reproduced():
    assert page() == PAGE.read_text(encoding="utf-8")
