"""Many runs: the `juste-retour` command, ensembles, result tables, experiments and their analysis."""

_NAMES = ("Results", "attribute", "batch", "compare", "simulate", "verify")

if __name__ != "juste_retour.runs":  # a second copy would have rule families of its own
    raise ImportError(f"{__name__!r} is not a package of its own; write juste_retour.runs in its place.")


def __getattr__(name: str) -> object:
    """The functions of `juste_retour` that scripts import from here; each is imported on first use."""
    if name not in _NAMES:
        raise AttributeError(f"module 'juste_retour.runs' has no attribute {name!r}")
    import juste_retour  # not above, so that a bare `import runs` is refused first

    return getattr(juste_retour, name)
