"""Jobs over worker processes: one that the system ends is replaced, and one that ends again is reported."""

import os
import signal

import pytest

from juste_retour.agents.errors import JusteRetourError
from juste_retour.runs.base.processes import spread


def square(number, folder, times):
    """The square of a number; the process of number 2 is killed the first `times` times."""
    before = len(list(folder.iterdir()))
    if number == 2 and before < times:
        (folder / str(before)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def squares(folder, times):
    return list(spread(2, square, range(4), [folder] * 4, [times] * 4))


@pytest.mark.slow
def test_job_of_a_killed_process_is_done_again(tmp_path):
    assert squares(tmp_path, 1) == [0, 1, 4, 9]


@pytest.mark.slow
def test_process_that_is_killed_again_and_again_is_reported(tmp_path):
    with pytest.raises(JusteRetourError, match="memory"):
        squares(tmp_path, 9)
