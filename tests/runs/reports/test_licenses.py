"""The list of third-party licenses is complete."""

import pytest

from juste_retour.runs.reports.licenses import PAGE, of_distributions, of_scripts, page


@pytest.mark.newest
def test_page_lists_every_installed_package():
    listed = {line.split("|")[1].strip() for line in PAGE.read_text().splitlines() if line.startswith("| ")}
    needed = {name for name, _ in [*of_distributions(), *of_scripts()]}
    assert len(needed) > 50
    assert needed <= listed


def test_at_least_90_percent_of_licenses_are_named():
    licenses = dict([*of_distributions(), *of_scripts()])
    assert licenses["starlette"] == "BSD-3-Clause"
    assert licenses["solara"] == "MIT License"
    assert sum(text == "see its files" for text in licenses.values()) < len(licenses) / 10
    shown = page()
    assert all(f"| {name} | {text} |" in shown for name, text in licenses.items())
