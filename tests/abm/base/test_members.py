"""Loading a union: the shipped one, small ones with defaults, and every error that a table can have."""

import subprocess
import sys

import numpy as np
import pytest

from juste_retour.abm.base.members import load_members, union_of
from juste_retour.abm.base.observed import calls
from juste_retour.agents.errors import BadInput

STATES = "state,population\nAA,10\nBB,20\nCC,60\n"
SITES = "site,state,power_headroom_mw\nalpha,AA,10\nbeta,BB,20\ngamma,CC,300\n"
COLLEGE = "state,name,portfolio,interest\nAA,Ann,digital,digital\nBB,Bob,budget,budget\n"
LABS = "lab,kind,bloc,home,capital_eur_bn_a_year,accelerators\nspark,company,EU,AA,1,500\nfar,company,US,US,9,9000\n"
MACHINES = "machine,site,operational,accelerators,peak_flop_per_s,power_mw\nabacus,alpha,2025-07-02,100,1e15,0.2\n"
WHOLE = {
    "states.csv": STATES,
    "sites.csv": SITES,
    "commissioners.csv": COLLEGE,
    "labs.csv": LABS,
    "machines.csv": MACHINES,
}


def union(folder, files):
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_members(folder)


def test_european_union_is_shipped_and_read_once():
    members = load_members()
    assert members is load_members()
    assert members.states.count == 27
    assert members.states.population.sum() == 449_298_308
    assert members.states.codes == tuple(sorted(members.states.codes))
    assert members.sites.count == 68
    assert set(members.sites.state) == set(range(27))
    assert sorted(members.college.state) == list(range(27))
    assert members.college.interest.count("president") == 1
    assert members.states.nice_votes.sum() == 323
    assert members.states.existing_members.sum() == 14
    assert len(members.digest) == 64


def test_a_union_of_an_earlier_year_lacks_the_machines_of_that_year_and_later():
    today, machines, granted = load_members(), {}, {}
    for year in (2019, 2022, 2023):
        union = union_of(None, f"european_union_{year}")
        machines[year] = set(union.machines.names)
        granted[year] = {name for name, is_one in zip(union.sites.names, union.sites.eurohpc, strict=True) if is_one}
        assert union.digest != today.digest
        assert union.states is today.states
    assert granted[2019] == set()
    assert {"LUMI", "Vega", "JUPITER"} & machines[2019] == set()
    assert {"LUMI", "Vega", "JUPITER"} & machines[2022] == {"LUMI", "Vega"}
    assert machines[2023] - machines[2022] == {"JUPITER", "DAEDALUS"}
    assert {"juelich", "lavrio"} <= granted[2023] - granted[2022]
    assert "HoreKa" in machines[2019]  # a national machine


def test_calls_name_shipped_machines_and_states():
    for row in calls():
        union = union_of(None, "united_states" if row["call"] == "tech hubs 2024" else "european_union")
        assert set(row["hosts"].split()) <= set(union.states.codes)
        assert {name for name in row["machines"].split(";") if name} <= set(union.machines.names)
        if row["hosts"]:
            assert len(row["hosts"].split()) + len(row["outside"].split()) == int(row["selected"])


def test_sites_take_climate_and_prices_from_their_state():
    members = load_members()
    kajaani = members.sites.names.index("kajaani")
    finland = members.states.index("FI")
    assert members.sites.state[kajaani] == finland
    assert members.sites.power_price[kajaani] == members.states.power_price[finland] == 0.0819
    assert members.sites.temperature[kajaani] == 2.4
    assert members.sites.specialists[kajaani] == 7.8
    assert members.sites.centre[kajaani]
    assert not members.sites.centre[members.sites.names.index("fouju")]


def test_arrays_of_the_shared_union_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        load_members().states.gdp[0] = 1.0


