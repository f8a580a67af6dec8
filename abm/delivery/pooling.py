"""Pooling rules: how sites train one model together (E7 to E9b).

A rule chooses the fastest pool in each world. It sorts the working sites by their own rates. The candidates are the
first 1, 2, ... sites, the best pool before the newest site opened, and each site alone. One more working site therefore
never lowers the best run. Sums over sets of sites are running sums, which is faster than masks.

Example: three sites with 20,000, 20,000 and 50 H100, and their best run as a multiple of the first site's own rate:

>>> from juste_retour.abm.delivery.operations import operator_led
>>> from juste_retour.abm.base.parameters import defaults
>>> from juste_retour.abm.delivery.ring import plan_ring
>>> chips, tour = np.array([[20_000.0, 20_000.0, 50.0]]), plan_ring([64.2, 50.9, 41.4], [27.7, 6.4, 2.1])
>>> fleet = Fleet(chips, np.full((1, 3), 989e12), operator_led(), defaults(), tour)
>>> for rule in pooling:
...     pool = rule(fleet, None)
...     print(rule.name, round((pool.rate / pool.own[:, 0]).item(), 2), pool.members[0].tolist())
single_site 1.0 [True, False, False]
independent 1.0 [True, False, False]
synchronous 1.26 [True, True, False]
low_communication 1.64 [True, True, False]
best_of 1.64 [True, True, False]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.delivery.gradient_exchange import (
    exchange_seconds,
    pool_efficiency,
    replica_efficiency,
    ring_costs,
    round_speed,
    run_flop,
    step,
)
from juste_retour.abm.delivery.operations import Practice, goodput, in_service, losses, mfu, site_availability
from juste_retour.abm.delivery.ring import Ring, prefix_rings, ring_length
from juste_retour.agents.arrays import Booleans, Entry, Floats, Integers, Number, pick, running_total, total
from juste_retour.agents.rules import Family, Parameter
from juste_retour.agents.some_worlds import each_world
from juste_retour.agents.values import Values

__all__ = ["Fleet", "Pool", "pooling", "run_flop"]

ISLANDS = (1, 2, 4, 8, 16)  # numbers of islands into which each member of a pool may be split (E9b)
# A campus of more than 300,000 chips with slow repairs needs more than sixteen; otherwise several small sites would seem
# better than one campus.
ISLANDS_ALONE = (*ISLANDS, 32, 64)
# the parameters of `goodput`, `losses` and `mfu`
_RATED_BY = ("interruptions", "checkpoint_s", "checkpoint_hours", "mfu_reference", "mfu_decay")


@dataclass(frozen=True, eq=False)
class Fleet:
    """The working machines of each candidate site.

    Attributes:
        chips: (worlds, sites) chips of the site's machine that one run may use; 0 if nothing works.
        peak: (worlds, sites) FLOP/s of a chip.
        practice: how sites are run, from the operations rule.
        p: parameters, each (worlds, 1).
        ring: the fiber tour over all sites.
        talent: factor on a site's rate; a number or (worlds, sites).
    """

    alike_in_all_worlds: ClassVar[tuple[str, ...]] = ("ring",)
    chips: Floats
    peak: Floats
    practice: Practice
    p: Values
    ring: Ring
    talent: Number = 1.0


@dataclass(frozen=True, eq=False)
class Pool:
    """The best run that a rule allows in each world.

    Attributes:
        rate: (worlds,) FLOP/s of the run.
        members: (worlds, sites) whether each site takes part.
        islands: (worlds,) islands into which each member is split; 0 if nothing works.
        own: (worlds, sites) FLOP/s of each site alone.
    """

    rate: Floats
    members: Booleans
    islands: Integers
    own: Floats

    @classmethod
    def alone(cls, own: Floats) -> Pool:
        """The pool that consists of the fastest site alone, given each site's own rate."""
        return _alone(own, np.ones(own.shape, dtype=np.int64))

    def rows(self, worlds: NDArray[np.int64]) -> Pool:
        """The pool in some worlds."""
        return Pool(self.rate[worlds], self.members[worlds], self.islands[worlds], self.own[worlds])

    def write(self, worlds: NDArray[np.int64], new: Pool) -> None:
        """Copy the pool `new` into some worlds."""
        self.rate[worlds], self.members[worlds] = new.rate, new.members
        self.islands[worlds], self.own[worlds] = new.islands, new.own

    def or_better(self, other: Pool) -> Pool:
        """The faster of two pools in each world, this one if they tie; `own` is the larger of both."""
        return replace(_better(self, other), own=np.maximum(self.own, other.own))


