"""Runs worlds and computes their outcomes as arrays, including the price of politics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from juste_retour.abm.bargaining.payoffs import Payoffs
from juste_retour.abm.base.members import Members
from juste_retour.abm.delivery.building import NEVER, TO_OPERATION
from juste_retour.abm.price_of_politics import PriceOfPolitics, not_asked, prices
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.user_outcomes import user_outcomes
from juste_retour.abm.worlds.accounts import Accounts, accounts
from juste_retour.abm.worlds.cohorts import SiteMachines
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.fleet import access
from juste_retour.abm.worlds.records import DecisionRecord, RecordedBallot, TimelineQuarter
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.abm.worlds.world import World
from juste_retour.agents.arrays import Integers, by_rank, take, total
from juste_retour.agents.errors import BadInput, near
from juste_retour.agents.situation import Offer

if TYPE_CHECKING:
    from juste_retour.abm.schedule.cast import Agents


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The outcomes of some worlds.

    Attributes:
        scenarios: the scenario of each world.
        seed: the seed.
        replicates: (worlds,) the number of each world within the seed.
        members: the union.
        worlds: arrays (worlds,) by name.
        states: arrays (worlds, states) by name.
        facilities: arrays with one entry per contracted facility, by name; `world` and `site` are positions.
            Quarters are numbers since year 0, -1 for never.
        votes: the ballots, in the order of the run.
        timeline: the quarters, if the run kept them.
        decisions: the decisions, if the run kept them.
        payoffs: the terms of each state's payoff from what the run decided, (worlds, states) each; see `payoffs_of`.
    """

    scenarios: list[Scenario]
    seed: int
    replicates: NDArray[np.int64]
    members: Members
    worlds: dict[str, Any]
    states: dict[str, Any]
    facilities: dict[str, Any]
    votes: list[RecordedBallot]
    payoffs: Offer
    timeline: list[TimelineQuarter] = field(default_factory=list)
    decisions: list[DecisionRecord] = field(default_factory=list)

    def column(self, name: str) -> Any:
        """A column of the union's states, (states,), such as `population`, or a further one of `states.csv`; else `BadInput`."""
        states = self.members.states
        columns = {k: v for k, v in vars(states).items() if k not in ("more", "texts", "borders")}
        columns |= {**states.more, **states.texts}
        if name not in columns:
            raise BadInput(f"the states have no column {name!r}; {near(name, columns)}")
        return columns[name]


def run(
    scenarios: Scenario | Sequence[Scenario],
    seed: int,
    replicates: Sequence[int] | NDArray[np.int64],
    members: Members | None = None,
    *,
    price: bool = True,
    trace: bool = False,
    timeline: bool = False,
    agents: Agents = None,
) -> Outcomes:
    """Run worlds to their end and return their outcomes.

    Args:
        scenarios: one for all worlds, or one per world; they may differ only in parameters that are floats.
        seed: an integer of at least 0.
        replicates: (worlds,) the number of each world within the seed.
        members: the union; by default the one that the scenarios name.
        price: whether to compute the price of politics, if the scenario sets `priced`; it runs a planner in each world.
        trace: whether to record each decision.
        timeline: whether to record each quarter.
        agents: Mesa agents whose decisions replace the rules, as `juste_retour.abm.model.AllocationModel` takes them;
            runs with them are slower.
    """
    simulation = Simulation(scenarios, seed, replicates, members, trace=trace, timeline=timeline, agents=agents)
    simulation.run()
    return outcomes(simulation.env, prices(simulation.env) if price else None)


