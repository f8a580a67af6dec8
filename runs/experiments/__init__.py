"""Batches: a spec, its design, its chunks, who runs them, where they are kept, and how they are verified."""
