"""The `juste-retour` command: it finds commands in the entry-point group `juste_retour.commands` and runs one.

A command is a function with Typer's annotations, or a Typer app if it has subcommands. Only the command that is run is
imported: `--help` takes each command's line from its source file. Nothing here imports NumPy, so that `--help` is fast.
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from juste_retour.agents.errors import BadInput, JusteRetourError, near
from juste_retour.runs.base.stopping import NOTHING_MORE, Stopped, raising

# Typer's private module with Click's classes changes its name between versions
Command = Any
Context = Any
Formatter = Any

GROUP = "juste_retour.commands"
USAGE_ERROR: Any = typer.BadParameter.__base__  # Typer gives these error classes no public name
SHOWN_ERROR: Any = USAGE_ERROR.__base__
TASKS = {  # commands by task, as `--help` lists them; commands of other packages come last
    "Run": ("run", "scenarios", "compare", "attribute", "reforms", "choose"),
    "Experiment": ("batch", "verify", "sensitivity", "report", "curve", "export", "package"),
    "Institutions": ("power", "vote", "ballot"),
    "Evidence": ("calibrate", "patterns", "positions", "verdict", "seal", "score", "odd"),
    "Author": ("rules", "tournament"),
    "Show": ("app",),
}
FIRST_STEPS = (
    ("juste-retour run", "simulate today's rules once"),
    ("juste-retour scenarios list", "list the other scenarios"),
    ("juste-retour COMMAND --help", "explain a command and its options"),
)
SETTINGS = {"help_option_names": ["-h", "--help"]}
INTERRUPTED = 130
FAULT = "this is an error in juste-retour, not in your input"
TRACEBACK = "JUSTE_RETOUR_TRACEBACK"  # environment variable that prints the traceback of such an error


class Commands(TyperGroup):
    """A group of commands that are entry points; each is imported only when it is run."""

    @cached_property
    def found(self) -> dict[str, EntryPoint]:
        """The entry points by name; the first one counts if two packages use a name."""
        points: dict[str, EntryPoint] = {}
        for point in entry_points(group=GROUP):
            points.setdefault(point.name, point)
        return points

    def list_commands(self, ctx: Context) -> list[str]:
        """The names of all commands."""
        return list(self.found)

    def get_command(self, ctx: Context, cmd_name: str) -> Command:
        """Import a command; None if there is none of that name."""
        point = self.found.get(cmd_name)
        return None if point is None else _command(cmd_name, point.load())

    def resolve_command(self, ctx: Context, args: list[str]) -> Any:
        """Find the command that the arguments name; a usage error with near matches if there is none."""
        if args[0] not in self.found and not args[0].startswith("-"):
            raise USAGE_ERROR(f"{args[0]!r} is not a command; {near(args[0], self.found)}", ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse the arguments; without any, show the help."""
        return super().parse_args(ctx, args or ["--help"])

    def format_commands(self, ctx: Context, formatter: Formatter) -> None:
        """Write the list of commands by task, without importing them."""
        known = {name for names in TASKS.values() for name in names}
        tasks = {**TASKS, "Other": tuple(name for name in self.found if name not in known)}
        for task, names in tasks.items():
            rows = [(name, first_line(self.found[name])) for name in names if name in self.found]
            if rows:
                with formatter.section(task):
                    formatter.write_dl(rows)
        with formatter.section("First steps"):
            formatter.write_dl(FIRST_STEPS)


def _command(name: str, target: typer.Typer | Callable[..., None]) -> Command:
    if isinstance(target, typer.Typer):
        command: Command = typer.main.get_group(target)  # `get_command` would return a single subcommand itself
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, context_settings=SETTINGS)(target)
        command = typer.main.get_command(app)
    command.name = name
    return command


def first_line(point: EntryPoint) -> str:
    """First line of a command's docstring, or of its module's if it is a Typer app, read from the source file."""
    try:
        spec = find_spec(point.module)
        tree = ast.parse(Path(spec.origin).read_bytes()) if spec and spec.origin else None
    except (ImportError, OSError, SyntaxError, ValueError):
        return ""
    if tree is None:
        return ""
    named = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == point.attr]
    text = ast.get_docstring(named[0] if named else tree) or ""
    return text.split("\n")[0]


