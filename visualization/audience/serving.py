"""Serve the phones from a thread of their own, on a port of their own, beside the presenter's page."""

from __future__ import annotations

import contextlib
import ipaddress
import resource
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from juste_retour.abm.members import Members
from juste_retour.agents.errors import BadInput
from juste_retour.visualization.audience.desk import Desk, set_up

MOST_CONNECTIONS = 2000
FILES = 8192  # that the process may have open: each phone holds one or two
PORT = 8766


@dataclass(frozen=True)
class Audience:
    """Where phones are to be served: the likeliest address of this machine if none is given."""

    host: str | None = None
    port: int = PORT


def require_private(host: str, named: Sequence[str]) -> None:
    """Refuse a presenter's page that others can reach: whoever has it puts the questions.

    Raises:
        BadInput: the page's address is not a loopback one, or it has further names.
    """
    try:
        private = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        private = False
    if not private:
        raise BadInput(
            f"--audience keeps the presenter's page on this machine, and --host {host} opens it; omit --host."
        )
    if named:
        raise BadInput(
            f"--audience keeps the presenter's page on this machine, and --name {named[0]} opens it; omit --name."
        )


@contextlib.contextmanager
def phones_served(listener: socket.socket, host: str, union: Members) -> Iterator[str]:
    """Serve phones on a socket until the block ends; gives the address that they open."""
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
        proxy_headers=False,  # an address that a phone claims for itself would escape the limits
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
