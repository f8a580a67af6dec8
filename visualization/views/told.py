"""Sentences as templates with values, so that the page can translate them.

A sentence is an English template with `{names}` and their values: numbers, strings or further sentences. The template is
the key in the catalogs of `stage/languages/`; `stage/language.js` fills in the values.
"""

from __future__ import annotations

from collections.abc import Sequence

Told = tuple[str, dict[str, object]]


def told(template: str, **values: object) -> Told:
    """A sentence: a template and its values."""
    return template, values


def counted(number: float, one: str, many: str, none: str | None = None, **values: object) -> Told:
    """A sentence with the template for the number: one, many or none. The number is `{n}`.

    >>> english(counted(1, "1 site", "{n} sites")), english(counted(3, "1 site", "{n} sites"))
    ('1 site', '3 sites')
    """
    template = none if number == 0 and none else one if number == 1 else many
    return template, {"n": int(number), **values}


def english(*sentences: Told) -> str:
    """The sentences in English, joined by spaces.

    >>> english(told("{who}.", who=told("{name} decides alone", name="Mistral")), told("{n} chips.", n=1200))
    'Mistral decides alone. 1,200 chips.'
    """
    return " ".join(_filled(template, values) for template, values in sentences)


def _filled(template: str, values: dict[str, object]) -> str:
    return template.format(**{name: _said(value) for name, value in values.items()})


def _said(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return english((value[0], value[1]))
    return f"{value:,}" if isinstance(value, int) else f"{value}"
