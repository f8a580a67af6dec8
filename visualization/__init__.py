"""The live app."""

if __name__ != "juste_retour.visualization":  # a second copy would have rule families of its own
    raise ImportError(f"{__name__!r} is not a package of its own; write juste_retour.visualization in its place.")