pooling = Family(
    "pooling",
    decides="how sites train one model together",
    signature="rule(fleet, before) -> Pool. fleet.chips and fleet.peak (worlds, sites); before (worlds, sites) "
    "booleans, the members of the best pool so far, or None. Pool.rate (worlds,) FLOP/s, members, islands, own. "
    "The fleet has the program's sites; machines that stood before train alone.",
    group="pooling",
    lift=each_world,
)

_DOMAIN = Parameter(
    choices=("learner", "run"),
    about="what a failure stops: one learner, while the others continue (asynchronous or elastic), or the whole run",
    source="Google DeepMind (2026) against Douillard et al. (2023)",
    group="pooling",
)
_JOINS = Parameter(
    about="whether a project that wins a grant at several sites may join them in one run; if not, sites train alone",
    source="a choice",
    group="pooling",
)
_REJOIN = Parameter(
    about="whether a learner that failed takes its state from the others instead of from its own checkpoints",
    source="Google DeepMind (2026); Jaghouar et al. (2024): live recovery from peers",
    group="pooling",
)


@pooling(deterministic=True, local=True)
def single_site(fleet: Fleet, before: Booleans | None) -> Pool:
    """The fastest site trains alone, as one job.

    Rate: the largest of the sites' own rates (E2), times the site's availability (E14b).

    Source: the plain case: one site, one job; equation E9 without E9b.
    """
    own = _Working.of(fleet, False).one_job() * site_availability(fleet.p)
    return _alone(own, np.ones(own.shape, dtype=np.int64))


@pooling(deterministic=True, local=True)
def independent(fleet: Fleet, before: Booleans | None) -> Pool:
    """Each site trains alone, and a large site may be split into islands; the fastest counts.

    Rate: the largest, over sites and over 1, 2, 4, ... 64 islands, of the rate with goodput at an island's size, times
    islands to the power of the replica penalty. Rates of different sites are not added.

    Source: no exchange between sites; within a site as in Douillard et al. (2023).
    """
    return _alone(*_Working.of(fleet, True).split())


@pooling(deterministic=True)
def synchronous(fleet: Fleet, before: Booleans | None, *, joins: Annotated[bool, _JOINS] = True) -> Pool:
    """Sites train as one job that exchanges gradients at every step; one failure stops all of them.

    Rate: E7 at the pool's best batch size, with goodput and utilization at its total size, and availability to the power
    of the number of sites.

    Source: synchronous data parallelism, as in Grattafiori et al. (2024); stragglers after MIRI (2025).
    """
    working = _Working.of(fleet, False)
    own = working.one_job()
    if not joins:
        return Pool.alone(own * site_availability(fleet.p))
    sets = _Sets.of(fleet, own, before)
    return sets.best([(1, _synchronous_rates(working, sets))], own * site_availability(fleet.p))


@pooling(deterministic=True)
def low_communication(
    fleet: Fleet,
    before: Booleans | None,
    *,
    joins: Annotated[bool, _JOINS] = True,
    failure_domain: Annotated[str, _DOMAIN] = "learner",
    rejoin: Annotated[bool, _REJOIN] = False,
) -> Pool:
    """Sites train replicas that exchange at intervals; efficiency falls with the number of replicas.

    Rate: E8; every site may be split into islands, alone or in the pool (E9b). Each replica is a learner, and a failure
    stops the learner or the run. The exponent of the loss of efficiency is poorly known above 10B parameters.

    Source: Douillard et al. (2023); Charles et al. (2025).
    """
    working = _Working.of(fleet, failure_domain == "learner", rejoin)
    own, islands = working.split()
    if not joins:
        return _alone(own, islands)
    sets = _Sets.of(fleet, working.one_job(), before)
    return _better(sets.best(_low_rates(working, sets), own), _alone(own, islands))


@pooling(deterministic=True)
def best_of(
    fleet: Fleet,
    before: Booleans | None,
    *,
    joins: Annotated[bool, _JOINS] = True,
    failure_domain: Annotated[str, _DOMAIN] = "learner",
    rejoin: Annotated[bool, _REJOIN] = False,
) -> Pool:
    """The fastest of all ways of pooling: synchronous, low-communication or alone.

    Rate: the largest of E7, E8 and E9, each with its own best set of sites, and E9b.

    Source: the maximum of the other rules; equations E7 to E9b.
    """
    working = _Working.of(fleet, failure_domain == "learner", rejoin)
    own, islands = working.split()
    if not joins:
        return _alone(own, islands)
    sets = _Sets.of(fleet, working.one_job(), before)
    rates = [(1, _synchronous_rates(working, sets)), *_low_rates(working, sets)]
    return _better(sets.best(rates, own), _alone(own, islands))


