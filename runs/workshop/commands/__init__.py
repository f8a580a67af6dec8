"""Commands of rule authoring, found by their entry points."""
