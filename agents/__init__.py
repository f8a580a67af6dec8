"""The actors: what member states, commissioners and labs may see, and how they decide."""

if __name__ != "juste_retour.agents":  # a second copy would have rule families of its own
    raise ImportError(f"{__name__!r} is not a package of its own; write juste_retour.agents in its place.")
