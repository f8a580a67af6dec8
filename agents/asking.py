"""Calls user-defined rules and agents: with read-only arguments, a time limit, and errors that name the rule.

It serves rules from a user's file, a package or a notebook. Shipped rules are called directly.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from types import FrameType
from typing import Any, Protocol

import numpy as np

from juste_retour.agents.errors import BadInput, JusteRetourError, near

SECONDS = "JUSTE_RETOUR_RULE_SECONDS"  # the environment variable that sets the time limit of a call
DEFAULT_SECONDS = 60.0  # the time limit of a call if the variable is not set
REPEAT_SECONDS = 0.2  # after which the interruption is repeated, in case the rule has caught it
FEW = 25  # the longest list of names that a hint gives in full


class RuleFailed(JusteRetourError):
    """During a run, a user-defined rule raised an error or returned an invalid value."""

    line: int | None = None


class RuleTooLong(RuleFailed):
    """A user-defined rule exceeded the time limit and was interrupted."""


class InvalidReturn(Exception):
    """A rule returned an invalid value; the text completes a sentence that begins "the rule ..."."""


class TooLong(BaseException):
    """The time limit has passed. It is not an Exception, so that a rule does not catch it by accident."""

    def __init__(self, seconds: float):
        super().__init__(seconds)
        self.seconds = seconds


class Callee(Protocol):
    """The properties of a user-defined rule or outcome that calling it needs."""

    @property
    def family(self) -> str:
        """The name of its family."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def function(self) -> Callable[..., Any]:
        """The function."""
        ...


# from return value, arguments and parameters of a rule to the value to use; raises `InvalidReturn`
Check = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Any]


