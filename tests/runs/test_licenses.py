"""The list of third-party licenses names all that is installed."""

import pytest

from juste_retour.runs.licenses import PAGE, of_distributions, of_scripts, page


@pytest.mark.newest
def test_the_page_lists_whatever_is_installed():
    listed = {line.split("|")[1].strip() for line in PAGE.read_text().splitlines() if line.startswith("| ")}
    needed = {name for name, _ in [*of_distributions(), *of_scripts()]}
    assert len(needed) > 50
    assert needed <= listed


def test_most_licenses_are_named():
    said = dict([*of_distributions(), *of_scripts()])
    assert said["starlette"] == "BSD-3-Clause"
    assert said["solara"] == "MIT License"
    assert sum(text == "see its files" for text in said.values()) < len(said) / 10
    assert all(f"| {name} | {text} |" in page() for name, text in said.items())
