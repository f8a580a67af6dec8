"""Import rules from users' files by path, report errors in them in one sentence, and keep a record of what was read."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from juste_retour.abm import catalog  # noqa: F401  registers the shipped rules before a user's
from juste_retour.abm.base.files import content_of
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.agents.asking import RuleFailed, TooLong, line_in, said, staying
from juste_retour.agents.errors import BadInput, JusteRetourError
from juste_retour.agents.interface import check_interface
from juste_retour.agents.rules import FAMILIES, OFFERED, SHIPPERS, Rule, forget
from juste_retour.agents.user_agents import USER_AGENTS, UserAgent
from juste_retour.runs.base import reading
from juste_retour.runs.base.stopping import Stopped
from juste_retour.runs.base.user_modules import UserModule, forget_modules, imported_by, of_module


@dataclass(frozen=True)
class RulesFile:
    """A file of rules: path, hash, source, the rules that it registers as (family, name), and the modules it imports."""

    path: Path
    sha256: str
    source: str
    rules: tuple[tuple[str, str], ...]
    imports: tuple[UserModule, ...] = ()

    @property
    def modules(self) -> tuple[UserModule, ...]:
        """The file itself, then the modules that it imports."""
        return (
            UserModule(self.path.stem, self.path.name, self.path, self.sha256, self.source),
            *self.imports,
        )


_LOADED: dict[Path, RulesFile] = {}
_READ_AT_IMPORT: dict[Path, tuple[str, ...]] = {}  # by file: the files and variables that it read when it was run


def loaded() -> list[RulesFile]:
    """The files of users' rules: those read by path, then those that packages offer or Python code imported."""
    further = [Path(module.__file__ or "") for module in OFFERED.values()]
    for family in FAMILIES.values():
        further += [Path(rule.place.rpartition(":")[0]) for rule in family if not rule.shipped]
    further += [Path(one.file) for one in USER_AGENTS.values()]
    found = dict(_LOADED)
    for path in further:
        if path.resolve() not in found and path.suffix == ".py" and path.is_absolute() and path.is_file():
            found[path.resolve()] = _file_of(path)
    return list(found.values())


def _file_of(path: Path) -> RulesFile:
    content = content_of(path)
    source = content.decode("utf-8", "replace")
    return RulesFile(path, hashlib.sha256(content).hexdigest(), source, _entered(path), imported_by(source))


def _entered(place: Path) -> tuple[tuple[str, str], ...]:
    return tuple(
        (family.name, rule.name)
        for family in FAMILIES.values()
        for rule in family
        if rule.place.startswith(f"{place}:")
    )


def in_use(content: object, files: Iterable[RulesFile] = ()) -> tuple[UserModule, ...]:
    """The modules that the users' rules and agents in a scenario or a spec depend on, sorted by their place.

    Args:
        content: the scenario or spec as plain data; a user's rule or agent is in use if its name occurs in it.
        files: files of rules that are in use in any case.

    Returns:
        the files, the modules of packages that offer rules, all that these import, and installed packages with versions.
    """
    found = {module.place: module for file in files for module in file.modules}
    named = set(_texts(content))
    written: list[Rule | UserAgent] = [r for family in FAMILIES.values() for r in family if not r.shipped]
    for made in (*written, *USER_AGENTS.values()):
        if made.name in named:
            for module in _made_of(made):
                found.setdefault(module.place, module)
    reading.watch(module.path for module in found.values() if module.path is not None)
    return tuple(found[place] for place in sorted(found))


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        yield from content.split(".")[1:2]  # as in agents.Learner.rate
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _texts(value)


def _made_of(made: Rule | UserAgent) -> tuple[UserModule, ...]:
    """The modules that a rule or a class of agents depends on; for what was typed at a prompt, only its own source."""
    thing: Any = inspect.unwrap(made.function) if isinstance(made, Rule) else made.cls
    place = Path(made.place.rpartition(":")[0])
    if place.resolve() in _LOADED:
        return _LOADED[place.resolve()].modules
    module = of_module(thing.__module__)
    if module is not None:
        return module, *imported_by(module.source, thing.__module__)
    if place.is_file():
        return _file_of(place).modules
    try:
        source = inspect.getsource(thing)
    except (OSError, TypeError):
        parts = [thing] if isinstance(made, Rule) else vars(thing).values()
        source = repr([f.__code__.co_code for f in parts if hasattr(f, "__code__")])
    said = f"{made.family if isinstance(made, Rule) else 'agents'}.{made.name}"
    return (UserModule(said, said, None, hashlib.sha256(source.encode()).hexdigest(), source),)


def outcomes_of(place: Path) -> list[str]:
    """The names of the outcomes that a file registers."""
    return [name for name, one in USER_OUTCOMES.items() if one.place.startswith(f"{place}:")]


