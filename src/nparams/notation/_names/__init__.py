"""Definitions of named networks, and how their names are written."""
