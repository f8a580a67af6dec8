"""The live app."""
