"""The European study: calibration, prediction, empirical patterns, and a test of the essay's claims."""
