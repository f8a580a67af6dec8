"""Batches: the same files after any interruption, and failures that are reported and can be replayed."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from juste_retour.abm.outcomes import run as run_worlds
from juste_retour.abm.worlds.scenario import load
from juste_retour.agents.errors import BadInput, CannotWrite, JusteRetourError
from juste_retour.runs.engine import pool
from juste_retour.runs.engine.chunks import ChunkPlan
from juste_retour.runs.engine.experiment import Interrupted, SomeFailed, batch
from juste_retour.runs.engine.results import Results
from juste_retour.runs.engine.spec import read_spec, spec_of
from juste_retour.runs.engine.store import Busy, Store
from tests.runs.small import SPEC, files, manifest, run_small, spec_file

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from juste_retour.runs.cli.lazy_group import main; sys.exit(main())",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The small experiment, run once in this process."""
    return run_small(tmp_path_factory.mktemp("whole"))


def test_tables_contain_every_run_with_its_design(whole):
    results = Results(whole)
    assert results.complete
    table = results.table("worlds")
    assert len(table) == 24
    assert list(table.columns[:6]) == ["scenario", "seed", "replicate", "point", "voting", "operations"]
    assert table.groupby(["voting", "operations"]).size().tolist() == [6] * 4
    assert set(results.table("votes").columns) >= {"point", "voting", "agenda", "yes"}
    part = results.table("facilities", ["point", "accelerators"])
    assert part["accelerators"].sum() == pytest.approx(table["aggregate_accelerators"].sum())


def test_run_of_a_batch_equals_the_run_alone(whole):
    results = Results(whole)
    row = results.table("worlds").query("point == 3 and replicate == 4").iloc[0]
    alone = run_worlds(load("eu-status-quo").changed({"voting": "unanimity", "operations": "operator_led"}), 11, [4])
    for name in ("sites", "years_behind", "aggregate_accelerators", "price_of_politics", "welfare_eur_bn"):
        assert row[name] == alone.worlds[name][0]


def test_results_do_not_depend_on_workers_and_kills(whole, tmp_path):
    spec = spec_file(tmp_path)
    out = tmp_path / "killed"
    command = [*COMMAND, "batch", str(spec), "--out", str(out), "--workers", "2"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    process = subprocess.Popen(command, start_new_session=True, **quiet)
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until and not list(out.rglob("*.parquet")):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)  # only the parent: its workers must end on their own
    process.wait()
    kept = Store(out).done()
    assert len(kept) < 4
    (out / "worlds").mkdir(exist_ok=True)
    (out / "worlds" / ".000003.parquet.part").write_bytes(b"half a file")
    with (out / "chunks.jsonl").open("ab") as log:
        log.write(b'{"chunk": 3, "wor')
    batch(spec, out, workers=2)
    assert files(out) == files(whole)
    assert manifest(out)["result"] == manifest(whole)["result"]
    assert not list(out.rglob("*.part"))
    assert {r["chunk"] for r in map(json.loads, (out / "chunks.jsonl").read_text().splitlines())} == set(range(4))


def test_workers_end_with_their_parent_process(tmp_path):
    spec = spec_file(tmp_path, SPEC.replace("replications = 6", "replications = 4000"))
    out = tmp_path / "out"
    command = [*COMMAND, "batch", str(spec), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "MARK": str(out)},
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and not children_of(process.pid):
        time.sleep(0.02)
    crew = children_of(process.pid)
    assert crew
    process.kill()
    process.wait()
    until = time.monotonic() + 30
    while any(is_alive(pid) for pid in crew) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in crew)


def children_of(pid):
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except OSError:
        return False


def test_interrupted_batch_can_be_continued(whole, tmp_path):
    def stop_after_one(tally):
        if tally.chunks_done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="1 of 4"):
        run_small(tmp_path, progress=stop_after_one)
    assert not manifest(tmp_path / "out")["complete"]
    assert files(run_small(tmp_path)) == files(whole)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_finished_batch_does_nothing(whole):
    before = {p: p.stat().st_mtime_ns for p in whole.rglob("*.parquet")}
    done = batch(Results(whole).spec, whole, workers=2)
    assert done.tally.worlds_now == 0
    assert {p: p.stat().st_mtime_ns for p in whole.rglob("*.parquet")} == before


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
def test_damaged_chunk_is_run_again(whole, tmp_path, damage):
    out = run_small(tmp_path)
    victim = out / "worlds" / "000002.parquet"
    content = victim.read_bytes()
    if damage == "remove":
        victim.unlink()
    else:
        victim.write_bytes(
            content[:-64] if damage == "truncate" else bytes([content[9] ^ 1]).join([content[:9], content[10:]])
        )
    done = batch(spec_file(tmp_path), out, workers=0)
    assert done.repaired == [2]
    assert files(out) == files(whole)