def agents_of(place: Path) -> list[str]:
    """The names of the agents that a file registers."""
    return [name for name, one in USER_AGENTS.items() if one.file == str(place)]


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Restore rules, outcomes and agents if a file raises an error while it is loaded."""
    before = dict(FAMILIES), {name: dict(family.rules) for name, family in FAMILIES.items()}
    outcomes, agents = dict(USER_OUTCOMES), dict(USER_AGENTS)
    try:
        yield
    except BaseException:
        forget(*before)
        USER_OUTCOMES.clear()
        USER_OUTCOMES.update(outcomes)
        USER_AGENTS.clear()
        USER_AGENTS.update(agents)
        raise


def load_rules(files: Iterable[Path | str]) -> list[RulesFile]:
    """Import files of rules; a file is not read again if neither it nor what it imports has changed.

    A file may import modules from its own folder.

    Raises:
        BadInput: a file that does not exist, is not valid Python, raises an error (with the line), or registers nothing.
    """
    return [_load(Path(file)) for file in files]


def _load(path: Path) -> RulesFile:
    try:
        content = content_of(path)
        source = content.decode("utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; give the path of a Python file with rules.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"{path} cannot be read ({reason}); give the path of a Python file with rules.") from None
    place, sha256 = path.resolve(), hashlib.sha256(content).hexdigest()
    known = _LOADED.get(place)
    same = known is not None and known.sha256 == sha256 and known.imports == _rests_on(place, source)
    if known is not None and same and not any(" and " in then for then in reading.read_by([place]).values()):
        return known  # nothing that it read at import or in runs has changed either
    if known is not None:
        read = reading.read_by([place])
        files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
        late = [UserModule(name, file, Path(file), "", "") for name, file in files.items() if file in read]
        forget_modules((*known.imports, *late))
    if _shipped(place):
        return RulesFile(path, sha256, source, _entered(place))
    check_interface(source, str(path))
    with _all_or_nothing():
        _forget(place, known)
        reading.forget_read(place)
        reading.watch([place])
        _run(path, place, source, sha256)
        _READ_AT_IMPORT[place] = tuple(reading.read_by([place]))
        imports = _rests_on(place, source)
        _check_entered(path, place, imports)
    _LOADED[place] = RulesFile(path, sha256, source, _entered(place), imports)
    return _LOADED[place]


def _rests_on(place: Path, source: str) -> tuple[UserModule, ...]:
    """The modules that a file imports, and the other files and variables that it read when it was run, as they are now."""
    modules = imported_by(source)
    known, found = {str(module.path) for module in modules}, list(modules)
    for name in _READ_AT_IMPORT.get(place, ()):
        path = Path(name) if Path(name).is_absolute() else None
        if name in known or (path is None and not name.startswith(reading.VARIABLE)):
            continue
        beside = path is not None and path.is_relative_to(place.parent)
        label = path.relative_to(place.parent).as_posix() if path is not None and beside else name
        code = path is not None and path.suffix == ".py" and path.is_file()
        text = path.read_text("utf-8", "replace") if path is not None and code else ""
        found.append(UserModule(Path(name).stem, label, path, reading.content_hash(name), text))
    return tuple(found)


def _forget(place: Path, known: RulesFile | None) -> None:
    """Remove what an earlier version of a file registered."""
    for name in outcomes_of(place):
        del USER_OUTCOMES[name]
    for name in agents_of(place):
        del USER_AGENTS[name]
    if known is not None:
        for family, rule in known.rules:
            FAMILIES[family].rules.pop(rule, None)
        for name in [name for name, family in FAMILIES.items() if family.place.startswith(f"{place}:")]:
            del FAMILIES[name]


def _check_entered(path: Path, place: Path, imports: tuple[UserModule, ...]) -> None:
    """Raise `BadInput` if a file's import found another file than the one in its folder, or it registers nothing."""
    odd = [m for m in imports if m.path and not m.package and _elsewhere(place.parent / m.place, m.path)]
    if odd:
        raise BadInput(
            f"{path} imports {odd[0].name!r} from {place.parent / odd[0].place}, but {odd[0].path}, which has the same "
            "name, was imported first; rename one."
        )
    empty = [family.name for family in FAMILIES.values() if not family.rules]
    if empty:
        raise BadInput(f"{path} registers the family {empty[0]!r} without a rule; register its default rule as well.")
    if not (_entered(place) or outcomes_of(place) or agents_of(place)):
        raise BadInput(
            f"{path} registers no rule, outcome or agent; decorate a function with its family, as in @voting, or with "
            "@outcome, or a class with @agent."
        )


def _elsewhere(beside: Path, imported: Path) -> bool:
    return beside.is_file() and beside.resolve() != imported.resolve()


def _shipped(place: Path) -> bool:
    """Whether a file belongs to the model, whose rules are registered already."""
    rooms = [m for name, m in sys.modules.items() if name.startswith(SHIPPERS)]
    return any(module.__file__ == str(place) for module in rooms) and bool(_entered(place))


def _run(path: Path, place: Path, source: str, sha256: str) -> None:
    module = ModuleType(f"rules_of_user_{place.stem}_{sha256[:8]}")
    module.__file__ = str(place)
    sys.modules[module.__name__] = module
    if str(place.parent) not in sys.path:
        sys.path.append(str(place.parent))  # at the end, so that files in its folder shadow no installed module
    try:
        with staying():
            exec(compile(source, str(place), "exec"), module.__dict__)
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.filename == str(place) else f"{error.filename}, line {error.lineno}"
        raise BadInput(f"{path}, {where}: {error.msg}; correct that line.") from None
    except BadInput as error:
        raise BadInput(f"{path}{_line(error, place)}: {error}") from None
    except (Stopped, TooLong):
        raise
    except BaseException as error:  # a user's file may raise anything
        raise BadInput(f"{path}{_line(error, place)}: {said(error)}; correct that line.") from None


@contextmanager
def blame() -> Iterator[None]:
    """Turn an error in a user's rule into one sentence with its line; other errors are raised unchanged.

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
    """One sentence, with the line, for an error that arose in a user's rule; empty if it arose elsewhere."""
    for file in loaded():
        line = _line(error, file.path.resolve())
        if line:
            return f"a rule in {file.path} failed{line.replace(',', ' at', 1)}: {said(error)}; correct that line."
    return ""


def _line(error: BaseException, place: Path) -> str:
    line = line_in(error, str(place))
    return f", line {line}" if line else ""
