"""Many runs: the `juste-retour` command, ensembles, result tables, experiments and their analysis."""

if __name__ != "juste_retour.runs":  # a second copy would have rule families of its own
    raise ImportError(f"{__name__!r} is not a package of its own; write juste_retour.runs in its place.")
