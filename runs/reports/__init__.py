"""What is made of an experiment: sensitivity, figures, the page, and the package that replicates it."""
