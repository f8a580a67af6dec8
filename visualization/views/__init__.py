"""The data that the stage draws, as plain JSON: frames, sentences, reasons and distributions."""