def test_loading_imports_neither_pandas_nor_mesa():
    code = "import sys; from juste_retour.abm.base.members import load_members; load_members(); print('pandas' in sys.modules, 'mesa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_union_of_two_columns_gets_the_documented_defaults(tmp_path):
    members = union(tmp_path, {"states.csv": STATES})
    europe = load_members().states
    per_head = europe.gdp.sum() / europe.population.sum()
    states = members.states
    assert states.codes == states.names == ("AA", "BB", "CC")
    assert states.population.tolist() == [10, 20, 60]
    assert states.gdp == pytest.approx(per_head * states.population, rel=1e-12)
    assert (states.gni == states.gdp).all()
    price = np.average(europe.power_price, weights=europe.population)
    assert states.power_price == pytest.approx([price] * 3, rel=1e-12)
    assert states.existing_members.all()
    assert not states.euro.any()
    assert states.nice_votes.tolist() == [0, 0, 0]
    assert members.college.interest == ("other",) * 3
    assert members.labs.count == members.machines.count == 0
    assert members.name == tmp_path.name


def test_default_sites_depend_on_population(tmp_path):
    """The mean is 30. AA and BB are below it. CC has twice the mean, so it gets one more campus and an industrial site."""
    sites = union(tmp_path, {"states.csv": STATES}).sites
    assert sites.names == ("aa_campus_1", "bb_campus_1", "cc_campus_1", "cc_campus_2", "cc_industrial")
    assert sites.headroom.tolist() == [20, 20, 20, 20, 350]
    assert not sites.centre.any()


def test_equal_states_get_equal_default_sites(tmp_path):
    sites = union(tmp_path, {"states.csv": "state,population\nAA,7\nBB,7\nCC,7\n"}).sites
    assert np.bincount(sites.state).tolist() == [2, 2, 2]


def test_union_with_all_tables_is_loaded(tmp_path):
    members = union(tmp_path, WHOLE)
    assert members.sites.names == ("alpha", "beta", "gamma")
    assert members.sites.cities == ("alpha", "beta", "gamma")
    assert members.college.interest == ("digital", "budget")
    assert members.labs.home.tolist() == [0, -1]
    assert members.machines.operational == pytest.approx([2025 + 182 / 365])
    assert members.machines.site.tolist() == [0]


def test_row_order_is_kept_and_extra_numeric_columns_are_available(tmp_path):
    text = "state,population,motto,trust,recognition,gni_share\nZZ,1,as one,5.5,0.5,0.25\nAA,2,apart,6,0.5,0.75\n"
    states = union(tmp_path, {"states.csv": text}).states
    assert states.codes == ("ZZ", "AA")
    assert set(states.more) == {"trust", "recognition", "gni_share"}
    assert states.more["trust"].tolist() == [5.5, 6]
    assert states.gni == pytest.approx(states.gdp.sum() * np.array([0.25, 0.75]))


@pytest.mark.parametrize(
    ("written", "year"),
    [("2025-01-01", 2025.0), ("2025-07", 2025 + 181 / 365), ("2026.5", 2026.5), ("2027", 2027.0)],
)
def test_date_formats(tmp_path, written, year):
    members = union(tmp_path, WHOLE | {"machines.csv": MACHINES.replace("2025-07-02", written)})
    assert members.machines.operational == pytest.approx([year], abs=1e-9)


def test_digest_depends_on_content_and_files(tmp_path):
    digests = set()
    for number, files in enumerate((WHOLE, WHOLE, {**WHOLE, "states.csv": STATES + "\n"}, {"states.csv": STATES})):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.add(union(folder, files).digest)
    assert len(digests) == 3


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path):
    members = union(tmp_path, {"states.csv": "\ufeff" + STATES.replace("\n", "\r\n")})
    assert members.states.codes == ("AA", "BB", "CC")


