"""What runs return: tables, frames, ensembles, common random numbers, exports and plots."""
