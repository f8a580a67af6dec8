"""The requests that the server accepts, and what a browser may do with its pages.

Solara trusts its visitors too much for a server that others can reach. It reads its own address from a header, opens
websockets for pages of any website, answers a malformed message with a traceback, and downloads files that it lacks.
The `Host` header is compared with a list, as a protection against DNS rebinding. In this attack, a page of another website
points its own host name at this machine, so that the browser treats the two as one website.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import socket
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from juste_retour.agents.errors import BadInput

MOST_BYTES = 1024 * 1024  # limit on one message; a scenario file has a few hundred bytes
MOVING = {  # headers with which a visitor could change the address of the page for all visitors
    b"script-name",
    b"x-script-name",
    b"x-forwarded-host",
}
KINDS = {"kernel_info_request", "comm_info_request", "comm_msg", "comm_close", "shutdown_request"}
TARGETS = {"solara.control", "jupyter.widget.control"}  # the second restores widgets after a lost connection
REFUSED = 1008  # websocket status: policy violation
MISDIRECTED = 421  # HTTP status: the host name is not one of this server
FORBIDDEN = 403
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PLAIN = (
    "default-src 'none'; frame-ancestors 'none'"  # policy of answers that are not pages, should one be opened as a page
)
INLINE = re.compile(r"<script(?![^>]*\b(?:src|type)\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


class Names:
    """The host names under which this server may be reached.

    Args:
        host: the address as given by the user.
        bound: the numeric address that the server is bound to.
        further: other names, such as a proxy's.
        loopback: whether the names of the loopback interface are allowed too.
    """

    def __init__(self, host: str, bound: str, further: Collection[str] = (), *, loopback: bool = True):
        named = [*(LOOPBACK if loopback else ()), host, bound, *further]
        self.any_number = ipaddress.ip_address(bound.partition("%")[0]).is_unspecified
        if self.any_number:  # any numeric address is safe, because DNS rebinding needs a host name
            named += [socket.gethostname(), f"{socket.gethostname().partition('.')[0]}.local"]
        self.names = {_plain(name) for name in named}

    def __contains__(self, host: object) -> bool:
        """Whether a `Host` header has a name of this server. Any port is allowed, because it may be a proxy's."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            if not isinstance(host, str) or re.search(r"[^\w.:\[\]-]", host):
                return False
        except ValueError:
            return False
        return _plain(name) in self.names or (self.any_number and _is_number(name))


def _plain(name: str) -> str:
    return name.lower().strip("[]").removesuffix(".")


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origin_of(text: str) -> str:
    """An origin in the form that browsers use.

    Raises:
        BadInput: `text` is not a scheme and a host.
    """
    try:
        parts = urlsplit(text)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        parts, port = urlsplit(""), ""
    name = parts.hostname or ""
    whole = parts.scheme in ("http", "https") and parts.path in ("", "/") and not parts.query + parts.fragment
    if not whole or parts.username is not None or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:.]+", name):
        raise BadInput(f"--embed is {text!r}; it must be an origin, such as https://www.example.org.")
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}{port}"


def page_policy(html: str, embed: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of a page: content from this server only, and the page's own inline scripts, by hash.

    `unsafe-eval` and inline styles are allowed because Vue compiles templates and sets styles inline.

    Args:
        html: the page.
        embed: origins whose pages may show it in a frame.
    """
    hashes = [hashlib.sha256(code.encode()).digest() for code in INLINE.findall(html)]
    inline = [f"'sha256-{base64.b64encode(found).decode()}'" for found in dict.fromkeys(hashes)]
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'", *inline]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            " ".join(["frame-ancestors", *(embed or ["'none'"])]),
        ]
    )


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def from_here(scope: Scope) -> bool:
    """Whether a request comes from a page of this server, or has no origin and so is not from a browser's page."""
    origins = _headers(scope, b"origin")
    if not origins:
        return True
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return [origin.lower() for origin in origins] == [f"{scheme}://{_headers(scope, b'host')[0].lower()}"]


def admissible(text: str | None) -> bool:
    """Whether a message is of a form that the page sends: JSON of a known kind that opens only known targets."""
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
    """An ASGI application that checks requests before it passes them to another.

    Args:
        app: the other application.
        names: host names under which it may be reached.
    """

    def __init__(self, app: ASGIApp, names: Names):
        self.app, self.names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or reject it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in MOVING]}
        hosts = _headers(scope, b"host")
        if len(hosts) != 1 or hosts[0] not in self.names:
            await _refuse(scope, receive, send, MISDIRECTED, "This host name is not one of this server's names.")
        elif scope.get("method") not in ("GET", "HEAD") and not from_here(scope):
            await _refuse(scope, receive, send, FORBIDDEN, "Pages of other websites may not do that.")
        elif scope["type"] == "http":
            await self.app(scope, receive, _protected(send))
        else:
            await self.app(scope, _checked(receive), send)


def _protected(send: Send) -> Send:
    """Add security headers to every answer that lacks them."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            there = {name.lower() for name, _ in headers}
            more = {
                b"content-security-policy": PLAIN.encode(),
                b"x-content-type-options": b"nosniff",
                b"referrer-policy": b"no-referrer",
            }
            message = {**message, "headers": headers + [h for h in more.items() if h[0] not in there]}
        await send(message)

    return answer


def _checked(receive: Receive) -> Receive:
    """Pass on the messages of a websocket, and close it at the first one that is not admissible."""

    async def heard() -> Message:
        message: dict[str, Any] = dict(await receive())
        if message["type"] == "websocket.receive" and not admissible(message.get("text")):
            return {"type": "websocket.disconnect", "code": REFUSED}
        return message

    return heard


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    """Answer with an HTTP status. A websocket that does not support this is closed."""
    kind = "http"
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": REFUSED})
            return
        kind = "websocket.http"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-security-policy", PLAIN.encode())]
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": text.encode()})