app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None, context_settings=SETTINGS)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("juste-retour"))
        raise typer.Exit


@app.callback()
def juste_retour(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Simulate European allocation politics: which states get the AI factories, and what that costs in AI capability."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 done, 1 failed, 2 wrong usage or invalid input."""
    for stream, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, stream) is None:  # closed by the caller; the next file opened would take its number
            setattr(sys, stream, open(os.devnull, mode))  # noqa: SIM115  it stays open
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="replace")  # names of cities and people on a terminal without Unicode
    try:
        with raising():
            status = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except Stopped as stopped:  # a signal during the last flush
        return stopped.exit_status
    except BrokenPipeError:  # the reader of the pipe has ended, so an error message would reach nobody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        _refuse_empty(arguments)
        with command.make_context("juste-retour", arguments) as context:
            command.invoke(context)
    except JusteRetourError as error:
        return _say(str(error), error.exit_status)
    except typer.Exit as end:
        return int(end.exit_code)
    except SHOWN_ERROR as error:
        return _say(usage_sentence(error), int(error.exit_code))
    except (KeyboardInterrupt, typer.Abort) as stopped:
        return _say(NOTHING_MORE, getattr(stopped, "exit_status", INTERRUPTED))
    except MemoryError:
        return _say("there is not enough memory; ask for fewer replications or fewer tables.", 1)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        return _say(f"{place}{error.strerror or error}; see to the path, its permissions and its disk.", 1)
    except BaseException as error:  # a rule may raise anything
        extra = extra_of(error.name or "") if isinstance(error, ModuleNotFoundError) else ""
        if extra:
            return _say(f"this command needs the extra {extra!r}: pip install 'juste-retour[{extra}]'.", 1)
        rules = sys.modules.get("juste_retour.runs.base.user_rules")  # where nobody has read any, none has failed
        sentence = rules.blamed(error) if rules is not None else ""
        if sentence:
            return _say(sentence, 1)
        if isinstance(error, SystemExit):  # Rich ends a command whose reader has left
            return int(error.code or 0) if isinstance(error.code, int | None) else 1
        if TRACEBACK in os.environ:
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return _say(f"{FAULT}: {said}; set {TRACEBACK}=1 to see where, and report it.", 1)
    return 0


def extra_of(module: str) -> str:
    """The extra of this package that installs a module, or "" if none does.

    >>> extra_of("matplotlib.figure"), extra_of("numpy")
    ('report', '')
    """
    name, found = module.partition(".")[0].lower(), ""
    for requirement in requires("juste-retour") or ():
        what, _, when = requirement.partition("; extra == ")
        if when.strip("'") != "all" and re.match(rf"{re.escape(name)}\b(?!-)", what):
            found = when.strip("'")  # of several extras the last, which is the smallest
    return found


def _refuse_empty(arguments: list[str]) -> None:
    """Raise `BadInput` for an empty argument, as from an unset shell variable; as a path it would mean this folder."""
    for before, word in zip(["", *arguments], arguments, strict=False):
        if not word or (word.startswith("--") and word.endswith("=")):
            place = word.rstrip("=") or (before if before.startswith("--") else "an argument")
            raise BadInput(f"{place} is empty; give it a value or omit it.")


def usage_sentence(error: Any) -> str:
    """A usage error of Typer's as one sentence that names the remedy."""
    text = " ".join(str(error.format_message()).split())
    context = getattr(error, "ctx", None)
    option = getattr(error, "option_name", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    if option is not None and type(error).__name__ == "NoSuchOption" and context is not None:
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
        text = f"{option} is not an option of {context.command_path!r}; {near(option, known).rstrip('.')}"
    elif context is not None and "No such command" in text:
        given = text.split("'")[1] if "'" in text else text
        names = context.command.list_commands(context)
        close = get_close_matches(given, names, n=3)
        text = f"{given!r} is not a command of {context.command_path!r}; {near(given, close or names)}"
    elif context is not None and not text.endswith("?"):
        text = f"{text.rstrip('.')}; see {context.command_path} --help"
    return text


def _say(text: str, status: int) -> int:
    from juste_retour.runs.base.printing import visible

    sys.stdout.flush()
    text = visible(text)
    print(text if text.endswith((".", "?", "\n")) else f"{text}.", file=sys.stderr)
    return status
