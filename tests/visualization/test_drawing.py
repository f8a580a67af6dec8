import hashlib
import re
import socket
from collections import Counter
from pathlib import Path

import pytest

from juste_retour import abm
from juste_retour.abm.base.members import load_members
from juste_retour.abm.base.observed import observed
from juste_retour.abm.data import map_geometry, place
from juste_retour.agents.errors import BadInput
from juste_retour.runs.cli.lazy_group import main
from juste_retour.visualization.geometry import WINDOW, drawn_map
from juste_retour.visualization.patchwork import patchwork
from juste_retour.visualization.replay import STAGE, bundled, inlined, modules
from juste_retour.visualization.server import listen

SITES = load_members().sites
AMERICA = Path(abm.__file__).with_name("unions") / "united_states"


def rings(path):
    """The rings of an SVG path of straight lines, as lists of points."""
    return [[tuple(map(float, p.split(","))) for p in ring.split("L")] for ring in re.findall(r"M([^Z]+)Z", path)]


def outline(code):
    """The rings of a state's outline."""
    return rings(map_geometry()["eu"][code])


def inside(point, outline):
    x, y = point
    crossings = 0
    for ring in outline:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                crossings += 1
    return crossings % 2 == 1


def test_sites_are_inside_their_states_on_the_map():
    states = load_members().states.codes
    for j in range(SITES.count):
        x, y = place(float(SITES.latitude[j]), float(SITES.longitude[j]))
        near = [(x + dx, y + dy) for dx in (-4, 0, 4) for dy in (-4, 0, 4)]  # coasts are drawn coarsely
        assert any(inside(p, outline(states[SITES.state[j]])) for p in near), SITES.names[j]


def test_map_window_contains_every_state():
    left, top, width, height = WINDOW
    for state in drawn_map()["states"]:
        for ring in outline(state["code"]):
            assert all(left <= x <= left + width and top <= y <= top + height for x, y in ring), state["code"]


@pytest.mark.parametrize("tables", ["states.csv with places", "states.csv without", "one state", "Europe's own"])
def test_patchwork_map_has_each_site_in_its_state(tables, tmp_path):
    plain = "state,population\n" + "".join(f"S{k},{(k + 1) * 900_000}\n" for k in range(7))
    texts = {"states.csv without": plain, "one state": "state,population\nAA,9000000\n"}
    if tables in texts:
        (tmp_path / "states.csv").write_text(texts[tables])
    members = load_members({"states.csv with places": AMERICA, "Europe's own": None}.get(tables, tmp_path))
    spots, paths = patchwork(members, WINDOW)
    for j, spot in enumerate(spots.tolist()):
        holding = [i for i, path in enumerate(paths) if inside(spot, rings(path))]
        assert holding == [members.sites.state[j]], members.sites.names[j]
    left, top, width, height = WINDOW
    for path in paths:
        for ring in rings(path):
            assert all(left <= x <= left + width and top <= y <= top + height for x, y in ring)


def test_european_outlines_are_used_only_for_european_states(tmp_path):
    assert drawn_map()["union"] == "Europe"
    assert drawn_map()["other"]
    real = drawn_map()["observed"]
    sites, codes = load_members().sites, load_members().states.codes
    assert len(real) == len(observed()) == 19
    assert {(sites.names[f["site"]], codes[f["state"]]) for f in real} == {(r["site"], r["state"]) for r in observed()}
    assert Counter(f["selected"] for f in real) == {"2024Q4": 7, "2025Q1": 6, "2025Q4": 6}
    america = drawn_map(load_members(AMERICA))
    assert america["observed"] == []
    assert (america["union"], america["name"]) == ("this union", "United States")
    assert not america["other"]
    (tmp_path / "states.csv").write_text("state,population,latitude,longitude\nDE,990000,39.2,-75.5\nMT,1,46.6,-112\n")
    delaware, _ = drawn_map(load_members(tmp_path))["states"]
    assert delaware["path"] != map_geometry()["eu"]["DE"]
    (tmp_path / "states.csv").write_text("state,population,latitude,longitude\nDE,83000000,52.5,13.4\nMT,1,35.9,14.4\n")
    germany, _ = drawn_map(load_members(tmp_path))["states"]
    assert germany["path"] == map_geometry()["eu"]["DE"]


def test_modules_are_bundled_once_after_their_imports():
    for first in ("replay.js", "app.js"):
        order = modules(first)
        assert len(order) == len(set(order))
        assert order[-1] == first
        script = bundled(first)
        assert not re.search(r"^(import|export) ", script, re.M)
        names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", script, re.M)
        assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    files = {p.relative_to(STAGE).as_posix() for p in STAGE.rglob("*") if p.suffix in {".js", ".mjs"}}
    assert set(modules("app.js")) | {"replay.js", "lab.js", "worker.js"} == files


def test_preact_is_unchanged_and_its_license_is_in_every_bundle():
    folder = STAGE / "preact"
    rows = re.findall(r"^\| `(.+?)` \| (\d+) \| `(\w{64})` \|$", (folder / "README.md").read_text("utf-8"), re.M)
    assert {name for name, _, _ in rows} == {"preact.mjs", "LICENSE"}
    for name, size, digest in rows:
        content = (folder / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (int(size), digest), name
    for first in ("replay.js", "app.js"):
        assert (folder / "LICENSE").read_text("utf-8") in bundled(first)


def test_inlined_runs_cannot_close_the_script_element():
    assert "</script>" not in inlined({"scenario": "</script><script>alert(1)</script>"})


def test_port_in_use_is_reported_in_one_sentence(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=rf"\b{port}\b.*--port {port + 1}\b"):
            listen("127.0.0.1", port)
        assert main(["app", "--no-browser", "--port", str(port)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_unusable_host_and_missing_rule_file_are_reported(capsys):
    assert main(["app", "--no-browser", "--host", "192.0.2.7", "--port", "0"]) == 2
    assert "192.0.2.7" in capsys.readouterr().err
    assert main(["app", "--no-browser", "--rules", "nowhere.py"]) == 2
    assert "nowhere.py does not exist" in capsys.readouterr().err
