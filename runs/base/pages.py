"""Pages from Jinja2 templates: HTML with all content escaped, and Markdown with numbers as readers see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from juste_retour.runs.base.numerals import brief, number, span, within
from juste_retour.runs.base.printing import table


def page_of(template: Path, **content: object) -> str:
    """The page of a template and its content; in HTML, text is escaped unless the template marks it as safe."""
    pages = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=template.suffix == ".html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {
        "brief": brief,
        "number": number,
        "percent": lambda share: f"{100 * share:.0f} %",
        "signed": lambda value: f"{value:+.2f}",
        "within": lambda row, form=number, of="": within({k: row[of + k] for k in ("median", "low", "high")}, form),
        "coded": lambda names: ", ".join(f"`{name}`" for name in names) or "none",
        "lowered": lambda text: text[:1].lower() + text[1:].rstrip("."),
        "by_size": lambda rows, key: sorted(rows, key=lambda row: -abs(row[key])),
    }
    pages.tests["startingwith"] = str.startswith
    pages.globals |= {
        "columns": columns,
        "merged": lambda *heads: reduce(or_, heads),
        "span": span,
        "table": table,
    }
    return pages.get_template(template.name).render(content)


def columns(rows: Iterable[Mapping[str, object]], heads: Mapping[str, str], digits: int = 2) -> str:
    """A Markdown table of some columns of some rows, by column and heading."""
    return table(list(heads.values()), [[number(row.get(key), digits) for key in heads] for row in rows])  # type: ignore[arg-type]
