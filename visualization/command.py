"""The command `juste-retour app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LOCAL = "127.0.0.1"


def app(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    host: Annotated[
        str, typer.Option(help="Address to listen on; anything but the default opens it to others.")
    ] = LOCAL,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    rules: Annotated[
        list[Path] | None, typer.Option(help="File of your own rules; may be given more than once.")
    ] = None,
) -> None:
    """Open the live app: a map on which politics makes sites, side by side, offline."""
    from runs.user_rules import load_rules
    from visualization.server import serve

    load_rules(rules or [])
    serve(host, port, browser=browser)
