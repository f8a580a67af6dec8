"""The quantities of each quarter that the Mesa model collects and its agents show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.gradient_exchange import run_flop
from juste_retour.abm.schedule.quarter import progress, race_of
from juste_retour.abm.worlds.accounts import Accounts, accounts
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.fleet import operational
from juste_retour.abm.worlds.training import run_flop as largest_run
from juste_retour.agents.arrays import Floats, total

REPORTED = (
    "quarter",
    "selected",
    "contracted",
    "working",
    "sites",
    "hosts",
    "spend_eur_bn",
    "envelope_eur_bn",
    "aggregate_accelerators",
    "working_accelerators",
    "largest_run_flop",
    "frontier_flop",
    "years_behind",
    "capability_lag_years",
    "exited_labs",
    "years_behind_in_window",
    "price_of_politics",
)


class Readings:
    """The reported quantities of this quarter, computed once for all models that share a simulation."""

    def __init__(self, env: Environment):
        self.env, self.world = env, env.world
        self._accounts: tuple[tuple[bytes, int | None], Accounts] | None = None
        self._quarter: tuple[int, dict[str, NDArray[np.generic]]] | None = None

    @property
    def accounts(self) -> Accounts:
        """The accounts of this quarter."""
        program = self.world.program
        later = self.world.now if program.later or program.renewals else None
        key = (self.world.contracted.tobytes(), later)  # the accounts depend on nothing else that changes
        if self._accounts is None or self._accounts[0] != key:
            self._accounts = (key, accounts(self.env))
        return self._accounts[1]

    @property
    def quarter(self) -> dict[str, NDArray[np.generic]]:
        """The collected quantities by name, (worlds,) each, without the quarter and the price of politics."""
        if self._quarter is None or self._quarter[0] != self.world.now:
            self._quarter = (self.world.now, self._read())
        return self._quarter[1]

    def _read(self) -> dict[str, NDArray[np.generic]]:
        world, books = self.world, self.accounts
        if self.env.timeline:
            found = self.env.timeline[-1].columns()
        else:
            read = world.training.read if world.now in world.window else ()
            race = read[-1] if read else race_of(world, self._largest_run())
            found = {**progress(world)} | race
        found |= {
            "sites": found["contracted"],
            "hosts": (books.sites > 0).sum(-1),
            "spend_eur_bn": total(books.received),
            "envelope_eur_bn": world.program.envelope[:, 0].copy(),
            "aggregate_accelerators": total(books.chips),
        }
        found["years_behind_in_window"] = world.reading().years_behind
        return found

    def _largest_run(self) -> Floats:
        world = self.world
        if world.now >= world.first:
            return largest_run(self.env)
        # before the first quarter only existing machines work; the result must not change the world's state
        return run_flop(self.env.standing_rate(operational(world.machines, world.year)), world.p)
