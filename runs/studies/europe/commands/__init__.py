"""The commands `calibrate`, `patterns` and `verdict`, registered as entry points."""
