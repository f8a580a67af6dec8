"""A file of rules under examination: everything that is wrong with it, each fault in one sentence."""

from __future__ import annotations

import contextlib
import inspect
import re
import tempfile
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from juste_retour.abm.files import content_of
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, OFFERS, Rule, family, load_offered
from juste_retour.agents.user_agents import USER_AGENTS, UserAgent
from juste_retour.runs.user_rules import agents_of, load_rules, outcomes_of
from juste_retour.runs.workshop.conformance import watch
from juste_retour.runs.workshop.conformance.agents import examine_agent
from juste_retour.runs.workshop.conformance.examine import Examined, Fault, examine
from juste_retour.runs.workshop.conformance.outcomes import examine_outcome


@dataclass(frozen=True)
class Checked:
    """What was found of a file: its rules, or the fault for which it could not be read."""

    file: Path
    rules: tuple[Examined, ...]
    unread: Fault | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong."""
        found = tuple(fault for rule in self.rules for fault in rule.faults)
        return found if self.unread is None else (self.unread, *found)

    def sentences(self) -> list[str]:
        """Everything that is wrong, each fault in one sentence that names file and line."""
        return [fault.sentence() for fault in self.faults]


def check_file(file: Path | str, limit: float = watch.LIMIT, timed: bool = False) -> Checked:
    """Put every rule, agent and outcome of a file, or every rule and agent of an installed package, to the checks that the shipped ones pass.

    Args:
        file: a Python file that enters rules; or a rule's name, its family and name as in `voting.mine`, or the name of an
            installed package that offers rules.
        limit: seconds that a rule may take to answer one question.
        timed: whether to take the rules' speed as well.

    Raises:
        BadInput: there is no such file, or it cannot be read.
    """
    path = Path(file)
    if _is_name(path):
        found = _named(str(file))
        return Checked(
            path,
            tuple(
                examine(one, limit, timed) if isinstance(one, Rule) else examine_agent(one, limit)
                for one in found
            ),
        )
    _readable(path)
    try:
        with watch.limited(limit):
            loaded = load_rules([path])[0]
    except BadInput as error:
        return Checked(path, (), _unread(path, str(error)))
    except watch.TooLong as error:
        line = watch.line_in(error, str(path.resolve()))
        says = f"has found no end after {limit:g} s of being imported; see the loop that it is in"
        return Checked(path, (), Fault("can be imported", "", "", says, str(path), line))
    rules = tuple(examine(family(group)[name], limit, timed) for group, name in loaded.rules)
    agents = tuple(examine_agent(USER_AGENTS[name], limit) for name in agents_of(path.resolve()))
    outcomes = tuple(examine_outcome(USER_OUTCOMES[name], limit) for name in outcomes_of(path.resolve()))
    return Checked(path, (*rules, *agents, *outcomes))


def _is_name(path: Path) -> bool:
    """Whether a rule, its family and name, or a package is meant."""
    return not path.exists() and path.suffix != ".py" and path.parent == Path()


def _readable(path: Path) -> None:
    try:
        content_of(path)
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror}); give the path of a Python file with rules."
        ) from None


def _named(name: str) -> list[Rule | UserAgent]:
    """The rules and agents that a name stands for: one, or all of an installed package."""
    load_offered()
    owners = {
        known: point.module.partition(".")[0]
        for point in entry_points(group=OFFERS)
        for known in (point.name, point.module, point.dist.name if point.dist is not None else point.name)
    }
    owner = owners.get(name, "?")
    found: list[Rule | UserAgent] = [
        one
        for one in USER_AGENTS.values()
        if one.name == name or f"{one.cls.__module__}.".startswith(f"{owner}.")
    ]
    for group in FAMILIES.values():
        for rule in group:
            within = f"{inspect.unwrap(rule.function).__module__}.".startswith(f"{owner}.")
            if within or name in (rule.name, f"{rule.family}.{rule.name}"):
                found.append(rule)
    if not found:
        known = get_close_matches(
            name, {*owners, *(rule.name for group in FAMILIES.values() for rule in group)}
        )
        hint = near(name, known) if known else "see `juste-retour rules list`."
        raise BadInput(f"{name} is neither a file, a rule, nor a package that offers rules; {hint}")
    return found


def check_apart(file: Path, limit: float = watch.LIMIT) -> Checked:
    """`check_file` with the rules' speed, in a process that can be ended where a rule cannot be interrupted.

    While one call into C lasts, Python hears no alarm; a thread of `faulthandler` ends the child then, and leaves
    behind in which line it was.
    """
    if not _is_name(file):
        _readable(file)  # at once, before a process is begun
    context = get_context("spawn")
    hears, tells = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        child = context.Process(target=_tell, args=(tells, trace, file, limit), daemon=True)
        child.start()
        tells.close()
        with contextlib.suppress(EOFError):  # it was ended before it could tell
            found: Checked | BaseException = hears.recv()
            if isinstance(found, BaseException):
                raise found
            return found
        child.join()
        last = trace.read_text() if trace.exists() else ""
    says = "ends the program when it is imported or asked; leave that to whoever runs it"
    if last:
        says = f"has found no end after {limit:g} s and cannot be interrupted; see what it calls there"
    line = re.search(rf'File "{re.escape(str(file.resolve()))}", line (\d+)', last)
    return Checked(
        file, (), Fault("comes to its end", "", "", says, str(file), int(line[1]) if line else None)
    )


def _tell(tells: Connection, trace: Path, file: Path, limit: float) -> None:
    with trace.open("w") as watch.trace:
        try:
            tells.send(check_file(file, limit, timed=True))
        except BaseException as error:
            tells.send(error)


def _unread(path: Path, text: str) -> Fault:
    text = text.removeprefix(str(path)).lstrip(",: ")
    found = re.match(r"line (\d+): ", text)
    line = int(found[1]) if found else None
    says = (text[found.end() :] if found else text).rstrip(".")
    return Fault("can be imported", "", "", says, str(path), line)
