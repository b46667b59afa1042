"""Flux (Julia): text, layers and printed counts."""
