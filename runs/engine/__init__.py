"""Experiments: spec, design, chunks, workers, the folder of results, and verification."""
