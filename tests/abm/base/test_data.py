"""The shipped tables agree with one another and are described in full."""

import csv
import re
from collections import Counter
from datetime import date

import pytest

from juste_retour.abm.base.csv_tables import read_rows
from juste_retour.abm.base.members import EUROPE, load_members
from juste_retour.abm.base.observed import (
    comparators,
    observed,
    procurement_history,
    seat_votes,
    voting_populations,
)
from juste_retour.abm.data import map_geometry

TABLES = sorted(path.name for path in EUROPE.glob("*.csv"))


def section(table):
    """The section of the data's README that describes a table."""
    readme = (EUROPE / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(table)}:.*?(?=^## |\Z)", readme, re.S | re.M)
    assert found, f"{table} has no section"
    return found.group()


def test_required_tables_are_shipped():
    assert set(TABLES) >= {
        "states.csv",
        "sites.csv",
        "commissioners.csv",
        "labs.csv",
        "machines.csv",
        "observed.csv",
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described(table):
    with (EUROPE / table).open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    rows = [line for line in section(table).splitlines() if line.startswith("|")]
    described = {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert described == set(header)


def test_every_site_is_near_its_states_capital():
    """Within 8 degrees of latitude and longitude; the farthest are Lulea (6) and Santiago (5)."""
    members = load_members()
    sites, states = members.sites, members.states
    assert (abs(sites.latitude - states.more["latitude"][sites.state]) < 8).all()
    assert (abs(sites.longitude - states.more["longitude"][sites.state]) < 8).all()


def test_sites_of_public_machines_have_a_center_and_enough_power():
    members = load_members()
    sites, machines = members.sites, members.machines
    assert sites.centre[machines.site].all()
    assert (sites.headroom[machines.site] >= machines.power_mw).all()


def test_industrial_sites_have_no_computing_center():
    sites = load_members().sites
    assert not any(centre for centre, kind in zip(sites.centre, sites.kind, strict=True) if kind == "industrial")
    assert sites.centre.sum() == 30


def test_machine_dates_match_the_procurement_history():
    history = {row["system"].split(" (second")[0]: row["operation"] for row in procurement_history()}
    common = [row for row in read_rows(EUROPE / "machines.csv") if history.get(row["machine"])]
    assert {row["machine"] for row in common} >= {"JUPITER", "LUMI", "Leonardo", "MareNostrum 5", "Vega"}
    for row in common:
        assert row["operational"].startswith(history[row["machine"]]), row["machine"]


def test_systems_bought_by_the_factories_are_not_initial_machines():
    """No outcome is an input: systems that a factory brings (`new` or `upgrade`) do not exist at the start."""
    brought = [row["system"] for row in observed() if row["system_type"] in ("new", "upgrade")]
    assert len(brought) == 16
    assert not set(brought) & set(load_members().machines.names)


def test_peaks_and_power_per_chip_are_plausible():
    machines = load_members().machines
    assert ((machines.peak >= 3e14) & (machines.peak <= 3e15)).all()
    kilowatts = 1000 * machines.power_mw / machines.chips
    assert ((kilowatts > 0.3) & (kilowatts < 2)).all()


def test_map_has_every_state():
    geometry = map_geometry()
    codes = set(load_members().states.codes)
    assert set(geometry["eu"]) == set(geometry["centroid"]) == codes
    assert all(path.startswith("M") for path in geometry["eu"].values())
    for x, y in geometry["centroid"].values():
        assert 0 < x < geometry["w"]
        assert 0 < y < geometry["h"]


def test_19_factories_in_16_states_by_wave():
    members = load_members()
    rows = observed()
    assert Counter(row["wave"] for row in rows) == {"1": 7, "2": 6, "3": 6}
    assert len({row["state"] for row in rows}) == 16
    for row in rows:
        site = members.sites.names.index(row["site"])
        assert members.states.codes[members.sites.state[site]] == row["state"]
        assert float(row["latitude"]) == members.sites.latitude[site]
        date.fromisoformat(row["selected"])


def test_finished_machines_took_the_months_stated_in_the_readme():
    """Selection to inauguration of the nine finished machines: 22.4, 36.2, 35.8 and 54.5 months."""
    finished = [row for row in procurement_history() if row["status"] == "operational"]
    assert len(finished) == 9

    def day(text):
        return date.fromisoformat(text if len(text) == 10 else f"{text}-15")

    months = sorted((day(row["operation"]) - day(row["selected"])).days / 30.44 for row in finished)
    assert months[0] == pytest.approx(22.4, abs=0.05)
    assert months[4] == pytest.approx(36.2, abs=0.05)
    assert sum(months) / 9 == pytest.approx(35.8, abs=0.2)
    assert months[-1] == pytest.approx(54.5, abs=0.05)
    assert Counter(row["status"] for row in procurement_history())["unfinished"] == 2


def test_seat_votes_sum_to_all_points():
    rows = seat_votes()
    first = [row for row in rows if row["ballot"] == "EMA" and row["round"] == "1"]
    assert sum(int(row["tally"]) for row in first) == 27 * 6
    amla = [row for row in rows if row["ballot"].startswith("AMLA")]
    assert sum(int(row["tally"]) for row in amla) == 27 * 6
    last = [int(row["tally"]) for row in rows if row["ballot"] == "EMA" and row["round"] == "3"]
    assert last == [13, 13]


def test_council_population_shares_sum_to_100_percent():
    rows = voting_populations()
    states = load_members().states
    here = [row for row in rows if row["population"]]
    assert {row["state"]: int(row["population"]) for row in here} == dict(
        zip(states.codes, states.population.tolist(), strict=True)
    )
    assert sum(float(row["council_share_2025_pct"]) for row in here) == pytest.approx(100, abs=0.2)
    assert sum(float(row["council_share_2016_pct"]) for row in rows) == pytest.approx(100, abs=0.2)


def test_comparators_cover_three_blocs():
    assert {row["region"] for row in comparators()} == {"US", "CN", "EU"}
