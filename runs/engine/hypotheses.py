"""Hypotheses of a spec: an effect or an interaction, its sign, and the least size that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from juste_retour.abm.base.keys import TEXT, Key, checked, is_number, one_of
from juste_retour.agents.errors import BadInput, near
from juste_retour.runs.base.numerals import brief, shown
from juste_retour.runs.engine.design import Point
from juste_retour.runs.results.paired import outcome

KEYS = {
    "effect": Key(
        "one to three factors with a level each, as in { voting = 'unanimity' }",
        lambda v: isinstance(v, Mapping) and 1 <= len(v) <= 3,
    ),
    "sign": one_of(("positive", "negative", "none")),
    "least": Key("the least effect that counts, a number above 0", lambda v: is_number(v) and v > 0),
    "outcome": TEXT.otherwise(None),
}


@dataclass(frozen=True)
class Hypothesis:
    """What is expected of an effect.

    Attributes:
        effect: by factor, the level that is compared with the factor's first level; of two or three factors, their
            interaction.
        sign: of the effect; `none` if it should be smaller than `least` in both directions.
        least: the least effect that counts, in the outcome's unit, above 0.
        outcome: a column of the table `worlds`.
    """

    effect: dict[str, str]
    sign: str
    least: float
    outcome: str

    def __str__(self) -> str:
        """The hypothesis in a table: effect, sign and size."""
        what = " x ".join(f"{factor} = {level}" for factor, level in self.effect.items())
        if self.sign == "none":
            return f"{what}: less than {brief(self.least)} in both directions"
        return f"{what}: {self.sign}, at least {brief(self.least)}"


def read_hypotheses(given: Any, kind: str, points: Sequence[Point], first: str) -> list[Hypothesis]:
    """Read the tables `[[hypotheses]]` of a spec.

    Args:
        given: the tables.
        kind: of the design.
        points: of the design.
        first: the outcome of a hypothesis that names none.

    Raises:
        BadInput: a hypothesis is incomplete, or not about levels of the design.
    """
    if not isinstance(given, list | tuple) or not all(isinstance(one, Mapping) for one in given):
        raise BadInput("hypotheses is not a list of tables; write [[hypotheses]] and the keys effect, sign and least.")
    if given and kind != "grid":
        raise BadInput(f"hypotheses are about the effects of a grid, and design.kind is {kind!r}; omit them.")
    levels: dict[str, list[str]] = {}
    for point in points:
        for key, value in point.items():
            levels.setdefault(key, []).append(shown(value))
    found = []
    for number, table in enumerate(given):
        place = f"hypotheses[{number}]"
        one = checked(table, place, KEYS)
        for key, level in one["effect"].items():
            if key not in levels:
                raise BadInput(f"{place}.effect.{key} is not a factor of the design; {near(key, list(levels))}")
            others = [name for name in dict.fromkeys(levels[key]) if name != levels[key][0]]
            if shown(level) not in others:
                raise BadInput(
                    f"{place}.effect.{key} is {level!r}; give a level that is compared with {levels[key][0]}: "
                    f"{', '.join(others)}."
                )
        effect = {key: shown(level) for key, level in one["effect"].items()}
        measured = outcome(str(one["outcome"] or first), f"{place}.outcome")
        found.append(Hypothesis(effect, one["sign"], float(one["least"]), measured))
    return found
