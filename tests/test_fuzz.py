"""Fuzz tests of input files: random damage gives a result or an error of one sentence, never a traceback.

For more examples: FUZZ=20000 uv run pytest tests/test_fuzz.py
"""

import os
import random
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.members import EUROPE, load_members
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load, presets
from juste_retour.agents.errors import BadInput
from juste_retour.runs.engine.spec import read_spec, spec_of
from juste_retour.runs.studies.europe.calibration_spec import read as read_plan

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("FUZZ", "60"))
TABLES = ("states.csv", "sites.csv", "commissioners.csv", "labs.csv", "machines.csv")
PIECES = [
    "",
    ",",
    '"',
    "\n",
    "nan",
    "-1",
    "1e999",
    "DE",
    "\x00",
    "é",
    "0",
    "true",
    "[",
    "=",
    "{",
    "}",
    ";",
    "inf",
    " ",
]
fuzz = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def damaged(text: bytes, seed: int) -> bytes:
    """A copy of the text with some bytes cut, moved or replaced by pieces that have broken parsers before."""
    uniforms = random.Random(seed)
    for _ in range(uniforms.randint(1, 4)):
        at = uniforms.randrange(len(text) + 1)
        upto = min(len(text), at + uniforms.choice([0, 1, 3, 20, 200]))
        piece = uniforms.choice(PIECES).encode() if uniforms.random() < 0.7 else bytes([uniforms.randrange(256)])
        text = text[:at] + piece + text[upto:]
    return text


def assert_one_sentence(error: BadInput) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 2500


@fuzz
@given(st.sampled_from(presets()), st.integers(0, 2**32))
def test_damaged_scenario_files(tmp_path, name, seed):
    path = tmp_path / "scenario.toml"
    path.write_bytes(damaged(load(name).toml(None).encode(), seed))
    try:
        assert load(path).digest
    except BadInput as error:
        assert_one_sentence(error)


@fuzz
@given(st.sampled_from(TABLES), st.integers(0, 2**32))
def test_damaged_tables_of_a_union(tmp_path, table, seed):
    folder = tmp_path / "union"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in TABLES:
        text = (EUROPE / name).read_bytes()
        (folder / name).write_bytes(damaged(text, seed) if name == table else text)
    try:
        members = load_members(folder)
    except BadInput as error:
        assert_one_sentence(error)
        return
    assert members.states.count > 0
    assert (members.states.population >= 0).all()
    if seed % 20 == 0:
        out = run(load("eu-status-quo"), 0, [0], members, price=False)
        assert (out.states["paid_eur_bn"] >= -1e-9).all()


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
)


@fuzz
@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(
                ["agenda", "voting", "vote", "funding", "envelope_eur_bn", "end", "decider", "base", "name"]
            ),
            st.text(max_size=6),
        ),
        st.one_of(
            scalars,
            st.dictionaries(st.sampled_from(["rule", "HU", "sunk", "max_sites", "x"]), scalars, max_size=3),
        ),
        max_size=4,
    )
)
def test_scenarios_with_arbitrary_keys_and_values(content):
    try:
        assert load(content).digest
    except BadInput as error:
        assert_one_sentence(error)


