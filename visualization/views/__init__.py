"""A run and many worlds as the plain data that the stage draws: frames, sentences, reasons, spreads."""
