"""The page: a Solara component that passes the browser's questions to a session and its answers back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import cache

import solara
from solara.server.kernel_context import PageStatus, contexts

from juste_retour.visualization.geometry import drawn_map
from juste_retour.visualization.session import Session, offered
from juste_retour.visualization.talks.talk_files import talk_here
from juste_retour.visualization.union import shown

MOST_WAITING = 60  # pages that may wait for their lost connection; SOLARA_KERNEL_CULL_TIMEOUT says how long
_FORGETTING = threading.Lock()


def forget_oldest(most: int = MOST_WAITING) -> None:
    """Close the oldest pages without a connection if there are more than `most`. Their address brings the same view back."""
    with _FORGETTING:
        left = [page for page in list(contexts.values()) if {*page.page_status.values()} == {PageStatus.DISCONNECTED}]
        for page in left[:-most]:
            page.close(reason="cull")


# One text for all visitors: Reacton would copy tables for each page.
@cache
def _map() -> str:
    return json.dumps(drawn_map(shown()))


@cache
def _catalog() -> str:
    return json.dumps(offered() | {"talk": talk_here()})


@solara.component_vue("components/link.vue", vuetify=False)
def Link(  # noqa: N802  components have capital letters
    geometry: str, catalog: str, name: str, event_ask: Callable[[dict[str, object]], None]
) -> None:
    """The part in the browser: it starts `stage/app.js` and passes messages."""


@solara.component
def Layout(children: list[object] | None = None) -> solara.Element:  # noqa: N802
    """A layout without Solara's frame, so that the stage fills the window."""
    return solara.Div(children=children or [])


@solara.component
def Page() -> None:  # noqa: N802
    """The page of one visitor, with its own session."""
    solara.Title("juste retour")
    session = solara.use_memo(Session, [])
    link = Link(geometry=_map(), catalog=_catalog(), name=session.name, event_ask=session.ask)

    def connect() -> Callable[[], None]:
        widget = solara.get_widget(link)
        forget_oldest()
        session.send = lambda answer: widget.send({"method": "hear", "args": [answer]})
        return session.close

    solara.use_effect(connect, [])
