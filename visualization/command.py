"""The command `juste-retour app`."""

from __future__ import annotations

from typing import Annotated

import typer

from juste_retour.runs.commands.options import MembersDir, Rules

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
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--name", metavar="NAME", help="Further name that visitors use, as of a proxy. Repeatable."
        ),
    ] = None,
    embed: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Site that may show the page in a frame. Repeatable."),
    ] = None,
    members: MembersDir = None,
    rules: Rules = None,
) -> None:
    """Open the live app: a map on which politics makes sites, side by side, offline."""
    from juste_retour.abm.members import load_members
    from juste_retour.runs.user_rules import load_rules
    from juste_retour.visualization.server import serve

    load_rules(rules or [])
    serve(
        host,
        port,
        load_members(members) if members else None,
        browser=browser,
        named=named or (),
        embed=embed or (),
    )
