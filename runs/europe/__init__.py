"""Does it describe Europe? Calibration, prediction, patterns, and the essay judged."""
