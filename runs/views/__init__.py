"""A run and many worlds as plain data for whoever draws them: frames, sentences, reasons, spreads."""
