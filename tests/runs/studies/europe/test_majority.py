"""The page on the optimal majority: it is made from choices, and states only what holds in them."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from juste_retour.runs.analysis.institution_choice import choose
from juste_retour.runs.engine.spec import read_spec
from juste_retour.runs.reports.drawing import svg
from juste_retour.runs.studies.europe import majority
from juste_retour.runs.studies.europe.majority import FUNDING, HEADS, RACES, MajorityCell

SPEC = Path(majority.__file__).parents[2] / "specs" / "optimal-majority.toml"


@pytest.fixture(scope="module")
def found():
    """Choices without stationary values, which take long to solve."""
    every = []
    for funding in FUNDING:
        how = {"agenda": "closed_rule", "funding": funding}
        one = choose("eu-status-quo", vary=f"voting={','.join(HEADS)}", worlds=4, changes=how)
        every += [MajorityCell(funding, race, one) for race in RACES]
    return every


def with_sums(cell, *sums, leading=None):
    """The cell with other sums of utilities, and certain about them or with shares of resamples."""
    shares = np.array(leading if leading else [float(each == max(sums)) for each in sums])
    how = {"utility_eur_bn": list(sums), "error_eur_bn": [0.01] * 4, "leading": shares}
    return replace(cell, chosen=replace(cell.chosen, **how))


def test_page_has_each_rules_utility_and_what_replaces_it(found):
    drawn = majority.figure(found)
    text = majority.page(found, drawn, 60.0)
    for cell in found:
        for utility, error in zip(cell.chosen.utility_eur_bn, cell.chosen.error_eur_bn, strict=True):
            assert f"{utility:.2f} ± {error:.2f}" in text
    adopted = sum(int(cell.chosen.replaces.sum()) for cell in found)
    assert adopted > 0
    assert text.split("## Which would replace which")[1].count("**") == 2 * adopted
    assert svg(drawn).startswith("<svg")
    assert all(f"{FUNDING[c.funding]}, race worth {c.race:g}:" in drawn.alt for c in found)


def test_best_majority_is_open_if_the_resamples_disagree(found):
    sure = with_sums(found[0], 1, 2, 3, 0)
    assert sure.best == "reinforced_qmv"
    assert sure.never_best == ["simple_majority", "lisbon_qmv", "unanimity"]
    unsure = with_sums(found[0], 1, 2, 3, 0, leading=[0.0, 0.3, 0.7, 0.0])
    assert unsure.best is None
    assert unsure.never_best == ["simple_majority", "unanimity"]


def test_title_says_whether_the_best_majority_depends_on_the_race(found):
    rest = [with_sums(cell, 1, 2, 3, 0) for cell in found[1:]]
    same, other = with_sums(found[0], 1, 2, 3, 0), with_sums(found[0], 4, 2, 3, 0)
    unsure = with_sums(found[0], 1, 2, 3, 0, leading=[0.0, 0.3, 0.7, 0.0])
    titles = [majority.title([first, *rest]) for first in (same, other, unsure)]
    word = majority.WORDS["reinforced_qmv"]
    assert [one.count(word) for one in titles] == [2, 1, 1]
    assert len({*titles}) == 3


def test_dip_is_a_fall_and_a_later_rise_beyond_the_errors(found):
    assert with_sums(found[0], 3, 2, 4, 0).dips
    assert not with_sums(found[0], 2, 3, 4, 0).dips
    assert not with_sums(found[0], 2.02, 2, 4, 0).dips


def test_stored_page_names_all_rules_and_shows_its_figure():
    text = (Path(majority.__file__).parent / "MAJORITY.md").read_text(encoding="utf-8")
    assert all(text.count(f" | `{rule}` | ") >= len(FUNDING) * len(RACES) for rule in HEADS)
    assert "figures/majority.svg" in text


def test_spec_runs_the_same_cells():
    spec = read_spec(SPEC)
    cells = len(HEADS) * len(FUNDING) * len(RACES)
    assert spec.runs == majority.WORLDS * cells
    factors = tomllib.loads(SPEC.read_text(encoding="utf-8"))["factors"]
    assert factors == {
        "voting": [*HEADS],
        "funding": [*FUNDING],
        "race_value_eur_bn": [*RACES],
    }