@dataclass(frozen=True, eq=False)
class _Working:
    """The sites with chips of all worlds, one after the other, since most sites of most worlds have none.

    Attributes:
        fleet: the fleet.
        at: (entries,) the world of each, and its site.
        work: (entries, 1) peak FLOP/s of the chips in service, times skill and talent.
        utilized: (entries, 1) the same with the utilization of one job on all chips.
        islands: (numbers,) the numbers of islands into which a site may be split.
        goodput: (numbers, entries, 1) goodput of each number of islands without other sites.
        rejoining: (entries, 1) goodput as one learner of several that rejoin each other; None if none can.
    """

    fleet: Fleet
    at: tuple[Integers, ...]
    work: Floats
    utilized: Floats
    islands: tuple[int, ...]
    goodput: Floats
    rejoining: Floats | None

    @classmethod
    def of(cls, fleet: Fleet, learners: bool, rejoin: Number | Booleans = False) -> _Working:
        """The sites with chips of a fleet.

        A failure stops one of the `learners` or, without them, the whole run; `rejoin` is a boolean or (worlds, 1).
        """
        at = np.nonzero(fleet.chips)

        def here(x: Number) -> Floats:
            return _by_world(x, at[0])

        p = Values(**{name: here(getattr(fleet.p, name)) for name in _RATED_BY})
        practice = replace(fleet.practice, **{f.name: here(getattr(fleet.practice, f.name)) for f in fields(Practice)})
        chips, peak, talent = (
            np.broadcast_to(x, fleet.chips.shape)[at][:, None] for x in (fleet.chips, fleet.peak, fleet.talent)
        )
        work = chips * peak * talent * here(in_service(fleet.practice, fleet.p) * fleet.practice.mfu_factor)
        numbers = ISLANDS_ALONE if learners else (1,)  # splitting does not help if islands fail together
        islands = np.array(numbers)[:, None, None]
        alone, joined = goodput(chips, practice, p, islands), None
        if learners and np.any(rejoin):
            back = here(np.asarray(rejoin, dtype=np.float64)) > 0
            waits = 1 / (1 + losses(chips, practice, p, islands)[2])
            joined = np.where(back, waits[0], alone[0])
            alone = np.where(np.logical_and(back, islands > 1), waits, alone)
        return cls(fleet, at, work, work * mfu(chips, p), numbers, alone, joined)

    def spread(self, x: NDArray[Entry]) -> NDArray[Entry]:
        """Values of the entries, (..., entries, 1), at their worlds and sites; 0 at sites without chips."""
        world, site = self.at
        out = np.zeros((*x.shape[:-2], *self.fleet.chips.shape), x.dtype)
        out[..., world, site] = x[..., 0]
        return out

    def one_job(self) -> Floats:
        """FLOP/s of each site alone, as one job, while it is up; (worlds, sites)."""
        return self.spread(self.utilized * self.goodput[0])

    def split(self) -> tuple[Floats, Integers]:
        """FLOP/s of each site alone with the best number of islands, and that number; (worlds, sites) each."""
        p, islands = self.fleet.p, np.array(self.islands)[:, None, None]
        whole = self.utilized * _by_world(site_availability(p), self.at[0])
        efficiency = replica_efficiency(islands, p)
        best, parts = np.zeros(whole.shape), np.ones(whole.shape, dtype=np.int64)
        for k, number in enumerate(self.islands):
            rate = whole * self.goodput[k] * _by_world(efficiency[k], self.at[0])
            np.copyto(parts, number, where=rate > best)
            best = np.maximum(best, rate)
        return self.spread(best), self.spread(parts)


def _by_world(x: Number, world: Integers) -> Floats:
    """A number or an array (worlds, 1) for entries in these worlds, (entries, 1)."""
    x = np.asarray(x)
    return x[world] if x.ndim and len(x) > 1 else x


def _alone(own: Floats, islands: Integers) -> Pool:
    """The pool that consists of the fastest site alone, given rates and islands (worlds, sites)."""
    strongest = own.argmax(-1)[:, None]
    rate = pick(own, strongest)[:, 0]
    members = (np.arange(own.shape[-1]) == strongest) & (own > 0)
    return Pool(rate, members, np.where(rate > 0, pick(islands, strongest)[:, 0], 0), own)


def _better(a: Pool, b: Pool) -> Pool:
    """The faster of two pools in each world, the first if they tie."""
    first = a.rate >= b.rate
    members = np.where(first[:, None], a.members, b.members)
    return Pool(np.maximum(a.rate, b.rate), members, np.where(first, a.islands, b.islands), a.own)


