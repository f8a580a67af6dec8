"""Asking a rule under watch: a time limit, the line at which it fails, what it changes and which random numbers it draws."""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import inspect
import linecache
import pickle
import random
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Concatenate, ParamSpec, TextIO

import numpy as np

from juste_retour.abm.politics.council import Council
from juste_retour.abm.politics.tables.table import Table
from juste_retour.agents import asking
from juste_retour.agents.arrays import Floats
from juste_retour.agents.asking import RuleFailed, TooLong, file_of, line_in, said
from juste_retour.agents.errors import JusteRetourError
from juste_retour.agents.rules import Handed, Rule, family
from juste_retour.runs.workshop.conformance.scenes import COUNCIL, Parameters

Slots = ParamSpec("Slots")
LIMIT = 10.0  # seconds that a question may take
GRACE = 1.0  # seconds after which a process that hears no alarm is ended, if it is one of the rule's own
WHIMS = ("random", "secrets", "uuid", "time", "datetime")  # modules whose answers differ from call to call


class Fell(Exception):
    """A rule that could not answer; the text completes "the rule ..."."""

    def __init__(self, says: str, line: int | None):
        super().__init__(says)
        self.line = line


trace: TextIO | None = None  # where a process of the rule's own leaves behind in which line it was ended


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer; a process of the rule's own that hears no alarm is ended, its line left behind."""
    if trace is not None:
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=trace)
    try:
        with asking.limited(seconds):
            yield
    finally:
        if trace is not None:
            faulthandler.cancel_dump_traceback_later()


def ask(rule: Rule, handed: Handed, parameters: Parameters, limit: float = LIMIT) -> object:
    """Ask a rule; `Fell` where it raises, writes to what it was handed, or finds no end.

    Warnings of numbers out of range are not errors here: what they leave behind is looked at instead.
    """
    file = file_of(rule)
    try:
        with limited(limit), np.errstate(all="ignore"):
            return rule.function(*handed, **parameters)
    except TooLong as error:
        raise Fell(
            f"has found no end after {limit:g} s; see the loop that it is in", line_in(error, file)
        ) from None
    except RuleFailed as error:  # another rule that it asks
        raise Fell(f"fails: {str(error).rstrip('.')}", line_in(error, file)) from error
    except (JusteRetourError, KeyboardInterrupt) as error:
        raise Fell(f"refuses: {str(error).rstrip('.')}", line_in(error, file)) from error
    except BaseException as error:
        says = asking.explained(error, file, family(rule.family).asked_as)
        line = line_in(error, file)
        raise Fell(says or f"raises {said(error)}{_hint(error, rule, line)}", line) from error


def _hint(error: BaseException, rule: Rule, line: int | None) -> str:
    if isinstance(error, TypeError) and "NoneType" in str(error) and ".uniforms" in _text(rule, line):
        return "; situation.uniforms is there for votes only, and for those that do not declare deterministic"
    return ""


def _text(rule: Rule, line: int | None) -> str:
    return "" if line is None else linecache.getline(file_of(rule), line)


def line_of(rule: Rule) -> int:
    """The line in which a rule's function begins, its decorators left out."""
    code = inspect.unwrap(rule.function).__code__
    tree = tree_of(rule)
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == rule.name:
                lines = {node.lineno, *(d.lineno for d in node.decorator_list)}
                if code.co_firstlineno in lines:
                    return node.lineno
    return code.co_firstlineno


