"""The quarters of a run, and the simulation that steps through them."""
