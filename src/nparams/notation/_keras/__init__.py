"""Keras: what interpreted code makes of keras."""