def ask(
    rule: Callee, check: Check | None, asked_as: str, handed: tuple[Any, ...], parameters: Mapping[str, Any]
) -> Any:
    """Call a user-defined rule and check what it returns.

    Args:
        rule: the rule.
        check: the check of its family; None for no check.
        asked_as: the call of the family's rules, as in `rule(ballot, states)`.
        handed: the arguments; their arrays are read-only during the call.
        parameters: the rule's parameters.

    Returns:
        The return value, as the check passes it on.

    Raises:
        RuleFailed: the rule raised an error or returned an invalid value.
        RuleTooLong: it exceeded the time limit.
        BadInput: it refused its input.
    """
    try:
        with unchanged(handed), frozen(handed), limited(time_limit()), staying():
            found = rule.function(*handed, **parameters)
        return found if check is None else check(found, handed, parameters)
    except InvalidReturn as error:
        raise _failed(RuleFailed, rule, None, str(error)) from None
    except TooLong as error:
        says = f"was stopped after {error.seconds:g} s; check the loop in that line, or raise the limit with {SECONDS}"
        raise _failed(RuleTooLong, rule, error, says) from None
    except (JusteRetourError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        says = explained(error, file_of(rule), asked_as) or f"raises {said(error)}; correct that line"
        raise _failed(RuleFailed, rule, error, says) from error


def ask_agent(agent: Any, name: str, handed: tuple[Any, ...]) -> Any:
    """Return an agent's decision `name` on these arguments.

    Raises:
        RuleTooLong: it exceeded the time limit.
    """
    with timed(agent, name):
        return agent.answer(name, handed)


@contextmanager
def timed(agent: object, name: str) -> Iterator[None]:
    """Limit the time of an agent's method `name`, which runs inside; raises `RuleTooLong`."""
    try:
        with limited(time_limit()):
            yield
    except TooLong as error:
        kind = type(agent)
        file = inspect.getsourcefile(kind) or ""
        line = line_in(error, file)
        where = f"{file}, line {line}" if line else file
        raise RuleTooLong(
            f"{kind.__name__}.{name} ({where}) was stopped after {error.seconds:g} s; check the loop in that line, or "
            f"raise the limit with {SECONDS}."
        ) from None


def _failed(kind: type[RuleFailed], rule: Callee, error: BaseException | None, says: str) -> RuleFailed:
    file = file_of(rule)
    line = (error and line_in(error, file)) or inspect.unwrap(rule.function).__code__.co_firstlineno
    failed = kind(f"the rule {rule.family}.{rule.name} ({file}, line {line}) {says.rstrip('.')}.")
    failed.line = line
    return failed


def explained(error: BaseException, file: str, asked_as: str) -> str:
    """Explain a frequent mistake, in words that complete "the rule ..."; empty for any other error."""
    text = " ".join(str(error).split())
    if isinstance(error, ValueError) and "read-only" in text:
        return "changes one of its arguments; work on a copy, as in x = x.copy()"
    if type(error).__name__ == "FrozenInstanceError":
        return f"changes one of its arguments ({text.rstrip('.')}); build a new value instead"
    if isinstance(error, ValueError) and "truth value of an array" in text:
        return f"raises {said(error)}; its arrays hold many worlds, so write np.where for if, & for and, | for or"
    if isinstance(error, TypeError) and "argument" in text and line_in(error, file) is None:
        return f"raises {said(error)}; the model calls it as {asked_as}"
    if isinstance(error, ValueError) and "broadcast" in text:
        return f"raises {said(error)}; {SHAPES}"
    return ""


SHAPES = (
    "a float parameter is an array (worlds, 1) in every family, so keep the last axis of what is compared with it, as "
    "in x.sum(-1, keepdims=True), or add it to the result of another rule, as in x[..., None]"
)


def file_of(rule: Callee) -> str:
    """The file that defines a rule."""
    return inspect.unwrap(rule.function).__code__.co_filename


def line_in(error: BaseException, file: str) -> int | None:
    """The line of a file that raised an error or called what raised it; None if the file was not involved."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return lines[-1] if lines else None


# -- read-only arguments ----------------------------------------------------------------------------------------------
@contextmanager
def frozen(handed: tuple[Any, ...]) -> Iterator[None]:
    """Make all arrays in these arguments read-only inside; arrays that their methods return are not covered."""
    arrays = [x for x in _leaves(handed) if isinstance(x, np.ndarray) and x.flags.writeable]
    for x in arrays:
        x.flags.writeable = False
    try:
        yield
    finally:
        for x in reversed(arrays):
            x.flags.writeable = True


@contextmanager
def unchanged(handed: tuple[Any, ...]) -> Iterator[None]:
    """Raise `InvalidReturn` if a call inside changed these arguments in a way that read-only arrays do not prevent."""
    before = [(x, x.tobytes() if isinstance(x, np.ndarray) else b"") for x in _leaves(handed)]
    yield
    after = list(_leaves(handed))
    if len(after) != len(before) or any(
        x is not y or (isinstance(x, np.ndarray) and x.tobytes() != content)
        for x, (y, content) in zip(after, before, strict=True)
    ):
        raise InvalidReturn("changes one of its arguments; work on a copy, as in x = x.copy()")


def _leaves(thing: object) -> Iterator[object]:
    """The values in nested tuples, dicts and dataclasses."""
    if isinstance(thing, dict | tuple):
        for value in thing.values() if isinstance(thing, dict) else thing:
            yield from _leaves(value)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for f in fields(thing):
            yield from _leaves(getattr(thing, f.name))
    else:
        yield thing


# -- the process ------------------------------------------------------------------------------------------------------
class _Inside(threading.local):
    process = 0  # the number of the process in which this thread runs a user's code


_inside, _leave = _Inside(), os._exit


def _left(status: int) -> None:
    if _inside.process == os.getpid():
        raise SystemExit(f"os._exit({status})")
    _leave(status)


@contextmanager
def staying() -> Iterator[None]:
    """Let `os._exit` raise `SystemExit` inside, in this thread; it would end the process without a word, as if all were well."""
    os._exit = _left  # type: ignore[assignment]
    before, _inside.process = _inside.process, os.getpid()
    try:
        yield
    finally:
        if _inside.process != os.getpid():  # a child that the rule forked would go on as a second copy of the program
            _leave(1)
        _inside.process = before


# -- the time limit ---------------------------------------------------------------------------------------------------
def time_limit() -> float:
    """Seconds that a call of a user-defined rule may take; 0 for no limit.

    Raises:
        BadInput: the environment variable is not a number of seconds.
    """
    text = os.environ.get(SECONDS, "")
    try:
        found = float(text or DEFAULT_SECONDS)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise BadInput(f"{SECONDS} = {text!r} is not a number of seconds; give at least 0, where 0 means no limit.")
    return found


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooLong` inside after this many seconds; 0 sets no limit, and within another limit only that one counts.

    It works in the main thread on Unix only, so runs in the live app's threads are not limited. A single call into C
    cannot be interrupted.
    """
    if not (
        seconds
        and hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    ):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooLong(seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT_SECONDS)  # repeated in case of a bare except
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# -- messages ---------------------------------------------------------------------------------------------------------
def said(error: BaseException) -> str:
    """An error's type and text, with a hint in parentheses if a name was not found."""
    text = " ".join(str(error).split()).rstrip(".;")
    hint = _meant(error)
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__) + (hint and f" ({hint})")


def _meant(error: BaseException) -> str:
    """A hint for a name that was not found: the closest names, or all attributes of a dataclass if they are few."""
    name, known, few = getattr(error, "name", None), list[str](), False
    if isinstance(error, AttributeError) and error.obj is not None:
        known, few = dir(error.obj), is_dataclass(error.obj)
    elif isinstance(error, NameError) and error.__traceback__ is not None:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        known = [*frame.f_locals, *frame.f_globals]
    elif isinstance(error, ImportError):
        name, known = getattr(error, "name_from", None), dir(sys.modules.get(error.name or ""))
    names = [other for other in known if not other.startswith("_")]
    useful = name and (get_close_matches(name, names) or (few and len(names) <= FEW))
    return near(name, set(names)).rstrip(".") if useful else ""
