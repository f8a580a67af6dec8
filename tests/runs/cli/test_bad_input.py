"""Invalid input is answered with one sentence and exit status 2, never with a traceback."""

import pytest

STATES = "state,population\n"


def refused(answer, *words, status=2):
    code, out, err = answer
    assert code == status, (code, out, err)
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1, err
    assert err.strip().endswith((".", "?")), err
    for word in words:
        assert word in err, err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["eu-status-qou"], ["eu-status-quo"]),
        (["no/such/scenario.toml"], ["no/such/scenario.toml"]),
        (["--set", "voting=lisbon_qvm"], ["lisbon_qmv"]),
        (["--set", "votting=lisbon_qmv"], ["voting"]),
        (["--set", "agenda.max_site=3"], ["agenda", "max_site"]),
        (["--set", "envelope_eur_bn=-1"], ["envelope_eur_bn", "-1"]),
        (["--set", "envelope_eur_bn=nan"], ["envelope_eur_bn", "nan"]),
        (["--set", "envelope_eur_bn=much"], ["envelope_eur_bn", "much"]),
        (["--set", "start=2024-01-01"], ["start", "2024-01-01"]),
        (["--set", "vote.XX=sincere_union"], ["XX"]),
        (["--set", "voting"], ["KEY=VALUE"]),
        (["--set", "=3"], ["KEY=VALUE"]),
        (["--worlds", "0"], ["worlds", "0", "1"]),
        (["--worlds", "-5"], ["worlds", "-5", "1"]),
        (["--seed", "-1"], ["seed", "-1", "0"]),
        (["--seed", "seven"], ["--seed"]),
        (["--seed", str(2**64)], ["seed", str(2**63 - 1)]),
        (["--replicate", "-1"], ["replicate", "-1", "0"]),
        (["--sed", "1"], ["--seed"]),
        (["--rules", "no/such/file.py"], ["no/such/file.py"]),
        (["--members", "no/such/folder"], ["no/such/folder"]),
        (["--format", "csv"], ["--out"]),
        (["--tables", "worlds"], ["--out"]),
        (["one", "two"], ["two"]),
    ],
)
def test_invalid_arguments_of_run(call, arguments, words):
    refused(call("run", *arguments), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('voting = "lisbon_qmv\n', []),
        ("voting = 12\n", ["voting"]),
        ('voting = "lisbon_qvm"\n', ["lisbon_qmv"]),
        ("envelop_eur_bn = 3\n", ["envelope_eur_bn"]),
        ('envelope_eur_bn = "ten"\n', ["envelope_eur_bn", "'ten'"]),
        ("envelope_eur_bn = inf\n", ["envelope_eur_bn", "inf"]),
        ('base = "eu-status-qou"\n', ["eu-status-quo"]),
        ('funding = "private"\n', ["single_decider"]),
    ],
)
def test_invalid_scenario_files(call, tmp_path, text, words):
    (tmp_path / "broken.toml").write_text(text)
    refused(call("run", tmp_path / "broken.toml"), "broken.toml", *words)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_unreadable_scenario_file(call, tmp_path, content):
    path = tmp_path / "odd.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    refused(call("run", path), "odd.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["states.csv"]),
        ("state,people\nA,3\n", ["population"]),
        (STATES + "A,many\n", ["population", "many"]),
        (STATES + "A,-3\n", ["population", "-3"]),
        (STATES + "A,3\nA,4\n", ["A"]),
        (STATES + "A\n", ["states.csv"]),
    ],
)
def test_invalid_members_tables(call, tmp_path, text, words):
    (tmp_path / "states.csv").write_text(text)
    refused(call("run", "--members", tmp_path), *words)


def test_invalid_outputs_are_refused_before_the_run(call, tmp_path, monkeypatch):
    monkeypatch.setattr("juste_retour.abm.outcomes.Simulation", lambda *a, **k: pytest.fail("it ran"))
    (tmp_path / "file").write_text("mine")
    refused(call("run", "--out", tmp_path / "file"), str(tmp_path / "file"))
    refused(call("run", "--out", tmp_path / "file" / "deeper"), str(tmp_path / "file"), status=1)
    refused(call("run", "--out", "/proc/juste-retour"), "/proc/juste-retour", status=1)
    refused(call("run", "--out", tmp_path / "new", "--format", "sas"), "csv, dta, parquet")
    refused(call("run", "--out", tmp_path / "new", "--format", ","), "parquet")
    refused(call("run", "--out", tmp_path / "new", "--tables", "world"), "worlds")
    refused(call("run", "--out", tmp_path / "new", "--worlds", "0"), "worlds")
    assert not (tmp_path / "new").exists()


def test_misspelled_commands_and_options(call):
    refused(call("rnu"), "'run'")
    refused(call("rules", "lits"), "'list'")
    refused(call("rules", "list", "votting"), "'voting'")
    refused(call("scenarios", "show", "essay-refrom"), "essay-reform")
    refused(call("--versoin"), "--version")
    refused(call("run", "--seed"), "--seed")
