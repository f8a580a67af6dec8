"""The Mesa agent of a facility: a named view on a contracted site; it decides nothing."""

from __future__ import annotations

from juste_retour.agents.mesa_agents import Actor


class Facility(Actor):
    """A facility under contract; it is there from the contract's quarter to its cancellation."""

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
        """Code of the state that hosts it."""
        return self.world.states.codes[self.world.sites.state[self.place]]

    @property
    def accelerators(self) -> float:
        """Accelerators of its date."""
        return self._mine(self.world.programme.delivered.chips)

    @property
    def power_mw(self) -> float:
        """MW at the meter."""
        return self._mine(self.world.programme.delivered.power_mw)

    @property
    def spend_eur_bn(self) -> float:
        """What it costs."""
        return self._mine(self.world.programme.delivered.spend)

    @property
    def selected(self) -> str:
        """Quarter of selection, as "2025Q1"."""
        return self.model.label(self._mine(self.world.programme.selected))

    @property
    def contracted(self) -> str:
        """Quarter of the contract."""
        return self.model.label(self._mine(self.world.programme.delivered.contracted))

    @property
    def operational(self) -> str | None:
        """Quarter of first operation; None where it comes after the last quarter."""
        ready = self._mine(self.world.programme.delivered.ready)
        return self.model.label(ready) if ready <= self.world.last else None

    @property
    def working(self) -> bool:
        """Whether it works this quarter."""
        return self._mine(self.world.working)

    @property
    def in_best_run(self) -> bool:
        """Whether it belongs to the largest single run."""
        return self._mine(self.world.training.pool)
