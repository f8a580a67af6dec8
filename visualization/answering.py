"""The laboratory in one file: a session in the browser itself, which answers in JSON what the server's sessions answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from juste_retour.abm.politics.solved import VARIABLE
from juste_retour.visualization.session import Session


def answering(send: Callable[[str], None]) -> Callable[[str], None]:
    """Return what takes questions as JSON; their answers go to `send`, as JSON."""
    os.environ[VARIABLE] = ""  # nothing that a browser's Python writes stays
    session = Session(lambda answer: send(json.dumps(answer, allow_nan=False)))
    return lambda question: session.ask(json.loads(question))
