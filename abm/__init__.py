"""The world that states, commissioners and labs act in: politics, delivery, the schedule and the data."""

from juste_retour.abm import catalogue  # noqa: F401  enters the shipped rules before anybody looks one up
