"""The session of the single HTML file: it runs in the browser and answers in JSON as the server's sessions do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from juste_retour.abm.bargaining.solved import VARIABLE
from juste_retour.visualization.session import Session


def answering(send: Callable[[str], None]) -> Callable[[str], None]:
    """A function that takes a question as JSON and passes the answer to `send` as JSON."""
    os.environ[VARIABLE] = ""  # no cache of solved values: files that Python writes in a browser are lost
    session = Session(lambda answer: send(json.dumps(answer, allow_nan=False)))
    return lambda question: session.ask(json.loads(question))
