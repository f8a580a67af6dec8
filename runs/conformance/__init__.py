"""The checks that any rule must pass, shipped or a user's own: `juste-retour rules check FILE.py`."""

from runs.conformance.file import Checked, check_file
from runs.conformance.scenes import example

__all__ = ["Checked", "check_file", "example"]
