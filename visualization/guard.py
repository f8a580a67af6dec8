"""What the server lets in: the page's own messages, from the page itself, and no word about where the page lives.

Solara trusts its visitors more than a server may that others can reach: it takes its own address from a header, opens
websockets for any site's pages, answers a malformed message with a traceback, and fetches files that it lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1024 * 1024  # of one message; a scenario file has a few hundred
MOVING = {
    b"script-name",
    b"x-script-name",
    b"x-forwarded-host",
}  # headers that would move the page for everybody
KINDS = {"kernel_info_request", "comm_info_request", "comm_msg", "comm_close", "shutdown_request"}
TARGETS = {
    "solara.control",
    "jupyter.widget.control",
}  # the second asks for widgets again after a lost connection
REFUSED = 1008  # the websocket protocol's code for a breach of policy


def from_here(scope: Scope) -> bool:
    """Whether a websocket is opened by a page of this server, or by a program that is no browser."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get(b"host", "").lower()


def admissible(text: str | None) -> bool:
    """Whether a message is one that the page sends: JSON, of a known kind, opening nothing but the page."""
    try:
        message = json.loads(text or "")
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "comm_open":
            return content["target_name"] in TARGETS
        if kind == "comm_msg":
            data = content["data"]
            args = data.get("args") or {}
            return all(isinstance(place.get("path", ""), str) for place in (data, args))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return False
    return kind in KINDS and isinstance(content, Mapping)


class Guard:
    """An ASGI application that stands before another."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in MOVING]}
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        if not from_here(scope):
            await receive()
            await send({"type": "websocket.close", "code": REFUSED})
            return

        async def heard() -> Message:
            message: dict[str, Any] = dict(await receive())
            if message["type"] == "websocket.receive" and not admissible(message.get("text")):
                return {"type": "websocket.disconnect", "code": REFUSED}
            return message

        await self.app(scope, heard, send)
