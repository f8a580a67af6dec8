"""Ballots for the audience, counted with its votes: one of a run, by the run's rule, and one on a package of a reform."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.base.toml import JsonMapping
from juste_retour.abm.explanations.reader import in_world, majority_at
from juste_retour.abm.explanations.recount import recounted
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Vote
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.errors import BadInput
from juste_retour.runs.analysis.consent import UNCHANGED, Adoption
from juste_retour.runs.base.user_rules import blame
from juste_retour.visualization.audience.room import BallotQuestion
from juste_retour.visualization.names import GROUPS
from juste_retour.visualization.views.passing import tested
from juste_retour.visualization.views.reason_texts import ballot, proposed_by
from juste_retour.visualization.views.stage_frames import Votes
from juste_retour.visualization.views.told import Told, counted, told


class HeldBallot:
    """Ballot number `which` (from 0) of one run; `given` are votes in earlier ballots, as for `play`.

    Raises:
        BadInput: the run has no such ballot, or the agenda did not follow the votes.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        replicate: int,
        members: Members,
        which: int,
        given: Votes | None = None,
    ):
        with blame():
            self.env, self.record, self.proposer = _held(scenario, seed, replicate, members, which, given or {})
            again = recounted(self.env, self.record, self.record.votes[0])
        if bool(again.passed[0]) != bool(self.record.passed[0]):
            raise BadInput("This ballot was not decided by its votes; choose another one.")
        self.model = [int(vote) for vote in self.record.votes[0]]

    def count(self, votes: Sequence[int]) -> dict[str, object]:
        """The ballot, in the form of `views.reasons.ballot`, with these votes (states,): 1 yes, 0 abstention, -1 no."""
        with blame():
            return ballot(self.env, recounted(self.env, self.record, np.asarray(votes)), self.proposer)

    @cached_property
    def as_voted(self) -> dict[str, object]:
        """The ballot with the votes of the model."""
        return self.count(self.model)

    def question(self) -> BallotQuestion:
        """The ballot as a question to the phones."""
        offer, n = self.record.offer, self.env.world.states.count
        gain = (offer.utility - self.record.failed.utility)[0]
        sites = [counted(int(k), "Your state gets one site.", GETS, GETS_NONE) for k in offer.sites[0]]
        stakes = tuple((sites[i], millions(offer.payment[0, i], PAYS), worth(gain[i])) for i in range(n))
        text = counted(int(offer.sites[0].sum()), "The proposal: one site.", "The proposal: {n} sites.")
        return BallotQuestion((text, told("{who}.", who=self.proposer), AGREE), stakes, tuple(self._voters()))

    def _voters(self) -> list[bool]:
        """Whether each state's vote counts; true for all states if the voting rule does not report its conditions."""
        majority, n = majority_at(self.env, self.record), self.env.world.states.count
        if majority is None:
            return [True] * n
        weights = [np.atleast_2d(c.weights) + np.zeros((1, n)) for way in majority.ways for c in way]
        return [bool(any(weight[..., i].any() for weight in weights)) for i in range(n)]


class HeldReform:
    """A ballot on one package of a reform, from the result of `views.passing` for two scenarios.

    Raises:
        BadInput: the reform has no such package.
    """

    def __init__(self, source: Scenario, members: Members, found: JsonMapping, parts: object):
        package = next((p for p in found["packages"] if p["parts"] == parts), None)
        if package is None:
            raise BadInput(f"parts is {parts!r}, which is not a package of this reform; reload the page.")
        self.package, self.states = package, members.states
        self.vote = Adoption(source, members)
        self.model = [1 if change > UNCHANGED else -1 for change in package["change"]]

    def count(self, votes: Sequence[int]) -> dict[str, object]:
        """The ballot with these votes, as `HeldBallot.count`, without what depends on a run."""
        given, people = np.asarray(votes), self.states.population
        ways = {"yes": given > 0, "no": given < 0, "abstain": given == 0}
        return {
            **{way: np.flatnonzero(these).tolist() for way, these in ways.items()},
            **tested(self.vote, self.package["parts"], ways["yes"]),
            "people_share": float((ways["yes"] * people).sum() / people.sum()),
            "parts": self.package["parts"],
        }

    @cached_property
    def as_voted(self) -> dict[str, object]:
        """The ballot with the votes of the model."""
        return self.count(self.model)

    def question(self) -> BallotQuestion:
        """The ballot as a question to the phones."""
        changes, payment = self.package["change"], self.package["terms"]["payment"]
        more = [
            millions(abs(p), "It pays €{n} million more." if p < 0 else "It pays €{n} million less.") for p in payment
        ]
        text = (
            REFORM,
            *(told("{part}.", part=GROUPS.get(part, part)) for part in self.package["parts"]),
            AGREE,
        )
        stakes = tuple((one, worth(change)) for one, change in zip(more, changes, strict=True))
        return BallotQuestion(text, stakes, (True,) * self.states.count)


GETS, GETS_NONE, PAYS = "Your state gets {n} sites.", "Your state gets no site.", "It pays €{n} million."
AGREE, REFORM = told("Do you agree?"), told("A reform of these rules:")


def millions(eur_bn: float, template: str) -> Told:
    """A sentence about an amount, in whole millions."""
    return told(template, n=round(1000 * float(eur_bn)))


def worth(gain: float) -> Told:
    """A sentence on what a state gains from a yes in all: sites, money, machines and the race, as the model values them."""
    return millions(abs(gain), "In all it gains €{n} million." if gain >= 0 else "In all it loses €{n} million.")


def _held(
    scenario: Scenario, seed: int, replicate: int, members: Members, which: int, given: Votes
) -> tuple[Environment, Vote, Told]:
    simulation = Simulation(scenario, seed, [replicate], members, trace=True)
    simulation.env.given = given
    seen = found = 0
    while simulation.world.running:
        simulation.advance()
        trace = simulation.env.trace or []
        for record in in_world(trace[seen:], 0):
            if isinstance(record, Vote) and record.held[0]:
                if found == which:
                    return simulation.env, record, proposed_by(simulation.env)
                found += 1
        seen = len(trace)
    raise BadInput(f"ballot is {which}, but the run has {found}, counted from 0; choose another one.")
