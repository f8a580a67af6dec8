"""Call a rule and watch it: its time, the line of a failure, what it changes and which random numbers it draws."""

from __future__ import annotations

import ast
import contextlib
import faulthandler
import inspect
import linecache
import pickle
import random
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TextIO

import numpy as np

from juste_retour.abm.bargaining.council import Council
from juste_retour.abm.delivery.procurement import Purchase
from juste_retour.agents import asking
from juste_retour.agents.arrays import Floats
from juste_retour.agents.asking import RuleFailed, TooLong, file_of, line_in, said
from juste_retour.agents.errors import JusteRetourError
from juste_retour.agents.rules import Handed, Rule, family
from juste_retour.runs.workshop.conformance.scenes import COUNCIL, Parameters

Slots = ParamSpec("Slots")
LIMIT = 10.0  # time limit for one call, in seconds
GRACE = 1.0  # seconds after the limit at which a child process that cannot be interrupted is ended
# modules with results that vary from call to call
VARYING = ("random", "secrets", "uuid", "time", "datetime")


class CheckFailed(Exception):
    """A rule failed a check; the text completes "the rule ..."."""

    def __init__(self, says: str, line: int | None):
        super().__init__(says)
        self.line = line


trace: TextIO | None = None  # file for the traceback of a child process that is ended at the time limit


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt the block after `seconds`. A child process that cannot be interrupted writes its traceback and ends."""
    if trace is not None:
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=trace)
    try:
        with asking.limited(seconds):
            yield
    finally:
        if trace is not None:
            faulthandler.cancel_dump_traceback_later()


def ask(rule: Rule, handed: Handed, parameters: Parameters, limit: float = LIMIT) -> object:
    """Call a rule and return its value.

    Floating-point warnings are ignored here, because the checks look at the numbers that result.

    Raises:
        CheckFailed: the rule raised an error or took longer than `limit` seconds.
    """
    file = file_of(rule)
    try:
        with limited(limit), np.errstate(all="ignore"):
            return rule.function(*handed, **parameters)
    except TooLong as error:
        raise CheckFailed(
            f"did not finish within {limit:g} s; look for an endless loop at this line", line_in(error, file)
        ) from None
    except RuleFailed as error:  # another rule, which this one calls
        raise CheckFailed(f"fails: {str(error).rstrip('.')}", line_in(error, file)) from error
    except (JusteRetourError, KeyboardInterrupt) as error:
        raise CheckFailed(f"raises {type(error).__name__}: {str(error).rstrip('.')}", line_in(error, file)) from error
    except BaseException as error:
        says = asking.explained(error, file, family(rule.family).asked_as)
        line = line_in(error, file)
        raise CheckFailed(says or f"raises {said(error)}{_hint(error, rule, line)}", line) from error


def _hint(error: BaseException, rule: Rule, line: int | None) -> str:
    if isinstance(error, TypeError) and "NoneType" in str(error) and ".uniforms" in _text(rule, line):
        return "; situation.uniforms exists only in votes, and only for rules that do not declare deterministic"
    return ""


def _text(rule: Rule, line: int | None) -> str:
    return "" if line is None else linecache.getline(file_of(rule), line)


def line_of(rule: Rule) -> int:
    """The line of a rule's `def`, after its decorators."""
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
    """The syntax tree of a rule's file; None if the file cannot be read or parsed."""
    try:
        return ast.parse(Path(file_of(rule)).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def varying_call(rule: Rule) -> tuple[str, int] | None:
    """A function call in the rule's file that uses a module of `VARYING` or numpy.random, and its line; None if there is none."""
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
        if full == "hash" or full.split(".")[0] in VARYING or full.startswith("numpy.random"):
            return f"{called}()", node.lineno
    return None


def numbers_in(rule: Rule) -> list[float]:
    """The numbers that the rule's file names."""
    tree = tree_of(rule)
    values = [] if tree is None else [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    return [float(value) for value in values if isinstance(value, int | float)]


def unread_parameters(function: Callable[..., object], parameters: Iterable[str]) -> list[str]:
    """The parameters that a function never reads."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return []
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return [] if read & {"locals", "vars"} else [name for name in parameters if name not in read]


def names_actors(rule: Rule) -> bool:
    """Whether the rule's file may read codes or names. A few scenes do not prove such a rule anonymous."""
    tree = tree_of(rule)
    read = {"codes", "names", "code", "name", "index", "texts", "more", "latitude", "longitude", "cities"}
    return tree is None or any(isinstance(n, ast.Attribute) and n.attr in read for n in ast.walk(tree))


def arrays_in(thing: object, name: str = "") -> dict[str, np.ndarray]:
    """Every array within an argument of a rule, by its dotted name."""
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
    """Raise `CheckFailed` if the block changes an array within the arguments."""
    for thing in handed:
        if hasattr(thing, "world"):
            for name in SEEN:  # computed at first use, so that later use is not taken for a change
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
            raise CheckFailed(f"changes its argument {name}; work on a copy, as in x = x.copy()", line_of(rule))


@contextlib.contextmanager
def no_global_draws(rule: Rule) -> Iterator[None]:
    """Raise `CheckFailed` if the block draws from the global generators of `random` or NumPy."""
    before = random.getstate(), _state()
    yield
    if (random.getstate(), _state()) != before:
        found = varying_call(rule)
        call = f" ({found[0]})" if found else ""
        raise CheckFailed(
            f"draws global random numbers{call}, so that the same seed gives other results; {random_source(rule)}",
            found[1] if found else line_of(rule),
        )


@contextlib.contextmanager
def no_global_writes(rule: Rule) -> Iterator[None]:
    """Raise `CheckFailed` if the block changes a global of the rule's file. Globals of other files are not compared."""
    before = _globals(rule)
    yield
    after = _globals(rule)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        raise CheckFailed(
            f"changes the global {changed[0]!r}, so that its result depends on earlier calls; keep nothing between calls "
            "(functools.cache is fine for values that depend only on the arguments)",
            line_of(rule),
        )


PLAIN = (bool, int, float, complex, str, bytes, list, dict, set, tuple, np.ndarray, type(None))


def _globals(rule: Rule) -> dict[str, bytes]:
    """The plain values among the globals of a rule's file and the attributes of its functions, pickled."""
    found = {}
    for name, value in inspect.unwrap(rule.function).__globals__.items():
        own = vars(value) if inspect.isfunction(value) else value
        if not name.startswith("__") and isinstance(own, PLAIN):
            with contextlib.suppress(Exception):  # values that cannot be pickled are not compared
                found[name] = pickle.dumps(own)
    return found


def random_source(rule: Rule) -> str:
    """Advice on where a rule may take random numbers from, for a message."""
    if rule.family == "vote":
        return "use situation.uniforms, or no random numbers"
    if rule.family not in (*COUNCIL, "procurement"):
        return "use no random numbers"
    table = {"agenda": "council", "procurement": "purchase"}.get(rule.family, "table")
    return f"draw from the random streams, as in {table}.uniform('my draws', n), or use no random numbers"


def _state() -> tuple[object, ...]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  the check is about this global generator
    return (kind, keys.tobytes() if isinstance(keys, np.ndarray) else keys, *rest)


def recording(thing: Any, drawn: list[str]) -> Any:
    """An argument of a rule that adds to `drawn` the names of the random streams from which the rule draws."""

    def recorded(
        draw: Callable[Concatenate[str, Slots], Floats],
    ) -> Callable[Concatenate[str, Slots], Floats]:
        def record(channel: str, *args: Slots.args, **more: Slots.kwargs) -> Floats:
            drawn.append(channel)
            return draw(channel, *args, **more)

        return record

    if isinstance(thing, Purchase):
        return replace(thing, draw=recorded(thing.draw))
    for name in ("uniform", "lasting") if isinstance(thing, Council) else ():
        setattr(thing, name, recorded(getattr(thing, name)))
    return thing
