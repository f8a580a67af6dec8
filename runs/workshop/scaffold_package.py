"""Scaffold of an installable package with a rule and its test."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from juste_retour import INTERFACE_VERSION
from juste_retour.agents.errors import BadInput, CannotWrite
from juste_retour.agents.interface import NEEDS
from juste_retour.runs.workshop.scaffold import check_new, rule_file, write
from juste_retour.runs.workshop.scaffold_more import FILES


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
        "pyproject.toml": PROJECT.format(**about),
        "README.md": README.format(**about),
        f"src/{name}/__init__.py": rule_file(family_name, name, f"\n\n{NEEDS} = {INTERFACE_VERSION}"),
        f"tests/test_{name}.py": PACKAGE_TEST.format(**about),
    }


PROJECT = """[build-system]
requires = ["uv_build>=0.7,<1"]
build-backend = "uv_build"

[project]
name = "{project}"
version = "0.1.0"
description = "A rule of the family {family} for juste-retour"
readme = "README.md"
requires-python = ">=3.12"
dependencies = ["juste-retour>={version}"]

[project.entry-points."juste_retour.rules"]
{name} = "{name}"

[tool.uv.build-backend]
module-name = "{name}"
"""
README = """# {project}

The rule `{name}` of the family {family}, for juste-retour. Install it where juste-retour is installed, then check and test it:

    uv pip install -e .
    juste-retour rules check {name}
    pytest tests

After that, use it by its name, without `--rules`:

    juste-retour run --set {family}={name}
"""
PACKAGE_TEST = '''"""Tests of the installed package; install it first."""

import doctest

import {name}
from juste_retour import INTERFACE_VERSION, simulate
from juste_retour.runs.workshop.conformance import check_file


def test_interface_version_is_the_one_needed():
    assert INTERFACE_VERSION[0] == {interface}


def test_passes_the_public_checks():
    assert check_file("{family}.{name}").sentences() == []


def test_example_in_docstring_is_right():
    found = doctest.testmod({name})
    assert found.attempted and not found.failed


def test_whole_runs_complete():
    assert len(simulate({{"{family}": "{name}"}}, worlds=3).worlds) == 3
'''
