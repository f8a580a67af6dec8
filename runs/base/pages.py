"""HTML pages from Jinja2 templates, with all content escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def page_of(template: Path, **content: object) -> str:
    """Return the page of a template and its content; text is escaped unless the template marks it as safe."""
    pages = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return pages.get_template(template.name).render(content)