def outcomes(env: Environment, cost: PriceOfPolitics | None = None) -> Outcomes:
    """The outcomes of worlds that have run; prices of politics are NaN if `cost` is None."""
    world = env.world
    d, contracted = world.program.delivered, world.contracted
    books = accounts(env)
    payoffs = payoffs_of(env, books)
    ready = np.where(contracted & (d.ready <= world.last), d.ready, NEVER)
    k = np.nonzero(contracted)
    found = Outcomes(
        scenarios=env.scenarios,
        seed=env.seed,
        replicates=world.replicates,
        members=world.members,
        worlds=_of_worlds(env, books, ready, cost or not_asked(world.count))
        | {"welfare_eur_bn": total(payoffs.utility)},
        states={
            "sites": books.sites,
            "first_wave": _first_wave(world),
            "accelerators": books.accelerators,
            "received_eur_bn": books.received,
            "paid_eur_bn": books.paid,
            "private_eur_bn": books.private,
            "transfer_eur_bn": world.program.transfers,
            "utility_eur_bn": payoffs.utility,
            "bids": world.bargaining.bids,
            "yes_votes": world.bargaining.yes_votes,
            "no_votes": world.bargaining.no_votes,
        },
        facilities={
            "world": k[0],
            "site": k[1],
            "selected": world.program.selected[k],
            "contracted": d.contracted[k],
            "operational": np.where(ready[k] < NEVER, ready[k], -1),
            "accelerators": books.chips[k],
            "power_mw": SiteMachines(world.program, np.arange(world.count), world.now).contracted("power_mw")[k],
            "spend_eur_bn": books.spend[k],
            "failed_tenders": d.failed_tenders[k],
            **{name: getattr(d, name)[k] for name in TO_OPERATION},
        },
        votes=env.ballots,
        payoffs=payoffs,
        timeline=env.timeline or [],
        decisions=env.trace or [],
    )
    found.worlds.update(user_outcomes(found))
    return found


def _of_worlds(
    env: Environment, books: Accounts, ready: Integers, cost: PriceOfPolitics
) -> dict[str, NDArray[np.generic]]:
    """The outcomes by name, (worlds,) each; `ready` is the quarter of first operation, (worlds, sites)."""
    world = env.world
    contracted, chips = world.contracted, books.chips
    spent = total(books.received)
    share = books.received / np.maximum(spent, 1e-300)[:, None]
    first = ready.min(-1, initial=NEVER)
    read, end = world.reading(), world.training.read[-1]
    committed = world.committed
    return {
        "sites": contracted.sum(-1),
        "hosts": (books.sites > 0).sum(-1),
        "two_site_states": (books.sites > 1).sum(-1),
        "spend_eur_bn": spent,
        "committed_eur_bn": committed,
        "unspent_eur_bn": world.p.envelope_eur_bn[:, 0] - committed,
        "aggregate_accelerators": total(chips),
        "open_accelerators": total(
            chips * (1 - access(env.world, env.institutions, np.arange(world.count)).year_share)
        ),
        "h100_equivalents": total(SiteMachines(world.program, np.arange(world.count), world.now).h100_equivalents()),
        "largest_site_accelerators": chips.max(-1, initial=0.0),
        "largest_run_flop": end["largest_run_flop"],
        "frontier_flop": end["frontier_flop"],
        "years_behind": read.years_behind,
        "years_behind_at_end": read.years_behind_at_end,
        "least_years_behind": read.least_years_behind,
        "quarters_without_run": read.quarters_without_run,
        "capability_lag_years": read.capability_lag_years,
        **vars(world.other_readings()),
        **vars(cost),
        "hhi_spend": total(share * share),
        "first_operation": np.where(first < NEVER, first, -1),
        "bids": world.bargaining.bids.sum(-1),
        "rounds": world.bargaining.rounds,
        "exited_labs": world.training.exited.sum(-1),
    }


def _first_wave(world: World) -> Integers:
    """The first wave that selected a site in each state, (worlds, states); 0 if none did."""
    waves = np.where(world.contracted, world.program.wave, NEVER)
    steps, place = by_rank(world.sites.state, world.states.count)
    first = np.full((world.count, world.states.count), NEVER)
    for sites in steps:
        first[:, : len(sites)] = np.minimum(first[:, : len(sites)], take(waves, sites))
    first = take(first, place)
    return np.where(first < NEVER, first, 0)


def payoffs_of(env: Environment, books: Accounts) -> Offer:
    """Each state's payoff from what a run decided, with the results that are expected of it at the announcement.

    Sites, money spent at home, payments and cash are those of the run, so that a canceled selection counts neither as a
    site nor as a payment. The race and open capacity are what the decided program would be expected to bring under the
    run's rules of delivery, as in the payoffs by which states vote.
    """
    fresh = Simulation(env.scenarios, env.seed, env.world.replicates, env.members).env
    fresh.world.now = fresh.world.announced
    known = Payoffs(fresh, np.arange(fresh.world.count))
    decided = np.where(env.world.contracted, env.world.program.planned, 0.0)
    hoped = known.outlook.prospect(decided)
    return known.seen(books.sites, books.received, hoped, books.paid, env.world.program.transfers)
