"""A ballot of a run, counted again with the audience's votes by the voting rule of the run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from juste_retour.abm.base.members import Members
from juste_retour.abm.explanations.reader import in_world, majority_at
from juste_retour.abm.explanations.recount import recounted
from juste_retour.abm.schedule.simulation import Simulation
from juste_retour.abm.worlds.environment import Environment
from juste_retour.abm.worlds.records import Vote
from juste_retour.abm.worlds.scenario import Scenario
from juste_retour.agents.errors import BadInput
from juste_retour.runs.base.user_rules import blame
from juste_retour.visualization.audience.room import BallotQuestion
from juste_retour.visualization.views.reason_texts import ballot, proposed_by
from juste_retour.visualization.views.told import Told, english


class HeldBallot:
    """Ballot number `which` (from 0) of one run.

    Raises:
        BadInput: the run has no such ballot, or the agenda did not follow the votes.
    """

    def __init__(self, scenario: Scenario, seed: int, replicate: int, members: Members, which: int):
        with blame():
            self.env, self.record, self.proposer = _held(scenario, seed, replicate, members, which)
            counted = recounted(self.env, self.record, self.record.votes[0])
        if bool(counted.passed[0]) != bool(self.record.passed[0]):
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
        offer, states = self.record.offer, self.env.world.states
        total = int(offer.sites[0].sum())
        stakes = [
            f"Your state gets {_sites(int(offer.sites[0, i]))} and pays €{1000 * float(offer.payment[0, i]):,.0f} million."
            for i in range(states.count)
        ]
        text = f"The proposal: {_sites(total)}. {english(self.proposer)}. Do you agree?"
        return BallotQuestion(text, tuple(stakes), tuple(self._voters()))

    def _voters(self) -> list[bool]:
        """Whether each state's vote counts; true for all states if the voting rule does not report its conditions."""
        majority, n = majority_at(self.env, self.record), self.env.world.states.count
        if majority is None:
            return [True] * n
        weights = [np.atleast_2d(c.weights) + np.zeros((1, n)) for way in majority.ways for c in way]
        return [bool(any(weight[..., i].any() for weight in weights)) for i in range(n)]


def _sites(count: int) -> str:
    return {0: "no site", 1: "one site"}.get(count, f"{count} sites")


def _held(
    scenario: Scenario, seed: int, replicate: int, members: Members, which: int
) -> tuple[Environment, Vote, Told]:
    simulation = Simulation(scenario, seed, [replicate], members, trace=True)
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
