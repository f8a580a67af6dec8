"""Writes the reference pages that are data in the code: commands, tables, rule families, parameters, scenarios."""

import inspect
import json
from importlib import import_module
from pathlib import Path

import typer

import juste_retour
from juste_retour.abm.worlds.scenario import load, parameters, presets
from juste_retour.agents import rules as catalog
from juste_retour.runs.base.printing import table
from juste_retour.runs.cli.lazy_group import TASKS, app
from juste_retour.runs.cli.scenarios_command import annotated, meaning, summary
from juste_retour.runs.results.result_tables import KEYS, TABLES
from juste_retour.runs.studies.europe.odd import span


def write_all(folder: Path) -> None:
    """Write every generated page into a folder, and only those that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in (commands, tables, rules, parameter_table, scenarios, returned, notebook):
        file = folder / f"{page.__name__.replace('_', '-')}.md"
        text = page()
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def commands() -> str:
    """Every command with its help, as the terminal prints it, by task."""
    group = typer.main.get_command(app)
    top = group.make_context("juste-retour", [], resilient_parsing=True)
    parts = ["# Command line", "Every command says the same with `--help`."]
    for task, names in TASKS.items():
        parts.append(f"## {task}")
        for name in names:
            parts += _help(group.get_command(top, name), f"juste-retour {name}", top, 3)
    return "\n\n".join(parts) + "\n"


def _help(command: object, path: str, parent: object, depth: int) -> list[str]:
    context = type(parent)(command, info_name=path.split()[-1], parent=parent, terminal_width=100)
    parts = [f"{'#' * depth} {path}", f"```text\n{command.get_help(context)}\n```"]
    for name, below in getattr(command, "commands", {}).items():
        parts += _help(below, f"{path} {name}", context, depth + 1)
    return parts


def returned() -> str:
    """The classes that the functions of the Python interface return, with their attributes."""
    parts = ["# What the functions return"]
    for name in dir(juste_retour):
        function = getattr(juste_retour, name)
        if not inspect.isfunction(function) or not function.__module__.startswith("juste_retour"):
            continue
        kind = getattr(import_module(function.__module__), str(function.__annotations__["return"]), None)
        if inspect.isclass(kind) and kind.__name__ not in dir(juste_retour):
            what = f".. autoclass:: {kind.__module__}.{kind.__name__}\n   :members:"
            parts.append(f"## From `{name}`\n\n```{{eval-rst}}\n{what}\n```")
    return "\n\n".join(parts) + "\n"


def notebook() -> str:
    """The executed notebook as a page: its text, code, printed tables and pictures."""
    cells = json.loads((Path(__file__).parent / "notebooks" / "question-to-table.ipynb").read_text("utf-8"))
    parts = []
    for cell in cells["cells"]:
        text = "".join(cell["source"])
        text = text.replace("](../../", "](../../../")  # this page is one folder deeper
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {"text/plain": output.get("text", [])})
            if "image/png" in data:
                picture = "".join(data["image/png"]).strip()
                parts.append(f'<img alt="The figure that this cell draws" src="data:image/png;base64,{picture}">')
            else:
                parts.append(f"```text\n{''.join(data['text/plain'])}\n```")
    return "\n\n".join(parts) + "\n"


def tables() -> str:
    """The data dictionary: every column of every table."""
    parts = ["# Data dictionary", "The tables of a result. Each row of each table begins with these columns:"]
    headings = ["column", "kind", "unit", "meaning"]
    for name, columns in {"": KEYS, **TABLES}.items():
        if name:
            parts.append(f"## {name}")
        parts.append(table(headings, [[f"`{c.name}`", c.kind, c.unit, c.meaning] for c in columns]))
    return "\n\n".join(parts) + "\n"


def rules() -> str:
    """Every family of rules: what it decides, the signature of its rules, and the rules that ship."""
    parts = ["# Rule families", "What each family decides, and the rules that ship with the project."]
    parts.append(f"```text\n{catalog.PARAMETERS}\n```")
    catalog.load_offered()
    for name, family in sorted(catalog.FAMILIES.items()):
        parts += [f"## {name}", f"Decides {family.decides}.", f"```text\n{family.signature}\n```"]
        rows = []
        for rule in family:
            numbers = ", ".join(f"`{key}` = {default}" for key, (default, _) in rule.parameters.items())
            rows.append([f"`{rule.name}`", rule.summary, numbers, rule.source])
        parts.append(table(["rule", "what it does", "parameters", "source"], rows))
    return "\n\n".join(parts) + "\n"


def parameter_table() -> str:
    """Every parameter of a scenario with its default, range, meaning and source."""
    parts = ["# Parameters", "Default, unit, meaning and source of each parameter of a scenario, by group."]
    groups: dict[str, list[list[str]]] = {}
    for name, (default, about) in parameters().items():
        row = [f"`{name}`", meaning(default, about), span(about, default)]
        groups.setdefault(about.group or "other", []).append(row)
    for group, rows in groups.items():
        parts += [f"## {group}", table(["parameter", "default and meaning", "range"], rows)]
    return "\n\n".join(parts) + "\n"


def scenarios() -> str:
    """The shipped scenarios; the default one whole, with every rule and parameter."""
    rows = [[f"`{name}`", summary(name)] for name in presets()]
    whole = annotated(load("eu-status-quo"))
    parts = [
        "# Scenarios",
        table(["scenario", "what it is"], rows),
        "## eu-status-quo",
        f"```toml\n{whole}\n```",
    ]
    return "\n\n".join(parts) + "\n"
