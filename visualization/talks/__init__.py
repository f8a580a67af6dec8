"""Talks for the stage: a reader of talk files, and the talks that are shipped."""
