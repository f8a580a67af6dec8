"""Scenarios against each other with common random numbers: paired contrasts, intervals, and the Shapley attribution."""
