"""The world in which states, commissioners and labs act: politics, delivery, the schedule and the data."""

if __name__ != "juste_retour.abm":  # a second copy would have rule families of its own
    raise ImportError(f"{__name__!r} is not a package of its own; write juste_retour.abm in its place.")

from juste_retour.abm import catalog  # noqa: F401  registers the shipped rules before one is looked up
