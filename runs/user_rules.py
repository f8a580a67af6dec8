"""Rules from users' files: import them by path, say in one sentence what is wrong, remember what was read."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from juste_retour.abm import catalogue  # noqa: F401  the shipped rules stand before a user's
from juste_retour.agents.errors import BadInput, JusteRetourError, near
from juste_retour.agents.rules import FAMILIES, OFFERED, SHIPPERS, forget


@dataclass(frozen=True)
class RulesFile:
    """A file of rules as it was read: path, hash, text, and the rules that it enters as (family, name)."""

    path: Path
    sha256: str
    source: str
    rules: tuple[tuple[str, str], ...]


class RuleFailed(JusteRetourError):
    """A user's rule raised an error while worlds were running."""


FEW = 25  # names that can be told one by one
_LOADED: dict[Path, RulesFile] = {}


def loaded() -> list[RulesFile]:
    """The files of rules that are not the model's own: read by path, then offered by packages or imported in Python."""
    further = [Path(module.__file__ or "") for module in OFFERED.values()]
    for family in FAMILIES.values():
        further += [Path(rule.place.rpartition(":")[0]) for rule in family if not rule.shipped]
    found = dict(_LOADED)
    for path in further:
        if path.resolve() not in found and path.suffix == ".py" and path.is_absolute() and path.is_file():
            found[path.resolve()] = _as_it_stands(path)
    return list(found.values())


def _as_it_stands(path: Path) -> RulesFile:
    content = path.read_bytes()
    return RulesFile(
        path, hashlib.sha256(content).hexdigest(), content.decode("utf-8", "replace"), _entered(path)
    )


def _entered(place: Path) -> tuple[tuple[str, str], ...]:
    return tuple(
        (family.name, rule.name)
        for family in FAMILIES.values()
        for rule in family
        if rule.place.startswith(f"{place}:")
    )


def load_rules(files: Iterable[Path | str]) -> list[RulesFile]:
    """Import files of rules; one that was read already and has not changed is left as it is.

    Raises:
        BadInput: no such file, no Python, an error while it runs (with the line), or no rule in it.
    """
    return [_load(Path(file)) for file in files]


def _load(path: Path) -> RulesFile:
    try:
        content = path.read_bytes()
        source = content.decode("utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; give the path of a Python file with rules.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(
            f"{path} cannot be read ({reason}); give the path of a Python file with rules."
        ) from None
    place, sha256 = path.resolve(), hashlib.sha256(content).hexdigest()
    known = _LOADED.get(place)
    if known is not None and known.sha256 == sha256:
        return known
    if _shipped(place):
        return RulesFile(path, sha256, source, _entered(place))
    before = dict(FAMILIES), {name: dict(family.rules) for name, family in FAMILIES.items()}
    if known is not None:
        for family, rule in known.rules:
            FAMILIES[family].rules.pop(rule, None)
        for name in [name for name, family in FAMILIES.items() if family.place.startswith(f"{place}:")]:
            del FAMILIES[name]
    try:
        _run(path, place, source, sha256)
    except BaseException:
        forget(*before)
        raise
    entered = _entered(place)
    empty = [family.name for family in FAMILIES.values() if not family.rules]
    if empty:
        forget(*before)
        raise BadInput(
            f"{path} enters the family {empty[0]!r} and no rule of it; enter its usual rule as well."
        )
    if not entered:
        raise BadInput(f"{path} enters no rule; decorate a function with its family, as in @voting.")
    _LOADED[place] = RulesFile(path, sha256, source, entered)
    return _LOADED[place]


def _shipped(place: Path) -> bool:
    """Whether a file is one of the model's own, whose rules are known and stay what they are."""
    rooms = [m for name, m in sys.modules.items() if name.startswith(SHIPPERS)]
    return any(module.__file__ == str(place) for module in rooms) and bool(_entered(place))


def _run(path: Path, place: Path, source: str, sha256: str) -> None:
    module = ModuleType(f"rules_of_user_{place.stem}_{sha256[:8]}")
    module.__file__ = str(place)
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, str(place), "exec"), module.__dict__)
    except SyntaxError as error:
        where = (
            f"line {error.lineno}"
            if error.filename == str(place)
            else f"{error.filename}, line {error.lineno}"
        )
        raise BadInput(f"{path}, {where}: {error.msg}; mend that line.") from None
    except BadInput as error:
        raise BadInput(f"{path}{_line(error, place)}: {error}") from None
    except (Exception, SystemExit) as error:
        raise BadInput(f"{path}{_line(error, place)}: {said(error)}; mend that line.") from None


@contextmanager
def blame() -> Iterator[None]:
    """Say an error that arises in a user's rule in one sentence, with its line; other errors pass as they are.

    Raises:
        RuleFailed: a user's rule raised an error.
    """
    try:
        yield
    except JusteRetourError:
        raise
    except (Exception, SystemExit) as error:
        sentence = blamed(error)
        if sentence:
            raise RuleFailed(sentence) from error
        raise


def blamed(error: BaseException) -> str:
    """An error that arose in a user's rule in one sentence, with its line; nothing where it arose elsewhere."""
    for file in loaded():
        line = _line(error, file.path.resolve())
        if line:
            return (
                f"a rule in {file.path} failed{line.replace(',', ' at', 1)}: {said(error)}; mend that line."
            )
    return ""


def _line(error: BaseException, place: Path) -> str:
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(place)
    ]
    return f", line {lines[-1]}" if lines else ""


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
