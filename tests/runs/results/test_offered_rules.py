"""Rules of installed packages, found through the entry-point group `juste_retour.rules`."""

import json
import sys

import pytest

from juste_retour import INTERFACE_VERSION, simulate
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES, OFFERED, load_offered
from juste_retour.runs.base.user_rules import load_rules
from juste_retour.runs.engine.experiment import batch
from juste_retour.runs.engine.verification import verify
from juste_retour.runs.workshop.conformance import check_file

RULE = '''"""Rules of a package."""
from juste_retour.abm.politics.voting import voting


@voting(anonymous=True, monotone=True, deterministic=True)
def {name}(ballot, states):
    """Passes with three quarters of the states.

    Source: the package.
    """
    return 4 * ballot.yes.sum(-1) >= 3 * states.count
'''


@pytest.fixture
def package(tmp_path, monkeypatch, own_rules):
    """Install packages into a temporary folder."""
    before = dict(OFFERED)
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    made = []

    def install(name, text):
        module = name.replace("-", "_")
        (folder / f"{module}.py").write_text(text)
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[juste_retour.rules]\n{module} = {module}\n")
        made.append(module)
        return folder / f"{module}.py"

    yield install
    OFFERED.clear()
    OFFERED.update(before)
    for module in made:
        sys.modules.pop(module, None)


def test_packaged_rules_are_imported_on_demand_and_recorded(package):
    path = package("three-quarters", RULE.format(name="three_quarters"))
    simulate({"voting": "unanimity"})
    assert "three_quarters" not in sys.modules
    result = simulate({"voting": "three_quarters", "agenda": "commission_proposal"})
    assert set(result.votes["rule"]) <= {"three_quarters"}
    record = result.provenance["rules"][-1]
    assert record["file"] == str(path)
    assert record["source"] == path.read_text()
    assert len(record["sha256"]) == 64


def test_rules_list_includes_packaged_rules(call, package):
    package("three-quarters", RULE.format(name="three_quarters"))
    status, out, err = call("rules", "list", "voting", "--json")
    assert (status, err) == (0, "")
    assert "three_quarters" in [rule["name"] for rule in json.loads(out)["rules"]]


def test_name_conflict_is_refused_and_names_both_files(call, package, tmp_path):
    path = package("greedy", RULE.format(name="unanimity"))
    before = dict(FAMILIES["voting"].rules)
    status, out, err = call("rules", "list")
    assert (status, out) == (2, "")
    assert "'greedy'" in err
    assert f"{path}:5" in err
    assert "voting.py:" in err
    assert len(err.splitlines()) == 1
    assert FAMILIES["voting"].rules == before
    assert simulate({"voting": "unanimity"}).count == 1


def test_file_with_a_packaged_rules_name_is_refused(call, package, tmp_path):
    path = package("three-quarters", RULE.format(name="three_quarters"))
    mine = tmp_path / "mine.py"
    mine.write_text(RULE.format(name="three_quarters"))
    load_offered()
    status, _, err = call("run", "--rules", mine, "--set", "voting=three_quarters")
    assert status == 2
    assert str(path) in err
    assert str(mine) in err


def test_package_that_cannot_be_imported_is_named(package):
    package("broken", "import no_such_module\n")
    with pytest.raises(BadInput, match=r"'broken'.*No module named 'no_such_module'"):
        simulate({"voting": "three_quarters"})


@pytest.mark.parametrize(
    ("needs", "named"),
    [
        ("(1, 999)", r"needs version 1\.999 .*update juste-retour"),
        ("(2, 0)", r"needs version 2\.0 .*update juste-retour"),
        ("(0, 9)", r"needs version 0\.9 .*older juste-retour"),
        ("'new'", r"NEEDS_INTERFACE = 'new'.*pair of integers"),
    ],
)
def test_rules_for_another_interface_are_refused_before_they_run(needs, named, package, tmp_path, own_rules):
    text = f"NEEDS_INTERFACE = {needs}\nraise SystemExit('it was run')\n"
    package("ahead", text)
    with pytest.raises(BadInput, match=f"the package 'ahead'.*{named}"):
        load_offered()
    mine = tmp_path / "ahead_file.py"
    mine.write_text(text)
    with pytest.raises(BadInput, match=rf"ahead_file\.py.*{named}"):
        load_rules([mine])


def test_rules_for_this_interface_or_none_are_loaded(tmp_path, own_rules):
    for number, head in enumerate((f"NEEDS_INTERFACE = {INTERFACE_VERSION}", "NEEDS_INTERFACE: tuple = (1, 0)", "")):
        mine = tmp_path / f"fits_{number}.py"
        mine.write_text(RULE.format(name=f"fits_{number}").replace("voting\n", f"voting\n\n{head}\n", 1))
        assert load_rules([mine])[0].rules == (("voting", f"fits_{number}"),)


def test_user_file_cannot_define_a_family(call, tmp_path, own_rules):
    path = tmp_path / "mine.py"
    path.write_text(
        'from juste_retour.agents.rules import Family\n\nvoting = Family("voting", decides="all", signature="rule()")\n'
    )
    family = FAMILIES["voting"]
    status, _, err = call("run", "--rules", path)
    assert status == 2
    assert "'voting'" in err
    assert "voting.py:" in err
    assert FAMILIES["voting"] is family
    path.write_text(
        'from juste_retour.agents.rules import Family\n\nempty = Family("empty", decides="nothing", signature="rule()")\n'
    )
    status, _, err = call("run", "--rules", path)
    assert (status, "'empty'" in err) == (2, True)
    assert "empty" not in FAMILIES


SPEC = {
    "scenario": {"agenda": "commission_proposal", "voting": "three_quarters"},
    "seed": 1,
    "replications": 4,
    "outcomes": ["sites"],
    "design": {"kind": "grid"},
    "factors": {"envelope_eur_bn": [5.0, 10.0]},
}


def test_batch_records_the_package_and_refuses_to_continue_after_a_change(package, tmp_path):
    path = package("three-quarters", RULE.format(name="three_quarters"))
    (path.parent / "quorum.py").write_text("SHARE = 3\n")
    path.write_text(path.read_text().replace("import voting", "import voting\nimport quorum", 1))
    batch(SPEC, tmp_path / "out", workers=0)
    kept = json.loads((tmp_path / "out" / "manifest.json").read_text())["rules"]
    assert set(kept) == {"three_quarters.py", "quorum.py"}
    (path.parent / "quorum.py").write_text("SHARE = 2\n")
    with pytest.raises(BadInput, match=r"quorum\.py has changed"):
        batch(SPEC, tmp_path / "out", workers=0)
    assert verify(tmp_path / "out", workers=0).changed == ["quorum.py has changed"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["voting.three_quarters", "three_quarters", "three-quarters"])
def test_packaged_rules_are_checked_by_name(package, name):
    package("three-quarters", RULE.format(name="three_quarters"))
    found = check_file(name)
    assert found.sentences() == []
    assert [rule.rule for rule in found.rules] == ["three_quarters"]


def test_unknown_rule_name_is_not_checked(package):
    package("three-quarters", RULE.format(name="three_quarters"))
    with pytest.raises(BadInput, match="three_quarters"):
        check_file("three_quarter")
