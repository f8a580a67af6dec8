"""Analysis of an experiment's results: sensitivity, figures, the report page, and the replication archive."""