def tree_of(rule: Rule) -> ast.Module | None:
    """The syntax of the file in which a rule stands; None where it cannot be read."""
    try:
        return ast.parse(Path(file_of(rule)).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def whim(rule: Rule) -> tuple[str, int] | None:
    """A call in the rule's file whose answer differs from call to call, and its line."""
    tree = tree_of(rule)
    if tree is None:
        return None
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {a.asname or a.name.split(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        root, _, rest = called.partition(".")
        full = f"{names.get(root, root)}.{rest}".rstrip(".")
        if full.split(".")[0] in WHIMS or full.startswith("numpy.random"):
            return f"{called}()", node.lineno
    return None


def names_actors(rule: Rule) -> bool:
    """Whether the rule's file reads codes or names: what a few scenes cannot tell is then not suggested."""
    tree = tree_of(rule)
    read = {"codes", "names", "code", "name", "index", "texts"}
    return tree is None or any(isinstance(n, ast.Attribute) and n.attr in read for n in ast.walk(tree))


# -- what is changed ------------------------------------------------------------------------------------------------
def arrays_in(thing: object, name: str = "") -> dict[str, np.ndarray]:
    """Every array that can be reached in what a rule is handed, by name."""
    if isinstance(thing, np.ndarray):
        return {name or "its input": thing}
    found: dict[str, np.ndarray] = {}
    if isinstance(thing, dict):
        for key, value in thing.items():
            found |= arrays_in(value, f"{name}[{key!r}]")
    elif is_dataclass(thing) and not isinstance(thing, type):
        for f in fields(thing):
            found |= arrays_in(getattr(thing, f.name), f"{name}.{f.name}".lstrip("."))
    elif isinstance(thing, Council):
        found = {f"world.{k}": v for k, v in thing.world.arrays().items()}
        found |= {f"table.known.{k}": v for k, v in vars(thing.known).items() if isinstance(v, np.ndarray)}
    elif name.endswith("p") and hasattr(thing, "__dict__"):
        found = {f"{name}.{k}": v for k, v in vars(thing).items() if isinstance(v, np.ndarray)}
    return found


SEEN = ("envelope", "hosted", "received", "paid", "cap", "free", "best", "room", "merit", "scale")


@contextlib.contextmanager
def unchanged(rule: Rule, handed: Handed) -> Iterator[None]:
    """`Fell` if what was handed over is not afterwards as it was."""
    for thing in handed:
        if hasattr(thing, "world"):
            for name in SEEN:  # what a table works out once and keeps
                getattr(thing.known, name)
    arrays: dict[str, np.ndarray] = {}
    for thing in handed:
        arrays |= arrays_in(thing)
    before = {name: x.copy() for name, x in arrays.items()}
    guarded = [] if any(hasattr(x, "world") for x in handed) else list(arrays.values())
    flags = [(x, x.flags.writeable) for x in guarded]
    for x, _ in flags:
        x.flags.writeable = False
    try:
        yield
    finally:
        for x, flag in flags:
            if flag:
                x.flags.writeable = True
    for name, x in arrays.items():
        if not np.array_equal(x, before[name], equal_nan=x.dtype.kind == "f"):
            raise Fell(
                f"changes {name}, which it is handed; work on a copy, as in x = x.copy()", line_of(rule)
            )


@contextlib.contextmanager
def own_luck(rule: Rule) -> Iterator[None]:
    """`Fell` if the program's global generators were drawn from."""
    before = random.getstate(), _state()
    yield
    if (random.getstate(), _state()) != before:
        found = whim(rule)
        call = f" ({found[0]})" if found else ""
        raise Fell(
            f"draws global random numbers{call}, so that the same seed gives other results; {luck_of(rule)}",
            found[1] if found else line_of(rule),
        )


@contextlib.contextmanager
def own_globals(rule: Rule) -> Iterator[None]:
    """`Fell` if a global of the rule's file is afterwards not as it was; globals of other files are not looked at."""
    before = _globals(rule)
    yield
    after = _globals(rule)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        raise Fell(
            f"writes the global {changed[0]!r}, so that its answers depend on what was asked before; keep nothing "
            "between calls (functools.cache may remember what follows from its arguments)",
            line_of(rule),
        )


PLAIN = (bool, int, float, complex, str, bytes, list, dict, set, tuple, np.ndarray, type(None))


def _globals(rule: Rule) -> dict[str, bytes]:
    """The plain values among the globals of a rule's file and the attributes of its functions, pickled."""
    found = {}
    for name, value in inspect.unwrap(rule.function).__globals__.items():
        own = vars(value) if inspect.isfunction(value) else value
        if not name.startswith("__") and isinstance(own, PLAIN):
            with contextlib.suppress(Exception):  # what cannot be pickled is not compared
                found[name] = pickle.dumps(own)
    return found


def luck_of(rule: Rule) -> str:
    """Where a rule may take random numbers from, in a few words."""
    if rule.family == "vote":
        return "take situation.uniforms, or do without"
    if rule.family not in COUNCIL:
        return "do without random numbers"
    table = "council" if rule.family == "agenda" else "table"
    return f"draw from the streams, as in {table}.uniform('my draws', n), or do without"


def _state() -> tuple[object, ...]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  the global one is the one that is watched
    return (kind, keys.tobytes() if isinstance(keys, np.ndarray) else keys, *rest)


class Spied:
    """Notes whether a table was asked for random numbers."""

    def __init__(self, table: Table):
        self.drawn: list[str] = []
        for name in ("uniform", "normal", "lasting"):
            if hasattr(table, name):
                setattr(table, name, self._noting(getattr(table, name)))

    def _noting(
        self, draw: Callable[Concatenate[str, Slots], Floats]
    ) -> Callable[Concatenate[str, Slots], Floats]:
        def noted(channel: str, *args: Slots.args, **more: Slots.kwargs) -> Floats:
            self.drawn.append(channel)
            return draw(channel, *args, **more)

        return noted
