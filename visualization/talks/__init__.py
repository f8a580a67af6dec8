"""Talks: the reader of talk files, and the shipped talks."""