LISTS = {
    "agenda": ["all", ["planner", "open_call"], ["omnibus"]],
    "voting": ["all", ["unanimity", "nice"], [3], "unanimity"],
    "envelope_eur_bn": [{"low": 1.0, "high": 9.0}, [4, 8.0], "range", {"low": 1, "high": 9, "steps": 3}],
    "agenda.max_sites": [[1, 2], {"low": 1, "high": 5}],
    "scenario": [["eu-status-quo", "essay-reform"], ["eu-status-quo"], "nowhere"],
}
DESIGNS = [
    {"kind": "grid"},
    {"kind": "sobol", "base": 8, "second_order": False},
    {"kind": "morris", "trajectories": 4, "levels": 4},
    {"kind": "latin_hypercube", "points": 5, "cross": []},
    {"kind": "switches", "to": "essay-reform"},
    {"kind": "list", "points": [{"voting": "nice"}, {"label": "b", "envelope_eur_bn": 3}]},
]
odd = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(
        st.sampled_from(
            [
                "kind",
                "points",
                "base",
                "low",
                "high",
                "steps",
                "scale",
                "levels",
                "to",
                "rule",
                "label",
                "cross",
                "voting",
            ]
        ),
        st.one_of(scalars, st.lists(scalars, max_size=2)),
        max_size=3,
    ),
)
specs = st.fixed_dictionaries(
    {},
    optional={
        "replications": st.one_of(st.integers(1, 5), odd),
        "design": st.one_of(
            st.sampled_from(DESIGNS),
            st.sampled_from(DESIGNS).flatmap(
                lambda d: st.dictionaries(st.sampled_from(sorted(d)), odd, max_size=1).map(lambda more: d | more)
            ),
            odd,
        ),
        "factors": st.one_of(
            st.dictionaries(st.sampled_from(sorted(LISTS)), st.none(), max_size=3).flatmap(
                lambda keys: st.fixed_dictionaries({k: st.one_of(st.sampled_from(LISTS[k]), odd) for k in keys})
            ),
            odd,
        ),
        "scenario": st.one_of(st.sampled_from(presets()), odd),
        "seed": st.one_of(st.integers(0, 9), odd),
        "tables": st.one_of(st.just(["worlds", "states"]), odd),
        "outcomes": st.one_of(st.just(["sites"]), odd),
        "title": odd,
        "question": odd,
        "members": odd,
        "rules": odd,
        "chunk": odd,
        "color": odd,
    },
)


@fuzz
@given(specs)
def test_experiments_with_arbitrary_content(content):
    try:
        spec = spec_of({"replications": 2, "design": {"kind": "grid"}} | content)
    except BadInput as error:
        assert_one_sentence(error)
        return
    assert spec.runs == len(spec.kept) * spec.replications > 0
    assert spec_of(spec.content).digest == spec.digest


SPEC = """title = "A small one"
scenario = "essay-reform"
seed = 7
replications = 3
tables = ["worlds", "states"]
outcomes = ["years_behind"]
chunk = 64
[design]
kind = "latin_hypercube"
points = 3
cross = ["agenda"]
[factors]
agenda = ["planner", { rule = "omnibus" }]
"agenda.max_sites" = { low = 1, high = 4 }
envelope_eur_bn = { low = 2.0, high = 9.0, scale = "log" }
voting = ["nice", "unanimity"]
"""


@fuzz
@given(st.integers(0, 2**32))
def test_damaged_experiment_files(tmp_path, seed):
    path = tmp_path / "spec.toml"
    path.write_bytes(damaged(SPEC.encode(), seed))
    try:
        assert read_spec(path).runs > 0
    except BadInput as error:
        assert_one_sentence(error)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"a" * 10_000, b"[[[[", b"voting = 'x", b"base = 'base.toml'"])
def test_files_that_are_not_a_scenario(tmp_path, text):
    path = tmp_path / "odd.toml"
    path.write_bytes(text)
    try:
        load(path)
    except BadInput as error:
        assert_one_sentence(error)


def test_huge_numbers_and_deep_nesting_are_refused(tmp_path):
    path = tmp_path / "long.toml"
    for text in ("seed = " + "9" * 5000, "seed = " + "[" * 9000, "seed" + ".a" * 2000 + " = 1"):
        path.write_text(text)
        for read in (load, read_spec, read_plan):
            with pytest.raises(BadInput) as caught:
                read(path)
            assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="envelope_eur_bn"):
        load({"envelope_eur_bn": 10**400})


def test_base_is_relative_to_its_file_and_cycles_are_refused(tmp_path):
    (tmp_path / "a.toml").write_text('base = "b.toml"\nenvelope_eur_bn = 3.0\n')
    (tmp_path / "b.toml").write_text('voting = "unanimity"\n')
    assert load(tmp_path / "a.toml").rules["voting"].rule == "unanimity"
    (tmp_path / "b.toml").write_text('base = "a.toml"\n')
    with pytest.raises(BadInput, match=r"[ab]\.toml"):
        load(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_text("base = 3\n")
    with pytest.raises(BadInput, match=r"base.*\b3\b"):
        load(tmp_path / "a.toml")