@dataclass(frozen=True, eq=False)
class _Sets:
    """The candidate sets of sites: the first 1 to K sites of each world's ranking, and the best pool so far.

    Arrays are (worlds, K), or (worlds, K + 1) with a pool so far. Exceptions are `ranked` (worlds, K), the sites' indices
    in falling order of their rates, and `before` (worlds, sites), the members of the pool so far.
    """

    ranked: Integers
    before: Booleans | None
    count: Floats  # number of sites in each set, at least 1
    valid: Booleans
    chips: Floats
    ring_km: Floats

    @classmethod
    def of(cls, fleet: Fleet, own: Floats, before: Booleans | None) -> _Sets:
        """The candidate sets of a fleet, given each site's own rate (worlds, sites)."""
        working = own > 0
        found = working.sum(-1)
        longest = max(int(found.max(initial=0)), 1)
        ranked = np.ascontiguousarray(np.argsort(-own, axis=-1, kind="stable")[:, :longest])
        count = np.broadcast_to(np.arange(1.0, longest + 1), ranked.shape)
        valid = count <= found[:, None]
        ring_km = prefix_rings(fleet.ring, ranked, found)
        if before is not None:
            before = before & working
            members = before.sum(-1)[:, None]
            count = np.concatenate((count, np.maximum(members, 1)), axis=-1)
            valid = np.concatenate((valid, members > 0), axis=-1)
            ring_km = np.concatenate((ring_km, ring_length(fleet.ring, before)[:, None]), axis=-1)
        sets = cls(ranked, before, count, valid, np.empty(0), ring_km)
        return cls(ranked, before, count, valid, sets.add_up(np.where(working, fleet.chips, 0.0)), ring_km)

    def add_up(self, x: Floats) -> Floats:
        """Sums over each set; (..., worlds, sites) to (..., worlds, sets)."""
        first = running_total(pick(x, np.broadcast_to(self.ranked, (*x.shape[:-1], self.ranked.shape[-1]))))
        if self.before is None:
            return first
        return np.concatenate((first, total(np.where(self.before, x, 0.0))[..., None]), axis=-1)

    def best(self, rates: Iterable[tuple[int, Floats]], own: Floats) -> Pool:
        """Each world's fastest pool; `rates` has pairs of a number of islands and the rates (worlds, sets) with it."""
        worlds = len(self.ranked)
        rate, which, parts = (
            np.zeros(worlds),
            np.zeros(worlds, dtype=np.int64),
            np.zeros(worlds, dtype=np.int64),
        )
        for islands, found in rates:
            valid = np.where(self.valid, found, 0.0)
            top = valid.argmax(-1)
            now = pick(valid, top[:, None])[:, 0]
            better = now > rate
            rate, which, parts = (
                np.maximum(rate, now),
                np.where(better, top, which),
                np.where(better, islands, parts),
            )
        members = np.zeros(own.shape, dtype=bool)
        first = np.arange(self.ranked.shape[-1]) <= which[:, None]
        np.put_along_axis(members, self.ranked, first & (parts > 0)[:, None], axis=-1)
        if self.before is not None:
            members = np.where((which == self.ranked.shape[-1])[:, None], self.before, members)
        return Pool(rate, members, parts, own)


def _synchronous_rates(working: _Working, sets: _Sets) -> Floats:
    """FLOP/s of each set as one synchronous job (E7); (worlds, sets)."""
    fleet, p = working.fleet, working.fleet.p
    up = np.exp(sets.count * np.log(site_availability(p)))
    yielded = mfu(sets.chips, p) * goodput(sets.chips, fleet.practice, p) * up
    rate = np.maximum(sets.add_up(working.spread(working.work)) * yielded, 1.0)
    size, critical_step = step(rate, p)
    laid_open = (1 - p.overlap) * exchange_seconds(sets.count, size, p.bits, sets.ring_km, p) / critical_step
    return rate * pool_efficiency(laid_open, size, p)


def _low_rates(working: _Working, sets: _Sets) -> list[tuple[int, Floats]]:
    """FLOP/s of each set as replicas, for each number of islands per site (E8, E9b); (worlds, sets) each."""
    fleet, p = working.fleet, working.fleet.p
    ideal = mfu(sets.chips, p) * site_availability(p)
    numbers = working.islands[: len(ISLANDS)]
    islands = np.array(numbers)[:, None, None]
    if len(numbers) > 1:
        done = sets.add_up(working.spread(working.work * working.goodput[: len(ISLANDS)]))
        if working.rejoining is not None:
            # with one island per site, learners can rejoin if the pool has several sites
            joined = sets.add_up(working.spread(working.work * working.rejoining))
            done[0] = np.where(sets.count > 1, joined, done[0])
    else:
        done = sets.add_up(working.spread(working.work)) * goodput(sets.chips, fleet.practice, p)
    size, critical_step = step(np.maximum(done * ideal, 1.0), p)
    inner = p.inner_steps * p.inner_batch * critical_step
    a_bit, light = ring_costs(sets.count, sets.ring_km, p)
    speed = round_speed(size * p.outer_bits * a_bit + light, inner, p)
    rates = done * (ideal * replica_efficiency(sets.count, p)) * speed * replica_efficiency(islands, p)
    return list(zip(numbers, rates, strict=True))
