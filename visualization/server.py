"""Serve the page: Solara's server together with this package's files, on one address and without the internet."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import threading
import warnings
import webbrowser
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from juste_retour.abm.base.members import Members
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.runs.base.stopping import Deadline
from juste_retour.visualization.audience.network import addresses, audience_address
from juste_retour.visualization.audience.serving import Audience, phones_served, require_private
from juste_retour.visualization.union import show, shown

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

SETTINGS = {
    "SOLARA_APP": "juste_retour.visualization.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_TITLE": "juste retour",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "90s",  # a page whose connection is gone; its address brings the same view back
    "SOLARA_ROOT_PATH": "",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_MODE": "production",
}
VIEWPORT = re.compile(r'(<meta name="viewport" content=")[^"]*')  # replaced because Solara's prevents zooming
WITHOUT_STORAGE = """<script>
try { window.localStorage; } catch { Object.defineProperty(window, "localStorage", { value: { getItem: () => null, setItem() {} } }); }
</script>"""  # Solara's page reads its theme from there, but browsers may deny storage to a page in another website's frame
UNSERVED = {"/resourcez", "/_solara/api/evict/{kernel_id}"}  # they report memory and end sessions


def listen(host: str, port: int, option: str = "--") -> socket.socket:
    """A socket that listens on the address.

    Args:
        host: the address.
        port: the port; 0 for a free one.
        option: what the names of the options for host and port begin with, for messages.

    Raises:
        BadInput: the port is in use or reserved, or the address is not one of this machine.
    """
    if not re.fullmatch(r"[\w.:%-]+", host):  # an empty host would listen on every address
        raise BadInput(f"--host {host!r} is not an address; omit --host, or give an address such as 0.0.0.0.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        other = port + 1 if port < 65535 else 8765
        reasons = {
            errno.EADDRINUSE: f"port {port} is in use; choose another one, as in {option}port {other}.",
            errno.EACCES: f"port {port} is reserved for the system; choose one above 1023, as in {option}port 8765.",
        }
        unknown = f"{host!r} is not an address of this machine ({error.strerror or error}); omit {option}host."
        raise BadInput(reasons.get(error.errno or 0, unknown)) from None
    listener.set_inheritable(True)
    return listener


def application(embed: Sequence[str] = ()) -> Starlette:
    """Solara's application with this package's files and a Content-Security-Policy on its page.

    Args:
        embed: origins whose pages may show this one in a frame.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from solara.server import settings, starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Mount, Route
    from starlette.staticfiles import StaticFiles

    from juste_retour.visualization.guard import page_policy
    from juste_retour.visualization.replay import bundled, style
    from juste_retour.visualization.session import PAGES

    script = bundled("app.js") + "\nexport { start };\n"
    sheet = style()
    fresh = {"Cache-Control": "no-cache"}

    class Packaged(starlette.StaticCdn):
        """Solara's installed files. A missing file is not downloaded."""

        lookup_path = StaticFiles.lookup_path

    async def page(request: Request) -> Response:
        if request.query_params.get("embed", "0") != "0":
            return await run_in_threadpool(sentence, request, embed)
        found = await starlette.root(request, request.path_params.get("fullpath", ""))
        text = VIEWPORT.sub(r"\1width=device-width, initial-scale=1", bytes(found.body).decode())
        text = text.replace("<head>", f"<head>{WITHOUT_STORAGE}", 1)
        found.body = text.encode()
        found.headers["Content-Length"] = str(len(found.body))
        found.headers["Content-Security-Policy"] = page_policy(text, embed)
        return found

    async def known(request: Request) -> Response:
        """Whether the server still has a page; one that it has forgotten, or that is older than the server, reloads itself."""
        answer = "yes" if request.query_params.get("page") in PAGES else "no"
        return Response(answer, media_type="text/plain", headers=fresh)

    def ours(route: BaseRoute) -> BaseRoute:
        if isinstance(route, Route) and route.endpoint is starlette.root:
            return Route(route.path, page)
        return route

    packaged = Packaged(directory=settings.assets.proxy_cache_dir, follow_symlink=True)
    starlette.app.router.routes[:] = [
        Route("/stage/bundle.js", lambda _: Response(script, media_type="text/javascript", headers=fresh)),
        Route("/embed.svg", lambda request: drawing(request, embed)),
        Route("/stage/known", known),
        Route("/stage/stage.css", lambda _: Response(sheet, media_type="text/css", headers=fresh)),
        Mount(f"/{starlette.cdn_url_path}", packaged),
        *(ours(r) for r in starlette.app.router.routes if getattr(r, "path", "") not in UNSERVED),
    ]
    return starlette.app


