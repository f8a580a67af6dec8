"""What can go wrong by a user's hand, said in one plain sentence."""

from collections.abc import Iterable
from difflib import get_close_matches


class JusteRetourError(Exception):
    """Base of every error that a user can meet; its text is shown as it stands (exit status 1)."""

    exit_status = 1


class BadInput(JusteRetourError):
    """Something that was given cannot be used: the text names the place, the value and the remedy (exit status 2)."""

    exit_status = 2


class CannotWrite(JusteRetourError):
    """What should be written cannot be: the text names the place, the reason and the remedy (exit status 1)."""


def near(name: object, known: Iterable[str]) -> str:
    """Return the hint for a misspelt name: its near matches, or else all that is known."""
    names = sorted(known)
    close = get_close_matches(str(name), names, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(c) for c in close) + "?"
    return "known are " + ", ".join(names) + "." if names else "none is known."
