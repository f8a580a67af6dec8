"""Serve the phones from a separate thread and port."""

from __future__ import annotations

import contextlib
import ipaddress
import resource
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from juste_retour.abm.base.members import Members
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.audience.desk import Desk, set_up

MOST_CONNECTIONS = 2000
FILES = 8192  # limit on open files of the process; each phone needs one or two
PORT = 8766


@dataclass(frozen=True)
class Audience:
    """The address and port for phones; without `host`, the most likely address of this machine."""

    host: str | None = None
    port: int = PORT


def require_private(host: str, named: Sequence[str]) -> None:
    """Check that only this machine can reach the presenter's page, because whoever opens it can ask questions.

    Raises:
        BadInput: the page's address is not a loopback address, or it has further names.
    """
    try:
        private = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        private = False
    if not private:
        raise BadInput(
            f"--host {host} would open the presenter's page to others, which --audience does not allow; omit --host."
        )
    if named:
        raise BadInput(
            f"--name {named[0]} would open the presenter's page to others, which --audience does not allow; omit --name."
        )


@contextlib.contextmanager
def phones_served(listener: socket.socket, host: str, union: Members) -> Iterator[str]:
    """Serve phones on a socket until the block ends; the context value is the address that they open."""
    import uvicorn

    from juste_retour.visualization.audience.phones import application
    from juste_retour.visualization.guard import Names

    bound, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    desk = Desk(union, url)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    config = uvicorn.Config(
        application(desk, Names(host, bound, loopback=False)),
        log_level="warning",
        ws="none",
        proxy_headers=False,  # a client could otherwise claim another address and evade the rate limits
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="phones", daemon=True)
    set_up(desk)
    thread.start()
    try:
        yield url
    finally:
        set_up(None)
        desk.end()
        server.should_exit = True
        thread.join(timeout=5)
