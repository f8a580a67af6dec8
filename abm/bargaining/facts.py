"""The common knowledge at the Council's table: sites, money, and who hosts and pays what so far."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.politics.entitlement import best_of
from juste_retour.abm.politics.funding import Split, within_limits
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.prospect import Outlook
from juste_retour.agents.arrays import Booleans, Floats, Integers, pick, take, total


class Facts:
    """Common knowledge in some worlds this quarter.

    Args:
        env: the worlds, their institutions and the random streams.
        rows: indices of the worlds at this table.
        industrial: whether industrial sites may be used.
        open_sites: (worlds, sites) booleans, which sites may be used; None for all.
    """

    def __init__(
        self,
        env: Environment,
        rows: NDArray[np.int64],
        *,
        industrial: bool = True,
        open_sites: Booleans | None = None,
    ):
        self.env, self.world, self.institutions = env, env.world, env.institutions
        self.rows, self.worlds, self.industrial = rows, len(rows), industrial
        self.open_sites = open_sites
        self.states, self.sites = env.world.states, env.world.sites
        self.college, self.labs = env.world.college, env.world.labs
        self.p = env.world.parameters(rows)
        self.year, self.now = env.world.year, env.world.now

    # -- random draws -------------------------------------------------------------------------------------------------
    def uniform(self, channel: str, slots: int) -> Floats:
        """This quarter's uniform numbers of a random stream; (worlds, slots)."""
        return self.env.streams.uniform(channel, slots, self.now)[self.rows]

    def normal(self, channel: str, slots: int) -> Floats:
        """This quarter's standard normal numbers of a random stream; (worlds, slots)."""
        return self.env.streams.normal(channel, slots, self.now)[self.rows]

    def lasting(self, channel: str, slots: int) -> Floats:
        """Uniform numbers of a random stream that stay the same for the whole run; (worlds, slots)."""
        return self.env.streams.uniform(channel, slots)[self.rows]

    # -- money --------------------------------------------------------------------------------------------------------
    @cached_property
    def split(self) -> Split:
        """Who pays for a euro spent, from the funding rule."""
        return self.institutions.split_in(self.rows)

    @cached_property
    def envelope(self) -> Floats:
        """EUR bn of the envelope that are not yet placed; (worlds, 1)."""
        return self.world.program.envelope[self.rows]

    @cached_property
    def received(self) -> Floats:
        """EUR bn placed in each state so far; (worlds, states)."""
        return self.world.by_state(np.where(self.world.live, self.world.program.planned, 0.0)[self.rows])

    @cached_property
    def paid(self) -> Floats:
        """EUR bn that each state has agreed to pay so far; (worlds, states)."""
        w, program = self.world, self.world.program
        live = w.live[self.rows]
        plan = np.where(live, program.planned[self.rows], 0.0)
        pledged = np.where(live, program.pledged[self.rows], 0.0)
        own = np.where(program.own_money[self.rows], plan, 0.0)
        return self.split.payments(w.by_state(plan - own), w.by_state(pledged)) + w.by_state(own)

    @cached_property
    def scale(self) -> Floats:
        """S, the scale of each state's value of local spending, EUR bn; (worlds, states)."""
        return self.world.scale[self.rows]

    # -- sites --------------------------------------------------------------------------------------------------------
    @cached_property
    def hosted(self) -> Integers:
        """Number of sites that each state expects to host; (worlds, states)."""
        return self.world.hosted[self.rows]

    @cached_property
    def faded(self) -> float | Floats:
        """Credit that voters have withdrawn from sites that do not work yet, in numbers of sites; (worlds, states)."""
        w = self.world
        if not np.any(self.p.trophy_fade > 0):
            return 0.0
        idle = w.live[self.rows] & ~w.working[self.rows]
        years = (self.now - w.program.selected[self.rows]) / 4
        return w.by_state(np.where(idle, -np.expm1(-self.p.trophy_fade * years), 0.0))

    @cached_property
    def outlook(self) -> Outlook:
        """The expected results and dates of plans decided now."""
        return Outlook(self.env, self.rows)

    @cached_property
    def cap(self) -> Floats:
        """EUR bn of machines that each site's power can supply; (worlds, sites)."""
        return self.outlook.cap

    @cached_property
    def merit(self) -> Floats:
        """Panel score before noise and labs' money; (sites,) or (worlds, sites).

        It rises with experience and specialists, and falls with the power price and the temperature.
        """
        s = self.sites

        def standard(x: Floats) -> Floats:
            mean = total(x) / len(x)
            sd = np.sqrt(total((x - mean) ** 2) / len(x))
            return (x - mean) / sd if sd > 0 else x * 0.0

        conditions = standard(s.specialists) - standard(s.power_price) - standard(s.temperature)
        return self.p.panel_experience * (s.centre - 0.5) + self.p.panel_conditions * conditions

    @cached_property
    def free(self) -> Booleans:
        """Whether each site may still be chosen and has power for the smallest facility; (worlds, sites)."""
        open_to_all = np.array([k != "industrial" for k in self.sites.kind]) | self.industrial
        unselected = self.world.program.selected[self.rows] < 0
        if self.open_sites is not None:
            unselected = unselected & self.open_sites
        return unselected & open_to_all & (self.cap >= self.p.smallest_eur_bn)

    @cached_property
    def best(self) -> Integers:
        """Index of each state's best free site, -1 for none; (worlds, states)."""
        return best_of(self.merit, self.free, self.sites, self.states, self.env.lot[self.rows])

    def at_best(self, by_site: Floats, missing: float = 0.0) -> Floats:
        """The entries of (worlds, sites) at each state's best free site, `missing` without one; (worlds, states)."""
        found = pick(by_site, np.maximum(self.best, 0))
        return np.where(self.best >= 0, found, missing)

    @cached_property
    def host_room(self) -> Floats:
        """EUR bn that sites in each state may still receive before the host reaches its limit; (worlds, states)."""
        return self.split.room(self.p.match_share_of_gdp * self.states.gdp, self.received)

    @cached_property
    def room(self) -> Floats:
        """EUR bn that the best free site can use and the state can match; (worlds, states)."""
        return np.maximum(np.minimum(self.at_best(self.cap), self.host_room), 0.0)

    def room_beside(self, asked: Floats) -> Floats:
        """The same after the state has already asked for a plan, EUR bn (worlds, sites)."""
        left = self.host_room - self.world.by_state(asked)
        return np.maximum(np.minimum(self.at_best(self.cap), left), 0.0)

    @cached_property
    def site_room(self) -> Floats:
        """EUR bn that each site can use and its host can match; (worlds, sites)."""
        if not np.isfinite(self.host_room).any():
            return self.cap
        return np.minimum(self.cap, take(self.host_room, self.sites.state))

    def payable(self, plan: Floats) -> Floats:
        """The plan reduced to what its hosts can match; EUR bn (worlds, sites)."""
        if not np.isfinite(self.host_room).any():
            return plan
        return within_limits(plan, self.host_room, self.sites.state, self.p.smallest_eur_bn)

    def topped_up(self) -> Floats:
        """EUR bn of the money left that selected sites could get in proportion to what they have; (worlds, sites).

        A site gets at most what its power can use, and its host at most what it can match.
        """
        w, program = self.world, self.world.program
        there = np.where(w.live & ~program.own_money, program.planned, 0.0)[self.rows]
        limit = self.received + self.host_room
        more = np.zeros(there.shape)
        for _ in range(3):  # pass what does not fit at a full site on to the others
            full = w.by_state(there + more) >= limit * (1 - 1e-9)
            open_ = (there > 0) & (there + more < self.cap) & ~take(full, self.sites.state)
            weight = np.where(open_, there, 0.0)
            left = np.maximum(self.envelope - total(more)[:, None], 0.0)
            step = left * weight / np.maximum(total(weight)[:, None], 1e-300)
            step = np.minimum(step, np.maximum(self.cap - there - more, 0.0))
            room = np.maximum(limit - w.by_state(there + more), 0.0)
            fits = np.minimum(1.0, room / np.maximum(w.by_state(step), 1e-300))
            more = more + step * take(fits, self.sites.state)
        return more

    def counted(self, plan: Floats) -> Integers:
        """Number of a plan's sites in each state; (worlds, states)."""
        return np.rint(self.world.by_state(plan > 0)).astype(np.int64)
