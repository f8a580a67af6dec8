"""The checks that any rule must pass, shipped or a user's own: `juste-retour rules check FILE.py`."""
