"""The status quo in C: compiled, and handed the union, the parameters and the luck as arrays."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from juste_retour.abm.calendar import decimal_year, quarter
from juste_retour.abm.members import Members, load_members
from juste_retour.abm.noise import Tape
from juste_retour.abm.scenario import Scenario, parameters, settings
from juste_retour.agents.errors import BadInput
from juste_retour.agents.rules import FAMILIES

SOURCE = Path(__file__).with_name("status_quo.c")
FLAGS = ("-O3", "-march=native")
DELIVERY = ("award", "again", "court", "tender", "build", "cancel")
WHOLE = np.int64
REAL = np.float64


class _Union(ctypes.Structure):
    """As `Union` in the C file."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("first", "last", "announced", "assessed")),
        *(
            (name, ctypes.c_void_p)
            for name in (
                *("decides", "deadlines", "population", "gdp", "gni"),
                *("site_state", "centre", "industrial"),
                *("headroom", "power_price", "temperature", "specialists"),
                *("lab_home", "company", "capital", "lab_accelerators"),
                *("machine_site", "machine_date", "machine_chips", "machine_peak"),
            )
        ),
    )


class _Luck(ctypes.Structure):
    """As `Luck` in the C file."""

    _fields_ = tuple(
        (name, ctypes.c_void_p)
        for name in ("ambition", "reservation", "place", *DELIVERY, "dossier", "panel", "scandal")
    )


@dataclass(frozen=True, eq=False)
class Drawn:
    """The luck of some worlds, and what keeps its arrays alive."""

    worlds: int
    handed: Any
    kept: Any


class Kernel:
    """The compiled status quo for one union."""

    def __init__(self, scenario: Scenario, members: Members | None = None):
        self.scenario, self.members = scenario, members or load_members()
        m = self.members
        call = settings([scenario], "agenda", by_row=False)
        closes, decides = call["deadlines"].split(), call["decisions"].split()
        self.first, self.last = quarter(scenario.start, "start"), quarter(scenario.end, "end")
        self.decides = [quarter(text, "agenda.decisions") for text in decides]
        hosts = np.bincount(m.sites.state)
        self.library = _compiled(
            STATES=m.states.count,
            SITES=m.sites.count,
            LABS=m.labs.count,
            MACHINES=m.machines.count,
            WAVES=len(decides),
            MOST=int(hosts.max()) + 1,
        )
        self.parameters = self._names("parameter")
        self.columns = {table: self._names(table) for table in ("world", "state", "facility")}
        self.steps = self._names("step")
        self.union, self._kept = self._handed(closes)

    def row(self, scenario: Scenario) -> list[float]:
        """The parameters of a scenario in the kernel's order."""
        rules: dict[str, Any] = {}
        for name in FAMILIES:
            rules |= settings([scenario], name, by_row=False)
        known = parameters()
        return [
            float(getattr(scenario, name) if name in known else np.asarray(rules[name]).item())
            for name in self.parameters
        ]

    def drawn(self, seed: int, replicates: Sequence[int]) -> Drawn:
        """Draw the luck of some worlds from the tape."""
        tape, n, s = Tape(seed, np.asarray(replicates)), self.members.states.count, self.members.sites.count
        waves = range(len(self.decides))
        flat = [tape.uniform("ambition", n), tape.uniform("reservation", n), tape.uniform("place", s)]
        flat += [tape.uniform(f"delivery:{name}", s) for name in DELIVERY]
        deep = [
            [tape.uniform("dossier", n, k) for k in waves],
            [tape.uniform("panel", s, now) for now in self.decides],
            [tape.uniform("scandal", s, year) for year in range(self.first // 4, self.last // 4 + 1)],
        ]
        places = [(ctypes.c_void_p * len(x))(*(y.ctypes.data for y in x)) for x in deep]
        handed = _Luck(*(x.ctypes.data for x in flat), *(ctypes.addressof(x) for x in places))
        return Drawn(len(replicates), handed, (flat, deep, places))

    def play(
        self, luck: Drawn, rows: Any, *, price: bool = True, took: Any = None
    ) -> dict[str, dict[str, Any]]:
        """Play worlds.

        Args:
            luck: theirs.
            rows: the parameters (1, parameters), or (worlds, parameters) for each world's own.
            price: whether to play the planner twins too.
            took: (steps,) whole numbers to which the nanoseconds of each step are added, None to leave the clock alone.
        """
        w, each = luck.worlds, len(rows) > 1
        n, s = self.members.states.count, self.members.sites.count
        worlds = np.empty((len(self.columns["world"]), w))
        states = np.empty((len(self.columns["state"]), w, n))
        facilities = np.empty((len(self.columns["facility"]), w * s))
        out = [ctypes.c_void_p(x.ctypes.data) for x in (worlds, states, facilities)]
        rows = np.ascontiguousarray(rows, dtype=REAL)
        found = self.library.play(
            ctypes.byref(self.union),
            ctypes.byref(luck.handed),
            ctypes.c_void_p(rows.ctypes.data),
            *(ctypes.c_int64(x) for x in (w, each, price)),
            *out,
            ctypes.c_void_p(None if took is None else took.ctypes.data),
        )
        return {
            "worlds": dict(zip(self.columns["world"], worlds, strict=True)),
            "states": dict(zip(self.columns["state"], states, strict=True)),
            "facilities": dict(zip(self.columns["facility"], facilities[:, :found], strict=True)),
        }

    def _names(self, what: str) -> list[str]:
        ask = getattr(self.library, f"{what}_names")
        ask.restype = ctypes.c_char_p
        return ask().decode().split()

    def _handed(self, closes: list[str]) -> tuple[_Union, list[Any]]:
        m, s = self.members, self.scenario
        arrays = [
            np.array(self.decides, WHOLE),
            np.array([decimal_year(text, "agenda.deadlines") for text in closes]),
            *(x.astype(REAL) for x in (m.states.population, m.states.gdp, m.states.gni)),
            m.sites.state.astype(WHOLE),
            m.sites.centre.astype(WHOLE),
            np.array([kind == "industrial" for kind in m.sites.kind], WHOLE),
            *(m.sites.headroom, m.sites.power_price, m.sites.temperature, m.sites.specialists),
            m.labs.home.astype(WHOLE),
            np.array([kind == "company" for kind in m.labs.kind], WHOLE),
            *(m.labs.capital, m.labs.accelerators),
            m.machines.site.astype(WHOLE),
            *(m.machines.operational, m.machines.chips, m.machines.peak),
        ]
        arrays = [np.ascontiguousarray(x) for x in arrays]
        quarters = (self.first, self.last, quarter(s.announcement, ""), quarter(s.assess, ""))
        return _Union(*quarters, *(x.ctypes.data for x in arrays)), arrays


def compiler() -> str:
    """The C compiler of this machine."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise BadInput("no C compiler was found (cc, gcc, clang); install one, or name it in the variable CC.")


def _compiled(**sizes: int) -> Any:
    cc = compiler()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "status_quo.so"
        defined = [f"-D{name}={size}" for name, size in sizes.items()]
        done = subprocess.run(
            [cc, *FLAGS, "-shared", "-fPIC", *defined, "-o", str(path), str(SOURCE), "-lm"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = next((line for line in done.stderr.splitlines() if "error" in line), "no reason given")
            raise BadInput(
                f"{cc} cannot compile {SOURCE.name} ({said.strip()}); name another compiler in CC."
            )
        library = ctypes.CDLL(str(path))
    library.play.restype = ctypes.c_int64
    return library
