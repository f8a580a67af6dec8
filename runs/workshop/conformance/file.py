"""Check all rules and agent classes of a file or a package, and report each fault in one sentence."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import tempfile
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from juste_retour.abm.base.files import content_of
from juste_retour.abm.user_outcomes import USER_OUTCOMES
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.rules import FAMILIES, OFFERS, Rule, family, load_offered
from juste_retour.agents.user_agents import USER_AGENTS, UserAgent
from juste_retour.runs.base.user_rules import agents_of, load_rules, outcomes_of
from juste_retour.runs.workshop.conformance import watch
from juste_retour.runs.workshop.conformance.agent_checks import examine_agent
from juste_retour.runs.workshop.conformance.another_process import answers_elsewhere, answers_of
from juste_retour.runs.workshop.conformance.examine import Examined, Fault, examine
from juste_retour.runs.workshop.conformance.outcome_checks import examine_outcome

RUNS_ALONE = "same result when called again"
ELSEWHERE = "same result in another process"


@dataclass(frozen=True)
class Checked:
    """The results for a file: one per rule, or the fault that kept it from being imported."""

    file: Path
    rules: tuple[Examined, ...]
    unread: Fault | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults of the file."""
        found = tuple(fault for rule in self.rules for fault in rule.faults)
        return found if self.unread is None else (self.unread, *found)

    def sentences(self) -> list[str]:
        """All faults, each as one sentence that names file and line."""
        return [fault.sentence() for fault in self.faults]


def check_file(file: Path | str, limit: float = watch.LIMIT, timed: bool = False) -> Checked:
    """Run all checks on the rules, agents and outcomes of a file, or on the rules and agents of an installed package.

    Args:
        file: a Python file; or the name of a rule, with or without its family as in `voting.mine`; or the name of an installed
            package with rules.
        limit: time limit for one call of a rule, in seconds.
        timed: whether to measure the rules' speed as well.

    Raises:
        BadInput: the file does not exist or cannot be read, or no rule or package has that name.
    """
    path = Path(file)
    if _is_name(path):
        found = _named(str(file))
        return Checked(
            path,
            tuple(examine(one, limit, timed) if isinstance(one, Rule) else examine_agent(one, limit) for one in found),
        )
    _readable(path)
    if b"agent" in path.read_bytes():
        importlib.import_module("juste_retour.agents.mesa_agents")  # loading Mesa is not the file's time
    try:
        with watch.limited(limit):
            loaded = load_rules([path])[0]
    except BadInput as error:
        return Checked(path, (), _unread(path, str(error)))
    except watch.TooLong as error:
        line = watch.line_in(error, str(path.resolve()))
        says = f"did not finish its import within {limit:g} s; look for an endless loop or a slow import at this line"
        return Checked(path, (), Fault("can be imported", "", "", says, str(path), line))
    rules = _also_elsewhere(
        path, tuple(examine(family(group)[name], limit, timed) for group, name in loaded.rules), limit
    )
    agents = tuple(examine_agent(USER_AGENTS[name], limit) for name in agents_of(path.resolve()))
    outcomes = tuple(examine_outcome(USER_OUTCOMES[name], limit) for name in outcomes_of(path.resolve()))
    return Checked(path, (*rules, *agents, *outcomes))


def _also_elsewhere(path: Path, rules: tuple[Examined, ...], limit: float) -> tuple[Examined, ...]:
    """The results, with a further check of the rules without faults: the same values in other processes."""
    sound = [rule for rule in rules if not rule.faults and RUNS_ALONE in rule.held]
    if not sound or family(sound[0].family)[sound[0].rule].shipped:
        return rules
    here, there = answers_of(path, limit), answers_elsewhere(path, limit)
    found = []
    for rule in rules:
        name = f"{rule.family}.{rule.rule}"
        values = [answers.get(name, "does not answer") for answers in there]
        if rule in sound and all(value == here[name] for value in values):
            rule = replace(rule, held=(*rule.held, ELSEWHERE))
        elif rule in sound:
            odd = next(value for value in values if value != here[name])
            says = odd if " " in odd else "returns another value"
            says += (
                " in another process, with other environment variables and an empty folder; it may depend on the hash of a "
                "text, the order of a set, a variable or a file in the working folder"
            )
            one = family(rule.family)[rule.rule]
            fault = Fault(ELSEWHERE, rule.family, rule.rule, says, str(path), watch.line_of(one))
            rule = replace(rule, faults=(fault,))
        found.append(rule)
    return tuple(found)


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
    """The rules and agent classes with that name, or all of the installed package of that name."""
    load_offered()
    owners = {
        known: point.module.partition(".")[0]
        for point in entry_points(group=OFFERS)
        for known in (point.name, point.module, point.dist.name if point.dist is not None else point.name)
    }
    owner = owners.get(name, "?")
    found: list[Rule | UserAgent] = [
        one for one in USER_AGENTS.values() if one.name == name or f"{one.cls.__module__}.".startswith(f"{owner}.")
    ]
    for group in FAMILIES.values():
        for rule in group:
            within = f"{inspect.unwrap(rule.function).__module__}.".startswith(f"{owner}.")
            if within or name in (rule.name, f"{rule.family}.{rule.name}"):
                found.append(rule)
    if not found:
        known = get_close_matches(name, {*owners, *(rule.name for group in FAMILIES.values() for rule in group)})
        hint = near(name, known) if known else "see `juste-retour rules list`."
        raise BadInput(f"{name} is not a file, a rule or an installed package with rules; {hint}")
    return found


def check_apart(file: Path, limit: float = watch.LIMIT) -> Checked:
    """`check_file` with timing, in a child process that can be stopped even if a rule cannot be interrupted.

    Python handles no signal during a call into C. In that case a thread of `faulthandler` ends the child and writes the
    line that was running.
    """
    if not _is_name(file):
        _readable(file)  # at once, before a process is begun
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        child = context.Process(target=_send_result, args=(sender, trace, file, limit), daemon=True)
        child.start()
        sender.close()
        with contextlib.suppress(EOFError):  # the child ended before it sent a result
            found: Checked | BaseException = receiver.recv()
            if isinstance(found, BaseException):
                raise found
            return found
        child.join()
        last = trace.read_text() if trace.exists() else ""
    says = "ends the program when it is imported or called; remove that call, such as sys.exit()"
    if last:
        says = f"did not finish within {limit:g} s and cannot be interrupted; look at the call in this line"
    line = re.search(rf'File "{re.escape(str(file.resolve()))}", line (\d+)', last)
    return Checked(file, (), Fault("finishes", "", "", says, str(file), int(line[1]) if line else None))


def _send_result(sender: Connection, trace: Path, file: Path, limit: float) -> None:
    with trace.open("w") as watch.trace:
        try:
            sender.send(check_file(file, limit, timed=True))
        except BaseException as error:
            sender.send(error)


def _unread(path: Path, text: str) -> Fault:
    text = text.removeprefix(str(path)).lstrip(",: ")
    found = re.match(r"line (\d+): ", text)
    line = int(found[1]) if found else None
    says = (text[found.end() :] if found else text).rstrip(".")
    return Fault("can be imported", "", "", says, str(path), line)
