"""The checks that every rule must pass, shipped or a user's own: `juste-retour rules check FILE.py`."""

from juste_retour.runs.workshop.conformance.file import Checked, check_apart, check_file
from juste_retour.runs.workshop.conformance.scenes import example

__all__ = ["Checked", "check_apart", "check_file", "example"]
