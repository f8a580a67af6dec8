"""The command `juste-retour app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from juste_retour.runs.commands.options import MembersDir, Rules

LOCAL = "127.0.0.1"


def app(
    context: typer.Context,
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
    audience: Annotated[
        bool, typer.Option("--audience", help="Let phones on the local network guess and vote.")
    ] = False,
    audience_host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="This machine's address for phones, if it has several."),
    ] = None,
    audience_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port for phones, 8766 by default.")
    ] = None,
    single_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the app as one HTML file with 800 runs instead of serving it.",
        ),
    ] = None,
    talk: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Talk file, or the name of a talk that is shipped."),
    ] = None,
    pyodide: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Unpacked Pyodide with NumPy: the single file holds the model itself, too.",
        ),
    ] = None,
    members: MembersDir = None,
    rules: Rules = None,
) -> None:
    """Open the live app: a map on which politics makes sites, side by side, offline."""
    from juste_retour.abm.members import load_members
    from juste_retour.agents.errors import BadInput
    from juste_retour.runs.user_rules import load_rules
    from juste_retour.visualization.audience.serving import PORT, Audience
    from juste_retour.visualization.server import serve

    if single_file is not None:
        _write_single_file(context, single_file, pyodide)
        return
    if pyodide is not None:
        raise BadInput(
            f"--pyodide {pyodide} is for a single file; add --single-file FILE, or leave --pyodide out."
        )
    for name, value in (("--audience-host", audience_host), ("--audience-port", audience_port)):
        if value is not None and not audience:
            raise BadInput(f"{name} {value} says where phones are served, and none are; add --audience.")
    where = Audience(audience_host, PORT if audience_port is None else audience_port)
    load_rules(rules or [])
    serve(
        host,
        port,
        load_members(members) if members else None,
        browser=browser,
        named=named or (),
        embed=embed or (),
        audience=where if audience else None,
        talk=talk,
    )


def _write_single_file(context: typer.Context, file: Path, pyodide: Path | None) -> None:
    from juste_retour.agents.errors import BadInput
    from juste_retour.runs.printing import progress
    from juste_retour.visualization.single_file import write

    given = [
        option.opts[0]
        for option in context.command.params
        if option.name not in ("single_file", "pyodide")
        and getattr(context.get_parameter_source(option.name or ""), "name", "") == "COMMANDLINE"
    ]
    if given:
        raise BadInput(
            f"--single-file writes shipped scenarios and serves nothing; leave {' and '.join(given)} out."
        )
    with progress("parts of the file") as told:
        write(file, told, pyodide)
    print(f"{file}: open it in a browser; it needs no network.")
