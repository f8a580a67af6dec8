"""Every example in a docstring runs, and every link between pages resolves."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import typer

import juste_retour
from juste_retour.runs.cli.lazy_group import app

ROOT = Path(__file__).resolve().parents[1]
HIDDEN = {
    ".venv",
    ".pytest_cache",
    "site",
    "generated",
    "juste_retour",
    "node_modules",
    "build",
    "dist",
    "mine",
}
PACKAGES = ("agents", "abm", "runs", "visualization")


def modules():
    for top in PACKAGES:
        package = importlib.import_module(f"juste_retour.{top}")
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "benchmarks" not in found.name and not found.name.endswith(("__main__", "mesa_page")):
                yield found.name


@pytest.mark.parametrize("name", sorted(modules()))
def test_docstring_examples_run(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)\s#]+)")
PAGES = [page for page in sorted(ROOT.rglob("*.md")) if not HIDDEN & set(page.relative_to(ROOT).parts)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_resolve(page):
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    # pages in generated/ are written by docs/pages.py
    targets = [target for target in LINK.findall(text) if "generated/" not in target]
    broken = [target for target in targets if not (page.parent / target).exists()]
    assert broken == []


STARTS = sorted(f"start/{page.stem}" for page in (ROOT / "docs" / "start").glob("*.md"))


@pytest.mark.parametrize("page", ["what-you-may-claim", "sealed-forecasts", *STARTS])
def test_commands_and_options_of_a_page_exist(page):
    group = typer.main.get_command(app)
    context = group.make_context("juste-retour", [], resilient_parsing=True)
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    lines = re.findall(r"juste-retour ([a-z]+)([^`\n]*)", text)
    assert lines
    for name, rest in lines:
        command = group.get_command(context, name)
        assert command is not None, name
        if hasattr(command, "commands"):
            command = command.commands[rest.split()[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (name, rest)


def test_every_name_of_the_python_interface_is_in_the_reference():
    text = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r":: (\w+)", text)) | set(re.findall(r"`(\w+)`", text))
    assert {name for name in dir(juste_retour) if name in juste_retour._HOMES} <= documented


def test_tests_that_the_security_page_names_exist():
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert named
    assert [(f, t) for f, t in named if f"def {t}(" not in (ROOT / f).read_text("utf-8")] == []
