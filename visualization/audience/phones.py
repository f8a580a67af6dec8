"""The phones' server: one page and three requests.

It is a separate application on a separate port. It shares only the desk with the presenter's page, and phones can do
nothing but guess and vote. `GET /` is the page, the same for all. `POST /enter` assigns a seat. `GET /live` streams updates
when questions open and close. `POST /answer` is a guess or a vote.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from juste_retour.abm.base.toml import JsonObject
from juste_retour.runs.base.palette import css
from juste_retour.visualization.audience.desk import Desk
from juste_retour.visualization.audience.limits import Buckets
from juste_retour.visualization.audience.room import AnswerRefused
from juste_retour.visualization.guard import Guard, Names
from juste_retour.visualization.replay import catalogs, script_of

COOKIE = "juste-retour-phone"
PAGE = Path(__file__).with_name("phone.html")
MOST_BYTES = 512  # limit on the body of a request
PATIENCE = 10.0  # seconds in which the body of a request must arrive
MOST_STREAMS = 3  # open streams per phone, for several tabs
BEAT = 0.2  # seconds between updates of the presenter's page
PULSE = 15.0  # seconds of silence after which a stream sends a comment to show that it is alive
PHONE = 2.0, 10.0  # requests per second and at once, per phone
ADDRESS = 100.0, 700.0  # the same per address, which a room of 300 phones may share


def policy(page: str) -> str:
    """The page's Content-Security-Policy: only its own script and style, by hash, and requests to this server."""

    def of(tag: str) -> str:
        codes = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in codes]
        return " ".join(f"'sha256-{found}'" for found in hashes)

    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {of('script')}",
            f"style-src {of('style')}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def phone_page() -> str:
    """The page, with the colors, the translation of the stage, and the texts of its catalogs that phones can show."""
    page, room = PAGE.read_text("utf-8"), Path(__file__).parents[1]
    sources = [*PAGE.parent.glob("*.py"), room / "views" / "reason_texts.py", room / "titles.toml"]
    texts = page + "".join(path.read_text("utf-8") for path in sources)
    known = {
        code: {text: theirs for text, theirs in catalog.items() if f'"{text}"' in texts}
        for code, catalog in catalogs().items()
    }
    translation = script_of("language.js", known)
    return page.replace("<style>\n", "<style>\n" + css(":root"), 1).replace("/* language.js */", translation, 1)


class Phones:
    """The routes of the phones' server."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self.text = phone_page()
        self.policy = policy(self.text)
        self.by_phone, self.by_address = Buckets(*PHONE), Buckets(*ADDRESS)

    async def page(self, request: Request) -> Response:
        """The page, the same for all phones."""
        headers = {"Content-Security-Policy": self.policy, "Cache-Control": "no-cache"}
        return Response(self.text, media_type="text/html", headers=headers)

    async def enter(self, request: Request) -> Response:
        """Assign a seat to a phone that has none."""
        self._slowed(request)
        await _sent(request)
        browser = request.headers.get("user-agent", "")[:MOST_BYTES]
        token = self.desk.enter(request.cookies.get(COOKIE), _address(request), browser)
        answer = Response(status_code=204)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
        return answer

    async def live(self, request: Request) -> Response:
        """Stream what a phone shows, with an update whenever a question opens or closes."""
        token = self._slowed(request)
        if token is None:
            raise AnswerRefused(403, "This phone has no seat; load the page again and allow cookies.")
        if self.desk.streams[token] >= MOST_STREAMS:
            raise AnswerRefused(429, "This phone has the page open too often; close the other tabs.")
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(token), media_type="text/event-stream", headers=headers)

    async def _stream(self, token: str) -> AsyncIterator[str]:
        self.desk.listening(token, 1)
        try:
            while not self.desk.ended:
                turned = self.desk.turned
                yield f"data: {json.dumps(self.desk.seen_by(token))}\n\n"
                while not turned.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(turned.wait(), PULSE)
                        break
                    yield ": still here\n\n"
        finally:
            self.desk.listening(token, -1)

    async def answer(self, request: Request) -> Response:
        """Record a guess or a vote."""
        token = self._slowed(request)
        sent = await _sent(request)
        taken = self.desk.answer(token or "", sent.get("number"), sent.get("value"))
        return JSONResponse({"mine": taken})

    def _slowed(self, request: Request) -> str | None:
        """The phone's token, or None without a seat. Raises `AnswerRefused` if the phone or its address exceeds the limits."""
        now, token = time.monotonic(), request.cookies.get(COOKIE)
        token = token if token in self.desk.room.seats else None
        within = self.by_address.take(_address(request), now)
        if not within or (token is not None and not self.by_phone.take(token, now)):
            raise AnswerRefused(429, "That was too fast; wait a moment and try again.")
        return token


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _sent(request: Request) -> JsonObject:
    """The JSON object that a phone sent. Raises `AnswerRefused` for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise AnswerRefused(415, "Send JSON.")
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BYTES:
                    raise AnswerRefused(413, "That is too long for a guess or a vote.")
    except TimeoutError:
        raise AnswerRefused(408, "The answer did not arrive in time; send it again.") from None
    except ClientDisconnect:
        raise AnswerRefused(400, "The answer broke off.") from None
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise AnswerRefused(400, "Send a JSON object.")
    return sent


def _refused(request: Request, error: Exception) -> Response:
    status, text = (error.status, error.text) if isinstance(error, AnswerRefused) else (500, "")
    headers = {"Cache-Control": "no-store"} | ({"Connection": "close"} if status == 408 else {})
    return PlainTextResponse(text, status, headers=headers)


def application(desk: Desk, names: Names) -> ASGIApp:
    """The phones' server as an ASGI application, with its own `Guard`.

    Args:
        desk: source of the questions and recipient of the answers.
        names: host names that phones may use.
    """
    phones = Phones(desk)

    async def beat() -> None:
        last = -1
        while True:
            await asyncio.sleep(BEAT)
            if desk.changes != last:
                last = desk.changes
                await asyncio.to_thread(desk.tell)

    @contextlib.asynccontextmanager
    async def alive(app: Starlette) -> AsyncIterator[None]:
        desk.loop = asyncio.get_running_loop()
        beating = asyncio.create_task(beat())
        yield
        beating.cancel()

    routes = [
        Route("/", phones.page),
        Route("/enter", phones.enter, methods=["POST"]),
        Route("/live", phones.live),
        Route("/answer", phones.answer, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes, lifespan=alive, exception_handlers={AnswerRefused: _refused}), names)
