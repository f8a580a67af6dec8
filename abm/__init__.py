"""The world in which states, commissioners and labs act: politics, delivery, the schedule and the data."""

from juste_retour.abm import catalog  # noqa: F401  registers the shipped rules before one is looked up
