"""The Council's side of bargaining over utilities: what it answers when an agenda protocol asks.

An offer is a plan of sites, EUR bn (worlds, sites). `Proposing` is mixed into the Council; the protocols themselves
know nothing of sites.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from juste_retour.abm.politics.entitlement import spread
from juste_retour.abm.politics.motion import Motion
from juste_retour.abm.politics.tables.table import better, mine
from juste_retour.agents.arrays import Reals, Truths, Whole, power, take, total
from juste_retour.agents.rules import family
from juste_retour.agents.situation import Offer

REHEARSALS = 16  # ballots that a proposer plays through where votes hang on luck


class Proposing:
    """What the Council answers to an agenda protocol; see `tables.table.Table`."""

    forced: Whole | None = None
    world: Any
    rows: Any
    worlds: int
    states: Any
    sites: Any
    p: Any
    now: int

    def lasting(self, channel: str, slots: int) -> Reals:
        """Luck by name that lasts for the run; (worlds, slots)."""
        return self.world.tape.uniform(channel, slots)[self.rows]

    def contribution(self: Any) -> Reals:
        """Each state's share of the Union's money; (states,)."""
        return self.split.key

    def utility(self: Any, plan: Reals) -> Reals:
        """What a plan is worth to each state, EUR bn (worlds, states)."""
        return self._looked_at(plan).utility

    def fallback(self: Any, sunk: Any = 0.0) -> Reals:
        """What each state is left with if nothing is agreed; (worlds, states)."""
        return self.failed(np.zeros((self.worlds, self.sites.count)), sunk).utility

    def reserve(self: Any, plan: Reals, sunk: Any) -> Reals:
        """What a plan must be worth to each state for it to say yes; (worlds, states)."""
        failed = self.failed(self.parts(plan)[0], sunk)
        return self.reservation(failed, self.utility(plan) - failed.utility)

    @cached_property
    def votes_by_luck(self) -> bool:
        """Whether some state's vote hangs on luck."""
        names = self.world.scenario.rules["vote"].names
        return any("deterministic" not in family("vote")[name].properties for name in names)

    def polled(self: Any, offer: Offer, reservation: Reals, luck: Reals | None = None) -> Reals:
        """Votes, 1, -1 or 0 (worlds, states), of this quarter's ballot or, with `luck`, of a rehearsed one."""
        situation = self.situation
        if self.votes_by_luck:
            luck = self.uniform("vote", self.states.count) if luck is None else luck
            situation = replace(situation, luck=luck)
        return np.asarray(self.world.decide_by_actor("vote", offer, reservation, situation, rows=self.rows))

    def chance(self: Any, plan: Reals, sunk: Any) -> Reals:
        """(worlds,) chance that a plan passes, as its proposer sees it."""
        offer, reservation = self._looked_at(plan), self.reserve(plan, sunk)
        money = self.parts(plan)[0]
        gain = offer.utility - self.failed(money, sunk).utility
        union_yes, weight = total(gain) >= 0, self.payment(money, np.zeros(money.shape))
        n = self.states.count
        if not self.votes_by_luck:
            votes = self.polled(offer, reservation)
            return self.passes(votes > 0, votes < 0, union_yes, weight).astype(np.float64)
        luck = self.uniform("rehearsal", REHEARSALS * n)
        passed = np.zeros(self.worlds, dtype=np.int64)
        for k in range(REHEARSALS):
            votes = self.polled(offer, reservation, np.ascontiguousarray(luck[:, k * n : (k + 1) * n]))
            passed += self.passes(votes > 0, votes < 0, union_yes, weight)
        return passed / REHEARSALS

    def hold(self: Any, offer: Reals, sunk: Any, *, held: Truths | None = None) -> Motion:
        """Put an offer to the vote as it stands; labs write their letters first."""
        plan, cash = self.parts(offer)
        return self.decide(plan, sunk, held=held, letters=self.letters(plan), transfer=cash)

    def parts(self: Any, offer: Reals) -> tuple[Reals, Any]:
        """The plan (worlds, sites) and the cash (worlds, states) of an offer, which carries cash only where it may."""
        s = self.sites.count
        if offer.shape[-1] == s:
            return offer, 0.0
        return np.ascontiguousarray(offer[:, :s]), np.ascontiguousarray(offer[:, s:])

    def proposals(self: Any, proposer: Whole, sunk: Any) -> list[Reals]:
        """The proposer's favourite plan with the cheapest winning coalition bought.

        Where no coalition can be had for it, the most that a modest plan brings the proposer is offered instead. Where
        votes hang on luck, offers with votes to spare and with better prices stand beside it.
        """
        always = self._only(proposer)
        favourite = self.entitled(self.favourite(proposer, self.plans_with_home(proposer)))
        offer = self._bought(favourite, sunk, always)
        stuck = self._stuck(offer, proposer, sunk)
        if stuck.any():
            modest = self.entitled(self.favourite(proposer, self.modest_plans(proposer)))
            favourite = np.where(stuck[:, None], modest, favourite)
            offer = np.where(stuck[:, None], self._bought(modest, sunk, always), offer)
        if not self.votes_by_luck:
            return [offer]
        more = [(0, 0.25), (0, 0.75), (3, 0.25), (3, 0.75), (9, 0.75)]
        return [offer, *(self._bought(favourite, sunk, always, spare=k, margin=m) for k, m in more)]

    def _bought(self: Any, plan: Reals, sunk: Any, always: Truths | None, **how: Any) -> Reals:
        plan, cash = self.with_coalition(plan, sunk, always, **how)
        return np.concatenate([plan, cash], axis=-1) if self.p.side_payments else plan

    def _stuck(self: Any, offer: Reals, proposer: Whole, sunk: Any) -> Truths:
        """(worlds,) where the offer fails, or is worth less to the proposer than none."""
        own, least = mine(self.utility(offer), proposer), mine(self.reserve(offer, sunk), proposer)
        return (self.chance(offer, sunk) == 0) | (own < least - self.p.dissent_cost_eur_bn[:, 0])

    def favourite(self: Any, proposer: Whole, plans: list[Reals]) -> Reals:
        """The plan of these that a proposer likes best if nobody else is asked."""
        best, worth = plans[0], mine(self.utility(plans[0]), proposer)
        for plan in plans[1:]:
            best, worth = better(best, worth, plan, mine(self.utility(plan), proposer))
        return best

    def plans_with_home(self: Any, proposer: Whole) -> list[Reals]:
        """A site at home, the common plans, and home with each of these."""
        return self._forced_plans if proposer is self.forced else self._with_home(proposer)

    @cached_property
    def _forced_plans(self: Any) -> list[Reals]:
        return self._with_home(self.forced)  # the very arrays, so that what they are worth is remembered

    def _with_home(self: Any, proposer: Whole) -> list[Reals]:
        home = self.at_home(proposer)
        return [home, *self.common_plans, *(self.joined(home, plan) for plan in self.common_plans)]

    def modest_plans(self: Any, proposer: Whole) -> list[Reals]:
        """A site at home, little for every state, and both."""
        home, little = self.at_home(proposer), [self.one_each(part) for part in (0.05, 0.1, 0.2)]
        return [home, *little, *(self.joined(home, plan) for plan in little)]

    @cached_property
    def common_plans(self: Any) -> list[Reals]:
        """Parts of the envelope at the one and the eight best sites, and in equal parts for all states."""
        largest = [self.largest(k, part) for part in (0.2, 1.0) for k in (1, 8) if k < self.sites.count]
        return [*largest, *(self.one_each(part) for part in (0.2, 0.4, 0.8))]

    def joined(self: Any, first: Reals, rest: Reals) -> Reals:
        """The first plan, and the rest elsewhere as far as the money goes; (worlds, sites)."""
        rest = np.where((first > 0) | take(self.world.by_state(first) > 0, self.sites.state), 0.0, rest)
        left = np.maximum(self.envelope - total(first)[:, None], 0.0)
        rest = rest * np.minimum(1.0, left / np.maximum(total(rest)[:, None], 1e-300))
        return first + np.where(rest >= self.p.smallest_eur_bn, rest, 0.0)

    @property
    def home_size(self: Any) -> Reals:
        """(worlds, states) EUR bn of the site at home that each state likes best; 0 where it likes none."""
        return self._home[0]

    @property
    def home_value(self: Any) -> Reals:
        """(worlds, states) EUR bn, what that site is worth to each state, or nothing more."""
        return self._home[1]

    @cached_property
    def _home(self: Any) -> tuple[Reals, Reals]:
        situation, most = self.situation, np.minimum(self.room, self.envelope)
        size, top = np.zeros(most.shape), self.standing.utility
        wanted = self.scale * (self.p.local_value / situation.own_cost - 1) - self.received
        for asked in (self.p.smallest_eur_bn, wanted / 2, wanted, most / 2, most):
            asked = np.where(
                most >= self.p.smallest_eur_bn,
                np.clip(asked, self.p.smallest_eur_bn, np.maximum(most, self.p.smallest_eur_bn)),
                0.0,
            )
            value = np.where(asked > 0, situation.alone(asked).utility, -np.inf)
            size, top = np.where(value > top, asked, size), np.maximum(value, top)
        return size, top

    def at_home(self: Any, who: Whole) -> Reals:
        """The plan that one state a world would have for itself alone; (worlds, sites)."""
        return spread(np.where(self._only(who), self.home_size, 0.0), self.best, self.sites.count)

    # -- the open rule -------------------------------------------------------------------------------------------------
    def seconded(self: Any, proposer: Whole, floor: Reals | None = None) -> list[tuple[Reals, Reals]]:
        """Offers under the open rule, each with the share of the others who would rather second than amend it."""
        always, plan = self._only(proposer), self.proposals(proposer, 0.0)[0]
        offers = [plan]
        for spare in (4, self.states.count):
            offers.append(self._bought(self.parts(plan)[0], 0.0, always, spare=spare))
        wish = self.fallback() + self.p.patience * (self.home_value - self.fallback())
        others = self.states.count - 1
        if not others:  # there is nobody to amend it
            return [(x, np.ones(len(x))) for x in offers]
        content = [((self.utility(x) >= wish) & ~always).sum(-1) / others for x in offers]
        return list(zip(offers, content, strict=True))

    def floor(self: Any, new: Reals, who: Whole) -> Reals:
        """(worlds,) what taking the floor with an amendment is worth to who would make it."""
        least = mine(self.fallback(), who)
        return least + self.p.patience[:, 0] * (mine(self.utility(new), who) - least)

    def displaced(self: Any) -> Reals:
        """What having lost the floor is worth; (worlds, states)."""
        return self.fallback()

    # -- packages ------------------------------------------------------------------------------------------------------
    def asked(self: Any) -> Reals:
        """What each state's own wish costs, EUR bn (worlds, states); 0 where it has none."""
        return self.home_size

    def bundle(self: Any, members: Truths) -> Reals:
        """The plan that brings the members' wishes, scaled down to the money there is."""
        plan = spread(np.where(members, self.home_size, 0.0), self.best, self.sites.count)
        plan = plan * np.minimum(1.0, self.envelope / np.maximum(total(plan)[:, None], 1e-300))
        return np.where(plan >= self.p.smallest_eur_bn, plan, 0.0)

    # -- issues --------------------------------------------------------------------------------------------------------
    @cached_property
    def ladder(self: Any) -> tuple[list[int], tuple[float, ...]]:
        """Numbers of sites, and parts of the envelope, on which states take their stand."""
        n = self.states.count
        return sorted({k for k in (1, 2, 3, 5, 8, 13) if k < n} | {n}), (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)

    def spread_over(self: Any, count: int, part: Any) -> Reals:
        """Part of the envelope, a number or (worlds, 1), at so many of the best sites: one in each state for all."""
        n = self.states.count
        return self.one_each(part) if count == n and count > 1 else self.largest(count, part)

    def stands(self: Any) -> tuple[Reals, Reals]:
        """Each state's position and salience, 0 to 100, on how many sites and how much money; (worlds, states, 2).

        A state stands where its payoff is highest. Its salience is how much its payoff varies with the issue, against
        how much it varies with both.
        """
        counts, parts = self.ladder
        worth = np.stack(
            [np.stack([self.utility(self.spread_over(k, part)) for part in parts], -1) for k in counts], -2
        )  # (worlds, states, counts, parts)
        flat = worth.reshape(*worth.shape[:2], -1)
        k, m = np.divmod(flat.argmax(-1), len(parts))
        scale = np.log(np.array(counts, dtype=np.float64)) / np.log(max(counts[-1], 2)) * 100
        position = np.stack([scale[k], 100 * np.array(parts)[m]], axis=-1)
        best = np.take_along_axis(worth, k[..., None, None], axis=-2)[..., 0, :]
        other = np.take_along_axis(worth, m[..., None, None], axis=-1)[..., 0]
        varies = np.stack([np.ptp(other, axis=-1), np.ptp(best, axis=-1)], axis=-1)
        return position, 100 * varies / np.maximum(varies.max(-1, keepdims=True), 1e-300)

    def settled_on(self: Any, outcome: Reals, retreat: Reals | float) -> Reals:
        """The plan that comes nearest to an outcome, 0 to 100, on the two issues (worlds, 2).

        Where it lacks a majority, the cheapest is bought. Each time it has failed, it keeps the share
        `retreat`, (worlds, 1) or a number, of the money.
        """
        counts, _ = self.ladder
        wanted = np.exp(outcome[:, :1] / 100 * np.log(max(counts[-1], 2)))
        part = np.clip(outcome[:, 1:] / 100, 0.0, 1.0)
        part = part * power(retreat, self.world.rounds[self.rows][:, None])
        near = np.abs(np.log(np.array(counts)) - np.log(wanted)).argmin(-1)
        plan = np.zeros((self.worlds, self.sites.count))
        for k in np.unique(near):
            plan = np.where((near == k)[:, None], self.spread_over(counts[k], part), plan)
        return self._bought(plan, 0.0, None)

    # -- ballots -------------------------------------------------------------------------------------------------------
    def seat(self: Any, size: Reals, state: int) -> Reals:
        """The plan of one site, EUR bn of `size` (worlds, states), at one state's best free site."""
        return self.placed_at_best(np.where(np.arange(self.states.count) == state, size, 0.0))

    def placed_at_best(self: Any, size: Reals) -> Reals:
        """EUR bn (worlds, states) at each state's best free site; (worlds, sites)."""
        return spread(np.where(self.best >= 0, size, 0.0), self.best, self.sites.count)

    def bind(self: Any, plan: Reals, yes: Truths) -> Motion:
        """Carry out what a ballot has decided; `yes` (worlds, states) voted for it in the deciding round."""
        gain = self.utility(plan) - self.fallback()
        held = total(plan) > 0
        pledged = self.pledged(plan, self.letters(plan))
        every = np.ones(self.worlds, bool)
        return Motion(plan, pledged, yes, ~yes, total(gain) >= 0, held, held, every, gain)

    # -- mediation -----------------------------------------------------------------------------------------------------
    smooth = False

    def menu(self: Any) -> list[Reals]:
        """Plans that a mediator weighs: the common ones, every state's wish, and little for every state."""
        every = np.ones((self.worlds, self.states.count), bool)
        return [self.bundle(every), *self.common_plans, self.one_each(0.05), self.one_each(0.1)]

    def lawful(self: Any, plan: Reals) -> Reals:
        """The plan without sites that are too small."""
        return np.where(plan >= self.p.smallest_eur_bn, plan, 0.0)

    def _only(self, who: Whole) -> Truths:
        return np.arange(self.states.count) == who[:, None]

    def _looked_at(self: Any, plan: Reals) -> Offer:
        """The plan as each state sees it, without letters; the last few are remembered."""
        seen = self.__dict__.setdefault("_looked", {})
        if id(plan) not in seen or seen[id(plan)][0] is not plan:
            if len(seen) > 64:
                seen.clear()
            seen[id(plan)] = (plan, self.offer(self.parts(plan)[0], None, self.parts(plan)[1]))
        return seen[id(plan)][1]
