"""Predict real decisions from tables of positions, and measure the errors."""
