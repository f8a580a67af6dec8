"""Scaffolds for an author to edit: for each family a small working rule and its test, or an installable package of both.

`scaffolds.toml` has their texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from juste_retour import INTERFACE_VERSION
from juste_retour.abm import catalog  # noqa: F401  registers the shipped rules, whose names are taken
from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.abm.base.toml import read_toml
from juste_retour.agents.errors import BadInput, CannotWrite, near
from juste_retour.agents.interface import NEEDS
from juste_retour.agents.rule_methods import protocol_member
from juste_retour.agents.rules import FAMILIES, family


@dataclass(frozen=True)
class Scaffold:
    """The parts of a family's example rule: imports, decorator with signature, docstring, doctest and body."""

    imports: str
    head: str
    says: str
    handed: str
    returns: str
    doctest: str
    body: str


def _read() -> tuple[dict[str, Scaffold], dict[str, str]]:
    """The families' scaffolds, and the texts of whole files, from `scaffolds.toml`."""
    content = read_toml(Path(__file__).with_name("scaffolds.toml"))
    found = {name: Scaffold(**parts) for name, parts in content["families"].items()}
    conclude = protocol_member(Table, "conclude")
    handed = found["agenda"].handed.format(call=conclude.call, summary=conclude.summary)
    return found | {"agenda": replace(found["agenda"], handed=handed)}, content["files"]


SCAFFOLDS, TEXTS = _read()
FILES = ("agent", "outcome")  # what has a scaffold and is no family


def new(family_name: str, name: str, folder: Path) -> tuple[Path, Path]:
    """Write `NAME.py` and `test_NAME.py` to a folder and return the two paths. Nothing is overwritten.

    Args:
        family_name: a family of rules, "agent" or "outcome".
        name: name of the rule, of the outcome or of the agent's file.
        folder: the folder.

    Raises:
        BadInput: an unknown family, an invalid or taken name, or a file that exists already.
        CannotWrite: the folder cannot be written to.
    """
    check_new(family_name, name)
    rule, test = folder / f"{name}.py", folder / f"test_{name}.py"
    for path in (rule, test):
        if path.exists():
            raise BadInput(f"{path.name} exists already; delete it or choose another name.")
    if find_spec(name) is not None:
        raise BadInput(
            f"{name}.py would hide the module {name!r} from programs in the same folder; choose another name."
        )
    write(rule, rule_file(family_name, name))
    write(test, test_file(family_name, name))
    return rule, test


def check_new(family_name: str, name: str) -> None:
    """Raise `BadInput` for a family without a scaffold, a name that it has already, or one that is no valid name."""
    if family_name not in FILES:
        _check_free(family_name, name)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or iskeyword(name):
        raise BadInput(
            f"{name!r} is not a valid name; use lower-case letters, digits and _, begin with a letter, and avoid "
            "Python's keywords."
        )
    if name.startswith("test_"):
        raise BadInput(f"{name!r} begins with test_, so pytest would run it as a test; choose another name.")


def _check_free(family_name: str, name: str) -> None:
    """Raise `BadInput` for a family without a scaffold, or a name that it has already."""
    group = family(family_name)
    if name in group.rules:
        raise BadInput(f"the name {family_name}.{name} is taken by {group.rules[name].place}; choose another name.")
    if family_name not in SCAFFOLDS:
        raise BadInput(
            f"there is no scaffold for the family {family_name!r}; {near(family_name, set(SCAFFOLDS) & set(FAMILIES))}"
        )


def write(path: Path, text: str) -> None:
    """Write a new file. Raises `CannotWrite` if it cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written ({error.strerror}); change to a folder where you may write."
        ) from None


def rule_file(family_name: str, name: str, more: str = "") -> str:
    """The text of a family's example rule with `more` after its imports, or of an example agent or outcome."""
    if family_name in FILES:
        return TEXTS[family_name].format(name=name, title=title_of(name))
    s = SCAFFOLDS[family_name]
    doctest = "".join(f"    {line}\n" for line in s.doctest.format(name=name).splitlines())
    body = "".join(f"    {line}\n" for line in s.body.splitlines())
    return (
        f'"""{name}, a rule of the family {family_name}. Edit it."""\n\n'
        f"{s.imports}{more}\n\n\n{s.head.format(name=name)}\n"
        f'    """{s.says}\n\n'
        f"    {s.handed}\n    {s.returns}\n{TEXTS['parameters']}\n"
        f"    Source: my own.\n\n{doctest}"
        f'    """\n{body}'
    )


def test_file(family_name: str, name: str) -> str:
    """The text of the test for `rule_file`."""
    if family_name in FILES:
        return TEXTS[f"{family_name}_test"].format(name=name, title=title_of(name))
    return TEXTS["test"].format(family=family_name, name=name)


def title_of(name: str) -> str:
    """The name of the class for a file name: `patient_state` gives `PatientState`."""
    return "".join(part.capitalize() for part in name.split("_"))


def tried_with(family_name: str, name: str) -> str:
    """The options of `juste-retour run` that use a scaffold."""
    match family_name:
        case "agent":
            return f"--set agents={title_of(name)}"
        case "outcome":
            return "--worlds 3 --out results --tables worlds"
        case _:
            return f"--set {family_name}={name}"


def new_package(family_name: str, name: str, folder: Path) -> tuple[Path, ...]:
    """Write an installable package with a rule and its test to the new folder `NAME`, and return the files.

    Raises:
        BadInput: an unknown family, an invalid or taken name, or a folder that exists already.
        CannotWrite: the folder cannot be written to.
    """
    if family_name in FILES:
        raise BadInput(f"--package supports rules, but not {family_name}; omit --package.")
    check_new(family_name, name)
    home = folder / name
    if home.exists():
        raise BadInput(f"{home.name} exists already; delete it or choose another name.")
    if find_spec(name) is not None:
        raise BadInput(f"the package {name} would hide the module {name!r}; choose another name.")
    texts = package_files(family_name, name)
    for place, text in texts.items():
        try:
            (home / place).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(
                f"{home} cannot be written ({error.strerror}); change to a folder where you may write."
            ) from None
        write(home / place, text)
    return tuple(home / place for place in texts)


def package_files(family_name: str, name: str) -> dict[str, str]:
    """The texts of a package with a family's example rule, by path within its folder."""
    about = {
        "family": family_name,
        "name": name,
        "project": name.replace("_", "-").strip("-"),
        "version": version("juste-retour"),
        "interface": INTERFACE_VERSION[0],
    }
    return {
        "pyproject.toml": TEXTS["project"].format(**about),
        "README.md": TEXTS["readme"].format(**about),
        f"src/{name}/__init__.py": rule_file(family_name, name, f"\n\n{NEEDS} = {INTERFACE_VERSION}"),
        f"tests/test_{name}.py": TEXTS["package_test"].format(**about),
    }
