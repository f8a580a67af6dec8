"""Tables of positions: reading, and reports of all invalid rows together."""

from datetime import date

import numpy as np
import pytest

from juste_retour.agents.errors import BadInput
from juste_retour.runs.studies.positions.position_tables import MOST_SHOWN, read_positions

HEAD = "issue,actor,position,salience"


@pytest.fixture
def file(tmp_path):
    def write(text, name="p.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_file_is_read_in_order(file):
    head = f"{HEAD},capability,outcome,reference_point,council_rule,introduced,proposal"
    (a, b) = read_positions(
        file(f"{head}\na,x,0,50,1,40,,,2004-05-01,p\na,y,100,,2,40,,,2004-05-01,p\nb,x,5,1,1,,7,unanimity,,\n")
    )
    assert (a.name, a.actors, a.proposal, a.council_rule, a.introduced) == (
        "a",
        ("x", "y"),
        "p",
        "QMV",
        date(2004, 5, 1),
    )
    assert np.array_equal(a.salience, [50, np.nan], equal_nan=True)
    assert a.capability.tolist() == [1, 2]
    assert (a.outcome, b.reference_point, b.council_rule, b.proposal, b.introduced) == (
        40,
        7,
        "unanimity",
        "b",
        None,
    )
    assert np.isnan([a.reference_point, b.outcome]).all()


def test_all_invalid_rows_are_named_together(file):
    rows = ["a,x,0,50", "a,x,3,50", "b,y,much,1", ",z,1,1", "b,w,1", "c,v,101,-3", "c,,1,1", "c,u,nan,1"]
    with pytest.raises(BadInput) as refused:
        read_positions(file("\n".join([HEAD, *rows])))
    message = str(refused.value).splitlines()
    assert [line.split(":")[0].strip() for line in message] == ["p.csv", *(f"line {n}" for n in range(3, 10))]
    assert "'101'" in message[5]
    assert "'-3'" in message[5]


@pytest.mark.parametrize(
    ("column", "values", "line"),
    [
        ("outcome", ("40", "50"), 3),
        ("outcome", ("140", "140"), 2),
        ("council_rule", ("", "sometimes"), 3),
        ("introduced", ("", "1.5.2004"), 3),
        ("introduced", ("1980-01-01", "1980-01-01"), 2),
        ("capability", ("1", "-1"), 3),
        ("capability", ("", "much"), 3),
        ("reference_point", ("1", ""), 3),
    ],
)
def test_optional_columns_are_checked(file, column, values, line):
    text = "\n".join([f"{HEAD},{column}", *(f"a,{x},0,50,{v}" for x, v in zip("xy", values, strict=True))])
    with pytest.raises(BadInput, match=rf"line {line}: .*{column}"):
        read_positions(file(text))


def test_errors_in_a_folder_name_the_file(file, tmp_path):
    file("issue,outcome\na,40\na,50\n,1\n", "issues.csv")
    file(f"{HEAD}\na,x,0,50\nb,x,0,50\n", "positions.csv")
    with pytest.raises(BadInput) as refused:
        read_positions(tmp_path)
    message = str(refused.value)
    assert "issues.csv, line 3" in message
    assert "issues.csv, line 4" in message
    assert "positions.csv, line 3" in message
    assert "positions.csv, line 2" not in message


def test_long_list_of_errors_is_cut_and_counted(file):
    rows = [f"a,x{k},bad,1" for k in range(MOST_SHOWN + 7)]
    with pytest.raises(BadInput, match="and 7 more"):
        read_positions(file("\n".join([HEAD, *rows])))


def test_shipped_data_have_the_counts_of_their_source():
    issues = read_positions("deu")
    assert len(issues) == 364
    assert len({issue.proposal for issue in issues}) == 141
    assert sum(np.isnan(issue.outcome) for issue in issues) == 11
    assert sum(not np.isnan(issue.reference_point) for issue in issues) == 261
    assert sum(np.isnan(issue.salience).sum() for issue in issues) == 54
    assert len({actor for issue in issues for actor in issue.actors}) == 30
