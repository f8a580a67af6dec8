"""Tools for authors of rules: scaffolds, checks and tournaments."""
