"""Commands of the European study, found by their entry points."""
