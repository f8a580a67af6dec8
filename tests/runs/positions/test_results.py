"""The page of results says what the command that it names writes."""

import pytest

from juste_retour.runs.positions.results import PAGE, page


@pytest.mark.slow
def test_the_page_is_reproduced():
    assert page() == PAGE.read_text(encoding="utf-8")
