"""Studies that use the library: the European verdict, and predictions of real decisions."""
