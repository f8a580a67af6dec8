"""No outcome is an input. Names and order do not matter, and observed outcomes are never read.

Candidate sites made up by a rule, with no real place among them, lead to the same number of sites and hosts.
"""

import ast
import csv
from pathlib import Path

import numpy as np
import pytest

import juste_retour.abm.base.csv_tables
import juste_retour.abm.base.members
import juste_retour.abm.worlds.environment
from juste_retour.abm.base.members import EUROPE, load_members
from juste_retour.abm.base.noise import RandomStreams
from juste_retour.abm.outcomes import run
from juste_retour.abm.worlds.scenario import load

ROOT = Path(__file__).parents[2]
READ = ("states.csv", "sites.csv", "grid.csv", "commissioners.csv", "labs.csv", "machines.csv")
WORLDS = range(24)
SITES, HOSTS = 19, 16  # of the nineteen AI Factories


def rows_of(file):
    with (EUROPE / file).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write(folder, file, rows):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / file).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def outcome(members, worlds=WORLDS, end="2034Q4", **changes):
    return run(load("eu-status-quo").changed(changes).until(end), 7, worlds, members, price=False)


@pytest.fixture(scope="module")
def real():
    return outcome(load_members())


def test_input_tables_alone_give_the_same_results(real, tmp_path):
    for file in READ:
        (tmp_path / file).write_bytes((EUROPE / file).read_bytes())
    members = load_members(tmp_path)
    assert members.digest == load_members().digest
    alone = outcome(members)
    for name, column in real.worlds.items():
        assert np.array_equal(alone.worlds[name], column, equal_nan=True), name


def test_no_table_of_observed_outcomes_is_opened(monkeypatch):
    opened = []
    there = juste_retour.abm.base.csv_tables._bytes
    monkeypatch.setattr(
        juste_retour.abm.base.csv_tables, "_bytes", lambda path: opened.append(path.name) or there(path)
    )
    outcome(
        juste_retour.abm.base.members._load(EUROPE, "European Union", juste_retour.abm.base.members._never),
        range(2),
    )
    assert sorted(opened) == sorted(READ)


def test_model_does_not_import_observed_outcomes():
    for path in [*(ROOT / "agents").rglob("*.py"), *(ROOT / "abm").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if path.name != "observed.py":
            tree = ast.parse(text)
            imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom | ast.Import)]
            assert not any("observed" in ast.unparse(n) for n in imports), path


def test_results_do_not_depend_on_names(real, tmp_path):
    rng = np.random.default_rng(0)
    states, sites = rows_of("states.csv"), rows_of("sites.csv")
    state = {row["state"]: f"S{k:02d}" for row, k in zip(states, rng.permutation(len(states)), strict=True)}
    site = {row["site"]: f"site_{k}" for row, k in zip(sites, rng.permutation(len(sites)), strict=True)}
    for row in states:
        row |= {"state": state[row["state"]], "name": "x", "capital": "y"}
        row["borders"] = " ".join(state[code] for code in row["borders"].split())
    for row in sites:
        row |= {"site": site[row["site"]], "state": state[row["state"]], "city": "z", "note": ""}
        row["existing_or_planned"] = ""
    write(tmp_path, "states.csv", states)
    write(tmp_path, "sites.csv", sites)
    for file in ("grid.csv", "commissioners.csv", "labs.csv", "machines.csv"):
        rows = rows_of(file)
        for row in rows:
            row |= {k: state.get(row[k], row[k]) for k in ("state", "home") if k in row}
            row |= {k: site[row[k]] for k in ("site",) if k in row}
            row |= {"name": f"n{len(row)}{row['state']}"} if file == "commissioners.csv" else {}
        write(tmp_path, file, rows)
    renamed = outcome(load_members(tmp_path))
    for table in ("worlds", "states", "facilities"):
        for name, column in getattr(real, table).items():
            assert np.array_equal(getattr(renamed, table)[name], column, equal_nan=True), (table, name)