def test_folder_of_another_experiment_is_refused(whole, tmp_path):
    other = spec_file(tmp_path, SPEC.replace("seed = 11", "seed = 12"))
    before = files(whole)
    with pytest.raises(BadInput, match=manifest(whole)["digest"]):
        batch(other, whole, workers=0)
    assert files(whole) == before
    (tmp_path / "foreign").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "foreign" / "a.parquet")
    with pytest.raises(BadInput, match=r"foreign.*manifest\.json"):
        batch(other, tmp_path / "foreign", workers=0)


def test_changed_code_cannot_continue_a_batch(whole, monkeypatch):
    monkeypatch.setattr("juste_retour.runs.base.provenance.code_digest", lambda *modules: "other")
    with pytest.raises(BadInput, match=r"\bcode\b"):
        batch(Results(whole).spec, whole, workers=0)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}'])
def test_unreadable_manifest_is_reported(tmp_path, content):
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text(content)
    with pytest.raises(BadInput, match=r"manifest\.json"):
        batch(spec_file(tmp_path), out, workers=0)
    with pytest.raises(BadInput, match=r"manifest\.json"):
        Results(tmp_path)


def test_second_batch_is_refused_while_the_first_holds_the_lock(tmp_path):
    out = tmp_path / "out"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from juste_retour.runs.engine.store import Store\nwith Store({str(out)!r}).locked():\n    print('held', flush=True)\n    input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Busy, match=rf"\b{holder.pid}\b"):
        batch(spec_file(tmp_path), out, workers=0)
    holder.kill()
    holder.communicate()
    with Store(out).locked():
        pass


def test_output_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(BadInput, match=re.escape(str(tmp_path / "out"))):
        batch(spec_file(tmp_path), tmp_path / "out", workers=0)
    with pytest.raises(BadInput, match=re.escape(str(tmp_path / "out"))):
        batch(spec_file(tmp_path), tmp_path / "out" / "deeper", workers=0)


def test_unwritable_output_folder_is_reported(tmp_path):
    if os.geteuid() == 0:
        place = Path("/proc/juste-retour")  # even root cannot write here
    else:
        place = tmp_path / "locked"
        place.mkdir(mode=0o500)
    with pytest.raises(CannotWrite, match=re.escape(str(place / "out"))):
        batch(spec_file(tmp_path), place / "out", workers=0)