BROKEN = {
    "missing column": (
        "states.csv",
        "state,people\nAA,1\n",
        ["states.csv, row 1", "'population'", "'state'", "'people'"],
    ),
    "misspelt required column": (
        "states.csv",
        "state,populaton\nAA,1\n",
        ["states.csv, row 1", "'population'", "'populaton'"],
    ),
    "misspelt optional column": (
        "states.csv",
        "state,population,gdp_eur\nAA,1,2\n",
        ["states.csv, row 1", "'gdp_eur'", "'gdp_eur_bn'"],
    ),
    "words of a column in another order": (
        "states.csv",
        "state,population,gdp_bn_eur\nAA,1,2\n",
        ["states.csv, row 1", "'gdp_bn_eur'", "'gdp_eur_bn'"],
    ),
    "column twice": (
        "states.csv",
        "state,population,population\nAA,1,2\n",
        ["states.csv, row 1", "'population'"],
    ),
    "column without a name": (
        "states.csv",
        "state,population,\nAA,1,2\n",
        ["states.csv, row 1"],
    ),
    "semicolons": (
        "states.csv",
        "state;population\nAA;1\n",
        ["states.csv, row 1", "'state'"],
    ),
    "duplicate state": (
        "states.csv",
        STATES + "\nAA,7\n",
        ["states.csv, row 6, column state", "'AA'"],
    ),
    "the Commission's code": (
        "states.csv",
        "state,population\nEU,1\n",
        ["states.csv, row 2, column state", "'EU'"],
    ),
    "lower-case code": (
        "states.csv",
        "state,population\nde,1\n",
        ["states.csv, row 2, column state", "'de'", "'DE'"],
    ),
    "NaN": (
        "states.csv",
        "state,population\nAA,NaN\n",
        ["states.csv, row 2, column population", "'NaN'"],
    ),
    "infinity": (
        "states.csv",
        "state,population,gdp_eur_bn\nAA,1,inf\n",
        ["states.csv, row 2, column gdp_eur_bn", "'inf'"],
    ),
    "empty cell": (
        "states.csv",
        "state,population\nAA,1\nBB,\n",
        ["states.csv, row 3, column population"],
    ),
    "decimal comma": (
        "states.csv",
        'state,population,gdp_eur_bn\nAA,1,"2,5"\n',
        ["states.csv, row 2, column gdp_eur_bn", "'2,5'"],
    ),
    "negative population": (
        "states.csv",
        "state,population\nAA,-4\n",
        ["states.csv, row 2, column population", "'-4'"],
    ),
    "fraction of a person": (
        "states.csv",
        "state,population\nAA,4.5\n",
        ["states.csv, row 2, column population", "'4.5'"],
    ),
    "no income": (
        "states.csv",
        "state,population,gdp_eur_bn\nAA,4,0\n",
        ["states.csv, row 2, column gdp_eur_bn", "'0'"],
    ),
    "euro": (
        "states.csv",
        "state,population,euro\nAA,4,yes\n",
        ["states.csv, row 2, column euro", "'yes'"],
    ),
    "gap in a further column": (
        "states.csv",
        "state,population,trust\nAA,4,5\nBB,4,\n",
        ["states.csv, row 3, column trust"],
    ),
    "shares": (
        "states.csv",
        "state,population,gni_share\nAA,4,0.5\nBB,4,0.4\n",
        ["states.csv, rows 2 to 3, column gni_share", "0.9"],
    ),
    "recognition": (
        "states.csv",
        "state,population,recognition\nAA,4,0.5\nBB,4,0.500002\n",
        ["states.csv, rows 2 to 3, column recognition", "1.000002"],
    ),
    "share below zero": (
        "states.csv",
        "state,population,gni_share\nAA,4,1.5\nBB,4,-0.5\n",
        ["states.csv, row 2, column gni_share", "'1.5'"],
    ),
    "one value too many": (
        "states.csv",
        "state,population\nAA,1,5\n",
        ["states.csv, row 2"],
    ),
    "Latin letters": (
        "states.csv",
        "state,population,name\nAA,1,Aland\nBB,1,Österreich\n".encode("latin-1"),
        ["states.csv, row 3", "0xd6"],
    ),
    "open quote": (
        "states.csv",
        'state,population\n"AA,1\n',
        ["states.csv, row 2"],
    ),
    "empty file": (
        "states.csv",
        "",
        ["states.csv"],
    ),
    "header only": (
        "states.csv",
        "state,population\n",
        ["states.csv"],
    ),
    "duplicate site": (
        "sites.csv",
        SITES + "beta,CC,1\n",
        ["sites.csv, row 5, column site", "'beta'"],
    ),
    "site in an unknown state": (
        "sites.csv",
        SITES + "delta,AB,1\n",
        ["sites.csv, row 5, column state", "'AB'"],
    ),
    "site without headroom": (
        "sites.csv",
        SITES.replace("beta,BB,20", "beta,BB,0"),
        ["sites.csv, row 3, column power_headroom_mw", "'0'"],
    ),
    "site with empty headroom": (
        "sites.csv",
        SITES.replace("beta,BB,20", "beta,BB,"),
        ["sites.csv, row 3, column power_headroom_mw"],
    ),
    "state without a site": (
        "sites.csv",
        SITES.replace("gamma,CC", "gamma,BB"),
        ["sites.csv, column state", "'CC'"],
    ),
    "unknown kind of site": (
        "sites.csv",
        "site,state,power_headroom_mw,kind\na,AA,1,campus\nb,BB,1,kampus\nc,CC,1,campus\n",
        ["sites.csv, row 3, column kind", "'kampus'", "'campus'"],
    ),
    "latitude": (
        "sites.csv",
        "site,state,power_headroom_mw,latitude\na,AA,1,99\nb,BB,1,1\nc,CC,1,1\n",
        ["sites.csv, row 2, column latitude", "'99'"],
    ),
    "commissioner of an unknown state": (
        "commissioners.csv",
        COLLEGE.replace("BB,Bob", "UK,Bob"),
        ["commissioners.csv, row 3, column state", "'UK'"],
    ),
    "unknown interest": (
        "commissioners.csv",
        COLLEGE.replace("digital,digital", "digital,digitl"),
        ["commissioners.csv, row 2, column interest", "'digitl'", "'digital'"],
    ),
    "lab with an unknown home": (
        "labs.csv",
        LABS + "slip,company,EU,A,1,1\n",
        ["labs.csv, row 4, column home", "'A'", "'EU'", "'AA'"],
    ),
    "lab with negative capital": (
        "labs.csv",
        LABS.replace("AA,1,500", "AA,-1,500"),
        ["labs.csv, row 2, column capital_eur_bn_a_year", "'-1'"],
    ),
    "machine at an unknown site": (
        "machines.csv",
        MACHINES.replace("abacus,alpha", "abacus,alfa"),
        ["machines.csv, row 2, column site", "'alfa'", "'alpha'"],
    ),
    "machine on an impossible date": (
        "machines.csv",
        MACHINES.replace("2025-07-02", "2025-02-30"),
        ["machines.csv, row 2, column operational", "'2025-02-30'"],
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_error_is_one_sentence_with_place_and_value(tmp_path, fault):
    file, content, (place, *values) = BROKEN[fault]
    files = WHOLE if file != "states.csv" else {}
    with pytest.raises(BadInput) as caught:
        union(tmp_path, files | {file: content})
    message = str(caught.value)
    assert message.startswith(f"{place}: ")
    assert "\n" not in message
    for value in values:
        assert value in message


def test_missing_folder_or_states_table_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere'.*states\.csv"):
        load_members(tmp_path / "nowhere")
    (tmp_path / "state.csv").write_text(STATES)
    with pytest.raises(BadInput, match=r"states\.csv.*'state\.csv'"):
        load_members(tmp_path)
    with pytest.raises(BadInput, match=r"state\.csv"):
        load_members(tmp_path / "state.csv")


@pytest.mark.parametrize(
    ("file", "meant"), [("site.csv", "sites.csv"), ("Labs.csv", "labs.csv"), ("machines.cvs", "machines.csv")]
)
def test_misspelled_table_name_is_refused(tmp_path, file, meant):
    with pytest.raises(BadInput, match=rf"{file}.*{meant}"):
        union(tmp_path, {"states.csv": STATES, file: SITES})


def test_unrelated_files_are_ignored(tmp_path):
    plain = union(tmp_path, WHOLE)
    assert union(tmp_path, {"sites_old.csv": "", "observed.csv": "", "README.md": ""}).digest == plain.digest


def test_error_for_empty_accession_year_mentions_zero(tmp_path):
    with pytest.raises(BadInput, match=r"row 3, column accession_year: .*\b0\b"):
        union(tmp_path, {"states.csv": "state,population,accession_year\nAA,10,0\nBB,20,\n"})