def test_results_do_not_depend_on_row_order(real, tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    states, sites = rows_of("states.csv"), rows_of("sites.csv")
    orders = {len(states): rng.permutation(len(states)), len(sites): rng.permutation(len(sites))}
    for file in READ:
        rows = rows_of(file)
        if file in ("states.csv", "sites.csv"):
            rows = [rows[k] for k in orders[len(rows)]]
        write(tmp_path, file, rows)

    class Reordered(RandomStreams):
        """The same random draws, reordered with the states and sites."""

        def uniform(self, channel, slots, quarter=0):
            uniforms = super().uniform(channel, slots, quarter)
            return np.take(uniforms, orders[slots], axis=-1) if slots in orders else uniforms

    monkeypatch.setattr(juste_retour.abm.worlds.environment, "RandomStreams", Reordered)
    reordered = outcome(load_members(tmp_path))
    for name in (
        "sites",
        "hosts",
        "spend_eur_bn",
        "aggregate_accelerators",
        "years_behind",
        "first_operation",
    ):
        assert np.allclose(reordered.worlds[name], real.worlds[name], rtol=1e-9), name
    for name in ("sites", "first_wave", "received_eur_bn", "paid_eur_bn", "yes_votes"):
        here = np.take(real.states[name], orders[len(states)], axis=-1)
        assert np.allclose(reordered.states[name], here, rtol=1e-9), name
    chosen = {(w, sites[j]["site"]) for w, j in zip(real.facilities["world"], real.facilities["site"], strict=True)}
    chosen_again = {
        (w, reordered.members.sites.names[j])
        for w, j in zip(reordered.facilities["world"], reordered.facilities["site"], strict=True)
    }
    assert chosen == chosen_again


def union_with_made_up_sites(folder, has_center):
    """The states of the Union, each with two or three equal made-up sites by its population."""
    states = load_members().states
    for file in ("states.csv", "commissioners.csv", "labs.csv"):
        write(folder, file, rows_of(file))
    large = states.population >= np.median(states.population)
    sites = [
        {
            "site": f"{code.lower()}_{k}",
            "state": code,
            "power_headroom_mw": 50,
            "kind": "campus",
            "centre": int(k == 0 and has_center[i]),
        }
        for i, code in enumerate(states.codes)
        for k in range(3 if large[i] else 2)
    ]
    write(folder, "sites.csv", sites)
    return load_members(folder)


def spread_of(members):
    found = outcome(members, range(400), end="2028Q4").worlds
    return {name: np.quantile(found[name], [0.05, 0.5, 0.95]) for name in ("sites", "hosts")}


def centers_of(union):
    """Whether each state has a real computing center at some candidate site."""
    return np.bincount(union.sites.state, weights=union.sites.centre, minlength=union.states.count) > 0


def test_made_up_sites_give_as_many_sites_and_hosts(tmp_path):
    """With as many centers as in reality, in the states with the largest GDP, 19 sites and 16 hosts are in the range."""
    union = load_members()
    with_center = np.argsort(-union.states.gdp)[: centers_of(union).sum()]
    found = spread_of(union_with_made_up_sites(tmp_path, np.isin(np.arange(union.states.count), with_center)))
    assert found["sites"][0] < SITES < found["sites"][2]
    assert found["hosts"][0] < HOSTS < found["hosts"][2]


def test_computing_centers_determine_the_number_of_sites(tmp_path):
    """Equal sites with the states' real centers suffice. Without any center, far fewer sites are selected."""
    real_centers = centers_of(load_members())
    with_them = spread_of(union_with_made_up_sites(tmp_path / "with", real_centers))
    assert with_them["sites"][0] < SITES < with_them["sites"][2]
    assert with_them["hosts"][0] < HOSTS < with_them["hosts"][2]
    without = spread_of(union_with_made_up_sites(tmp_path / "without", np.zeros(27, dtype=bool)))
    assert without["sites"][2] < SITES  # a limit of the result: without a center a dossier takes two years
