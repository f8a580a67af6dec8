"""Doctests of the code: every example in a docstring is run."""

import doctest
import importlib
import pkgutil

import pytest

ROOMS = ("agents", "abm", "runs", "visualization")


def modules():
    for room in ROOMS:
        package = importlib.import_module(f"juste_retour.{room}")
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "benchmarks" not in found.name and not found.name.endswith(("__main__", "mesa_page")):
                yield found.name


@pytest.mark.parametrize("name", sorted(modules()))
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
