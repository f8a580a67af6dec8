"""Comparison of scenarios with common random numbers: paired contrasts, intervals, and Shapley attribution."""
