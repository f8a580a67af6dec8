"""The errors that a user can cause, each explained in one plain sentence."""

from collections.abc import Iterable
from difflib import get_close_matches


class JusteRetourError(Exception):
    """Base of every error that a user can meet. Commands print its text alone and exit with status 1."""

    exit_status = 1


class BadInput(JusteRetourError):
    """An input that cannot be used; the text names the place, the value and the remedy (exit status 2)."""

    exit_status = 2


class CannotWrite(JusteRetourError):
    """An output that cannot be written; the text names the place, the reason and the remedy (exit status 1)."""


def near(name: object, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known: the closest known names, or else all of them."""
    names = sorted(known)
    close = get_close_matches(str(name), names, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(c) for c in close) + "?"
    return "choose from " + ", ".join(names) + "." if names else "there are none to choose from."
