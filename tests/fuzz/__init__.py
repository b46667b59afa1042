"""Damaged input for every reader; one module per format, each with `run(count, seed)`."""
