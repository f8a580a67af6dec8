"""Scenarios against each other on the same luck: paired contrasts, intervals, and the Shapley attribution."""
