"""The command `juste-retour app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from juste_retour.runs.cli.options import MembersDir, Rules, option

LOCAL = "127.0.0.1"


Named = Annotated[
    list[str] | None,
    option(
        "Another host name under which visitors open the app, such as that of a proxy. Repeatable.", "NAME", "--name"
    ),
]
Embed = Annotated[
    list[str] | None,
    option("Web site that may show the page in a frame, such as https://example.org. Repeatable.", "ORIGIN"),
]


def app(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the app; 0 uses a free one.")] = 8765,
    host: Annotated[
        str, option("Network address of the app; other machines can open it only if you change this.")
    ] = LOCAL,
    browser: Annotated[bool, option("Whether to open the page in a browser.", None, "--browser/--no-browser")] = True,
    named: Named = None,
    embed: Embed = None,
    audience: Annotated[
        bool, option("Let the audience guess and vote by phone, on the local network.", None, "--audience")
    ] = False,
    audience_host: Annotated[
        str | None,
        option("With --audience: this machine's address for phones, if it has several.", "ADDRESS"),
    ] = None,
    audience_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="With --audience: port for phones.  [default: 8766]")
    ] = None,
    single_file: Annotated[
        Path | None,
        option("Write the app with 800 runs to one HTML file that needs no server, and exit.", "FILE"),
    ] = None,
    talk: Annotated[
        str | None,
        option("Talk to present: a TOML file, or the name of a talk that ships, cost-of-politics.", "FILE"),
    ] = None,
    pyodide: Annotated[
        Path | None,
        option("With --single-file: folder with Pyodide and NumPy, to include the model itself.", "FOLDER"),
    ] = None,
    members: MembersDir = None,
    rules: Rules = None,
) -> None:
    """Open the live app in a browser: compare institutions on a map; works offline."""
    from juste_retour.abm.base.members import load_members
    from juste_retour.agents.errors import BadInput
    from juste_retour.runs.base.user_rules import load_rules
    from juste_retour.visualization.audience.serving import PORT, Audience
    from juste_retour.visualization.server import serve

    if single_file is not None:
        _write_single_file(context, single_file, pyodide)
        return
    if pyodide is not None:
        raise BadInput(f"--pyodide {pyodide} needs a single file; add --single-file FILE, or omit --pyodide.")
    for name, value in (("--audience-host", audience_host), ("--audience-port", audience_port)):
        if value is not None and not audience:
            raise BadInput(f"{name} {value} needs --audience; add it.")
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
    from juste_retour.runs.base.printing import progress
    from juste_retour.visualization.single_file import write

    given = [
        option.opts[0]
        for option in context.command.params
        if option.name not in ("single_file", "pyodide")
        and getattr(context.get_parameter_source(option.name or ""), "name", "") == "COMMANDLINE"
    ]
    if given:
        raise BadInput(f"--single-file writes the shipped scenarios to a file; omit {' and '.join(given)}.")
    with progress("parts of the file") as told:
        write(file, told, pyodide)
    print(f"Written to {file}; open it in a browser. It needs no network.")
