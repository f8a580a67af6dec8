"""The list of third-party licenses, from the metadata of the installed packages.

`uv run python -m juste_retour.runs.reports.licenses` writes THIRD_PARTY_LICENSES.md.
"""

from __future__ import annotations

import json
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

from juste_retour.runs.reports.publication import environment

PAGE = Path(__file__).resolve().parents[2] / "THIRD_PARTY_LICENSES.md"
LONGEST = 60  # characters; a longer license field holds the text of the license, not its name
HEAD = """# Third-party licenses

juste-retour is under Apache-2.0, but for the copy of Preact in `visualization/stage/preact`, which is under the MIT License. It installs what is listed here and ships none of it. `uv run python -m juste_retour.runs.reports.licenses` writes this page from the metadata of what is installed.
"""


def license_of(name: str) -> str:
    """The license of a distribution: its SPDX expression, its license field or its classifiers; else "see its files"."""
    about = distribution(name).metadata
    field = (about.get("License") or "").strip()
    kinds = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or () if c.startswith("License ::")]
    plain = field if field and "\n" not in field and len(field) <= LONGEST and field != "UNKNOWN" else ""
    return about.get("License-Expression") or plain or ", ".join(kinds) or "see its files"


def of_distributions() -> list[tuple[str, str]]:
    """Name and license of each distribution that juste-retour needs."""
    names = [line.partition("==")[0] for line in environment()[1:]]
    return [(name, license_of(name)) for name in names if name != "juste-retour"]


def of_scripts() -> list[tuple[str, str]]:
    """Name and license of each script package that `solara-assets` installs for the live app."""
    found = []
    for folder in sorted(Path(sysconfig.get_path("data"), "share", "solara", "cdn").rglob("package.json")):
        about = json.loads(folder.read_text(encoding="utf-8"))
        if "@" in folder.parent.name and about.get("name"):
            said = about.get("license")
            found.append((str(about["name"]), said if isinstance(said, str) else "see its files"))
    return found


def page() -> str:
    """The list as Markdown."""
    parts = [HEAD]
    for title, rows in (
        ("Python distributions", of_distributions()),
        ("Scripts of the live app, in `solara-assets`", of_scripts()),
    ):
        lines = [f"| {name} | {said} |" for name, said in dict(rows).items()]
        parts.append(f"## {title}\n\n| name | license |\n|---|---|\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
