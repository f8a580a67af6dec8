"""Does it describe Europe? Calibration, prediction, patterns that nothing was fitted to, and the essay judged."""
