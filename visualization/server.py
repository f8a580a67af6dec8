"""Serve the page: Solara's server with this package's own files beside it, on one address and without the network."""

from __future__ import annotations

import errno
import os
import socket
import threading
import uuid
import warnings
import webbrowser

from juste_retour.abm.members import Members
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.union import show

SETTINGS = {
    "SOLARA_APP": "juste_retour.visualization.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_TITLE": "juste retour",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_KERNEL_CULL_TIMEOUT": "10m",
    "SOLARA_ROOT_PATH": "",
    "SOLARA_MODE": "production",
}
UNSERVED = {"/resourcez", "/_solara/api/evict/{kernel_id}"}  # the machine's memory is nobody else's business


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address, or raise `BadInput`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise BadInput(
                f"port {port} is in use; give another, as in --port {port + 1 if port < 65535 else 8765}."
            ) from None
        if error.errno == errno.EACCES:
            raise BadInput(
                f"port {port} is kept for the system; give one above 1023, as in --port 8765."
            ) from None
        raise BadInput(
            f"{host!r} is no address of this machine ({error.strerror or error}); leave --host away."
        ) from None
    listener.set_inheritable(True)
    return listener


def serve(host: str, port: int, members: Members | None, *, browser: bool) -> None:
    """Serve the page until interrupted, for one union or, where it is None, for each scenario's own.

    Raises:
        BadInput: the port is in use or the address is not this machine's.
    """
    listener = listen(host, port)
    show(members)
    warnings.filterwarnings("ignore", "Cookies with samesite=none")  # the page is embedded nowhere
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import uvicorn
    from solara.server import settings, starlette
    from starlette.responses import FileResponse, Response
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    from juste_retour.visualization.guard import MOST_BYTES, Guard
    from juste_retour.visualization.replay import STAGE, bundled

    birth = uuid.uuid4().hex  # a page that asks again sees whether this is still the server that it knew
    script = bundled("app.js") + "\nexport { start };\n"
    fresh = {"Cache-Control": "no-cache"}

    class Packaged(starlette.StaticCdn):
        """Solara's own files as they are installed; one that is not there is not fetched either."""

        lookup_path = StaticFiles.lookup_path

    packaged = Packaged(directory=settings.assets.proxy_cache_dir, follow_symlink=True)
    starlette.app.router.routes[:] = [
        Route("/stage/bundle.js", lambda _: Response(script, media_type="text/javascript", headers=fresh)),
        Route("/stage/birth", lambda _: Response(birth, media_type="text/plain", headers=fresh)),
        Route("/stage/stage.css", lambda _: FileResponse(STAGE / "stage.css", headers=fresh)),
        Mount(f"/{starlette.cdn_url_path}", packaged),
        *(route for route in starlette.app.router.routes if getattr(route, "path", "") not in UNSERVED),
    ]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}"
    print(f"juste-retour: open {address} in a browser; Ctrl+C ends.", flush=True)
    if browser:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    config = uvicorn.Config(Guard(starlette.app), log_level="warning", ws_max_size=MOST_BYTES)
    uvicorn.Server(config).run(sockets=[listener])