def test_full_disk_keeps_finished_chunks(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("a small disk can only be mounted by root")
    try:
        text = SPEC.replace("replications = 6", "replications = 60").replace("chunk = 6", "chunk = 30")
        with pytest.raises(CannotWrite, match="No space left"):
            run_small(tmp_path, "disk/out", text)
        store = Store(disk / "out")
        assert store.done()
        assert all(store.damaged(record) is None for record in store.done().values())
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        batch(tmp_path / "spec.toml", disk / "out", workers=0)
        assert manifest(disk / "out")["complete"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


BROKEN = '''
from juste_retour.abm.politics.voting import voting

@voting
def brittle(ballot, states):
    """Passes, but fails in worlds where the second state votes yes and the number of yes votes is a multiple of three."""
    yes = ballot.yes
    if (yes[..., 1] & (yes.sum(-1) % 3 == 0)).any():
        raise ZeroDivisionError("it broke")
    return yes.sum(-1) > 0
'''


def test_failing_chunk_is_recorded_with_a_command_to_replay_it(tmp_path, own_rules, call):
    (tmp_path / "mine.py").write_text(BROKEN)
    text = SPEC.replace('"unanimity"]', '"brittle"]').replace("seed = 11", 'seed = 11\nrules = ["mine.py"]')
    text = text.replace("replications = 6", "replications = 12").replace("chunk = 6", "chunk = 12")
    with pytest.raises(SomeFailed) as error:
        run_small(tmp_path, text=text)
    assert "it broke" in str(error.value)
    assert "juste-retour run" in str(error.value)
    assert error.value.exit_status == 1
    out = tmp_path / "out"
    failed = json.loads((out / "failures.json").read_text())
    assert len(failed) + len(Store(out).done()) == ChunkPlan(read_spec(tmp_path / "spec.toml")).chunks
    first = failed[0]
    assert first["values"]["voting"] == "brittle"
    assert "ZeroDivisionError" in first["traceback"]
    words = shlex.split(first["command"])
    assert words[:2] == ["juste-retour", "run"]
    status, _, printed = call(*words[1:])
    assert status == 1
    assert "it broke" in printed
    one_less = [*words[1:]]
    one_less[one_less.index("--set") + 1] = "voting=lisbon_qmv"
    assert call(*one_less)[0] == 0
    (tmp_path / "mine.py").write_text(BROKEN.replace("(yes[..., 1] & (yes.sum(-1) % 3 == 0)).any()", "False"))
    with pytest.raises(BadInput, match=r"mine\.py has changed"):
        run_small(tmp_path, text=text)


def test_dead_worker_loses_only_its_chunk(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if '-m' in sys.orig_argv and 'juste_retour.runs.engine.worker' in sys.orig_argv:\n"
        "    import juste_retour.runs.engine.chunks as c\n"
        "    before = c.produce\n"
        "    def produce(content, chunk):\n"
        "        if chunk == 1:\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return before(content, chunk)\n"
        "    c.produce = produce\n"
    )
    with pytest.raises(SomeFailed):
        run_small(tmp_path, workers=1)
    failed = json.loads((tmp_path / "out" / "failures.json").read_text())
    assert [failure["chunk"] for failure in failed] == [1]
    assert sorted(Store(tmp_path / "out").done()) == [0, 2, 3]
    monkeypatch.delenv("PYTHONPATH")
    batch(tmp_path / "spec.toml", tmp_path / "out", workers=0)
    assert manifest(tmp_path / "out")["complete"]
    assert not (tmp_path / "out" / "failures.json").exists()


def test_workers_that_die_at_start_are_replaced(whole, tmp_path, monkeypatch, capfd):
    """Every second worker dies at its start. The others run one chunk and then have no memory for the next answer."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    (tmp_path / "sitecustomize.py").write_text(
        "import os, pathlib, sys\n"
        "if '-m' in sys.orig_argv and 'juste_retour.runs.engine.worker' in sys.orig_argv:\n"
        "    births = pathlib.Path(__file__).with_name('births')\n"
        "    count = len(births.read_text()) if births.exists() else 0\n"
        "    births.write_text('x' * (count + 1))\n"
        "    if count % 2 == 0:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    import pickle\n"
        "    before, answers = pickle.dumps, []\n"
        "    def dumps(answer, **how):\n"
        "        answers.append(answer)\n"
        "        if len(answers) > 2:\n"
        "            raise MemoryError\n"
        "        return before(answer, **how)\n"
        "    pickle.dumps = dumps\n"
    )
    assert files(run_small(tmp_path, workers=1)) == files(whole)
    assert len((tmp_path / "births").read_text()) == 8
    assert "Traceback" not in capfd.readouterr().err


def test_points_that_share_arrays_equal_runs_alone(tmp_path):
    spec = spec_of(
        {
            "replications": 2,
            "outcomes": ["years_behind", "price_of_politics"],
            "seed": 5,
            "design": {"kind": "latin_hypercube", "points": 6},
            "factors": {"envelope_eur_bn": "range", "ambition_sd": "range", "operations": "all"},
        }
    )
    batch(spec, tmp_path / "out", workers=0)
    table = Results(tmp_path / "out").table("worlds")
    for number in (0, 3, 5):
        alone = run_worlds(spec.scenario_at(number), 5, np.arange(2))
        rows = table[table["point"] == number]
        assert rows["years_behind"].tolist() == alone.worlds["years_behind"].tolist()
        assert rows["price_of_politics"].tolist() == alone.worlds["price_of_politics"].tolist()


def test_dry_run_shows_the_cost_and_writes_nothing(tmp_path, call):
    spec = spec_file(tmp_path)
    status, printed, _ = call("batch", spec, "--dry-run")
    assert status == 0
    assert re.search(r"\b24\b", printed)
    assert [path.name for path in tmp_path.iterdir()] == ["spec.toml"]
    status, _, error = call("batch", spec)
    assert status == 2
    assert "--out" in error
    status, _, error = call("batch", spec, "--out", tmp_path / "x", "--workers", "-1")
    assert status == 2
    assert "workers" in error
    status, printed, _ = call("batch", spec, "--out", tmp_path / "o", "--workers", "0", "--json")
    assert status == 0
    assert json.loads(printed)["runs"] == 24


def test_user_rules_in_the_spec_or_on_the_command_line(tmp_path, call, own_rules):
    rule = tmp_path / "two_thirds.py"
    rule.write_text(
        '"""Mine."""\n\nfrom juste_retour.abm.politics.voting import voting\n\n\n@voting\ndef two_thirds(ballot, states):\n'
        '    """Passes with two thirds.\n\n    Source: mine.\n    """\n'
        "    return 3 * ballot.yes.sum(-1) >= 2 * states.count\n"
    )
    text = SPEC.replace('"unanimity"', '"two_thirds"')
    named = read_spec(spec_file(tmp_path, f'rules = ["two_thirds.py"]\n{text}'))
    spec = spec_file(tmp_path, text)
    assert read_spec(spec, [rule]).digest == named.digest
    assert call("batch", spec, "--rules", rule, "--out", tmp_path / "out", "--workers", "0")[0] == 0
    assert manifest(tmp_path / "out")["rules"] == dict(named.rules)


def test_new_worker_with_a_changed_helper_module_is_refused(tmp_path, monkeypatch, own_rules):
    """The first worker dies at its second chunk, and a module that the rules import changes before the next worker."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    (tmp_path / "quota_of_batch.py").write_text("QUOTA = 0.5\n")
    (tmp_path / "rule_of_batch.py").write_text(
        '"""Mine."""\n\nfrom quota_of_batch import QUOTA\n\nfrom juste_retour import voting\n\n\n@voting\n'
        'def helped(ballot, states):\n    """Passes with a share."""\n    return ballot.yes.sum(-1) > QUOTA * states.count\n'
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import os, pathlib, sys\n"
        "if '-m' in sys.orig_argv and 'juste_retour.runs.engine.worker' in sys.orig_argv:\n"
        "    import juste_retour.runs.engine.chunks as c\n"
        "    before = c.produce\n"
        "    def produce(content, chunk):\n"
        "        if chunk == 1:\n"
        "            pathlib.Path(__file__).with_name('quota_of_batch.py').write_text('QUOTA = 0.9  # changed\\n')\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return before(content, chunk)\n"
        "    c.produce = produce\n"
    )
    spec = spec_file(tmp_path, 'rules = ["rule_of_batch.py"]\n' + SPEC.replace('"unanimity"', '"helped"'))
    with pytest.raises(JusteRetourError, match=r"quota_of_batch\.py has changed while"):
        batch(spec, tmp_path / "out", workers=1)
    assert sorted(Store(tmp_path / "out").done()) == [0]
    (tmp_path / "sitecustomize.py").unlink()
    with pytest.raises(BadInput, match=r"quota_of_batch\.py has changed"):
        batch(spec, tmp_path / "out", workers=0)
    (tmp_path / "quota_of_batch.py").write_text("QUOTA = 0.5\n")
    batch(spec, tmp_path / "out", workers=1)
    assert manifest(tmp_path / "out")["complete"]


AGENT = '''"""Mine."""

from juste_retour import MemberState, agent


@agent
class Grudging(MemberState):
    """Says no for some quarters after a ballot that passed against it."""

    def __init__(self, model, place, *, quarters: int = 2):
        super().__init__(model, place)
        self.quarters, self.grudge = quarters, 0

    def vote(self, offer):
        return -1 if self.grudge else self.random.random() < 0.9 and super().vote(offer) > 0

    def step(self):
        ballot = self.model.last_ballot
        lost = ballot is not None and ballot.quarter == self.world.now and self.last_vote == "no" and ballot.passed[0]
        self.grudge = self.quarters if lost else max(self.grudge - 1, 0)
'''


def test_user_agents_in_a_batch(tmp_path, call, own_rules):
    file, spec = tmp_path / "grudging.py", tmp_path / "agents.toml"
    file.write_text(AGENT)
    spec.write_text(
        'rules = ["grudging.py"]\nseed = 3\nreplications = 4\nchunk = 4\ntables = ["worlds", "states"]\noutcomes = ["sites"]\n'
        'scenario = { agenda = "commission_proposal", end = "2027Q2", window_years = 2.75 }\n'
        '[design]\nkind = "list"\npoints = [{ label = "none" }, { agents = "Grudging" }, { "agents.Grudging" = "HU PL" },\n'
        "  { agents = { Grudging = { quarters = 8 } } }]\n"
    )
    for out, workers in (("here", "0"), ("there", "2")):
        assert call("batch", spec, "--out", tmp_path / out, "--workers", workers)[0] == 0
    assert files(tmp_path / "here") == files(tmp_path / "there")
    assert list(manifest(tmp_path / "here")["rules"]) == ["grudging.py"]
    states = Results(tmp_path / "here").table("states")
    no_votes = states.groupby("point")["no_votes"].sum()
    assert no_votes[1] > no_votes[0]
    assert call("verify", tmp_path / "here", "--workers", "0")[0] == 0
    file.write_text(AGENT.replace("0.9", "0.5"))
    status, _, err = call("batch", spec, "--out", tmp_path / "here", "--workers", "0")
    assert status == 2
    assert "grudging.py has changed" in err
    status, out, err = call("verify", tmp_path / "here", "--workers", "0")
    assert status == 1
    assert "grudging.py has changed" in " ".join((out + err).split())


def test_factors_vary_agents_and_their_parameters(tmp_path, own_rules):
    (tmp_path / "grudging.py").write_text(AGENT)

    def spec(**factors):
        return spec_of(
            {
                "rules": ["grudging.py"],
                "scenario": {"agents": "Grudging"},
                "replications": 1,
                "design": {"kind": "grid"},
                "factors": factors,
            },
            tmp_path,
        )

    found = spec(**{"agents.Grudging": ["none", "HU"]})
    assert [found.scenario_at(p).plain().get("agents") for p in found.kept] == [None, {"Grudging": "HU"}]
    found = spec(agents={"Grudging": {"quarters": [1, 8]}})
    assert [found.scenario_at(p).agents[0].settings for p in found.kept] == [
        (("quarters", 1),),
        (("quarters", 8),),
    ]
    for factors, named in (
        ({"agents": ["Gruding"]}, r"factors\.agents.*'Gruding'.*'Grudging'"),
        ({"agents.Grudging.quarter": [1]}, r"factors\.agents\.Grudging\.quarter.*'quarters'"),
        ({"agents.Grudging": ["HX"]}, r"agents\.Grudging: no state is called HX"),
    ):
        with pytest.raises(BadInput, match=named):
            spec(**factors)


def test_workers_and_a_cluster_exclude_each_other(tmp_path):
    with pytest.raises(BadInput, match=r"--workers.*--cluster"):
        batch(spec_file(tmp_path), tmp_path / "o", workers=2, cluster="tcp://127.0.0.1:1")
    assert pool.cores() >= 1


def test_results_warn_of_several_equilibria(tmp_path):
    """A grid over funding: if hosts alone pay there are two equilibria, each with another group of states."""
    content = {
        "scenario": {
            "agenda": "closed_rule",
            "expect": "stationary",
            "voting": "lisbon_qmv",
            "envelope_eur_bn": 10.0,
        },
        "seed": 1,
        "replications": 2,
        "tables": ["worlds"],
        "outcomes": ["years_behind"],
        "design": {"kind": "grid"},
        "factors": {"funding": ["hosts_only", "gni_key"]},
    }
    batch(content, tmp_path / "out", workers=0)
    results = Results(tmp_path / "out")
    worlds = results.table("worlds").set_index("point")
    assert set(worlds["equilibria"]) == {"one", "several"}
    assert (worlds["expectation_error"] > 0).all()
    (several,) = set(worlds.index[worlds["equilibria"] == "several"])
    assert "several equilibria" in results.caution
    assert f"1 of 2 points (points {several})" in results.caution
    assert set(worlds["equilibrium"]) == {1}
