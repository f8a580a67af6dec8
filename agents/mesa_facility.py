"""The Mesa agent of a facility: a view on a contracted site, which takes no decisions."""

from __future__ import annotations

from juste_retour.agents.mesa_agents import Actor


class Facility(Actor):
    """A facility under contract. The model creates it in the quarter of the contract and removes it on cancellation."""

    comes_later = True

    @property
    def site(self) -> str:
        """Name of the candidate site."""
        return self.world.sites.names[self.place]

    label = site

    @property
    def city(self) -> str:
        """The city."""
        return self.world.sites.cities[self.place]

    @property
    def state(self) -> str:
        """Code of the host state."""
        return self.world.states.codes[self.world.sites.state[self.place]]

    @property
    def accelerators(self) -> float:
        """Number of accelerators, not converted to H100 equivalents."""
        return self._mine(self.world.program.delivered.chips)

    @property
    def power_mw(self) -> float:
        """Power at the meter, MW."""
        return self._mine(self.world.program.delivered.power_mw)

    @property
    def spend_eur_bn(self) -> float:
        """Cost, EUR bn."""
        return self._mine(self.world.program.delivered.spend)

    @property
    def selected(self) -> str:
        """Quarter of selection, as "2025Q1"."""
        return self.model.label(self._mine(self.world.program.selected))

    @property
    def contracted(self) -> str:
        """Quarter of the contract."""
        return self.model.label(self._mine(self.world.program.delivered.contracted))

    @property
    def operational(self) -> str | None:
        """Quarter of first operation; None if that is after the run's last quarter."""
        ready = self._mine(self.world.program.delivered.ready)
        return self.model.label(ready) if ready <= self.world.last else None

    @property
    def working(self) -> bool:
        """Whether it operates this quarter."""
        return self._mine(self.world.working)

    @property
    def in_best_run(self) -> bool:
        """Whether it takes part in the largest single run."""
        return self._mine(self.world.training.pool)
