"""Predictions of real decisions from tables of positions, and how far they are off."""
