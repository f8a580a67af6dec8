"""Asking a user's rule: what it is handed cannot be written to, it must come to an end, and its faults are named as its own.

The shipped rules are asked directly. Everything here is only about rules from a user's file, a package or a notebook.
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

SECONDS = "JUSTE_RETOUR_RULE_SECONDS"  # the environment variable that allows a rule more time, or less
PATIENCE = 60.0  # seconds that a question may take where it says nothing
AGAIN = 0.2  # seconds after which an interruption that the rule has caught is repeated
FEW = 25  # names that can be told one by one


class RuleFailed(JusteRetourError):
    """A user's rule raised an error, or returned something that cannot be used, while worlds were running."""

    line: int | None = None


class RuleTooLong(RuleFailed):
    """A user's rule came to no end and was interrupted."""


class InvalidReturn(Exception):
    """What a rule returned cannot be used; the text completes "the rule ..."."""


class TooLong(BaseException):
    """The time is up; it is not an Exception, so that a rule does not catch it by accident."""

    def __init__(self, seconds: float):
        super().__init__(seconds)
        self.seconds = seconds


class Asked(Protocol):
    """What is known of a rule that is asked."""

    @property
    def family(self) -> str:
        """Its family's name."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def function(self) -> Callable[..., Any]:
        """The function."""
        ...


Check = Callable[
    [Any, tuple[Any, ...], Mapping[str, Any]], Any
]  # of what a rule returned; returns what is used


def ask(
    rule: Asked, check: Check | None, asked_as: str, handed: tuple[Any, ...], parameters: Mapping[str, Any]
) -> Any:
    """Ask a user's rule, and check what it returns.

    Args:
        rule: the rule.
        check: of its family; raises `InvalidReturn`.
        asked_as: how the family's rules are asked, as in `rule(ballot, states)`.
        handed: what it is handed; its arrays cannot be written to meanwhile.
        parameters: its parameters.

    Raises:
        RuleFailed: it raised an error, or returned something that its family cannot use.
        RuleTooLong: it was interrupted.
        BadInput: what it refuses by itself.
    """
    try:
        with frozen(handed), limited(patience()):
            found = rule.function(*handed, **parameters)
        return found if check is None else check(found, handed, parameters)
    except InvalidReturn as error:
        raise _failed(RuleFailed, rule, None, str(error)) from None
    except TooLong as error:
        says = f"has found no end after {error.seconds:g} s; see the loop that it is in, or set {SECONDS} for more time"
        raise _failed(RuleTooLong, rule, error, says) from None
    except (JusteRetourError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        says = fault(error, file_of(rule), asked_as) or f"raises {said(error)}; correct that line"
        raise _failed(RuleFailed, rule, error, says) from error


def ask_agent(agent: Any, name: str, handed: tuple[Any, ...]) -> Any:
    """Let an agent take a decision; it must come to an end.

    Raises:
        RuleTooLong: it was interrupted.
    """
    with timed(agent, name):
        return agent.answer(name, handed)


@contextmanager
def timed(agent: object, name: str) -> Iterator[None]:
    """Interrupt what an agent does, the method of that name, where it finds no end."""
    try:
        with limited(patience()):
            yield
    except TooLong as error:
        kind = type(agent)
        file = inspect.getsourcefile(kind) or ""
        line = line_in(error, file)
        where = f"{file}, line {line}" if line else file
        raise RuleTooLong(
            f"{kind.__name__}.{name} ({where}) has found no end after {error.seconds:g} s; see the loop that it is in, or "
            f"set {SECONDS} for more time."
        ) from None


def _failed(kind: type[RuleFailed], rule: Asked, error: BaseException | None, says: str) -> RuleFailed:
    file = file_of(rule)
    line = (error and line_in(error, file)) or inspect.unwrap(rule.function).__code__.co_firstlineno
    failed = kind(f"the rule {rule.family}.{rule.name} ({file}, line {line}) {says.rstrip('.')}.")
    failed.line = line
    return failed


def fault(error: BaseException, file: str, asked_as: str) -> str:
    """What an error says of its rule where more is known than the error's own text; completes "the rule ..."."""
    text = " ".join(str(error).split())
    if isinstance(error, ValueError) and "read-only" in text:
        return "changes what it is handed; work on a copy, as in x = x.copy()"
    if type(error).__name__ == "FrozenInstanceError":
        return f"changes what it is handed ({text.rstrip('.')}); build a new value instead"
    if isinstance(error, ValueError) and "truth value of an array" in text:
        return f"raises {said(error)}; it is handed many worlds at once, so write np.where for if, & for and, | for or"
    if isinstance(error, TypeError) and "argument" in text and line_in(error, file) is None:
        return f"raises {said(error)}; it is asked as {asked_as}"
    if isinstance(error, ValueError) and "broadcast" in text:
        return f"raises {said(error)}; {SHAPES}"
    return ""


SHAPES = (
    "a float parameter is an array (worlds, 1) in every family, so keep the last axis of what it is compared with, as "
    "in x.sum(-1, keepdims=True)"
)


def file_of(rule: Asked) -> str:
    """The file in which a rule stands."""
    return inspect.unwrap(rule.function).__code__.co_filename


def line_in(error: BaseException, file: str) -> int | None:
    """The last line of a file that an error went through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return lines[-1] if lines else None


# -- what it is handed ------------------------------------------------------------------------------------------------
@contextmanager
def frozen(handed: tuple[Any, ...]) -> Iterator[None]:
    """Let no array in what is handed over be written to meanwhile; what a table's methods return is not reached."""
    arrays = [x for thing in handed for x in _arrays(thing) if x.flags.writeable]
    for x in arrays:
        x.flags.writeable = False
    try:
        yield
    finally:
        for x in reversed(arrays):
            x.flags.writeable = True


def _arrays(thing: object) -> Iterator[np.ndarray]:
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from _arrays(value)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for f in fields(thing):
            yield from _arrays(getattr(thing, f.name))


# -- how long it takes ------------------------------------------------------------------------------------------------
def patience() -> float:
    """Seconds that a question to a user's rule may take; 0 for no limit."""
    text = os.environ.get(SECONDS, "")
    try:
        found = float(text or PATIENCE)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise BadInput(f"{SECONDS} = {text!r} is not a number of seconds; give one of at least 0.")
    return found


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in what takes longer: in the main thread of a Unix, and within no other limit.

    One call into C cannot be interrupted, nor can anything in another thread, as the live app's are.
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
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)  # again and again, against a bare except
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# -- what is said of an error -----------------------------------------------------------------------------------------
def said(error: BaseException) -> str:
    """An error in half a sentence: its kind, what it says, and which name was meant where one was not found."""
    text = " ".join(str(error).split()).rstrip(".;")
    hint = _meant(error)
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__) + (hint and f" ({hint})")


def _meant(error: BaseException) -> str:
    """A hint for a name that was not found: the near ones, or all that a thing of the model holds, if few."""
    name, known, few = getattr(error, "name", None), list[str](), False
    if isinstance(error, AttributeError) and error.obj is not None:
        known, few = dir(error.obj), is_dataclass(error.obj)
    elif isinstance(error, NameError) and error.__traceback__ is not None:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        known = [*frame.f_locals, *frame.f_globals]
    elif isinstance(error, ImportError):
        name, known = getattr(error, "name_from", None), dir(sys.modules.get(error.name or ""))
    names = [other for other in known if not other.startswith("_")]
    told = name and (get_close_matches(name, names) or (few and len(names) <= FEW))
    return near(name, set(names)).rstrip(".") if told else ""