def sentence(request: Request, embed: Sequence[str]) -> Response:
    """The page for a frame of another website; an explanation for a website that is not in `embed`."""
    from starlette.responses import HTMLResponse

    from juste_retour.visualization.embed import FRAMES, POLICY, embedded, refusal, site_of, trouble

    site, host = site_of(request.headers.get("referer")), f"{request.url.scheme}://{request.headers['host']}"
    framed = request.headers.get("sec-fetch-dest") in FRAMES
    if framed and (site or not embed) and site not in (host, *embed):
        headers = {"Content-Security-Policy": f"{POLICY}; frame-ancestors *"}
        return HTMLResponse(refusal(site), 403, headers=headers)
    policy = " ".join([f"{POLICY}; frame-ancestors", *(embed or ["'none'"])])
    try:
        text = embedded(dict(request.query_params), host, embed, framed=framed or site in embed)
    except JusteRetourError as error:
        return HTMLResponse(trouble(str(error)), 400, headers={"Content-Security-Policy": policy})
    return HTMLResponse(text, headers={"Content-Security-Policy": policy, "Vary": "Sec-Fetch-Dest, Referer"})


def drawing(request: Request, embed: Sequence[str]) -> Response:
    """The picture as SVG. Pages of websites that are not in `embed` get status 403, so that they cannot cause computations."""
    from starlette.responses import PlainTextResponse, Response

    from juste_retour.visualization.embed import picture, site_of

    foreign = request.headers.get("sec-fetch-site") == "cross-site"
    if foreign and site_of(request.headers.get("referer")) not in embed:
        return PlainTextResponse("This website may not show this picture; see --embed.", 403)
    try:
        return Response(picture(dict(request.query_params)), media_type="image/svg+xml")
    except JusteRetourError as error:
        return PlainTextResponse(str(error), 400)


def serve(
    host: str,
    port: int,
    members: Members | None,
    *,
    browser: bool,
    named: Sequence[str] = (),
    embed: Sequence[str] = (),
    audience: Audience | None = None,
    talk: str | None = None,
) -> None:
    """Serve the page until interrupted.

    Args:
        host: address to listen on.
        port: port to listen on; 0 for a free one.
        members: the union that is shown; None for that of each scenario.
        browser: whether to open the page in a browser.
        named: further host names of the server.
        embed: origins whose pages may show this one in a frame.
        audience: address for phones; None for no phones.
        talk: a talk file, or the name of a shipped talk; None for no talk.

    Raises:
        BadInput: an address, port or origin that cannot be used, or an error in the talk.
    """
    from juste_retour.visualization.guard import MOST_BYTES, Guard, Names, origin_of
    from juste_retour.visualization.talks.talk_files import hold, load_talk

    embed = [origin_of(text) for text in embed]
    if audience:
        require_private(host, named)
    show(members)
    hold(load_talk(talk) if talk is not None else None)
    listener = listen(host, port)
    phones = audience and invited(audience)  # first, so that its errors come before any output
    names = Names(host, listener.getsockname()[0], named)
    warnings.filterwarnings("ignore", "Cookies with samesite=none")  # the page needs none in a frame
    app = application(embed)
    import pandas  # noqa: F401  # imported completely before the first visitor: reacton may read it while it is loading
    import uvicorn

    class Server(uvicorn.Server):
        """Ends in any case: a page's thread that computes, or holds its session's lock, would be waited for."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            Deadline().set(sig)
            super().handle_exit(sig, frame)

    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}"
    if talk is not None:
        address += "/?talk=1"
    print(f"juste-retour: open {address} in a browser; stop with Ctrl+C.", flush=True)
    if browser:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    config = uvicorn.Config(Guard(app, names), log_level="warning", ws_max_size=MOST_BYTES)
    with contextlib.ExitStack() as beside:
        if phones:
            beside.enter_context(phones)
        Server(config).run(sockets=[listener])


def invited(audience: Audience) -> contextlib.AbstractContextManager[None]:
    """Open the socket for phones; the phones are served within the returned context."""
    where = audience_address(audience.host)
    others = [a for a in addresses() if a != where] if audience.host is None else []
    return _serving_phones(listen(where, audience.port, "--audience-"), where, others)


@contextlib.contextmanager
def _serving_phones(listener: socket.socket, where: str, others: Sequence[str]) -> Iterator[None]:
    with phones_served(listener, where, shown()) as url:
        print(f"juste-retour: phones on the same network open {url}", flush=True)
        if others:
            more = f"other addresses of this machine: {', '.join(others)}; choose with --audience-host."
            print(f"juste-retour: {more}", flush=True)
        yield
