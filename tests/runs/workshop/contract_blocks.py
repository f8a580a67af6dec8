"""Generate the blocks of documentation pages that list what an agenda protocol may read and call.

`python -m tests.runs.workshop.contract_blocks` writes the blocks from the class `Table`; a test compares them.
"""

from __future__ import annotations

import re
from pathlib import Path

from juste_retour.abm.bargaining.tables.bargaining_table import Table
from juste_retour.agents.rule_methods import protocol_member, protocol_members

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"(?<=<!-- contract -->\n)(.*?)(?=<!-- /contract -->)", re.DOTALL)


def as_table(protocol: type = Table) -> str:
    """A Markdown table of a protocol's attributes and methods, with types and the first line of each description."""
    typed = [(found.typed.replace("|", "\\|"), found.summary) for found in protocol_members(protocol)]
    rows = [f"| `{code}` | {says} |" for code, says in typed]
    return "\n".join(["| `table.` | what it is |", "|---|---|", *rows]) + "\n"


def as_prose(name: str, protocol: type = Table) -> str:
    """The signature and the whole docstring of one method, in Markdown."""
    found = protocol_member(protocol, name)
    return f"`table.{found.typed}`\n\n{found.doc}\n"


PAGES = {
    "abm/politics/README.md": as_table,
    "runs/workshop/tutorials/agenda-protocol.md": lambda: as_prose("conclude"),
}


def generated(page: str) -> str:
    """The text of a page with its block regenerated."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return BLOCK.sub(lambda _: PAGES[page](), text)


if __name__ == "__main__":
    for name in PAGES:
        (ROOT / name).write_text(generated(name), encoding="utf-8")
