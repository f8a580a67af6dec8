"""The commands `rules` and `tournament`, registered as entry points."""
