"""The page: a Solara component that passes the browser's questions to a session and its answers back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import solara

from juste_retour.visualization.geometry import drawn_map
from juste_retour.visualization.session import Session, offered
from juste_retour.visualization.talks.talk_files import talk_here
from juste_retour.visualization.union import shown


@cache
def _map() -> dict[str, object]:
    return drawn_map(shown())


@cache  # one for all visitors
def _catalog() -> dict[str, object]:
    return offered() | {"talk": talk_here()}


@solara.component_vue("components/link.vue", vuetify=False)
def Link(  # noqa: N802  components have capital letters
    geometry: dict[str, object],
    catalog: dict[str, object],
    event_ask: Callable[[dict[str, object]], None],
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
    link = Link(geometry=_map(), catalog=_catalog(), event_ask=session.ask)

    def connect() -> Callable[[], None]:
        widget = solara.get_widget(link)
        session.send = lambda answer: widget.send({"method": "hear", "args": [answer]})
        return session.close

    solara.use_effect(connect, [])
