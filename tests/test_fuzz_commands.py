"""Fuzz tests of command lines and the files they name: exit status 0, 1 or 2, and an error of one sentence.

For more examples: FUZZ=20000 uv run pytest tests/test_fuzz_commands.py
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from juste_retour.abm.worlds.scenario import parameters
from juste_retour.agents.rules import FAMILIES
from juste_retour.runs.cli.lazy_group import FAULT, main
from tests.test_fuzz import SPEC, damaged, fuzz

pytestmark = pytest.mark.slow

UNION = "state,population\n" + "".join(f"S{k},{1000 * (k + 1)}\n" for k in range(9))
WEIGHTS = "member,weight\n" + "".join(f"M{k},{k + 1}\n" for k in range(9))
RANKINGS = "voter,first,second,third\n" + "".join(f"V{k},A,B,C\nW{k},C,A,\n" for k in range(6))
POSITIONS = "issue,actor,position,salience,outcome,reference_point,introduced\na,COM,80,50,60,0,2000-01-01\na,DE,20,90,60,0,2000-01-01\nb,FR,9,,,,\n"
TABLES_OF = {"union.csv": UNION, "weights.csv": WEIGHTS, "rankings.csv": RANKINGS, "positions.csv": POSITIONS}
WORDS = st.one_of(
    st.sampled_from([*TABLES_OF, "nowhere.csv", "spec.toml", "eu-status-quo", "essay-reform", "9" * 400, "9" * 5000]),
    st.sampled_from(["DE", "FR", "EU", "S1", "DE,FR", "S1,S2,S3", "A,B", "A=2", "UA=33443000", "UA=" + "9" * 30]),
    st.sampled_from(["=", ",", "-1", "0", "1", "2", "1e3", "nan", "½", "1/0", "1_0", "--", "--json", ".", "\0"]),
    st.sampled_from(["nice", "lisbon_qmv", "sites", "worlds", "worlds,votes", "csv"]),
    st.text(max_size=5),
    st.just("x" * 5000),
)
SETTINGS = st.one_of(
    WORDS,
    st.builds(
        lambda key, dot, value: f"{key}{dot}={value}",
        st.sampled_from(["rule", "", "end", "decider", *FAMILIES, *list(parameters())[::7]]),
        st.sampled_from(["", ".rule", ".HU", ".DE", ".max_sites", ".share", ".x", "."]),
        st.one_of(
            WORDS,
            st.integers(),
            st.floats(),
            st.sampled_from(["{}", "[]", "[1]", "{rule='nice'}", "{HU='red_line'}", "true", "2030Q1"]),
        ),
    ),
)
COMMANDS = {
    "run": ("--seed", "--replicate", "--set", "--tables", "--format", "--members", "--rules"),
    "compare": ("--seed", "--set", "--outcome"),
    "attribute": ("--outcome", "--set"),
    "reforms": ("--by", "--reading", "--package", "--break-even"),
    "choose": ("--by", "--vary", "--set"),
    "scenarios": ("--set",),
    "rules": (),
    "power": ("--members", "--participants", "--add", "--quota", "--weights", "--rules"),
    "vote": ("--yes", "--no", "--abstain", "--members", "--participants", "--add"),
    "ballot": ("--offers", "--withdrawn", "--seed"),
    "positions": ("--models", "--by", "--share", "--seed"),
    "verify": ("--chunks",),
    "report": (),
    "batch": ("--workers",),
}
LIKELY = {
    "run": ["eu-status-quo"],
    "scenarios": ["show", "eu-status-quo"],
    "rules": ["list"],
    "power": ["lisbon_qmv"],
    "vote": ["nice", "--yes", "DE,FR"],
    "ballot": ["rankings.csv"],
    "positions": ["positions.csv"],
    "batch": ["spec.toml", "--dry-run"],
}


@st.composite
def command_lines(draw):
    command = draw(st.sampled_from(sorted(COMMANDS)))
    words = [command]
    words += LIKELY.get(command, []) if draw(st.integers(0, 4)) else draw(st.lists(WORDS, max_size=3))
    if command in ("compare", "attribute", "reforms", "choose"):
        words += ["--worlds", "2"]
    for _ in range(draw(st.integers(0, 2))):
        option = draw(st.sampled_from([*COMMANDS[command], "--json", "--nonsense"]))
        words.append(option)
        if option != "--json":
            words.append(draw(SETTINGS if option == "--set" else WORDS))
    return words


@fuzz
@given(command_lines(), st.sampled_from([*TABLES_OF, ""]), st.integers(0, 2**32))
@example(["batch", "spec.toml", "--dry-run", "--workers", "9" * 400], "", 0)
def test_random_command_lines_and_damaged_files(tmp_path, capsys, monkeypatch, words, damaged_file, seed):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.toml").write_text(SPEC)
    for name, text in TABLES_OF.items():
        (tmp_path / name).write_bytes(damaged(text.encode(), seed) if name == damaged_file else text.encode())
    status = main(words)
    printed = capsys.readouterr()
    assert status in (0, 1, 2)
    assert "Traceback" not in printed.err
    assert FAULT not in printed.err
    assert status == 0 or printed.err.strip()
    assert status == 0 or len(printed.err.strip().splitlines()) == 1 or "Usage:" in printed.err, printed.err
